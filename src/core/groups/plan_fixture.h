// A small group in memory for the tests of this module: facts are set by hand, plans are applied by
// apply().
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/groups/apply.h"
#include "core/groups/plan.h"
#include "core/groups/plan_reading.h"

namespace tidegate::groups::testing {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline const Instant kStart = Instant{} + hours{24 * 365};
inline const balancing::TargetGroupArn kTargets{"arn:tg/web"};
inline const balancing::TargetGroupArn kOtherTargets{"arn:tg/admin"};

struct Town {
  AutoScalingGroup group;
  std::vector<Instance> instances;  // by id
  std::vector<Activity> activities;
  std::map<InstanceId, InstanceFacts> facts;
  std::map<balancing::TargetGroupArn, Duration> delays = {{kTargets, seconds{20}}};
  std::map<std::string, std::int64_t> versions = {{"$Latest", 2}, {"$Default", 2}};
  bool capacity_available = true;
  std::optional<std::int32_t> room;
  std::optional<Instant> connected_since;
  LaunchTemplateVersion version;
  Instant now = kStart;
  int instance_ids = 0;
  int activity_ids = 0;

  explicit Town(std::int32_t desired = 0) {
    group.name = GroupName{"web"};
    group.min_size = 0;
    group.max_size = 100;
    group.desired_capacity = desired;
    group.launch_template.version = "$Default";
    group.zones = {"a", "b", "c"};
    group.target_groups = {kTargets};
    group.health_check_type = HealthCheckType::Elb;
    version.number = 2;
    version.image_id = "ami-1";
    version.instance_type = "t3.large";
  }

  InstanceId next_instance_id() {
    const std::string digits = std::to_string(1000 + ++instance_ids);
    return InstanceId{"i-" + digits.substr(1)};
  }

  PlanInput input() const {
    return {.group = group,
            .instances = instances,
            .facts = facts,
            .deregistration_delays = delays,
            .template_versions = versions,
            .capacity_available = capacity_available,
            .room = room,
            .data_plane_connected_since = connected_since,
            .now = now};
  }
  Plan planned() const { return plan(input()); }

  Applied apply_one(const Action& action) {
    const ApplyContext context{
        .now = now,
        .new_instance_id = [this] { return next_instance_id(); },
        .new_activity_id = [this] { return ActivityId{"a-" + std::to_string(++activity_ids)}; },
        .version = version,
        .port = 8000};
    Applied applied = apply(group, instances, activities, action, context);
    keep(applied);
    return applied;
  }
  Plan step() {
    Plan result = planned();
    for (const Action& action : result.actions) {
      apply_one(action);
    }
    return result;
  }
  Plan step_at(Duration after_start) {
    now = kStart + after_start;
    return step();
  }

  void keep(const Applied& applied) {
    group = applied.group;
    for (const Activity& changed : applied.activities) {
      bool known = false;
      for (Activity& activity : activities) {
        if (activity.id == changed.id) {
          activity = changed;
          known = true;
        }
      }
      if (!known) {
        activities.push_back(changed);
      }
    }
    if (!applied.instance) {
      return;
    }
    const Instance& changed = *applied.instance;
    std::erase_if(instances, [&](const Instance& i) { return i.id == changed.id; });
    if (changed.lifecycle_state != LifecycleState::Terminated) {
      instances.push_back(changed);
      std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
        return a.id < b.id;
      });
    }
  }

  Instance& at(const std::string& id) {
    for (Instance& instance : instances) {
      if (instance.id.value == id) {
        return instance;
      }
    }
    check_failed(id.c_str(), __FILE__, __LINE__);
  }
  const Activity& activity(const ActivityId& id) const {
    for (const Activity& activity : activities) {
      if (activity.id == id) {
        return activity;
      }
    }
    check_failed(id.value.c_str(), __FILE__, __LINE__);
  }
  InstanceFacts& facts_of(const std::string& id) { return facts[InstanceId{id}]; }
  InstanceObservation& seen(const std::string& id) { return *facts_of(id).observation; }
  TargetFacts& target(const std::string& id) { return facts_of(id).targets.at(0); }

  /// Facts of a running instance whose target is in that state.
  InstanceFacts running(const std::string& id, balancing::TargetHealthState state) const {
    InstanceFacts result;
    result.observation = InstanceObservation{};
    result.observation->id = InstanceId{id};
    result.observation->phase = InstancePhase::Running;
    result.observation->process_alive = true;
    for (const balancing::TargetGroupArn& arn : group.target_groups) {
      TargetFacts fact;
      fact.target_group = arn;
      fact.health.state = state;
      fact.ever_healthy = state == balancing::TargetHealthState::Healthy;
      result.targets.push_back(fact);
    }
    return result;
  }
  void set_target(const std::string& id, balancing::TargetHealthState state) {
    facts[InstanceId{id}] = running(id, state);
  }
  void set_dead(const std::string& id, InstancePhase phase = InstancePhase::Exited) {
    seen(id).phase = phase;
    seen(id).process_alive = false;
  }

  /// `count` more instances in service in that zone, healthy, launched at kStart.
  void add_serving(std::int32_t count, const std::string& zone = "a") {
    for (std::int32_t i = 0; i < count; ++i) {
      apply_one(LaunchInstance{zone, std::nullopt, "test"});
      const InstanceId id = instances.back().id;
      set_target(id.value, balancing::TargetHealthState::Healthy);
      apply_one(EnterService{id});
    }
    group.capacity_changed.reset();
  }
  void add_pending(std::int32_t count, const std::string& zone = "a") {
    for (std::int32_t i = 0; i < count; ++i) {
      apply_one(LaunchInstance{zone, std::nullopt, "test"});
      set_target(instances.back().id.value, balancing::TargetHealthState::Initial);
    }
  }
};

inline BeginTermination ending(InstanceId id) {
  return {std::move(id), TerminationReason::ScaleIn, TerminationStage::Draining, "test"};
}

}  // namespace tidegate::groups::testing
