// GetMetricStatistics.
#include <algorithm>

#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/cloudwatch/metric_window.h"

namespace tidegate::api::cloudwatch {
namespace {

// GetMetricStatistics, CloudWatch API reference.
constexpr std::int64_t kMaxStatisticsDatapoints = 1440;

Result<Window> asked_window(const GetMetricStatisticsInput& request, Instant now) {
  if (const std::string wrong = period_error(*request.period); !wrong.empty()) {
    return invalid_value(wrong);
  }
  if (*request.start_time >= *request.end_time) {
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  }
  const Window window = window_of(*request.start_time, *request.end_time, *request.period, now);
  if (window.periods() > kMaxStatisticsDatapoints) {
    return bad_combination("You have requested up to " + std::to_string(window.periods()) +
                           " datapoints, which exceeds the limit of " +
                           std::to_string(kMaxStatisticsDatapoints) +
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

void set_extended(Datapoint& point,
                  const std::vector<std::string>& names,
                  const metrics::Distribution& values) {
  for (const std::string& name : names) {
    const auto value = metrics::percentile_of(values, *metrics::parse_percentile(name));
    if (value.has_value()) {
      if (!point.extended_statistics.has_value()) {
        point.extended_statistics.emplace();
      }
      point.extended_statistics->emplace_back(name, *value);
    }
  }
}

Status check_statistics(const std::vector<std::string>& plain,
                        const std::vector<std::string>& extended) {
  if (plain.empty() && extended.empty()) {
    return missing("Must specify either Statistics or ExtendedStatistics");
  }
  if (!plain.empty() && !extended.empty()) {
    return bad_combination("Must specify either Statistics or ExtendedStatistics, not both");
  }
  for (const std::string& name : extended) {
    if (!metrics::parse_percentile(name).has_value()) {
      return invalid_value("The value " + name.substr(0, 80) +
                           " for parameter ExtendedStatistics is not built; what works: "
                           "percentiles, p0 to p100 (p99, p99.9)");
    }
  }
  return Ok{};
}

}  // namespace

Result<GetMetricStatisticsOutput> get_metric_statistics(const Context& context,
                                                        const GetMetricStatisticsInput& request) {
  const auto plain = request.statistics.value_or(std::vector<std::string>{});
  const auto extended = request.extended_statistics.value_or(std::vector<std::string>{});
  TG_RETURN_IF_ERROR(check_statistics(plain, extended));
  TG_ASSIGN_OR_RETURN(const Window window, asked_window(request, context.now));
  TG_ASSIGN_OR_RETURN(const auto metric,
                      metric_of(*request.namespace_, *request.metric_name, request.dimensions));
  GetMetricStatisticsOutput answer;
  answer.label = *request.metric_name;
  auto& points = answer.datapoints.emplace();
  const std::string unit = context.metrics.unit(metric);
  if (request.unit.has_value() && *request.unit != unit) {
    return answer;  // a metric of another unit is another metric to CloudWatch
  }
  for (const auto& stored :
       context.metrics.read_distributions(metric, window.from, window.to, window.period)) {
    if (stored.values.values.sample_count <= 0) {
      continue;
    }
    Datapoint& point = points.emplace_back();
    point.timestamp = stored.timestamp;
    point.unit = unit;
    for (const std::string& name : plain) {
      if (const auto statistic = metrics::parse_statistic(name)) {
        set_statistic(point, *statistic, stored.values.values);
      }
    }
    set_extended(point, extended, stored.values);
  }
  return answer;
}

}  // namespace tidegate::api::cloudwatch
