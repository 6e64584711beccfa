// Runs storms until so many group-hours are simulated, and says which one failed and how to replay
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "sim/storm.h"

namespace tidegate::sim {

inline constexpr std::int32_t kHoursPerStorm = 10;

struct StormSeason {
  double group_hours = 0;
  std::uint64_t storms = 0;
  std::vector<std::string> failures;  // of the first storm that failed, with its text
};

inline std::string replay_text(const std::string& storm, std::uint64_t seed) {
  return "storm of seed " + std::to_string(seed) +
         " failed. To replay it: " + "build/dev/bin/soak_storms replay " + std::to_string(seed) +
         " , or keep the following as tests/scenarios/NAME.scenario:\n" + storm;
}

/// Storms of seeds first_seed, first_seed + 1, …; stops at the first that fails.
inline StormSeason run_storms(std::uint64_t first_seed, double group_hours) {
  StormSeason season;
  for (std::uint64_t seed = first_seed; season.group_hours < group_hours; ++seed) {
    const std::string text = make_storm(seed, kHoursPerStorm);
    const auto scenario = parse_scenario("storm " + std::to_string(seed), text);
    if (!scenario) {
      season.failures = {scenario.error().message, replay_text(text, seed)};
      return season;
    }
    const ScenarioResult result = run_scenario(*scenario, seed);
    season.group_hours += seconds_of(result.simulated) / 3600;
    ++season.storms;
    if (!result.failures.empty()) {
      season.failures = result.failures;
      season.failures.push_back(replay_text(text, seed));
      return season;
    }
  }
  return season;
}

}  // namespace tidegate::sim
