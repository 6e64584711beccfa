// Every *.scenario file here holds, twice with the same ledger, and under other seeds.
#include <string>

#include <doctest/doctest.h>

#include "scenarios/scenario_files.h"
#include "sim/scenario.h"

namespace tidegate::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kOtherSeeds = 3;
constexpr std::size_t kLeastScenarios = 15;

std::string failures_of(const ScenarioResult& result) {
  std::string text;
  for (const std::string& failure : result.failures) {
    text += "\n    " + failure;
  }
  return text;
}

TEST_CASE("scenarios: each keeps its promise, under several seeds, with the same ledger twice") {
  const auto files = scenario_files();
  CHECK(files.size() >= kLeastScenarios);
  for (const fs::path& path : files) {
    const auto scenario = parse_scenario(path.string(), read_file(path));
    if (!scenario) {
      FAIL_CHECK(scenario.error().message);
      continue;
    }
    for (std::uint64_t seed = scenario->seed; seed <= scenario->seed + kOtherSeeds; ++seed) {
      const ScenarioResult result = run_scenario(*scenario, seed);
      const std::string failures = failures_of(result);
      INFO(path.string(), ", seed ", seed, ": ", scenario->promise, failures);
      CHECK(result.failures.empty());
    }
    const ScenarioResult first = run_scenario(*scenario, scenario->seed);
    const ScenarioResult second = run_scenario(*scenario, scenario->seed);
    INFO(path.string());
    CHECK(first.ledger == second.ledger);
    CHECK_FALSE(first.ledger.empty());
  }
}

TEST_CASE("scenarios: 60 runs of noise around 60 % launch nothing beyond the first instance") {
  const auto scenario = parse_scenario("noise", read_file(fs::path{kFolder} / "noise.scenario"));
  REQUIRE(scenario.has_value());
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    const ScenarioResult result = run_scenario(*scenario, seed);
    const std::string failures = failures_of(result);
    INFO("seed ", seed, failures);
    CHECK(result.failures.empty());
  }
}

}  // namespace
}  // namespace tidegate::sim
