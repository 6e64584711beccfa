// soak_crash_points [STRIDE [OFFSET [NAME]]]   every scenario, its control plane crashed before and
// after
//     each of its operations (or each STRIDE-th, from OFFSET on; or of the scenario NAME alone)
// soak_crash_points replay NAME before|after OPERATION   one of them; prints what failed, and the
// ledger
#include <chrono>
#include <cstdio>
#include <string_view>

#include "base/text.h"
#include "scenarios/crash_run.h"
#include "scenarios/scenario_files.h"

namespace {

using namespace tidegate::sim;
using Moment = CrashPoint::Moment;

struct Count {
  std::uint64_t points = 0;
  std::uint64_t failed = 0;
};

tidegate::Result<Scenario> read_scenario(const std::filesystem::path& path) {
  return parse_scenario(path.string(), read_file(path));
}

bool holds(const Scenario& scenario, const Uncrashed& uncrashed, CrashPoint point) {
  const auto failures = run_crashed(scenario, scenario.seed, point, uncrashed);
  for (const std::string& failure : failures) {
    std::printf("%s: %s\n", scenario.name.c_str(), failure.c_str());
  }
  return failures.empty();
}

Count crash_everywhere(const Scenario& scenario, std::uint64_t stride, std::uint64_t offset) {
  Count count;
  const Uncrashed uncrashed = run_uncrashed(scenario, scenario.seed);
  for (std::uint64_t i = offset; i < 2 * uncrashed.operations; i += stride) {
    const CrashPoint point{i / 2, i % 2 == 0 ? Moment::Before : Moment::After};
    ++count.points;
    count.failed += holds(scenario, uncrashed, point) ? 0U : 1U;
  }
  return count;
}

int replay(const std::string& name, std::string_view moment, std::string_view operation) {
  const auto scenario = read_scenario(std::filesystem::path{kFolder} / (name + ".scenario"));
  if (!scenario) {
    std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
    return 2;
  }
  const CrashPoint point{static_cast<std::uint64_t>(tidegate::parse_int(operation).value_or(0)),
                         moment == "before" ? Moment::Before : Moment::After};
  const Uncrashed uncrashed = run_uncrashed(*scenario, scenario->seed);
  World world{scenario->seed};
  world.crash_at(point);
  Run run{world, scenario->options};
  for (const Step& step : scenario->steps) {
    const std::size_t before = world.ledger().size();
    std::printf("-- %s: %s\n", step.text.c_str(), step.act(run).c_str());
    for (std::size_t i = before; i < world.ledger().size(); ++i) {
      std::printf("%s\n", world.ledger()[i].c_str());
    }
  }
  return holds(*scenario, uncrashed, point) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view{argv[1]} == "replay") {
    return replay(argv[2], argv[3], argv[4]);
  }
  const auto number = [&](int i, std::int64_t otherwise) {
    const auto given = argc > i ? tidegate::parse_int(argv[i]) : std::nullopt;
    return static_cast<std::uint64_t>(given.value_or(otherwise));
  };
  Count all;
  for (const auto& path : scenario_files()) {
    if (argc > 3 && path.stem() != argv[3]) {
      continue;
    }
    const auto scenario = read_scenario(path);
    const auto begin = std::chrono::steady_clock::now();  // tidy: allow (progress for people)
    const Count count =
        scenario ? crash_everywhere(*scenario, number(1, 1), number(2, 0)) : Count{};
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - begin;  // tidy: allow (progress for people)
    std::fprintf(stderr,
                 "%-30s %6llu points %4llu failed %7.1f s\n",
                 path.stem().c_str(),
                 static_cast<unsigned long long>(count.points),
                 static_cast<unsigned long long>(count.failed),
                 took.count());
    all.points += count.points;
    all.failed += count.failed;
  }
  std::printf("%llu passed, %llu failed\n",
              static_cast<unsigned long long>(all.points - all.failed),
              static_cast<unsigned long long>(all.failed));
  return all.points > 0 && all.failed == 0 ? 0 : 1;
}
