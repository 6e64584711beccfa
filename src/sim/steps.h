// The steps of scenario files, by verb. Internal to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/scenario.h"

namespace tidegate::sim {

using Words = std::vector<std::string>;
using Act = std::function<std::string(Run&)>;

struct Verb {
  std::string_view name;
  std::string_view usage;
  Result<Act> (*make)(const Words& arguments);
};
/// What users do, what goes wrong, and what is expected.
const std::vector<Verb>& deeds();
const std::vector<Verb>& faults();
Result<Act> make_expectation(const Words& arguments);

/// Error unless the arguments are one of oldest, newest, random, all.
Result<Words> check_which(const Words& arguments);
/// Those instances in service, in the order of their launch.
std::vector<groups::InstanceId> pick(Run& run, const std::string& which);

/// "250ms", "10s", "5m", "1h".
Result<Duration> parse_duration(std::string_view text);
/// "30%", "1.5".
Result<double> parse_share(std::string_view text);
Error wrong(std::string message);

}  // namespace tidegate::sim
