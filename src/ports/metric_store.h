// The metric store: exact dimension sets, statistic sets and percentiles per period. Thread-safe:
// the engine, the API and publishers all use it; none of them waits for another's read.
// Implementations: adapters/telemetry, sim.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/metrics/distribution.h"
#include "core/metrics/metric.h"

namespace tidegate::ports {

class MetricStore {
 public:
  MetricStore() = default;
  MetricStore(const MetricStore&) = delete;
  MetricStore& operator=(const MetricStore&) = delete;
  virtual ~MetricStore() = default;

  /// Samples of one timestamp and metric merge. Retention: 1 s points 3 h, 60 s points 15 d, 300 s
  /// points 63 d, 3600 s points 455 d; what outlives its resolution becomes part of the next one.
  virtual void put(std::span<const metrics::MetricSample> samples) = 0;

  /// Consecutive periods that cover [from, to), each aligned to `from`, oldest first; sample_count
  /// 0 where nothing is. period: a multiple of 1 s; periods below 60 s see only 1 s points, longer
  /// ones see both.
  virtual std::vector<metrics::Datapoint> read(const metrics::MetricId& metric,
                                               Instant from,
                                               Instant to,
                                               Duration period) const = 0;

  /// The same periods with what percentiles are read from; dearer than read().
  virtual std::vector<metrics::DistributionPoint> read_distributions(
      const metrics::MetricId& metric, Instant from, Instant to, Duration period) const = 0;

  /// Metrics seen, by id. metric_namespace empty: all.
  virtual std::vector<metrics::MetricId> list(const std::string& metric_namespace) const = 0;
  /// Unit of the newest sample; "None" when unknown.
  virtual std::string unit(const metrics::MetricId& metric) const = 0;
  /// Timestamp of the newest sample; absent when unknown.
  virtual std::optional<Instant> newest(const metrics::MetricId& metric) const = 0;
};

}  // namespace tidegate::ports
