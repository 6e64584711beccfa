// A scenario with one more fault: its control plane loses its power at one operation, is started
// again, and goes on. What the scenario expects at a given time need not hold then; what must hold
// is every checker, and that the world ends as it does without the crash: whole, with the same
// stacks and groups.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace tidegate::sim {

/// A scenario without the additional crash.
struct Uncrashed {
  std::uint64_t operations = 0;  // each is a crash point before it and one after it
  std::string ending;            // stacks with their status, groups with their sizes
  std::string missing;           // for the world to be whole; most scenarios end with nothing
};
Uncrashed run_uncrashed(const Scenario& scenario, std::uint64_t seed);

/// Empty: everything held. Each failure names the point.
std::vector<std::string> run_crashed(const Scenario& scenario,
                                     std::uint64_t seed,
                                     CrashPoint point,
                                     const Uncrashed& uncrashed);

}  // namespace tidegate::sim
