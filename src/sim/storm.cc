#include "sim/storm.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "sim/scenario.h"

namespace tidegate::sim {
namespace {

/// Each expression draws once: the operands of + have no order, and compilers differ in theirs.
class StormMaker {
 public:
  explicit StormMaker(std::uint64_t seed) : rng_(seed) {}

  std::string make(std::uint64_t seed, std::int32_t hours) {
    text_ = "name: storm " + std::to_string(seed) + "\n" +
            "promises: the group is whole again after each burst, and no checker fails\n" +
            "seed: " + std::to_string(seed) + "\n";
    choose_group();
    line("create");
    line("expect settled within 30s");
    if (chance(2)) {
      line("requests 2 of 300ms");
    }
    for (std::int32_t half_hour = 0; half_hour < 2 * hours; ++half_hour) {
      burst();
      line("idle " + number(27, 32) + "m");
    }
    return std::move(text_);
  }

 private:
  bool chance(std::uint64_t one_in) { return rng_.below(one_in) == 0; }
  std::int32_t between(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(rng_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  std::string number(std::int32_t low, std::int32_t high) {
    return std::to_string(between(low, high));
  }
  std::string_view one_of(const std::vector<std::string_view>& words) {
    return words[rng_.below(words.size())];
  }
  std::string which() {
    return std::string{one_of({"oldest", "newest", "random", "random", "all"})};
  }
  void line(const std::string& step) { text_ += step + "\n"; }

  void choose_group() {
    min_ = between(1, 3);
    max_ = min_ + between(0, 4);
    const std::string_view policy = one_of({"Default", "OldestInstance", "NewestInstance"});
    const std::string zones = number(1, 3);
    const std::string_view liveness = one_of({"no", "no", "yes"});
    const std::string_view drain = one_of({"end", "end", "start"});
    const std::string launch_timeout = number(10, 40);
    const std::string stop_timeout = number(0, 10);
    const std::string delay = number(0, 40);
    const std::string_view grace = one_of({"0", "0", "30"});
    const std::string_view health = one_of({"ELB", "ELB", "EC2"});
    const std::string_view target = one_of({"0", "60"});
    text_ += "group: min=" + std::to_string(min_) + " max=" + std::to_string(max_) +
             " desired=" + number(min_, max_) + " target=" + std::string{target} +
             " health=" + std::string{health} + " grace=" + std::string{grace} + " delay=" + delay +
             " stop-timeout=" + stop_timeout + " launch-timeout=" + launch_timeout +
             " drain=" + std::string{drain} + " liveness=" + std::string{liveness} +
             " zones=" + zones + " balancer-zones=3 policy=" + std::string{policy} + "\n\n";
  }

  void burst() {
    line("# burst");
    for (std::int32_t i = between(1, 4); i > 0; --i) {
      line(trouble());
      const std::string tenths = number(0, 9);
      line("run " + number(0, 12) + "." + tenths + "s");
    }
    line("recover");
    line("expect settled within 15m");
  }

  /// One thing that happens to the group; lasting ones end with the burst.
  std::string trouble() {
    switch (rng_.below(6)) {
      case 0:
        return trouble_of_launches();
      case 1:
        return trouble_of_the_control_plane();
      case 2:
        return command();
      case 3:
        return users();
      default:
        return fault_of_instances();
    }
  }

  std::string fault_of_instances() {
    const std::string whom = which();
    return std::string{one_of({"lose", "exit", "crash-process", "freeze", "ail"})} + " " + whom;
  }

  std::string boot_times() {
    const std::string longest = number(5, 20);
    return "boot " + number(0, 5) + "s " + longest + "s";
  }

  std::string trouble_of_launches() {
    switch (rng_.below(6)) {
      case 0:
        return "fail-user-data " + number(30, 100) + "%";
      case 1:
        return "never-serve " + number(30, 100) + "%";
      case 2:
        return "lose-launches " + number(30, 100) + "%";
      case 3:
        return "lose-kills " + number(30, 100) + "%";
      case 4:
        return "late-launches " + number(1, 9) + "s";
      default:
        return boot_times();
    }
  }

  std::string trouble_of_the_control_plane() {
    switch (rng_.below(7)) {
      case 0:
      case 1:
        return "crash after " + number(0, 25);
      case 2:
        return "crash " + number(0, 90) + "s";
      case 3:
        return "stale-snapshots on";
      case 4:
        return "balancer off";
      case 5:
        return "store off";
      default:
        return "jump " + number(1, 3000) + "s";
    }
  }

  std::string command() {
    switch (rng_.below(4)) {
      case 0:
        return "try terminate " + which();
      case 1:
        max_ = std::max(min_, between(max_ - 1, std::min(8, max_ + 1)));
        return "try update max=" + std::to_string(max_) + " desired=" + number(min_, max_);
      default:
        return "try set-desired " + number(min_, max_);
    }
  }

  std::string users() {
    switch (rng_.below(3)) {
      case 0:
        return "websockets " + number(1, 9);
      case 1:
        return "load " + number(0, 300) + "%";
      default:
        return "stop 0s " + number(1, 30) + "s";
    }
  }

  Rng rng_;
  std::string text_;
  std::int32_t min_ = 1;
  std::int32_t max_ = 1;
};

std::string replay_text(const std::string& storm, std::uint64_t seed) {
  return "storm of seed " + std::to_string(seed) +
         " failed. To replay it: ninja -C build/dev soak_storms && build/dev/bin/soak_storms "
         "replay " +
         std::to_string(seed) + " , or keep the following as tests/scenarios/NAME.scenario:\n" +
         storm;
}

}  // namespace

std::string make_storm(std::uint64_t seed, std::int32_t hours) {
  return StormMaker{seed}.make(seed, hours);
}

StormSeason run_storms(std::uint64_t first_seed, double group_hours) {
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
