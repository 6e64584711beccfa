// Storms: random scenarios. A seed gives the text of a scenario file, which any failure prints, so
// that it can be replayed, cut down and kept.
#pragma once

#include <cstdint>
#include <string>

namespace tidegate::sim {

/// About so many hours of simulated time for one group: bursts of faults, commands and load of
/// every kind, each followed by calm in which the group must become whole again within a bound.
std::string make_storm(std::uint64_t seed, std::int32_t hours);

}  // namespace tidegate::sim
