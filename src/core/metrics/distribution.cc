#include "core/metrics/distribution.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace tidegate::metrics {
namespace {

constexpr double kCountSlack = 1e-9;  // counts are sums of floating numbers

bool is_one_value(const StatisticSet& set) {
  return set.minimum == set.maximum;
}

/// The sketch of all samples; absent where it does not know them all.
std::optional<Sketch> whole_sketch(const Distribution& distribution) {
  const StatisticSet& set = distribution.values;
  if (!Sketch::can_hold(set.minimum)) {
    return std::nullopt;
  }
  if (is_one_value(set)) {
    Sketch sketch;
    sketch.add(set.minimum, set.sample_count);
    return sketch;
  }
  const bool whole =
      std::abs(distribution.sketch.count() - set.sample_count) <= kCountSlack * set.sample_count;
  return whole ? std::optional{distribution.sketch} : std::nullopt;
}

}  // namespace

Distribution distribution_of(double value, double count) {
  return {{count, value * count, value, value}, {}};
}

void merge_into(Distribution& into, const Distribution& other) {
  if (other.values.sample_count <= 0) {
    return;
  }
  if (into.values.sample_count <= 0) {
    into = other;
    return;
  }
  const StatisticSet both = merged(into.values, other.values);
  if (is_one_value(both)) {
    into = {both, {}};
    return;
  }
  // A sketch that does not know all its samples stays smaller than its count for ever: that is how
  // percentile_of() sees it.
  Sketch sketch = whole_sketch(into).value_or(into.sketch);
  sketch.merge(whole_sketch(other).value_or(other.sketch));
  into = {both, std::move(sketch)};
}

std::optional<double> percentile_of(const Distribution& distribution, double percent) {
  const StatisticSet& set = distribution.values;
  if (set.sample_count <= 0) {
    return std::nullopt;
  }
  const auto sketch = whole_sketch(distribution);
  if (!sketch.has_value()) {
    return std::nullopt;
  }
  // The first and the last value are known to the bit.
  const double rank = std::ceil(percent / 100 * set.sample_count - kCountSlack * set.sample_count);
  if (rank <= 1) {
    return set.minimum;
  }
  if (rank >= set.sample_count) {
    return set.maximum;
  }
  const auto value = sketch->percentile(percent);
  return value.has_value() ? std::optional{std::clamp(*value, set.minimum, set.maximum)}
                           : std::nullopt;
}

std::optional<double> parse_percentile(std::string_view text) {
  constexpr std::size_t kLongest = 16;
  if (text.size() < 2 || text.size() > kLongest || text.front() != 'p' ||
      text.find_first_not_of("0123456789.", 1) != std::string_view::npos) {
    return std::nullopt;
  }
  const auto percent = parse_double(text.substr(1));
  return percent.has_value() && *percent <= 100 ? percent : std::nullopt;
}

std::optional<AnyStatistic> parse_any_statistic(std::string_view text) {
  if (const auto plain = parse_statistic(text)) {
    return AnyStatistic{*plain, std::nullopt};
  }
  const auto percent = parse_percentile(text);
  return percent.has_value() ? std::optional{AnyStatistic{Statistic::Average, percent}}
                             : std::nullopt;
}

std::optional<double> value_of(const Distribution& distribution, const AnyStatistic& statistic) {
  return statistic.percent.has_value() ? percentile_of(distribution, *statistic.percent)
                                       : value_of(distribution.values, statistic.plain);
}

double significant_samples(double percent) {
  constexpr double kNeeded = 10;
  constexpr double kRounding = 1e6;  // 100 of p90, not the 100.00000000000001 of binary fractions
  const double beyond = std::min(percent, 100 - percent) / 100;
  return std::round(kNeeded / beyond * kRounding) / kRounding;
}

}  // namespace tidegate::metrics
