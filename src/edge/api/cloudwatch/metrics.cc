#include <algorithm>
#include <cmath>
#include <set>

#include "core/metrics/metric.h"
#include "edge/api/cloudwatch/handlers.h"

namespace tidegate::api::cloudwatch {
namespace {

// Bounds: PutMetricData and GetMetricStatistics, CloudWatch API reference; AUTOSCALING §2.8.
constexpr std::size_t kMaxDatums = 1000;
constexpr std::size_t kMaxValues = 150;
constexpr std::int64_t kMaxDatapoints = 1440;
constexpr Duration kOldest = std::chrono::hours{24 * 14};
constexpr Duration kNewest = std::chrono::hours{2};
const double kLargest = std::ldexp(1.0, 360);

Error invalid(std::string message) {
  return Error{ErrorCode::InvalidArgument, "InvalidParameterValue", std::move(message)};
}

Error bad_combination(std::string message) {
  return Error{ErrorCode::InvalidArgument, "InvalidParameterCombination", std::move(message)};
}

Error missing(std::string message) {
  return Error{ErrorCode::InvalidArgument, "MissingParameter", std::move(message)};
}

Result<metrics::MetricId> metric_of(const std::string& metric_namespace,
                                    const std::string& name,
                                    const std::optional<std::vector<Dimension>>& given) {
  std::vector<metrics::Dimension> dimensions;
  std::set<std::string> seen;
  for (const Dimension& dimension : given.value_or(std::vector<Dimension>{})) {
    if (!seen.insert(*dimension.name).second) {
      return invalid("The dimension " + *dimension.name + " is given twice for metric " + name +
                     ".");
    }
    dimensions.push_back({*dimension.name, *dimension.value});
  }
  return metrics::make_metric_id(metric_namespace, name, std::move(dimensions));
}

Status check_value(double value, const std::string& where) {
  if (!std::isfinite(value) || std::abs(value) > kLargest) {
    return invalid("The value for parameter " + where +
                   " is invalid: it must be a number within "
                   "-2^360..2^360.");
  }
  return Ok{};
}

Result<metrics::StatisticSet> set_of_values(const MetricDatum& datum, const std::string& where) {
  const std::vector<double>& values = *datum.values;
  const std::vector<double> counts = datum.counts.value_or(std::vector<double>(values.size(), 1.0));
  if (values.empty() || values.size() > kMaxValues || values.size() != counts.size()) {
    return invalid("The parameters " + where + "Values and " + where +
                   "Counts must have the same number of items, 1 to 150.");
  }
  metrics::StatisticSet all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    TG_RETURN_IF_ERROR(check_value(values[i], where + "Values"));
    TG_RETURN_IF_ERROR(check_value(counts[i], where + "Counts"));
    if (counts[i] <= 0) {
      return invalid("The value for parameter " + where + "Counts is invalid: it must be above 0.");
    }
    const metrics::StatisticSet one{counts[i], values[i] * counts[i], values[i], values[i]};
    all = metrics::merged(all, one);
  }
  return all;
}

Result<metrics::StatisticSet> set_of_statistics(const StatisticSet& given,
                                                const std::string& where) {
  const metrics::StatisticSet set{*given.sample_count, *given.sum, *given.minimum, *given.maximum};
  for (const double value : {set.sample_count, set.sum, set.minimum, set.maximum}) {
    TG_RETURN_IF_ERROR(check_value(value, where + "StatisticValues"));
  }
  if (set.sample_count <= 0 || set.minimum > set.maximum) {
    return invalid("The parameter " + where +
                   "StatisticValues needs a SampleCount above 0 and a Minimum not above Maximum.");
  }
  return set;
}

Result<metrics::StatisticSet> values_of(const MetricDatum& datum, const std::string& where) {
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
    return metrics::statistic_set_of(*datum.value);
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
  TG_ASSIGN_OR_RETURN(sample.values, values_of(datum, where));
  sample.timestamp = datum.timestamp.value_or(context.now);
  if (sample.timestamp < context.now - kOldest || sample.timestamp > context.now + kNewest) {
    return invalid("The parameter " + where +
                   "Timestamp must specify a time no more than two weeks "
                   "in the past and two hours in the future.");
  }
  sample.unit = datum.unit.value_or("None");
  const std::int64_t resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid("The parameter " + where + "StorageResolution must be 1 or 60.");
  }
  sample.storage_resolution = static_cast<std::int32_t>(resolution);
  return sample;
}

