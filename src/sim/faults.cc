// What goes wrong in a world: instances, launches, the driver, the balancer, the store, the control
// plane itself.
#include <algorithm>

#include "base/text.h"
#include "sim/steps.h"

namespace tidegate::sim {
namespace {

/// A fault of the picked instances; what it breaks is no fault of the control plane.
template <typename Inflict>
Result<Act> fault(const Words& arguments, Inflict inflict) {
  TG_ASSIGN_OR_RETURN(const Words which, check_which(arguments));
  return Act{[which, inflict](Run& run) {
    for (const groups::InstanceId& id : pick(run, which[0])) {
      run.world.workload().excuse(id);
      inflict(run.world.cloud(), id);
    }
    return std::string{};
  }};
}

/// It still answers requests: none of them may fail.
Result<Act> make_ail(const Words& arguments) {
  TG_ASSIGN_OR_RETURN(const Words which, check_which(arguments));
  return Act{[which](Run& run) {
    for (const groups::InstanceId& id : pick(run, which[0])) {
      if (SimulatedInstance* instance = run.world.cloud().find(id)) {
        instance->ailing = true;
      }
    }
    return std::string{};
  }};
}

Result<Act> make_fault_flag(const Words& arguments, bool SimulatedInstance::* flag) {
  return fault(arguments, [flag](Cloud& cloud, const groups::InstanceId& id) {
    if (SimulatedInstance* instance = cloud.find(id)) {
      instance->*flag = true;
    }
  });
}

Result<Act> make_chance(const Words& arguments, double BootModel::* chance) {
  if (arguments.size() != 1) {
    return wrong("with which probability?");
  }
  TG_ASSIGN_OR_RETURN(const double share, parse_share(arguments[0]));
  return Act{[share, chance](Run& run) {
    run.world.cloud().boot_model().*chance = share;
    return std::string{};
  }};
}

/// "boot 100ms 300ms": from … to.
Result<Act> make_range(const Words& arguments,
                       Duration BootModel::* low,
                       Duration BootModel::* high) {
  if (arguments.size() != 2) {
    return wrong("from when to when?");
  }
  TG_ASSIGN_OR_RETURN(const Duration from, parse_duration(arguments[0]));
  TG_ASSIGN_OR_RETURN(const Duration to, parse_duration(arguments[1]));
  return Act{[from, to, low, high](Run& run) {
    run.world.cloud().boot_model().*low = from;
    run.world.cloud().boot_model().*high = to;
    return std::string{};
  }};
}

Result<Act> make_late(const Words& arguments) {
  if (arguments.size() != 1) {
    return wrong("by how much?");
  }
  TG_ASSIGN_OR_RETURN(const Duration delay, parse_duration(arguments[0]));
  return Act{[delay](Run& run) {
    run.world.cloud().boot_model().launch_delay = delay;
    return std::string{};
  }};
}

Result<Act> make_switch(const Words& arguments, void (*turn)(World&, bool)) {
  if (arguments.size() != 1 || (arguments[0] != "on" && arguments[0] != "off")) {
    return wrong("on or off?");
  }
  return Act{[on = arguments[0] == "on", turn](Run& run) {
    turn(run.world, on);
    return std::string{};
  }};
}

template <void (*Turn)(World&, bool)>
Result<Act> turning(const Words& arguments) {
  return make_switch(arguments, Turn);
}

void turn_stale(World& world, bool on) {
  world.cloud().set_stale(on);
}
void turn_metric_gap(World& world, bool on) {
  world.cloud().set_metric_gap(on);
}
void turn_balancer(World& world, bool on) {
  world.door().set_connected(on);
}
void turn_store(World& world, bool on) {
  world.store().fail_with(
      on ? std::nullopt
         : std::optional{
               Error{ErrorCode::ResourceExhausted, "DiskFull", "no space left on device"}});
}

Result<Act> make_crash_control_plane(const Words& arguments) {
  if (arguments.size() == 2 && arguments[0] == "after" && parse_int(arguments[1])) {
    return Act{[operations = *parse_int(arguments[1])](Run& run) {
      run.world.crash_after(static_cast<std::uint64_t>(std::max<std::int64_t>(0, operations)));
      return std::string{};
    }};
  }
  if (arguments.size() != 1) {
    return wrong("for how long, or after how many operations?");
  }
  TG_ASSIGN_OR_RETURN(const Duration down, parse_duration(arguments[0]));
  return Act{[down](Run& run) {
    run.world.crash(down);
    return std::string{};
  }};
}

/// The whole machine slept, or its clock was set forward: nothing ran meanwhile.
Result<Act> make_jump(const Words& arguments) {
  if (arguments.size() != 1) {
    return wrong("by how much?");
  }
  TG_ASSIGN_OR_RETURN(const Duration by, parse_duration(arguments[0]));
  return Act{[by](Run& run) {
    run.world.clock().advance_to(run.world.clock().now() + by);
    return std::string{};
  }};
}

Result<Act> make_recover(const Words& arguments) {
  if (!arguments.empty()) {
    return wrong("it takes no argument");
  }
  return Act{[](Run& run) {
    std::vector<groups::InstanceId> ids;
    for (const auto& [id, instance] : run.world.cloud().instances()) {
      ids.push_back(id);
    }
    for (const groups::InstanceId& id : ids) {
      run.world.cloud().find(id)->ailing = false;
      run.world.cloud().find(id)->frozen = false;
    }
    run.world.cloud().boot_model() = BootModel{};
    run.world.cloud().set_stale(false);
    run.world.cloud().set_metric_gap(false);
    run.world.door().set_connected(true);
    run.world.store().fail_with(std::nullopt);
    return std::string{};
  }};
}

const std::vector<Verb>& faults_of_instances() {
  static const std::vector<Verb> all = {
      {"exit",
       "exit WHICH: its processes end for good",
       [](const Words& a) {
         return fault(a, [](Cloud& c, const groups::InstanceId& id) { c.exit(id); });
       }},
      {"lose",
       "lose WHICH: its shim is killed",
       [](const Words& a) {
         return fault(a, [](Cloud& c, const groups::InstanceId& id) { c.lose(id); });
       }},
      {"crash-process",
       "crash-process WHICH: restarted in place",
       [](const Words& a) {
         return fault(a, [](Cloud& c, const groups::InstanceId& id) { c.crash(id); });
       }},
      {"freeze",
       "freeze WHICH: it answers nothing",
       [](const Words& a) { return make_fault_flag(a, &SimulatedInstance::frozen); }},
      {"ail", "ail WHICH: its health check answers 500, requests are answered", make_ail},
      {"recover", "recover: every lasting fault ends", make_recover},
      {"boot",
       "boot FROM TO",
       [](const Words& a) { return make_range(a, &BootModel::boot_min, &BootModel::boot_max); }},
      {"start",
       "start FROM TO",
       [](const Words& a) { return make_range(a, &BootModel::start_min, &BootModel::start_max); }},
      {"stop",
       "stop FROM TO",
       [](const Words& a) { return make_range(a, &BootModel::stop_min, &BootModel::stop_max); }},
      {"fail-user-data",
       "fail-user-data SHARE",
       [](const Words& a) { return make_chance(a, &BootModel::fail_user_data); }},
      {"never-serve",
       "never-serve SHARE",
       [](const Words& a) { return make_chance(a, &BootModel::never_serves); }},
  };
  return all;
}

const std::vector<Verb>& faults_of_machines() {
  static const std::vector<Verb> all = {
      {"lose-launches",
       "lose-launches SHARE",
       [](const Words& a) { return make_chance(a, &BootModel::lose_launch); }},
      {"lose-kills",
       "lose-kills SHARE",
       [](const Words& a) { return make_chance(a, &BootModel::lose_kill); }},
      {"late-launches", "late-launches DURATION", make_late},
      {"stale-snapshots", "stale-snapshots on|off", turning<turn_stale>},
      {"metric-gap", "metric-gap on|off", turning<turn_metric_gap>},
      {"balancer", "balancer on|off", turning<turn_balancer>},
      {"store", "store on|off", turning<turn_store>},
      {"crash", "crash DOWN_TIME | crash after OPERATIONS", make_crash_control_plane},
      {"jump", "jump DURATION: the clock is set forward", make_jump},
  };
  return all;
}

}  // namespace

/// Instances in service by "oldest", "newest", "all" or "random", in the order of their launch.
Result<Words> check_which(const Words& arguments) {
  static const Words valid = {"oldest", "newest", "all", "random"};
  if (arguments.size() != 1 || std::find(valid.begin(), valid.end(), arguments[0]) == valid.end()) {
    return wrong("which instance? oldest, newest, random or all");
  }
  return arguments;
}

std::vector<groups::InstanceId> pick(Run& run, const std::string& which) {
  std::vector<std::pair<Instant, groups::InstanceId>> serving;
  if (run.world.is_up()) {
    const auto group = run.world.model().groups.find(groups::GroupName{kGroupName});
    if (group != run.world.model().groups.end()) {
      for (const auto& [id, instance] : group->second.instances) {
        if (instance.lifecycle_state == groups::LifecycleState::InService) {
          serving.emplace_back(instance.launched, id);
        }
      }
    }
  }
  std::sort(serving.begin(), serving.end());
  std::vector<groups::InstanceId> picked;
  for (const auto& [launched, id] : serving) {
    picked.push_back(id);
  }
  if (which == "all" || picked.empty()) {
    return picked;
  }
  if (which == "oldest") {
    return {picked.front()};
  }
  if (which == "newest") {
    return {picked.back()};
  }
  return {picked[run.world.chance().below(picked.size())]};
}

const std::vector<Verb>& faults() {
  static const std::vector<Verb> all = [] {
    std::vector<Verb> both = faults_of_instances();
    both.insert(both.end(), faults_of_machines().begin(), faults_of_machines().end());
    return both;
  }();
  return all;
}

}  // namespace tidegate::sim
