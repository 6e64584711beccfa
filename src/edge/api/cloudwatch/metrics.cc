// PutMetricData.
#include <cmath>

#include "core/metrics/distribution.h"
#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/cloudwatch/metric_window.h"

namespace tidegate::api::cloudwatch {
namespace {

// Bounds: PutMetricData, CloudWatch API reference.
constexpr std::size_t kMaxDatums = 1000;
constexpr std::size_t kMaxValues = 150;
constexpr Duration kOldest = std::chrono::hours{24 * 14};
constexpr Duration kNewest = std::chrono::hours{2};
const double kLargest = std::ldexp(1.0, 360);

Status check_value(double value, const std::string& where) {
  if (!std::isfinite(value) || std::abs(value) > kLargest) {
    return invalid_value("The value for parameter " + where +
                         " is invalid: it must be a number within "
                         "-2^360..2^360.");
  }
  return Ok{};
}

Result<metrics::Distribution> set_of_values(const MetricDatum& datum, const std::string& where) {
  const std::vector<double>& values = *datum.values;
  const std::vector<double> counts = datum.counts.value_or(std::vector<double>(values.size(), 1.0));
  if (values.empty() || values.size() > kMaxValues || values.size() != counts.size()) {
    return invalid_value("The parameters " + where + "Values and " + where +
                         "Counts must have the same number of items, 1 to 150.");
  }
  metrics::Distribution all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    TG_RETURN_IF_ERROR(check_value(values[i], where + "Values"));
    TG_RETURN_IF_ERROR(check_value(counts[i], where + "Counts"));
    if (counts[i] <= 0) {
      return invalid_value("The value for parameter " + where +
                           "Counts is invalid: it must be above 0.");
    }
    metrics::merge_into(all, metrics::distribution_of(values[i], counts[i]));
  }
  return all;
}

Result<metrics::Distribution> set_of_statistics(const StatisticSet& given,
                                                const std::string& where) {
  const metrics::StatisticSet set{*given.sample_count, *given.sum, *given.minimum, *given.maximum};
  for (const double value : {set.sample_count, set.sum, set.minimum, set.maximum}) {
    TG_RETURN_IF_ERROR(check_value(value, where + "StatisticValues"));
  }
  if (set.sample_count <= 0 || set.minimum > set.maximum) {
    return invalid_value(
        "The parameter " + where +
        "StatisticValues needs a SampleCount above 0 and a Minimum not above Maximum.");
  }
  return metrics::Distribution{set, {}};
}

Result<metrics::Distribution> values_of(const MetricDatum& datum, const std::string& where) {
  const int given = static_cast<int>(datum.value.has_value()) +
                    static_cast<int>(datum.values.has_value()) +
                    static_cast<int>(datum.statistic_values.has_value());
  if (given == 0) {
    return missing("At least one of the parameters " + where + "Value, " + where + "Values, " +
                   where + "StatisticValues must be specified.");
  }
  if (given > 1) {
    return bad_combination("The parameters " + where + "Value, " + where + "Values and " + where +
                           "StatisticValues are mutually exclusive and you have specified more "
                           "than one.");
  }
  if (datum.value.has_value()) {
    TG_RETURN_IF_ERROR(check_value(*datum.value, where + "Value"));
    return metrics::distribution_of(*datum.value);
  }
  return datum.values.has_value() ? set_of_values(datum, where)
                                  : set_of_statistics(*datum.statistic_values, where);
}

Result<metrics::MetricSample> sample_of(const Context& context,
                                        const std::string& metric_namespace,
                                        const MetricDatum& datum,
                                        const std::string& where) {
  metrics::MetricSample sample;
  TG_ASSIGN_OR_RETURN(sample.metric,
                      metric_of(metric_namespace, *datum.metric_name, datum.dimensions));
  TG_ASSIGN_OR_RETURN(metrics::Distribution given, values_of(datum, where));
  sample.values = given.values;
  sample.sketch = std::move(given.sketch);
  sample.timestamp = datum.timestamp.value_or(context.now);
  if (sample.timestamp < context.now - kOldest || sample.timestamp > context.now + kNewest) {
    return invalid_value("The parameter " + where +
                         "Timestamp must specify a time no more than two weeks "
                         "in the past and two hours in the future.");
  }
  sample.unit = datum.unit.value_or("None");
  const std::int64_t resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value("The parameter " + where + "StorageResolution must be 1 or 60.");
  }
  sample.storage_resolution = static_cast<std::int32_t>(resolution);
  return sample;
}

}  // namespace

Result<Nothing> put_metric_data(const Context& context, const PutMetricDataInput& request) {
  const std::string& metric_namespace = *request.namespace_;
  if (metric_namespace.starts_with("AWS/")) {
    return invalid_value(
        "The value AWS/ for parameter Namespace is invalid: it belongs to AWS's own "
        "metrics.");
  }
  if (!request.metric_data.has_value()) {
    return missing("The parameter MetricData is required.");
  }
  if (request.metric_data->size() > kMaxDatums) {
    return invalid_value("The collection MetricData must not have a size greater than 1000.");
  }
  std::vector<metrics::MetricSample> samples;
  for (std::size_t i = 0; i < request.metric_data->size(); ++i) {
    const std::string where = "MetricData.member." + std::to_string(i + 1) + ".";
    TG_ASSIGN_OR_RETURN(auto sample,
                        sample_of(context, metric_namespace, (*request.metric_data)[i], where));
    samples.push_back(std::move(sample));
  }
  context.metrics.put(samples);  // all or nothing: one bad datum refuses the whole request
  return Nothing{};
}

}  // namespace tidegate::api::cloudwatch
