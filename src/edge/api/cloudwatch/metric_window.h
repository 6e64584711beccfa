// What the metric operations share: CloudWatch's words for what is wrong, a metric's identity, and
// the periods that a request asks for. Private to this module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/metrics/distribution.h"
#include "edge/api/models/cloudwatch.h"
#include "ports/metric_store.h"

namespace tidegate::api::cloudwatch {

Error invalid_value(std::string message);
Error bad_combination(std::string message);
Error missing(std::string message);
/// GetMetricData's word.
Error validation(std::string message);

/// Error: InvalidParameterValue for a dimension that is given twice.
Result<metrics::MetricId> metric_of(const std::string& metric_namespace,
                                    const std::string& name,
                                    const std::optional<std::vector<Dimension>>& given);
std::vector<Dimension> dimensions_of(const metrics::MetricId& metric);

/// Empty when it may be a period, else the sentence that says what may be.
std::string period_error(std::int64_t seconds);
/// "Average", "p99.9". Empty when it is built, else the sentence.
std::string statistic_error(const std::string& name);

struct Window {
  Instant from, to;  // whole periods from `from`
  Duration period{};

  std::int64_t periods() const { return ((to - from) + period - Duration{1}) / period; }
};
/// The start is rounded down as CloudWatch does it: to the period where that is under a minute,
/// else to 1 min, 5 min for more than 15 days ago, 1 h for more than 63 days ago.
Window window_of(Instant start, Instant end, std::int64_t period_seconds, Instant now);

/// One value per period of the window, absent where there is none.
std::vector<std::optional<double>> read_values(const ports::MetricStore& store,
                                               const metrics::MetricId& metric,
                                               const Window& window,
                                               const metrics::AnyStatistic& statistic);

}  // namespace tidegate::api::cloudwatch
