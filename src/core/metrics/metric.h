// What a metric is: an exact (namespace, name, dimension set) with statistic sets over time. A
// metric is its exact dimension set: there is no aggregation across dimensions (CloudWatch User
// Guide). Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/metrics/sketch.h"

namespace tidegate::metrics {

inline constexpr std::size_t kMaxDimensions = 30;  // AWS quota, PutMetricData

struct Dimension {
  std::string name;
  std::string value;
  auto operator<=>(const Dimension&) const = default;
};

struct MetricId {
  std::string metric_namespace;       // "AWS/EC2"
  std::string name;                   // "CPUUtilization"
  std::vector<Dimension> dimensions;  // sorted by name; make_metric_id() sorts
  auto operator<=>(const MetricId&) const = default;
};

MetricId make_metric_id(std::string metric_namespace,
                        std::string name,
                        std::vector<Dimension> dimensions);

enum class Statistic { Average, Sum, Minimum, Maximum, SampleCount };
std::string_view to_string(Statistic statistic);
std::optional<Statistic> parse_statistic(std::string_view text);

/// Mergeable summary of samples. sample_count == 0 means no data, and then no statistic exists.
struct StatisticSet {
  double sample_count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  bool operator==(const StatisticSet&) const = default;
};
StatisticSet statistic_set_of(double value);
StatisticSet merged(const StatisticSet& a, const StatisticSet& b);
/// Absent when the set holds no sample.
std::optional<double> value_of(const StatisticSet& set, Statistic statistic);

/// One stored point or one aggregated period that starts at `timestamp`.
struct Datapoint {
  Instant timestamp;
  StatisticSet values;
  bool operator==(const Datapoint&) const = default;
};

/// What a publisher hands to the metric store. storage_resolution: 1 or 60 seconds.
struct MetricSample {
  MetricId metric;
  Instant timestamp;
  StatisticSet values;
  std::string unit = "None";
  std::int32_t storage_resolution = 60;
  Sketch sketch = {};  // of the samples, where they are known and not all of one value
};

}  // namespace tidegate::metrics
