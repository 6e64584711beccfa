// ports::MetricStore in memory, with a snapshot on disk across restarts. Thread-safe. Readers share
// their locks and wait for no other reader; a writer holds up one series for the time of one merge.
// The newest of what was put since the last snapshot is lost with the process, as metrics may be.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "adapters/telemetry/series.h"
#include "base/result.h"
#include "ports/metric_store.h"

namespace tidegate::telemetry {

inline constexpr std::size_t kMaxSeries = 20'000;     // beyond: the stalest are forgotten
inline constexpr std::int64_t kMaxPeriods = 100'800;  // of one read; GetMetricData's limit

class MemoryMetricStore final : public ports::MetricStore {
 public:
  /// max_series: >= 16.
  explicit MemoryMetricStore(std::size_t max_series = kMaxSeries);

  void put(std::span<const metrics::MetricSample> samples) override;
  /// At most kMaxPeriods of them; none when the period is under a second or nothing is asked for.
  std::vector<metrics::Datapoint> read(const metrics::MetricId& metric,
                                       Instant from,
                                       Instant to,
                                       Duration period) const override;
  std::vector<metrics::MetricId> list(const std::string& metric_namespace) const override;
  std::string unit(const metrics::MetricId& metric) const override;

  /// Writes everything to a new file and moves it over `path` when it is on the disk. Errors:
  /// ResourceExhausted (full disk), Unavailable; the old file stays then. One caller at a time.
  Status save_snapshot(const std::string& path) const;
  /// Takes over what save_snapshot() wrote; a missing file is fine. A damaged one, or one of
  /// another version, is logged, moved to `path`.bad, and the store stays empty. Call it before all
  /// else.
  void load_snapshot(const std::string& path);

 private:
  struct Guarded {
    mutable std::shared_mutex series_lock;  // guards series
    Series series;
  };
  void put_new(const metrics::MetricSample& sample);
  void forget_stalest();

  const std::size_t max_series_;
  mutable std::shared_mutex map_lock_;  // guards the shape of all_, not the series in it
  std::map<metrics::MetricId, Guarded> all_;
  bool has_forgotten_ = false;  // guarded by map_lock_ held alone
};

}  // namespace tidegate::telemetry
