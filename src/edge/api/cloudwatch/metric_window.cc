#include "edge/api/cloudwatch/metric_window.h"

#include <set>

namespace tidegate::api::cloudwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int64_t kLongestPeriod = 86'400;  // seconds
constexpr Duration kMinutesKept = hours{24 * 15};
constexpr Duration kFiveMinutesKept = hours{24 * 63};

Error error_of(const char* name, std::string message) {
  return Error{ErrorCode::InvalidArgument, name, std::move(message)};
}

Duration granularity(Duration period, Duration age) {
  if (period < minutes{1}) {
    return period;
  }
  if (age > kFiveMinutesKept) {
    return hours{1};
  }
  return age > kMinutesKept ? Duration{minutes{5}} : Duration{minutes{1}};
}

}  // namespace

Error invalid_value(std::string message) {
  return error_of("InvalidParameterValue", std::move(message));
}
Error bad_combination(std::string message) {
  return error_of("InvalidParameterCombination", std::move(message));
}
Error missing(std::string message) {
  return error_of("MissingParameter", std::move(message));
}
Error validation(std::string message) {
  return error_of("ValidationError", std::move(message));
}

Result<metrics::MetricId> metric_of(const std::string& metric_namespace,
                                    const std::string& name,
                                    const std::optional<std::vector<Dimension>>& given) {
  std::vector<metrics::Dimension> dimensions;
  std::set<std::string> seen;
  for (const Dimension& dimension : given.value_or(std::vector<Dimension>{})) {
    if (!seen.insert(*dimension.name).second) {
      return invalid_value("The dimension " + *dimension.name + " is given twice for metric " +
                           name + ".");
    }
    dimensions.push_back({*dimension.name, *dimension.value});
  }
  return metrics::make_metric_id(metric_namespace, name, std::move(dimensions));
}

std::vector<Dimension> dimensions_of(const metrics::MetricId& metric) {
  std::vector<Dimension> dimensions;
  for (const metrics::Dimension& given : metric.dimensions) {
    Dimension& dimension = dimensions.emplace_back();
    dimension.name = given.name;
    dimension.value = given.value;
  }
  return dimensions;
}

std::string period_error(std::int64_t seconds) {
  const bool high_resolution =
      seconds == 1 || seconds == 5 || seconds == 10 || seconds == 20 || seconds == 30;
  const bool in_range = seconds >= 1 && seconds <= kLongestPeriod;
  if (in_range && (high_resolution || seconds % 60 == 0)) {
    return "";
  }
  return "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, at most 86400.";
}

std::string statistic_error(const std::string& name) {
  if (metrics::parse_any_statistic(name).has_value()) {
    return "";
  }
  return "The statistic '" + name.substr(0, 80) +
         "' is not built; what works: Average, Sum, Minimum, Maximum, SampleCount and percentiles, "
         "p0 to p100 (p99, p99.9)";
}

Window window_of(Instant start, Instant end, std::int64_t period_seconds, Instant now) {
  const Duration period = std::chrono::seconds{period_seconds};
  const std::int64_t step = granularity(period, now - start).count();
  const std::int64_t count = start.time_since_epoch().count();
  return {Instant{Duration{count - ((count % step) + step) % step}}, end, period};
}

std::vector<std::optional<double>> read_values(const ports::MetricStore& store,
                                               const metrics::MetricId& metric,
                                               const Window& window,
                                               const metrics::AnyStatistic& statistic) {
  std::vector<std::optional<double>> values;
  if (statistic.percent.has_value()) {
    for (const auto& point :
         store.read_distributions(metric, window.from, window.to, window.period)) {
      values.push_back(metrics::value_of(point.values, statistic));
    }
    return values;
  }
  for (const auto& point : store.read(metric, window.from, window.to, window.period)) {
    values.push_back(metrics::value_of(point.values, statistic.plain));
  }
  return values;
}

}  // namespace tidegate::api::cloudwatch