struct Window {
  Instant from, to;  // whole periods
  Duration period;
};

Status check_period(std::int64_t seconds) {
  const bool high_resolution =
      seconds == 1 || seconds == 5 || seconds == 10 || seconds == 20 || seconds == 30;
  if (seconds < 1 || seconds > 86400 || (!high_resolution && seconds % 60 != 0)) {
    return invalid(
        "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, at most "
        "86400.");
  }
  return Ok{};
}

/// As CloudWatch does: the start is rounded down to a whole period.
Result<Window> window_of(const GetMetricStatisticsInput& request) {
  TG_RETURN_IF_ERROR(check_period(*request.period));
  if (*request.start_time >= *request.end_time) {
    return invalid("The parameter StartTime must be less than the parameter EndTime.");
  }
  const std::int64_t micros = *request.period * 1'000'000;
  const auto floored = [&](Instant t) {
    const std::int64_t count = t.time_since_epoch().count();
    return Instant{Duration{count - ((count % micros) + micros) % micros}};
  };
  const Window window{floored(*request.start_time), *request.end_time, Duration{micros}};
  const std::int64_t periods = ((window.to - window.from).count() + micros - 1) / micros;
  if (periods > kMaxDatapoints) {
    return bad_combination("You have requested up to " + std::to_string(periods) +
                           " datapoints, which exceeds the limit of " +
                           std::to_string(kMaxDatapoints) +
                           ". You may reduce the datapoints requested by increasing Period, or "
                           "decreasing the time range.");
  }
  return window;
}

void set_statistic(Datapoint& point,
                   metrics::Statistic statistic,
                   const metrics::StatisticSet& values) {
  const std::optional<double> value = metrics::value_of(values, statistic);
  switch (statistic) {
    case metrics::Statistic::Average:
      point.average = value;
      return;
    case metrics::Statistic::Sum:
      point.sum = value;
      return;
    case metrics::Statistic::Minimum:
      point.minimum = value;
      return;
    case metrics::Statistic::Maximum:
      point.maximum = value;
      return;
    case metrics::Statistic::SampleCount:
      point.sample_count = value;
      return;
  }
}

}  // namespace

Result<Nothing> put_metric_data(const Context& context, const PutMetricDataInput& request) {
  const std::string& metric_namespace = *request.namespace_;
  if (metric_namespace.starts_with("AWS/")) {
    return invalid(
        "The value AWS/ for parameter Namespace is invalid: it belongs to AWS's own "
        "metrics.");
  }
  if (!request.metric_data.has_value()) {
    return missing("The parameter MetricData is required.");
  }
  if (request.metric_data->size() > kMaxDatums) {
    return invalid("The collection MetricData must not have a size greater than 1000.");
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

Result<GetMetricStatisticsOutput> get_metric_statistics(const Context& context,
                                                        const GetMetricStatisticsInput& request) {
  if (!request.statistics.has_value() || request.statistics->empty()) {
    return missing("Must specify either Statistics or ExtendedStatistics");
  }
  TG_ASSIGN_OR_RETURN(const Window window, window_of(request));
  TG_ASSIGN_OR_RETURN(const auto metric,
                      metric_of(*request.namespace_, *request.metric_name, request.dimensions));
  GetMetricStatisticsOutput answer;
  answer.label = *request.metric_name;
  auto& points = answer.datapoints.emplace();
  const std::string unit = context.metrics.unit(metric);
  if (request.unit.has_value() && *request.unit != unit) {
    return answer;  // a metric of another unit is another metric to CloudWatch
  }
  for (const auto& stored : context.metrics.read(metric, window.from, window.to, window.period)) {
    if (stored.values.sample_count <= 0) {
      continue;
    }
    Datapoint& point = points.emplace_back();
    point.timestamp = stored.timestamp;
    point.unit = unit;
    for (const std::string& name : *request.statistics) {
      if (const auto statistic = metrics::parse_statistic(name)) {
        set_statistic(point, *statistic, stored.values);
      }
    }
  }
  return answer;
}

}  // namespace tidegate::api::cloudwatch
