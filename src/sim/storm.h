// Storms: random scenarios. A seed gives the text of a scenario file, which any failure prints, so
// that it can be replayed, cut down and kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::sim {

/// About so many hours of simulated time for one group: bursts of faults, commands and load of
/// every kind, each followed by calm in which the group must become whole again within a bound.
std::string make_storm(std::uint64_t seed, std::int32_t hours);

inline constexpr std::int32_t kHoursPerStorm = 10;

struct StormSeason {
  double group_hours = 0;
  std::uint64_t storms = 0;
  std::vector<std::string> failures;  // of the first storm that failed, and how to replay it
};
/// Storms of seeds first_seed, first_seed + 1, … until so many group-hours are simulated; stops at
/// the first that fails.
StormSeason run_storms(std::uint64_t first_seed, double group_hours);

}  // namespace tidegate::sim
