// Series: everything kept of one metric: its seconds, its minutes, the unit of its newest sample. A
// value without lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/telemetry/ladder.h"
#include "core/metrics/metric.h"

namespace tidegate::telemetry {

inline constexpr std::int64_t kKeptSeconds = 3 * 3600;      // 3 h of 1 s points (CloudWatch)
inline constexpr std::int64_t kKeptMinutes = 15 * 24 * 60;  // 15 d of 60 s points (CloudWatch)

struct Series {
  Ladder seconds{kKeptSeconds};
  Ladder minutes{kKeptMinutes};
  std::string unit = "None";
  Instant newest;  // timestamp of the newest sample

  /// Merges a sample. Seconds that are too old become part of their minute; minutes that are too
  /// old are forgotten.
  void add(const metrics::MetricSample& sample);
  /// Merges what lies in [from, …) into the periods; seconds always, minutes for periods of a
  /// minute and more.
  void read_into(std::vector<metrics::Datapoint>& periods, Instant from, Duration period) const;
  bool operator==(const Series&) const = default;
};

}  // namespace tidegate::telemetry
