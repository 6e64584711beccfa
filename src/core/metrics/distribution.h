// Distribution: a statistic set and, where every sample's own value is known, its sketch: what
// percentiles are read from. Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/metrics/metric.h"
#include "core/metrics/sketch.h"

namespace tidegate::metrics {

struct Distribution {
  StatisticSet values;
  Sketch sketch;  // of a set whose samples are all one value: may be left out, it follows
  bool operator==(const Distribution&) const = default;
};

Distribution distribution_of(double value, double count = 1);
void merge_into(Distribution& into, const Distribution& other);

/// Absent without samples, and where a value of some sample is not known or is negative:
/// "Percentile statistics are not available for metrics when any of the metric values are negative
/// numbers", and of a statistic set only when its minimum is its maximum (CloudWatch User Guide,
/// "Percentiles"). percent: 0..100. At most kRelativeError off; the smallest and the largest value
/// are exact.
std::optional<double> percentile_of(const Distribution& distribution, double percent);

/// "p99", "p99.9" (at most p100): the percent. Absent for what is no percentile.
std::optional<double> parse_percentile(std::string_view text);

/// A period's statistic: one of the five, or a percentile.
struct AnyStatistic {
  Statistic plain = Statistic::Average;
  std::optional<double> percent;  // set: this percentile, and not `plain`
  bool operator==(const AnyStatistic&) const = default;
};
/// "Average", "p95". Absent for what is neither.
std::optional<AnyStatistic> parse_any_statistic(std::string_view text);
std::optional<double> value_of(const Distribution& distribution, const AnyStatistic& statistic);

/// How many samples a period needs for its percentile to be significant: 10/(1-p) from the median
/// on, 10/p below ("Percentile-based alarms and low data samples", CloudWatch User Guide).
double significant_samples(double percent);

struct DistributionPoint {
  Instant timestamp;
  Distribution values;
  bool operator==(const DistributionPoint&) const = default;
};

}  // namespace tidegate::metrics
