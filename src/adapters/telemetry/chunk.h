// Chunk: sixty consecutive points of one metric at one resolution (a minute of seconds, an hour of
// minutes, five hours of five minutes, sixty hours). It holds them in the smallest form that is
// exact: one set for all (a counter that stays zero), plain values, or whole statistic sets; beside
// them the sketches of points that are not all of one value. A value without lock.
#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "core/metrics/distribution.h"

namespace tidegate::telemetry {

inline constexpr std::int64_t kChunkSlots = 60;

class Chunk {
 public:
  using Values = std::vector<double>;               // each is a set of that one value
  using Sets = std::vector<metrics::StatisticSet>;  // whatever they are
  using Points = std::variant<metrics::StatisticSet, Values, Sets>;
  struct SlotSketch {
    std::int64_t slot = 0;
    metrics::Sketch sketch;
    bool operator==(const SlotSketch&) const = default;
  };
  using Sketches = std::vector<SlotSketch>;  // ascending by slot

  explicit Chunk(std::int64_t index) : index_(index) {}
  /// As it was: points hold what `present` names, one set or kChunkSlots of them.
  Chunk(std::int64_t index, std::uint64_t present, Points points, Sketches sketches)
      : index_(index),
        present_(present),
        points_(std::move(points)),
        sketches_(std::move(sketches)) {}

  std::int64_t index() const { return index_; }
  std::uint64_t present() const { return present_; }
  const Points& points() const { return points_; }
  const Sketches& sketches() const { return sketches_; }

  bool has(std::int64_t slot) const { return (present_ >> slot & 1U) != 0; }
  /// The point of a slot that is there.
  metrics::StatisticSet at(std::int64_t slot) const;
  metrics::Distribution distribution_at(std::int64_t slot) const;
  /// Merges with what is there. slot: 0..kChunkSlots-1.
  void add(std::int64_t slot, const metrics::StatisticSet& set, const metrics::Sketch& sketch);
  /// Merges every point of a chunk of the same index.
  void merge(const Chunk& other);

  /// What it takes in memory, about.
  std::size_t bytes() const;
  bool operator==(const Chunk&) const = default;

 private:
  void put(std::int64_t slot, const metrics::StatisticSet& set);
  void put_sketch(std::int64_t slot, metrics::Sketch sketch);
  void widen(const metrics::StatisticSet& for_set);

  std::int64_t index_;         // of its first step / kChunkSlots
  std::uint64_t present_ = 0;  // bit i: slot i has a point
  Points points_;
  Sketches sketches_;
};

/// Quotient rounded down, remainder 0..divisor-1: for times before 1970 too.
std::int64_t floor_quotient(std::int64_t dividend, std::int64_t divisor);

}  // namespace tidegate::telemetry
