// check_invariants(): what must hold of a group's state after every step.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/groups/plan.h"

namespace tidegate::groups {
namespace {

std::string stage_error(const Instance& instance) {
  const bool terminating = instance.lifecycle_state == LifecycleState::Terminating;
  if (terminating != (instance.stage != TerminationStage::None)) {
    return instance.id.value + " is " + std::string{to_string(instance.lifecycle_state)} +
           " in termination stage " + std::string{to_string(instance.stage)};
  }
  const bool leaving = terminating || instance.lifecycle_state == LifecycleState::Detaching ||
                       instance.lifecycle_state == LifecycleState::EnteringStandby;
  if (leaving != instance.stage_since.has_value()) {
    return instance.id.value + ": the time of its termination stage and its state disagree";
  }
  if (terminating && instance.termination_reason == TerminationReason::None) {
    return instance.id.value + " terminates for no reason";
  }
  return {};
}

std::string instance_error(const AutoScalingGroup& group, const Instance& instance) {
  if (instance.group != group.name) {
    return instance.id.value + " is of group " + instance.group.value + ", not of " +
           group.name.value;
  }
  const LifecycleState state = instance.lifecycle_state;
  static constexpr std::array kEntered = {LifecycleState::Pending,
                                          LifecycleState::InService,
                                          LifecycleState::Terminating,
                                          LifecycleState::Terminated,
                                          LifecycleState::EnteringStandby,
                                          LifecycleState::Standby,
                                          LifecycleState::Detaching,
                                          LifecycleState::Detached};
  if (std::find(kEntered.begin(), kEntered.end(), state) == kEntered.end()) {
    return instance.id.value + " is " + std::string{to_string(state)} +
           ", a state that nothing enters";
  }
  if (state == LifecycleState::Pending && instance.in_service_since) {
    return instance.id.value + " is Pending and was in service before";
  }
  if (state == LifecycleState::InService && !instance.in_service_since) {
    return instance.id.value + " is InService since no time";
  }
  return stage_error(instance);
}

std::string replacement_error(std::span<const Instance> instances) {
  std::map<InstanceId, InstanceId> replacements;
  for (const Instance& instance : instances) {
    const bool is_live = instance.lifecycle_state == LifecycleState::Pending ||
                         instance.lifecycle_state == LifecycleState::InService;
    if (!is_live || !instance.replaces) {
      continue;
    }
    const auto [other, is_new] = replacements.emplace(*instance.replaces, instance.id);
    if (!is_new) {
      return instance.replaces->value + " is replaced by both " + other->second.value + " and " +
             instance.id.value;
    }
  }
  return {};
}

}  // namespace

std::string check_invariants(const AutoScalingGroup& group, std::span<const Instance> instances) {
  const InstanceId* previous = nullptr;
  std::int32_t untouchable = 0;  // protected, or unhealthy: scale-in may have to leave them
  for (const Instance& instance : instances) {
    if (previous != nullptr && !(*previous < instance.id)) {
      return instance.id.value + " is listed twice or out of order";
    }
    previous = &instance.id;
    if (std::string error = instance_error(group, instance); !error.empty()) {
      return error;
    }
    if (instance.lifecycle_state == LifecycleState::InService &&
        (instance.protected_from_scale_in || instance.health_status == HealthStatus::Unhealthy)) {
      ++untouchable;
    }
  }
  const std::int32_t counted = counted_capacity(instances);
  if (counted > group.max_size + untouchable) {
    return "counted capacity " + std::to_string(counted) + " is above MaxSize " +
           std::to_string(group.max_size) + " of group " + group.name.value;
  }
  return replacement_error(instances);
}

}  // namespace tidegate::groups
