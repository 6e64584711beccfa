// ports::MetricStore: the newest chunks in memory, all of them in a file. keep() writes what is
// new, moves points from one resolution to the next as they age, and forgets from memory what the
// file has and nobody touches; between two keeps everything new is in memory only, and lost with
// the process. Thread-safe; keep() by one thread at a time. Readers share their locks; a reader
// that needs the file holds none while it reads there, so that a writer never waits for a disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/telemetry/series.h"
#include "base/result.h"
#include "ports/metric_store.h"

namespace tidegate::telemetry {

class ChunkFile;
struct ChunkBatch;
struct ChunkKey;

inline constexpr std::int64_t kMaxPeriods = 100'800;  // of one read; GetMetricData's limit

struct StoreLimits {
  std::size_t series = 20'000;                     // >= 16; beyond: the stalest are forgotten
  std::size_t chunks = 400'000;                    // in memory; beyond: samples that need more drop
  std::int64_t file_bytes = 1024LL * 1024 * 1024;  // beyond: the stalest series are forgotten
  std::uint64_t idle_keeps = 120;                  // after so many a written chunk leaves memory
};

class DurableMetricStore final : public ports::MetricStore {
 public:
  /// In memory alone until open().
  explicit DurableMetricStore(StoreLimits limits = {});
  ~DurableMetricStore() override;

  /// Takes over what the file has. A damaged one, or one of another version, is logged, moved to
  /// `path`.bad, and a new one begun; where none can be opened it says so and stays in memory. Call
  /// it before all else.
  void open(const std::string& path);

  void put(std::span<const metrics::MetricSample> samples) override;
  /// At most kMaxPeriods of them; none when the period is under a second or nothing is asked for.
  std::vector<metrics::Datapoint> read(const metrics::MetricId& metric,
                                       Instant from,
                                       Instant to,
                                       Duration period) const override;
  std::vector<metrics::DistributionPoint> read_distributions(const metrics::MetricId& metric,
                                                             Instant from,
                                                             Instant to,
                                                             Duration period) const override;
  std::vector<metrics::MetricId> list(const std::string& metric_namespace) const override;
  std::string unit(const metrics::MetricId& metric) const override;
  std::optional<Instant> newest(const metrics::MetricId& metric) const override;

  /// Brings the file up to date. now: of UTC, decides what is old. Errors: ResourceExhausted (full
  /// disk), Unavailable: everything stays in memory, and the next keep tries again. A file that is
  /// found damaged is set aside and written anew from memory.
  Status keep(Instant now);

  /// Chunks in memory, for tests and for who watches the limits.
  std::size_t chunks_held() const { return chunks_; }

 private:
  struct Guarded {
    mutable std::shared_mutex series_lock;  // guards series
    Series series;
  };
  struct Hash {
    std::size_t operator()(const metrics::MetricId& metric) const;
  };
  using All = std::unordered_map<metrics::MetricId, Guarded, Hash>;
  struct Glance;  // of a reader: what it folded, and what the file must add

  void put_new(const metrics::MetricSample& sample);
  void add(Guarded& guarded, const metrics::MetricSample& sample);
  void forget_stalest(std::size_t count);
  void forget(All::iterator at);

  template <typename Point>
  std::vector<Point> read_as(const metrics::MetricId& metric,
                             Instant from,
                             Instant to,
                             Duration period) const;
  template <typename Point>
  Glance glance(const metrics::MetricId& metric,
                std::vector<Point>& periods,
                Duration period) const;
  std::optional<Chunk> from_file(const ChunkKey& key) const;

  void keep_series(const metrics::MetricId& metric, Instant now, ChunkBatch& batch);
  void roll_old(Series& series, Instant now, ChunkBatch& batch);
  void roll_filed(Series& series, std::size_t tier, std::int64_t first_kept, ChunkBatch& batch);
  void collect(Series& series, std::size_t tier, ChunkBatch& batch);
  Status take_over();
  void forget_written();
  void evict();
  void begin_anew();
  Status write(const ChunkBatch& batch);

  const StoreLimits limits_;
  mutable std::shared_mutex map_lock_;  // guards the shape of all_, not the series in it
  All all_;
  std::int64_t next_id_ = 1;          // guarded by map_lock_
  bool has_forgotten_ = false;        // guarded by map_lock_ held alone
  std::unique_ptr<ChunkBatch> owed_;  // guarded by map_lock_: rows to remove with the next keep
  std::atomic<std::size_t> chunks_ = 0;
  std::atomic<std::uint64_t> tick_ = 1;
  std::atomic<bool> has_dropped_ = false;

  mutable std::mutex reader_lock_;  // guards the file's reader
  std::string path_;
  std::unique_ptr<ChunkFile> file_;
  mutable std::atomic<bool> is_damaged_ = false;  // a reader found it so; the next keep acts
};

}  // namespace tidegate::telemetry
