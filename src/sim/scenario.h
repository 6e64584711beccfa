// Scenario files: what a simulated world goes through, and what it promises, as readable text.
//
//   name: an instance that is lost is replaced
//   promises: the group is whole again within 20 s, and nothing is launched twice
//   seed: 7
//   group: min=2 max=3 desired=2
//
//   create
//   expect serving = 2 within 20s
//   lose oldest
//   expect settled within 20s
//   expect launches = 3
//
// A line is a comment after '#'. Every step is checked when the file is read; verbs() lists them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/group_template.h"
#include "sim/world.h"

namespace tidegate::sim {

/// A scenario under way.
struct Run {
  World& world;
  GroupOptions options;
};

struct Step {
  std::size_t line = 0;
  std::string text;
  std::function<std::string(Run&)> act;  // returns what went against the expectation, or nothing
};

struct Scenario {
  std::string name;
  std::string promise;
  std::uint64_t seed = 1;
  GroupOptions options;
  std::vector<Step> steps;
};

/// Error: InvalidArgument "FILE:LINE: …" with what would be valid.
Result<Scenario> parse_scenario(std::string_view file, std::string_view text);

/// Usage of every step, one line each.
std::vector<std::string> verbs();

struct ScenarioResult {
  std::vector<std::string> failures;  // empty: every expectation and every checker held
  std::vector<std::string> ledger;    // JSON lines
  Duration simulated{};
};
/// Runs it from the beginning in a world of its own; stops at the first failed expectation.
ScenarioResult run_scenario(const Scenario& scenario, std::uint64_t seed);

}  // namespace tidegate::sim
