#include "adapters/telemetry/series.h"

#include <algorithm>

namespace tidegate::telemetry {
namespace {

using metrics::Datapoint;
using metrics::DistributionPoint;
using metrics::Sketch;
using metrics::StatisticSet;

constexpr std::int32_t kMinute = 60;  // seconds, of a storage resolution
constexpr std::size_t kSeconds = 0;
constexpr std::size_t kMinutes = 1;

std::size_t tier_of(const metrics::MetricSample& sample) {
  return sample.storage_resolution >= kMinute ? kMinutes : kSeconds;
}

void merge_slot(Datapoint& into, const Chunk& chunk, std::int64_t slot) {
  into.values = merged(into.values, chunk.at(slot));
}
void merge_slot(DistributionPoint& into, const Chunk& chunk, std::int64_t slot) {
  merge_into(into.values, chunk.distribution_at(slot));
}

template <typename Point>
void fold_points(std::vector<Point>& periods,
                 Duration period,
                 std::size_t tier,
                 const Chunk& chunk) {
  const Duration step = kTiers[tier].step;
  const Instant from = periods.front().timestamp;
  const Instant to = periods.back().timestamp + period;
  for (std::int64_t slot = 0; slot < kChunkSlots; ++slot) {
    const Instant at{step * (chunk.index() * kChunkSlots + slot)};
    if (at >= to) {
      return;
    }
    if (at >= from && chunk.has(slot)) {
      merge_slot(periods[static_cast<std::size_t>((at - from) / period)], chunk, slot);
    }
  }
}

}  // namespace

void Filed::extend(std::int64_t index) {
  first = empty() ? index : std::min(first, index);
  last = std::max(last, index);
}

Held& Series::held_at(std::size_t tier, std::int64_t index) {
  auto& chunks = held[tier];
  if (!chunks.empty() && chunks.rbegin()->first == index) {
    return chunks.rbegin()->second;  // nearly always: time goes on
  }
  const auto [at, is_new] = chunks.try_emplace(index, index);
  if (is_new) {
    at->second.is_part = filed[tier].contains(index);
  }
  return at->second;
}

void Series::add_point(std::size_t tier,
                       Instant at,
                       const StatisticSet& set,
                       const Sketch& sketch,
                       std::uint64_t tick) {
  const std::int64_t step = kTiers[tier].step_of(at);
  const std::int64_t index = floor_quotient(step, kChunkSlots);
  Held& chunk = held_at(tier, index);
  chunk.chunk.add(step - index * kChunkSlots, set, sketch);
  ++chunk.changes;
  chunk.touched = tick;
}

void Series::add(const metrics::MetricSample& sample, std::uint64_t tick) {
  if (sample.timestamp >= newest) {
    newest = sample.timestamp;
    ++changes;
    if (unit != sample.unit) {
      unit = sample.unit;
    }
  }
  add_point(tier_of(sample), sample.timestamp, sample.values, sample.sketch, tick);
}

bool Series::has_room(const metrics::MetricSample& sample) const {
  const std::size_t tier = tier_of(sample);
  return held[tier].contains(floor_quotient(kTiers[tier].step_of(sample.timestamp), kChunkSlots));
}

void Series::roll(std::size_t tier, const Chunk& chunk, std::uint64_t tick) {
  ++rolls;
  ++changes;
  if (tier + 1 == kTierCount) {
    return;
  }
  for (std::int64_t slot = 0; slot < kChunkSlots; ++slot) {
    if (chunk.has(slot)) {
      const Instant at{kTiers[tier].step * (chunk.index() * kChunkSlots + slot)};
      const metrics::Distribution point = chunk.distribution_at(slot);
      add_point(tier + 1, at, point.values, point.sketch, tick);
    }
  }
}

bool Series::is_empty() const {
  const auto nothing = [](const auto& chunks) { return chunks.empty(); };
  return std::all_of(held.begin(), held.end(), nothing) &&
         std::all_of(filed.begin(), filed.end(), nothing);
}

void fold(std::vector<Datapoint>& periods, Duration period, std::size_t tier, const Chunk& chunk) {
  fold_points(periods, period, tier, chunk);
}

void fold(std::vector<DistributionPoint>& periods,
          Duration period,
          std::size_t tier,
          const Chunk& chunk) {
  fold_points(periods, period, tier, chunk);
}

}  // namespace tidegate::telemetry
