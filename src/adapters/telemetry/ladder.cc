#include "adapters/telemetry/ladder.h"

#include <algorithm>

#include "base/check.h"

namespace tidegate::telemetry {
namespace {

using metrics::StatisticSet;

bool is_one_value(const StatisticSet& set) {
  return set == metrics::statistic_set_of(set.sum);
}

bool index_less(const Chunk& chunk, std::int64_t index) {
  return chunk.index() < index;
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

void Chunk::add(std::int64_t slot, const StatisticSet& set) {
  TG_CHECK(slot >= 0 && slot < kChunkSlots);
  const StatisticSet now = has(slot) ? merged(at(slot), set) : set;
  const std::uint64_t bit = std::uint64_t{1} << slot;
  const bool alone = (present_ & ~bit) == 0;
  present_ |= bit;
  if (alone) {
    points_ = now;
    return;
  }
  widen(now);
  const auto i = static_cast<std::size_t>(slot);
  if (auto* values = std::get_if<Values>(&points_)) {
    (*values)[i] = now.sum;
  } else if (auto* sets = std::get_if<Sets>(&points_)) {
    (*sets)[i] = now;
  }
}

/// Makes room for a set that the present form cannot hold.
void Chunk::widen(const StatisticSet& for_set) {
  if (const auto* all = std::get_if<StatisticSet>(&points_)) {
    if (*all == for_set) {
      return;
    }
    const StatisticSet same = *all;
    if (is_one_value(same) && is_one_value(for_set)) {
      points_ = Values(kChunkSlots, same.sum);
    } else {
      points_ = Sets(kChunkSlots, same);
    }
    return;
  }
  if (const auto* values = std::get_if<Values>(&points_); values && !is_one_value(for_set)) {
    Sets sets(kChunkSlots);
    std::transform(values->begin(), values->end(), sets.begin(), metrics::statistic_set_of);
    points_ = std::move(sets);
  }
}

StatisticSet Chunk::total() const {
  StatisticSet sum;
  for (std::int64_t slot = 0; slot < kChunkSlots; ++slot) {
    if (has(slot)) {
      sum = merged(sum, at(slot));
    }
  }
  return sum;
}

std::int64_t Ladder::first_kept_index() const {
  const std::int64_t newest = chunks_.back().index() * kChunkSlots + kChunkSlots - 1;
  return floor_quotient(newest - retention_, kChunkSlots);
}

bool Ladder::is_too_old(std::int64_t step) const {
  return !chunks_.empty() && floor_quotient(step, kChunkSlots) < first_kept_index();
}

Chunk& Ladder::chunk_of(std::int64_t index) {
  const auto at = std::lower_bound(chunks_.begin(), chunks_.end(), index, index_less);
  if (at != chunks_.end() && at->index() == index) {
    return *at;
  }
  return *chunks_.emplace(at, index);
}

std::vector<Chunk> Ladder::add(std::int64_t step, const StatisticSet& set) {
  std::vector<Chunk> fallen;
  if (is_too_old(step)) {
    return fallen;
  }
  const std::int64_t index = floor_quotient(step, kChunkSlots);
  chunk_of(index).add(step - index * kChunkSlots, set);
  for (const std::int64_t first = first_kept_index(); chunks_.front().index() < first;) {
    fallen.push_back(std::move(chunks_.front()));
    chunks_.pop_front();
  }
  return fallen;
}

bool Ladder::restore(Chunk chunk) {
  if (!chunks_.empty() && chunk.index() <= chunks_.back().index()) {
    return false;
  }
  chunks_.push_back(std::move(chunk));
  return true;
}

}  // namespace tidegate::telemetry
