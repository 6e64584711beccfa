#include "sim/traces/capacity.h"

#include <cmath>

#include <doctest/doctest.h>

namespace tidegate::traces {
namespace {

TEST_CASE("capacity: Erlang's C is what its tables say") {
  CHECK(erlang_c(1, 0.5) == doctest::Approx(0.5));  // M/M/1: as often as the server is busy
  CHECK(erlang_c(2, 1.0) == doctest::Approx(1.0 / 3));
  CHECK(erlang_c(8, 6.0) == doctest::Approx(0.3570).epsilon(0.001));
  CHECK(erlang_c(4, 0.0) == 0);
}

TEST_CASE("capacity: an instance carries what keeps p95 within the SLO, and no more") {
  stacks::Simulation simulation;
  simulation.service_time_ms = 80;
  simulation.workers = 8;
  simulation.slo_ms = 250;
  const Capacity capacity = capacity_of(simulation);
  CHECK(capacity.saturated == doctest::Approx(100));
  CHECK(capacity.patience == doctest::Approx(0.170));
  const double offered = capacity.within_slo * 0.080;
  CHECK(erlang_c(8, offered) * std::exp(-(8 - offered) * 0.170 / 0.080) == doctest::Approx(0.05));
  // POLICIES §7: the latency knee of this plant is at 0.86 of its capacity.
  CHECK(capacity.within_slo == doctest::Approx(86).epsilon(0.02));
}

TEST_CASE("capacity: the need is the least whole number that carries the load, and at least one") {
  const Capacity capacity{100, 80, 0.1};
  CHECK(needed(capacity, 0) == 1);
  CHECK(needed(capacity, 79.9) == 1);
  CHECK(needed(capacity, 80) == 1);
  CHECK(needed(capacity, 80.01) == 2);
  CHECK(needed(capacity, 800) == 10);
}

}  // namespace
}  // namespace tidegate::traces
