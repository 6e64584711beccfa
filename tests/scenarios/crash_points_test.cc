// The control plane crashed before and after its operations, in every scenario. All points take
// minutes and are soak_crash_points' (make soak); here every scenario has a share of them.
#include <algorithm>

#include <doctest/doctest.h>

#include "scenarios/crash_run.h"
#include "scenarios/scenario_files.h"

namespace tidegate::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kPointsEach = 4;
#else
constexpr std::uint64_t kPointsEach = 24;
#endif

/// Its share of a scenario's points, spread over all of it; where there are few, all of them.
std::vector<CrashPoint> share_of(std::uint64_t operations, std::uint64_t offset) {
  const std::uint64_t all = 2 * operations;
  const std::uint64_t stride = std::max<std::uint64_t>(1, all / kPointsEach);
  std::vector<CrashPoint> points;
  for (std::uint64_t i = offset % stride; i < all; i += stride) {
    points.push_back({i / 2, i % 2 == 0 ? CrashPoint::Moment::Before : CrashPoint::Moment::After});
  }
  return points;
}

}  // namespace

TEST_CASE("crash points: a control plane that dies at any operation loses and doubles nothing") {
  std::uint64_t points = 0;
  std::uint64_t all = 0;
  std::uint64_t offset = 0;  // another part of each scenario
  for (const auto& path : scenario_files()) {
    const auto scenario = parse_scenario(path.string(), read_file(path));
    REQUIRE(scenario.has_value());
    const Uncrashed uncrashed = run_uncrashed(*scenario, scenario->seed);
    all += 2 * uncrashed.operations;
    for (const CrashPoint& point : share_of(uncrashed.operations, offset++)) {
      ++points;
      for (const std::string& failure : run_crashed(*scenario, scenario->seed, point, uncrashed)) {
        FAIL_CHECK(path.string() << ": " << failure);
      }
    }
  }
  MESSAGE(points, " of ", all, " crash points");
  CHECK(points > 100);
}

TEST_CASE("crash points: a crash at an operation is one, and what it lost is sent again") {
  const auto scenario = parse_scenario("x", "name: n\npromises: p\ncreate\nrun 10s\n");
  REQUIRE(scenario.has_value());
  for (const auto moment : {CrashPoint::Moment::Before, CrashPoint::Moment::After}) {
    World world{1};
    world.crash_at({0, moment});
    Run run{world, scenario->options};
    for (const Step& step : scenario->steps) {
      step.act(run);
    }
    CHECK(world.starts() == 2);
    CHECK(world.unsettled().empty());
    CHECK(world.model().stacks.size() == 1);
  }
}

}  // namespace tidegate::sim
