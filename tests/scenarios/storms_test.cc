// Random storms over thousands of simulated group-hours: every checker, every step.
#include <doctest/doctest.h>

#include "sim/scenario.h"
#include "sim/storm.h"

namespace tidegate::sim {
namespace {

// A sanitizer takes five times as long over each hour and finds what it finds in the first ones.
#if defined(__SANITIZE_ADDRESS__)
constexpr double kGroupHours = 300;
#else
constexpr double kGroupHours = 2000;
#endif
constexpr std::uint64_t kFirstSeed = 1;

TEST_CASE("storms: simulated group-hours of faults breach nothing, and every burst heals") {
  const StormSeason season = run_storms(kFirstSeed, kGroupHours);
  std::string text;
  for (const std::string& failure : season.failures) {
    text += "\n" + failure;
  }
  INFO(season.storms, " storms, ", season.group_hours, " group-hours", text);
  CHECK(season.failures.empty());
  CHECK(season.group_hours >= kGroupHours);
}

TEST_CASE("storms: two runs of a seed give the same ledger, byte for byte") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto scenario = parse_scenario("storm", make_storm(seed, 2));
    REQUIRE(scenario.has_value());
    const ScenarioResult first = run_scenario(*scenario, seed);
    const ScenarioResult second = run_scenario(*scenario, seed);
    CHECK(first.ledger == second.ledger);
    CHECK(first.ledger.size() > 10);
    CHECK(run_scenario(*scenario, seed + 1).ledger != first.ledger);
  }
}

}  // namespace
}  // namespace tidegate::sim
