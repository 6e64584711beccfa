#include "sim/traces/demand.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace tidegate::traces {
namespace {

constexpr Duration kSmoothest = std::chrono::seconds{10};  // POLICIES: below it, need is noise
constexpr double kFewArrivals = 12;  // from here on the normal distribution is near enough

/// A word of chance for each number (splitmix64, public domain).
std::uint64_t chance(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t z = seed + number * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

/// Near enough standard normal: 128 coins, 64 heads expected, with a deviation of sqrt(32).
double near_normal(std::uint64_t a, std::uint64_t b) {
  constexpr double kDeviation = 5.656854249492381;
  return (std::popcount(a) + std::popcount(b) - 64) / kDeviation;
}

double poisson_by_inversion(double mean, double none, std::uint64_t word) {
  const double drawn = static_cast<double>(word >> 11U) * 0x1.0p-53;
  double probability = none;
  double sum = none;
  double count = 0;
  while (drawn > sum && count < 200) {
    count += 1;
    probability *= mean / count;
    sum += probability;
  }
  return count;
}

Need need_of(const Capacity& capacity, double requests, double work, bool is_measured) {
  return {requests, needed(capacity, work), is_measured};
}

}  // namespace

Needs needs_of(const Trace& trace, const Capacity& capacity, double trace_scale) {
  Needs needs;
  const bool is_coarse = trace.step >= kSmoothest;
  needs.step = is_coarse ? trace.step : Duration{std::chrono::seconds{1}};
  const Duration half = is_coarse ? Duration{0} : kSmoothest / 2;
  const auto count = (trace.length() + needs.step - Duration{1}) / needs.step;
  const auto at_bucket = [&trace](Duration at) {
    const auto bucket = at / trace.step;
    return std::clamp<std::int64_t>(bucket, 0, static_cast<std::int64_t>(trace.buckets.size()));
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const Duration middle = needs.step * i + needs.step / 2;
    const auto begin = is_coarse ? i : at_bucket(middle - half);
    const auto end = is_coarse ? i + 1 : std::max(at_bucket(middle + half), begin + 1);
    Bucket sum{0, 0, true};
    for (auto bucket = begin; bucket < end; ++bucket) {
      const Bucket& one = trace.buckets[static_cast<std::size_t>(bucket)];
      sum.requests += one.requests;
      sum.work += one.work;
      sum.is_measured = sum.is_measured && one.is_measured;
    }
    const double per_second = trace_scale / seconds_of(trace.step * (end - begin));
    needs.steps.push_back(
        need_of(capacity, sum.requests * per_second, sum.work * per_second, sum.is_measured));
  }
  return needs;
}

Demand::Demand(const Trace& trace, double trace_scale, std::uint64_t seed)
    : trace_(trace),
      scale_(trace_scale),
      seed_(chance(seed, 1)),
      cells_(trace.length() / kCell),
      cells_per_bucket_(trace.step / kCell) {
  TG_CHECK(!trace.buckets.empty());
  enter(0);
}

void Demand::enter(std::size_t bucket) {
  bucket_ = bucket;
  mean_ = trace_.buckets[bucket].requests * scale_ / static_cast<double>(cells_per_bucket_);
  none_ = mean_ < kFewArrivals ? std::exp(-mean_) : 0;
}

Arrivals Demand::arrivals(std::int64_t cell) {
  TG_CHECK(cell >= 0 && cell < cells_);
  const auto bucket = static_cast<std::size_t>(cell / cells_per_bucket_);
  if (bucket != bucket_) {
    enter(bucket);
  }
  if (trace_.is_per_request) {
    const Bucket& here = trace_.buckets[bucket];
    return {here.requests * scale_, here.work * scale_};
  }
  const auto number = static_cast<std::uint64_t>(cell);
  const std::uint64_t word = chance(seed_, 2 * number);
  double count = 0;
  if (mean_ < kFewArrivals) {
    count = poisson_by_inversion(mean_, none_, word);
  } else {
    const double off = near_normal(word, chance(seed_, 2 * number + 1));
    count = std::max(0.0, std::floor(mean_ + std::sqrt(mean_) * off + 0.5));
  }
  return {count, count};
}

}  // namespace tidegate::traces
