#include "adapters/telemetry/chunk.h"

#include <algorithm>

#include "base/check.h"

namespace tidegate::telemetry {
namespace {

using metrics::Distribution;
using metrics::Sketch;
using metrics::StatisticSet;

bool is_single(const StatisticSet& set) {
  return set == metrics::statistic_set_of(set.sum);
}

bool is_before(const Chunk::SlotSketch& item, std::int64_t slot) {
  return item.slot < slot;
}

}  // namespace

std::int64_t floor_quotient(std::int64_t dividend, std::int64_t divisor) {
  const std::int64_t quotient = dividend / divisor;
  return dividend % divisor < 0 ? quotient - 1 : quotient;
}

StatisticSet Chunk::at(std::int64_t slot) const {
  TG_CHECK(has(slot));
  const auto i = static_cast<std::size_t>(slot);
  if (const auto* values = std::get_if<Values>(&points_)) {
    return metrics::statistic_set_of((*values)[i]);
  }
  if (const auto* sets = std::get_if<Sets>(&points_)) {
    return (*sets)[i];
  }
  return *std::get_if<StatisticSet>(&points_);
}

Distribution Chunk::distribution_at(std::int64_t slot) const {
  Distribution found{at(slot), {}};
  const auto sketch = std::lower_bound(sketches_.begin(), sketches_.end(), slot, is_before);
  if (sketch != sketches_.end() && sketch->slot == slot) {
    found.sketch = sketch->sketch;
  }
  return found;
}

void Chunk::add(std::int64_t slot, const StatisticSet& set, const Sketch& sketch) {
  TG_CHECK(slot >= 0 && slot < kChunkSlots);
  if (!has(slot)) {
    put(slot, set);
    put_sketch(slot, sketch);
    return;
  }
  Distribution both = distribution_at(slot);
  merge_into(both, Distribution{set, sketch});
  put(slot, both.values);
  put_sketch(slot, std::move(both.sketch));
}

void Chunk::merge(const Chunk& other) {
  TG_CHECK(other.index_ == index_);
  for (std::int64_t slot = 0; slot < kChunkSlots; ++slot) {
    if (other.has(slot)) {
      const Distribution theirs = other.distribution_at(slot);
      add(slot, theirs.values, theirs.sketch);
    }
  }
}

void Chunk::put(std::int64_t slot, const StatisticSet& set) {
  const std::uint64_t bit = std::uint64_t{1} << slot;
  const bool alone = (present_ & ~bit) == 0;
  present_ |= bit;
  if (alone) {
    points_ = set;
    return;
  }
  widen(set);
  const auto i = static_cast<std::size_t>(slot);
  if (auto* values = std::get_if<Values>(&points_)) {
    (*values)[i] = set.sum;
  } else if (auto* sets = std::get_if<Sets>(&points_)) {
    (*sets)[i] = set;
  }
}

void Chunk::put_sketch(std::int64_t slot, Sketch sketch) {
  const auto at = std::lower_bound(sketches_.begin(), sketches_.end(), slot, is_before);
  const bool there = at != sketches_.end() && at->slot == slot;
  if (there) {
    at->sketch = std::move(sketch);
  } else if (!sketch.empty()) {
    sketches_.insert(at, SlotSketch{slot, std::move(sketch)});
  }
}

/// Makes room for a set that the present form cannot hold.
void Chunk::widen(const StatisticSet& for_set) {
  if (const auto* all = std::get_if<StatisticSet>(&points_)) {
    if (*all == for_set) {
      return;
    }
    const StatisticSet same = *all;
    if (is_single(same) && is_single(for_set)) {
      points_ = Values(kChunkSlots, same.sum);
    } else {
      points_ = Sets(kChunkSlots, same);
    }
    return;
  }
  if (const auto* values = std::get_if<Values>(&points_); values && !is_single(for_set)) {
    Sets sets(kChunkSlots);
    std::transform(values->begin(), values->end(), sets.begin(), metrics::statistic_set_of);
    points_ = std::move(sets);
  }
}

std::size_t Chunk::bytes() const {
  std::size_t bytes = sizeof(Chunk);
  if (const auto* values = std::get_if<Values>(&points_)) {
    bytes += values->capacity() * sizeof(double);
  } else if (const auto* sets = std::get_if<Sets>(&points_)) {
    bytes += sets->capacity() * sizeof(StatisticSet);
  }
  for (const SlotSketch& item : sketches_) {
    bytes += sizeof(SlotSketch) + item.sketch.bins().capacity() * sizeof(Sketch::Bin);
  }
  return bytes;
}

}  // namespace tidegate::telemetry
