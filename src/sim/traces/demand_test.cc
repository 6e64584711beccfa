#include "sim/traces/demand.h"

#include <cmath>

#include <doctest/doctest.h>

namespace tidegate::traces {
namespace {

Trace counts(std::vector<double> requests, Duration step) {
  Trace trace;
  trace.step = step;
  for (const double count : requests) {
    trace.buckets.push_back({count, count, true});
  }
  return trace;
}

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments moments_of(double per_cell) {
  const Trace trace = counts({per_cell * 5 * 3600}, std::chrono::hours{1});
  Demand demand{trace, 1, 7};
  Moments m;
  for (std::int64_t cell = 0; cell < demand.cells(); ++cell) {
    m.mean += demand.arrivals(cell).requests;
  }
  m.mean /= static_cast<double>(demand.cells());
  for (std::int64_t cell = 0; cell < demand.cells(); ++cell) {
    const double off = demand.arrivals(cell).requests - m.mean;
    m.variance += off * off / static_cast<double>(demand.cells());
  }
  return m;
}

TEST_CASE("demand: arrivals of a bucket are Poisson, few or many") {
  for (const double per_cell : {0.4, 3.0, 11.9, 12.1, 200.0}) {
    CAPTURE(per_cell);
    const Moments m = moments_of(per_cell);
    CHECK(m.mean == doctest::Approx(per_cell).epsilon(0.03));
    CHECK(m.variance == doctest::Approx(per_cell).epsilon(0.06));
  }
}

TEST_CASE("demand: chance is by seed and cell, in whatever order cells are asked for") {
  const Trace trace = counts({600, 6000}, std::chrono::seconds{60});
  Demand forward{trace, 1, 7};
  Demand backward{trace, 1, 7};
  Demand other{trace, 1, 8};
  std::vector<double> seen;
  for (std::int64_t cell = 0; cell < 600; ++cell) {
    seen.push_back(forward.arrivals(cell).requests);
  }
  int unlike = 0;
  for (std::int64_t cell = 599; cell >= 0; --cell) {
    CHECK(backward.arrivals(cell).requests == seen[static_cast<std::size_t>(cell)]);
    unlike += other.arrivals(cell).requests != seen[static_cast<std::size_t>(cell)] ? 1 : 0;
  }
  CHECK(unlike > 300);
}

TEST_CASE("demand: TraceScale multiplies, single requests come when they came") {
  const auto trace = parse_trace("t", "0 1 10\n50 1 30\n450 1 20\n");
  REQUIRE(trace.has_value());
  Demand demand{*trace, 2, 1};
  REQUIRE(demand.cells() == 3);
  CHECK(demand.arrivals(0).requests == 4);
  CHECK(demand.arrivals(0).work == doctest::Approx(4));  // 40 of 60 tokens, 6 requests in all
  CHECK(demand.arrivals(1).requests == 0);
  CHECK(demand.arrivals(2).work == doctest::Approx(2));
}

TEST_CASE("demand: needs are those of the buckets where these are long enough") {
  Trace trace = counts({0, 60 * 80, 60 * 81, 60 * 240}, std::chrono::seconds{60});
  trace.buckets[2].is_measured = false;
  const Needs needs = needs_of(trace, Capacity{100, 80, 0.1}, 1);
  CHECK(needs.step == std::chrono::seconds{60});
  REQUIRE(needs.steps.size() == 4);
  CHECK(needs.steps[0].instances == 1);
  CHECK(needs.steps[1].instances == 1);
  CHECK(needs.steps[2].instances == 2);
  CHECK_FALSE(needs.steps[2].is_measured);
  CHECK(needs.steps[3].instances == 3);
  CHECK(needs.steps[3].requests_per_second == 240);
  CHECK(needs_of(trace, Capacity{100, 80, 0.1}, 2).steps[3].instances == 6);
}

TEST_CASE("demand: needs of short buckets are by the ten seconds around them") {
  std::vector<double> seconds(60, 0);
  seconds[30] = 1000;  // one second of 1000 requests is a mean of 100 a second over ten
  const Needs needs = needs_of(counts(seconds, std::chrono::seconds{1}), Capacity{100, 40, 0.1}, 1);
  CHECK(needs.step == std::chrono::seconds{1});
  REQUIRE(needs.steps.size() == 60);
  CHECK(needs.steps[24].instances == 1);
  CHECK(needs.steps[30].instances == 3);
  CHECK(needs.steps[30].requests_per_second == doctest::Approx(100));
  CHECK(needs.steps[37].instances == 1);
}

}  // namespace
}  // namespace tidegate::traces
