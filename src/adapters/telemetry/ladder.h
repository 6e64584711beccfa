// Ladder: one metric's points at one resolution, over a bounded stretch of time. Points lie in
// chunks of sixty (a minute of seconds, an hour of minutes); a chunk holds its points in the
// smallest form that is exact: one set for all (a counter that stays zero), plain values, or whole
// statistic sets. A value without lock; its series guards it.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "core/metrics/metric.h"

namespace tidegate::telemetry {

inline constexpr std::int64_t kChunkSlots = 60;

class Chunk {
 public:
  using Values = std::vector<double>;               // each is a set of that one value
  using Sets = std::vector<metrics::StatisticSet>;  // whatever they are
  using Points = std::variant<metrics::StatisticSet, Values, Sets>;

  explicit Chunk(std::int64_t index) : index_(index) {}
  /// As it was: points hold what `present` names, one set or kChunkSlots of them.
  Chunk(std::int64_t index, std::uint64_t present, Points points)
      : index_(index), present_(present), points_(std::move(points)) {}

  std::int64_t index() const { return index_; }
  std::uint64_t present() const { return present_; }
  const Points& points() const { return points_; }

  bool has(std::int64_t slot) const { return (present_ >> slot & 1U) != 0; }
  /// The point of a slot that is there.
  metrics::StatisticSet at(std::int64_t slot) const;
  /// Merges with what is there. slot: 0..kChunkSlots-1.
  void add(std::int64_t slot, const metrics::StatisticSet& set);
  /// All points merged.
  metrics::StatisticSet total() const;
  bool operator==(const Chunk&) const = default;

 private:
  void widen(const metrics::StatisticSet& for_set);

  std::int64_t index_;         // of its first step / kChunkSlots
  std::uint64_t present_ = 0;  // bit i: slot i has a point
  Points points_;
};

class Ladder {
 public:
  /// retention: how many steps before the newest one stay readable.
  explicit Ladder(std::int64_t retention) : retention_(retention) {}

  /// Merges `set` into the point of that step. Returns the chunks that fell off the end, oldest
  /// first. A step older than the retention is not kept: is_too_old() tells beforehand.
  std::vector<Chunk> add(std::int64_t step, const metrics::StatisticSet& set);
  bool is_too_old(std::int64_t step) const;
  /// Calls visit(step, set) for each point in [from, to), oldest first.
  template <typename Visit>
  void visit(std::int64_t from, std::int64_t to, Visit&& visit) const;

  bool empty() const { return chunks_.empty(); }
  const std::deque<Chunk>& chunks() const { return chunks_; }
  /// Appends a chunk read from a snapshot; false unless its index is greater than all.
  bool restore(Chunk chunk);
  bool operator==(const Ladder&) const = default;

 private:
  Chunk& chunk_of(std::int64_t index);
  std::int64_t first_kept_index() const;

  std::int64_t retention_;
  std::deque<Chunk> chunks_;  // ascending by index
};

/// Quotient rounded down, remainder 0..divisor-1: for times before 1970 too.
std::int64_t floor_quotient(std::int64_t dividend, std::int64_t divisor);

template <typename Visit>
void Ladder::visit(std::int64_t from, std::int64_t to, Visit&& visit) const {
  const std::int64_t first = floor_quotient(from, kChunkSlots);
  for (const Chunk& chunk : chunks_) {
    if (chunk.index() < first) {
      continue;
    }
    const std::int64_t start = chunk.index() * kChunkSlots;
    for (std::int64_t slot = 0; slot < kChunkSlots; ++slot) {
      if (start + slot >= to) {
        return;
      }
      if (start + slot >= from && chunk.has(slot)) {
        visit(start + slot, chunk.at(slot));
      }
    }
  }
}

}  // namespace tidegate::telemetry
