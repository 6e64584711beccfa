// ledger_digests                  a line per scenario, seed and storm with a digest of its ledger:
// the
//                                 same lines from every compiler
// ledger_digests SCENARIO SEED    one ledger, to see where two compilers part
#include <cstdio>
#include <string_view>

#include "base/text.h"
#include "scenarios/scenario_files.h"
#include "sim/scenario.h"
#include "sim/storm.h"

namespace {

using namespace tidegate::sim;

constexpr std::uint64_t kSeedsEach = 3;
constexpr std::uint64_t kStorms = 20;

/// FNV-1a over all lines.
std::uint64_t digest_of(const std::vector<std::string>& ledger) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::string& line : ledger) {
    for (const char c : line + "\n") {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
  }
  return hash;
}

void print_digest(const std::string& name, std::uint64_t seed, const Scenario& scenario) {
  const ScenarioResult result = run_scenario(scenario, seed);
  std::printf("%s %llu %zu %016llx\n",
              name.c_str(),
              static_cast<unsigned long long>(seed),
              result.ledger.size(),
              static_cast<unsigned long long>(digest_of(result.ledger)));
}

int print_ledger(const std::string& name, std::uint64_t seed) {
  const auto text = name == "storm"
                        ? make_storm(seed, kHoursPerStorm)
                        : read_file(std::filesystem::path{kFolder} / (name + ".scenario"));
  const auto scenario = parse_scenario(name, text);
  if (!scenario) {
    std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
    return 2;
  }
  for (const std::string& line : run_scenario(*scenario, seed).ledger) {
    std::printf("%s\n", line.c_str());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) {
    return print_ledger(argv[1],
                        static_cast<std::uint64_t>(tidegate::parse_int(argv[2]).value_or(1)));
  }
  for (const auto& path : scenario_files()) {
    const auto scenario = parse_scenario(path.string(), read_file(path));
    if (!scenario) {
      std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
      return 2;
    }
    for (std::uint64_t seed = scenario->seed; seed < scenario->seed + kSeedsEach; ++seed) {
      print_digest(path.stem(), seed, *scenario);
    }
  }
  for (std::uint64_t seed = 1; seed <= kStorms; ++seed) {
    const auto storm = parse_scenario("storm", make_storm(seed, kHoursPerStorm));
    if (!storm) {
      return 2;
    }
    print_digest("storm", seed, *storm);
  }
  return 0;
}
