#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "core/metrics/distribution.h"

namespace tidegate::metrics {
namespace {

/// Values over twelve decades, with repetitions and zeros.
std::vector<double> values() {
  auto raw =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1, 120'000)));
  std::vector<double> all;
  for (const int value : raw) {
    all.push_back(value < 0 ? 0.0 : std::pow(10.0, value / 10'000.0 - 6));
  }
  return all;
}

double exact_percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * count - 1e-9 * count));
  return values[std::min(std::max<std::size_t>(rank, 1), values.size()) - 1];
}

}  // namespace

TEST_CASE("percentile_of: within one percent of the exact value, whatever the values") {
  CHECK(rc::check([] {
    const auto all = values();
    Distribution distribution;
    for (const double value : all) {
      merge_into(distribution, distribution_of(value));
    }
    for (const double percent : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      const double exact = exact_percentile(all, percent);
      const auto got = percentile_of(distribution, percent);
      RC_ASSERT(got.has_value());
      RC_ASSERT(std::abs(*got - exact) <= kRelativeError * (1 + 1e-9) * exact);
    }
  }));
}

TEST_CASE("merge_into: in any order and any pieces it is the same distribution") {
  CHECK(rc::check([] {
    const auto all = values();
    const auto cut = *rc::gen::inRange<std::size_t>(0, all.size() + 1);
    Distribution left, right, whole;
    for (std::size_t i = 0; i < all.size(); ++i) {
      merge_into(i < cut ? left : right, distribution_of(all[i]));
      merge_into(whole, distribution_of(all[i]));
    }
    Distribution forth = left, back = right;
    merge_into(forth, right);
    merge_into(back, left);
    for (const double percent : {0.0, 50.0, 99.0, 100.0}) {
      RC_ASSERT(percentile_of(forth, percent) == percentile_of(whole, percent));
      RC_ASSERT(percentile_of(back, percent) == percentile_of(whole, percent));
    }
    RC_ASSERT(forth.sketch == whole.sketch);
    RC_ASSERT(back.sketch == whole.sketch);
  }));
}

}  // namespace tidegate::metrics
