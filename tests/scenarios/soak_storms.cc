// soak_storms [GROUP_HOURS [FIRST_SEED]]   storms for long (default 20000 hours, seed 1000)
// soak_storms replay SEED|FILE [ledger]    one storm, or a scenario file, again; prints its
// failures,
//                                          or its ledger
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/text.h"
#include "sim/scenario.h"
#include "sim/storm.h"

namespace {

constexpr double kDefaultHours = 20'000;
constexpr std::int64_t kDefaultSeed = 1000;

/// The text of a storm, by its seed, or of a scenario, by its file.
std::string text_of(const std::string& name) {
  if (const auto seed = tidegate::parse_int(name)) {
    return tidegate::sim::make_storm(static_cast<std::uint64_t>(*seed),
                                     tidegate::sim::kHoursPerStorm);
  }
  std::ifstream file(name);
  return {std::istreambuf_iterator<char>(file), {}};
}

int replay(const std::string& name, std::string_view what) {
  using namespace tidegate::sim;
  const auto scenario = parse_scenario(name, text_of(name));
  const auto seed = static_cast<std::uint64_t>(tidegate::parse_int(name).value_or(1));
  if (!scenario) {
    std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
    return 1;
  }
  const ScenarioResult result = run_scenario(*scenario, seed);
  if (what == "ledger") {
    for (const std::string& entry : result.ledger) {
      std::printf("%s\n", entry.c_str());
    }
  }
  for (const std::string& failure : result.failures) {
    std::printf("%s\n", failure.c_str());
  }
  return result.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  using tidegate::parse_double;
  using tidegate::parse_int;
  if (argc >= 3 && std::string_view{argv[1]} == "replay") {
    return replay(argv[2], argc > 3 ? argv[3] : "");
  }
  const double hours = argc > 1 ? parse_double(argv[1]).value_or(kDefaultHours) : kDefaultHours;
  const std::int64_t seed = argc > 2 ? parse_int(argv[2]).value_or(kDefaultSeed) : kDefaultSeed;
  const auto season = tidegate::sim::run_storms(static_cast<std::uint64_t>(seed), hours);
  for (const std::string& failure : season.failures) {
    std::printf("%s\n", failure.c_str());
  }
  std::printf("%llu storms, %.0f simulated group-hours\n",
              static_cast<unsigned long long>(season.storms),
              season.group_hours);
  std::printf(
      "%d passed, %d failed\n", season.failures.empty() ? 1 : 0, season.failures.empty() ? 0 : 1);
  return season.failures.empty() ? 0 : 1;
}
