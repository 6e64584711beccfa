#include "scenarios/crash_run.h"

#include "base/text.h"

namespace tidegate::sim {
namespace {

// Longer than every back-off, drain and failed launch of a scenario.
constexpr Duration kHealingTime = std::chrono::minutes{30};
constexpr Duration kLook = std::chrono::seconds{5};
// For a world that never becomes whole, because its template does not let it.
constexpr Duration kSickTime = std::chrono::minutes{2};

/// Every step; what is expected at a given time is waited for as long, and not required.
void act_all(const Scenario& scenario, Run& run) {
  for (const Step& step : scenario.steps) {
    step.act(run);
  }
}

/// Ends every lasting fault and all load, and waits until the world is whole. Returns what is
/// missing then, or nothing.
std::string heal(Run& run, Duration at_most) {
  static const Scenario recover = parse_scenario("", "name: n\npromises: p\nrecover\n").value();
  recover.steps.front().act(run);
  run.world.workload().set_demand({});
  const Instant end = run.world.clock().now() + at_most;
  std::string missing = run.world.unsettled();
  while (!missing.empty() && run.world.clock().now() < end) {
    run.world.run_for(kLook);
    missing = run.world.unsettled();
  }
  return missing;
}

std::string ending_of(const Scenario& scenario, World& world) {
  if (!world.is_up()) {
    return "no control plane";
  }
  std::string text;
  for (const auto& [name, stack] : world.model().stacks) {
    text += name.value + " " + std::string{to_string(stack.status)} + "; ";
  }
  for (const auto& [name, group] : world.model().groups) {
    text += name.value + " " + std::to_string(group.group.min_size) + ".." +
            std::to_string(group.group.max_size);
    // What a policy makes of the load depends on when it looks.
    if (scenario.options.target == 0) {
      text += ", desired " + std::to_string(group.group.desired_capacity);
    }
    text += "; ";
  }
  return text;
}

std::string name_of(CrashPoint point) {
  return std::string{point.moment == CrashPoint::Moment::Before ? "before" : "after"} +
         " operation " + std::to_string(point.operation);
}

}  // namespace

Uncrashed run_uncrashed(const Scenario& scenario, std::uint64_t seed) {
  World world{seed};
  Run run{world, scenario.options};
  act_all(scenario, run);
  Uncrashed result;
  result.operations = world.operations();
  result.missing = heal(run, kSickTime);
  result.ending = ending_of(scenario, world);
  return result;
}

std::vector<std::string> run_crashed(const Scenario& scenario,
                                     std::uint64_t seed,
                                     CrashPoint point,
                                     const Uncrashed& uncrashed) {
  World world{seed};
  world.crash_at(point);
  Run run{world, scenario.options};
  act_all(scenario, run);
  std::vector<std::string> failures;
  const bool heals = uncrashed.missing.empty();
  const std::string missing = heal(run, heals ? kHealingTime : kSickTime);
  if (heals && !missing.empty()) {
    failures.push_back("not whole again: " + missing);
  }
  if (const std::string ending = ending_of(scenario, world); ending != uncrashed.ending) {
    failures.push_back("it ends with " + ending + " and without the crash with " +
                       uncrashed.ending);
  }
  for (const std::string& breach : world.watch().breaches()) {
    failures.push_back("checker: " + breach);
  }
  for (std::string& failure : failures) {
    failure = "crash " + name_of(point) + ", seed " + std::to_string(seed) + ": " + failure;
  }
  return failures;
}

}  // namespace tidegate::sim
