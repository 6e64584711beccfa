// Series: what is in memory of one metric: its newest chunks at each resolution, the unit of its
// newest sample, and which chunks the file has. A value without lock; the store guards it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/telemetry/chunk.h"
#include "core/metrics/distribution.h"
#include "core/metrics/metric.h"

namespace tidegate::telemetry {

/// A resolution, and how long points of it are kept (CloudWatch User Guide, "Metrics retention").
struct Tier {
  Duration step;
  Duration kept;

  std::int64_t step_of(Instant instant) const {
    return floor_quotient(instant.time_since_epoch().count(), step.count());
  }
  /// Chunks below this index hold only what is older than `kept` at `now`.
  std::int64_t first_kept(Instant now) const {
    return floor_quotient(step_of(now - kept), kChunkSlots);
  }
};
inline constexpr std::size_t kTierCount = 4;
inline constexpr std::array<Tier, kTierCount> kTiers{{
    {std::chrono::seconds{1}, std::chrono::hours{3}},
    {std::chrono::minutes{1}, std::chrono::hours{24 * 15}},
    {std::chrono::minutes{5}, std::chrono::hours{24 * 63}},
    {std::chrono::hours{1}, std::chrono::hours{24 * 455}},
}};

/// A chunk in memory.
struct Held {
  explicit Held(std::int64_t index) : chunk(index) {}

  Chunk chunk;
  std::uint64_t changes = 0;  // ever made to it
  std::uint64_t written = 0;  // how many of them the file has
  std::uint64_t touched = 0;  // the store's tick of the last one
  bool is_part = false;       // the file may have a chunk of this index that is not merged in yet
};

/// The indices of the chunks that the file may have: none outside, not all inside.
struct Filed {
  std::int64_t first = 0, last = -1;

  bool contains(std::int64_t index) const { return index >= first && index <= last; }
  bool empty() const { return last < first; }
  void extend(std::int64_t index);
  bool operator==(const Filed&) const = default;
};

struct Series {
  std::int64_t id = 0;  // in the file
  std::string unit = "None";
  Instant newest;  // timestamp of the newest sample
  std::array<std::map<std::int64_t, Held>, kTierCount> held;
  std::array<Filed, kTierCount> filed;
  std::uint64_t rolls = 0;    // how often points moved between resolutions: a reader starts anew
  std::uint64_t changes = 1;  // of what the file has of the series itself
  std::uint64_t written = 0;

  /// Merges a sample into the chunk of its own resolution. tick: the store's.
  void add(const metrics::MetricSample& sample, std::uint64_t tick);
  /// The chunk it belongs to is in memory.
  bool has_room(const metrics::MetricSample& sample) const;
  /// Merges a point into the chunk of `tier` where its time belongs.
  void add_point(std::size_t tier,
                 Instant at,
                 const metrics::StatisticSet& set,
                 const metrics::Sketch& sketch,
                 std::uint64_t tick);
  /// Moves the points of a chunk to the next resolution; those of the last one end.
  void roll(std::size_t tier, const Chunk& chunk, std::uint64_t tick);
  bool is_empty() const;

 private:
  Held& held_at(std::size_t tier, std::int64_t index);
};

/// Merges the chunk's points that lie in the periods into them. Steps longer than the period are
/// not visible.
void fold(std::vector<metrics::Datapoint>& periods,
          Duration period,
          std::size_t tier,
          const Chunk& chunk);
void fold(std::vector<metrics::DistributionPoint>& periods,
          Duration period,
          std::size_t tier,
          const Chunk& chunk);

}  // namespace tidegate::telemetry
