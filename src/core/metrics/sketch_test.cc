#include "core/metrics/sketch.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/metrics/distribution.h"

namespace tidegate::metrics {
namespace {

constexpr double kSlack = 1 + 1e-12;  // of the arithmetic, beyond the sketch's own error

bool is_near(std::optional<double> value, double want) {
  return value.has_value() && std::abs(*value - want) <= kRelativeError * kSlack * want;
}

}  // namespace

TEST_CASE("Sketch: a percentile is the value at its rank, within the relative error") {
  Sketch sketch;
  for (int i = 1; i <= 1000; ++i) {
    sketch.add(i);
  }
  CHECK(sketch.count() == 1000);
  CHECK(is_near(sketch.percentile(0), 1));
  CHECK(is_near(sketch.percentile(50), 500));
  CHECK(is_near(sketch.percentile(99), 990));
  CHECK(is_near(sketch.percentile(99.9), 999));
  CHECK(is_near(sketch.percentile(100), 1000));
  CHECK(!Sketch{}.percentile(50).has_value());
}

TEST_CASE("Sketch: ranks are exact where values are far apart") {
  Sketch sketch;
  for (const double value : {1.0, 10.0, 100.0, 1000.0}) {
    sketch.add(value);
  }
  CHECK(is_near(sketch.percentile(25), 1));
  CHECK(is_near(sketch.percentile(25.1), 10));
  CHECK(is_near(sketch.percentile(50), 10));
  CHECK(is_near(sketch.percentile(75), 100));
  CHECK(is_near(sketch.percentile(75.1), 1000));
}

TEST_CASE("Sketch: zeros are values, and smaller than all others") {
  Sketch sketch;
  sketch.add(0, 3);
  sketch.add(1e-300);
  CHECK(sketch.percentile(75) == 0.0);
  CHECK(is_near(sketch.percentile(76), 1e-300));
  CHECK(Sketch::can_hold(0));
  CHECK(!Sketch::can_hold(-1e-300));
  CHECK(!Sketch::can_hold(std::numeric_limits<double>::infinity()));
  CHECK(!Sketch::can_hold(std::nan("")));
}

TEST_CASE("Sketch: a weight is so many values") {
  Sketch weighted;
  weighted.add(5, 3);
  weighted.add(7, 0.5);
  Sketch single;
  single.add(5);
  single.add(5);
  single.add(5);
  single.add(7, 0.5);
  CHECK(weighted == single);
  CHECK(weighted.count() == 3.5);
}

TEST_CASE("Sketch: bins that somebody else counted are a sketch") {
  Sketch added;
  added.add(0.25, 90);
  added.add(4, 10);
  CHECK(added == Sketch::of_bins({{Sketch::bin_of(0.25), 90}, {Sketch::bin_of(4), 10}}));
  CHECK(Sketch::bin_of(0) == Sketch::kZeroBin);
  CHECK(Sketch::bin_of(1e-6) == -690);  // balancer/routes/state.h counts from here
  CHECK(Sketch::bin_of(1000) == 346);
}

TEST_CASE("Sketch: it has a bounded number of bins, and the largest values stay exact") {
  Sketch sketch;
  for (int i = 0; i < 3000; ++i) {
    sketch.add(std::exp(i * 0.05));
  }
  CHECK(sketch.bins().size() <= kMaxBins);
  CHECK(sketch.count() == 3000);
  CHECK(is_near(sketch.percentile(99), std::exp(2969 * 0.05)));
  CHECK(is_near(sketch.percentile(50), std::exp(1499 * 0.05)));
}

TEST_CASE("Sketch: of_bins takes back what bins() gave, and nothing else") {
  Sketch sketch;
  sketch.add(0);
  sketch.add(3, 2);
  sketch.add(70);
  CHECK(Sketch::of_bins(sketch.bins()) == sketch);
  CHECK(Sketch::of_bins({{5, 1}, {5, 1}}).empty());
  CHECK(Sketch::of_bins({{6, 1}, {5, 1}}).empty());
  CHECK(Sketch::of_bins({{5, 0}}).empty());
  CHECK(Sketch::of_bins({{5, std::nan("")}}).empty());
  CHECK(Sketch::of_bins({{Sketch::kZeroBin - 1, 1}}).empty());
}

TEST_CASE("merge_into: statistics and percentiles of both") {
  Distribution all;
  merge_into(all, distribution_of(1));
  CHECK(all == distribution_of(1));
  merge_into(all, distribution_of(3, 2));
  merge_into(all, Distribution{});
  CHECK(all.values == StatisticSet{3, 7, 1, 3});
  CHECK(percentile_of(all, 0) == 1.0);
  CHECK(percentile_of(all, 33) == 1.0);
  CHECK(is_near(percentile_of(all, 34), 3));
  CHECK(percentile_of(all, 100) == 3.0);
  CHECK(percentile_of(all, 67) == 3.0);  // the last of three: exact
  CHECK(value_of(all, AnyStatistic{Statistic::Sum, {}}) == 7.0);
  CHECK(value_of(all, AnyStatistic{Statistic::Sum, 100.0}) == 3.0);
}

TEST_CASE("percentile_of: a statistic set has percentiles only when its values are known") {
  CHECK(!percentile_of(Distribution{}, 50).has_value());
  CHECK(percentile_of(Distribution{{4, 8, 2, 2}, {}}, 99) == 2.0);
  const Distribution opaque{{2, 4, 1, 3}, {}};
  CHECK(!percentile_of(opaque, 50).has_value());
  Distribution mixed = opaque;
  for (int i = 0; i < 100; ++i) {
    merge_into(mixed, distribution_of(2));
  }
  CHECK(!percentile_of(mixed, 50).has_value());
  Distribution other_way = distribution_of(2);
  merge_into(other_way, opaque);
  CHECK(!percentile_of(other_way, 50).has_value());
}

TEST_CASE("percentile_of: none where a value is negative, as in CloudWatch") {
  CHECK(!percentile_of(distribution_of(-1), 50).has_value());
  Distribution mixed = distribution_of(5);
  merge_into(mixed, distribution_of(-1));
  CHECK(mixed.values == StatisticSet{2, 4, -1, 5});
  CHECK(!percentile_of(mixed, 50).has_value());
}

TEST_CASE("parse_percentile: p0 to p100, with a fraction, and nothing else") {
  CHECK(parse_percentile("p0") == 0.0);
  CHECK(parse_percentile("p99") == 99.0);
  CHECK(parse_percentile("p99.9") == 99.9);
  CHECK(parse_percentile("p100") == 100.0);
  for (const char* wrong : {"p",
                            "",
                            "p100.1",
                            "p-1",
                            "p1e1",
                            "99",
                            "P99",
                            "p9 9",
                            "tm99",
                            "p.",
                            "p99.99999999999999"}) {
    CAPTURE(wrong);
    CHECK(!parse_percentile(wrong).has_value());
  }
  CHECK(parse_any_statistic("Maximum") == AnyStatistic{Statistic::Maximum, {}});
  CHECK(parse_any_statistic("p50") == AnyStatistic{Statistic::Average, 50.0});
  CHECK(!parse_any_statistic("tm99").has_value());
}

TEST_CASE("significant_samples: ten beyond the percentile") {
  CHECK(significant_samples(99.9) == 10'000);
  CHECK(significant_samples(99) == 1000);
  CHECK(significant_samples(90) == 100);
  CHECK(significant_samples(50) == 20);
  CHECK(significant_samples(25) == 40);
  CHECK(significant_samples(10) == 100);
}

TEST_CASE("percentile_of: the first and the last value by rank are exact") {
  Distribution two = distribution_of(10.37);
  merge_into(two, distribution_of(20.73));
  CHECK(percentile_of(two, 0) == 10.37);
  CHECK(percentile_of(two, 50) == 10.37);  // rank 1 of 2
  CHECK(percentile_of(two, 50.1) == 20.73);
  CHECK(percentile_of(two, 100) == 20.73);
}

}  // namespace tidegate::metrics
