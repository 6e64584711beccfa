// Commands on instances of groups.
#include <algorithm>

#include "engine/commands/execution.h"

namespace tidegate::engine {
namespace {

using Desired = TerminateInstance::Desired;
using groups::InstanceId;
using groups::LifecycleState;

constexpr std::size_t kMaxMoved = 20;  // AWS quota, instances in one call
constexpr std::size_t kMaxProtected = 50;

bool is_last_that_serves(const GroupModel& group, const groups::Instance& asked) {
  return asked.lifecycle_state == LifecycleState::InService &&
         std::none_of(group.instances.begin(), group.instances.end(), [&](const auto& entry) {
           return entry.first != asked.id &&
                  entry.second.lifecycle_state == LifecycleState::InService;
         });
}

void touch(const Execution& on, const GroupModel& group, const InstanceId& id) {
  on.state.journal.touch(EntityKind::Instance, id.value, group.group.name.value);
}

/// The last one that serves goes on until its replacement serves: the planner sees the request in
/// its termination_reason. The activity of its end begins then; what is answered now describes it.
groups::Activity ask_for_replacement(const Execution& on, GroupModel& group, const InstanceId& id) {
  group.instances.at(id).termination_reason = groups::TerminationReason::UserRequest;
  touch(on, group, id);
  groups::Activity activity;
  activity.id = groups::ActivityId{on.state.ids.uuid()};
  activity.group = group.group.name;
  activity.instance = id;
  activity.description = groups::termination_description(id);
  activity.cause = groups::cause_user_terminated(on.now, id);
  activity.start = on.now;
  return activity;
}

void set_desired(const Execution& on, GroupModel& group, std::int32_t desired) {
  const auto before = group.group.desired_capacity;
  if (desired != before) {
    change_desired(on.state,
                   group,
                   desired,
                   groups::cause_user_changed_desired(on.now, before, desired),
                   user_entry(on, group));
  }
}

Status decrement_desired(const Execution& on, GroupModel& group) {
  const auto before = group.group.desired_capacity;
  if (before <= group.group.min_size) {
    return validation(
        "Currently, desiredSize equals minSize (" + std::to_string(before) +
        "). Terminating instance without replacement will violate group's min size constraint. "
        "Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.");
  }
  set_desired(on, group, before - 1);
  return Ok{};
}

/// doing: "attach", "detach", …, for the sentence.
Status check_sizes(const GroupModel& group,
                   std::int32_t desired,
                   std::size_t count,
                   const char* doing) {
  const auto& value = group.group;
  if (desired >= value.min_size && desired <= value.max_size) {
    return Ok{};
  }
  return validation("AutoScalingGroup '" + value.name.value +
                    "' has min-size=" + std::to_string(value.min_size) +
                    ", max-size=" + std::to_string(value.max_size) +
                    ", and desired-size=" + std::to_string(value.desired_capacity) + ". To " +
                    doing + " " + std::to_string(count) +
                    " more instance(s), please update the AutoScalingGroup sizes appropriately.");
}

/// Each once, in their order: who names one twice means the same. Error: too many, or none.
Result<std::vector<InstanceId>> each_of(const std::vector<InstanceId>& named, std::size_t limit) {
  if (named.empty() || named.size() > limit) {
    return validation("The number of instances, " + std::to_string(named.size()) +
                      ", must be between 1 and " + std::to_string(limit) + ".");
  }
  std::vector<InstanceId> each;
  for (const auto& id : named) {
    if (std::find(each.begin(), each.end(), id) == each.end()) {
      each.push_back(id);
    }
  }
  return each;
}

/// Each is an instance of the group in one of the states.
Status check_states(const GroupModel& group,
                    const std::vector<InstanceId>& instances,
                    const std::vector<LifecycleState>& states) {
  for (const auto& id : instances) {
    const auto found = group.instances.find(id);
    if (found == group.instances.end()) {
      return validation("The instance " + id.value + " is not part of Auto Scaling group " +
                        group.group.name.value + ".");
    }
    if (std::find(states.begin(), states.end(), found->second.lifecycle_state) == states.end()) {
      std::string names;
      for (const LifecycleState state : states) {
        names += (names.empty() ? "" : " or ") + std::string{to_string(state)};
      }
      return validation("The instance " + id.value + " is not in " + names + ".");
    }
  }
  return Ok{};
}

/// The activities about these instances that are under way, in their order.
ActivitiesAnswer under_way(const GroupModel& group, const std::vector<InstanceId>& instances) {
  ActivitiesAnswer answer;
  for (const auto& id : instances) {
    const auto found =
        std::find_if(group.activities.begin(), group.activities.end(), [&id](const auto& activity) {
          return activity.instance == id && !groups::is_final(activity.status);
        });
    if (found != group.activities.end()) {
      answer.activities.push_back(*found);
    }
  }
  return answer;
}

std::int32_t count_in_service(const GroupModel& group, const std::vector<InstanceId>& instances) {
  return static_cast<std::int32_t>(
      std::count_if(instances.begin(), instances.end(), [&](const InstanceId& id) {
        return group.instances.at(id).lifecycle_state == LifecycleState::InService;
      }));
}

/// Out of service, by an action per instance: made(id, cause) with the capacity as it falls.
template <typename Made>
Answer take_out(const Execution& on,
                GroupModel& group,
                const std::vector<InstanceId>& instances,
                std::int32_t desired,
                std::pair<const char*, Made> how) {
  std::int32_t capacity = group.group.desired_capacity;
  set_desired(on, group, desired);
  std::vector<groups::Action> actions;
  for (const auto& id : instances) {
    const std::int32_t after = std::max(desired, capacity - 1);
    actions.push_back(
        how.second(id, groups::cause_user_moved(on.now, id, how.first, capacity, after)));
    capacity = after;
  }
  apply_actions(on.state, group, actions, on.now);
  return Answer{under_way(group, instances)};
}

/// Whether it can join the group now. Errors: ValidationError.
Result<groups::Instance> joining(const Execution& on,
                                 const GroupModel& group,
                                 const InstanceId& id) {
  if (const auto* other = group_of(on.state.model, id)) {
    return validation("The instance " + id.value +
                      " is already part of AutoScalingGroup: " + other->group.name.value);
  }
  const auto found = on.state.model.standalone.find(id);
  if (found == on.state.model.standalone.end()) {
    return validation("Invalid Instance ID(s): [" + id.value + "] specified");
  }
  const groups::Instance& instance = found->second.value.instance;
  if (instance.lifecycle_state != LifecycleState::InService) {
    return validation("The instance " + id.value + " is not in correct state; it must be running.");
  }
  const auto& zones = group.group.zones;
  if (!std::binary_search(zones.begin(), zones.end(), instance.zone)) {
    return validation("The availability zone " + instance.zone + " of the instance " + id.value +
                      " is not one of AutoScalingGroup '" + group.group.name.value + "'.");
  }
  return instance;
}

}  // namespace

GroupModel* group_of(Model& model, const InstanceId& id) {
  for (auto& [name, group] : model.groups) {
    if (group.instances.contains(id)) {
      return &group;
    }
  }
  return nullptr;
}

Result<Answer> run(const Execution& on, const TerminateInstance& command) {
  GroupModel* const group = group_of(on.state.model, command.instance);
  if (group == nullptr) {
    return validation("Instance Id not found - No managed instance found for instance ID: " +
                      command.instance.value);
  }
  const auto& instance = group->instances.at(command.instance);
  const LifecycleState state = instance.lifecycle_state;
  if (state == LifecycleState::Terminating) {
    return Error{ErrorCode::FailedPrecondition,
                 "ScalingActivityInProgress",
                 "Instance " + command.instance.value + " is already terminating"};
  }
  const bool counts = groups::is_registered_state(state);
  if (command.desired == Desired::Decrement && counts) {
    TG_RETURN_IF_ERROR(decrement_desired(on, *group));
  } else if (is_last_that_serves(*group, instance)) {
    return Answer{ActivityAnswer{ask_for_replacement(on, *group, command.instance)}};
  }
  const auto stage = state == LifecycleState::Pending ? groups::TerminationStage::Killing
                                                      : groups::TerminationStage::Draining;
  apply_actions(on.state,
                *group,
                {groups::BeginTermination{command.instance,
                                          groups::TerminationReason::UserRequest,
                                          stage,
                                          groups::cause_user_terminated(on.now, command.instance)}},
                on.now);
  auto begun = under_way(*group, {command.instance}).activities;
  return begun.empty() ? Answer{Ok{}} : Answer{ActivityAnswer{std::move(begun.front())}};
}

Result<Answer> run(const Execution& on, const SetInstanceHealth& command) {
  GroupModel* const group = group_of(on.state.model, command.instance);
  if (group == nullptr) {
    return validation("Instance Id not found - No managed instance found for instance ID: " +
                      command.instance.value);
  }
  groups::Instance& instance = group->instances.at(command.instance);
  const bool ails = command.status == groups::HealthStatus::Unhealthy;
  const bool in_grace =
      instance.in_service_since &&
      on.now < *instance.in_service_since + group->group.health_check_grace_period;
  if (ails && in_grace && command.grace == SetInstanceHealth::Grace::Respect) {
    return Answer{Ok{}};
  }
  instance.health_status = command.status;
  instance.unhealthy_by_request = ails;
  instance.health_reason = ails ? "A user set it Unhealthy." : "";
  touch(on, *group, command.instance);
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const SetInstanceProtection& command) {
  if (command.instances.size() > kMaxProtected) {
    return Error{ErrorCode::ResourceExhausted,
                 "LimitExceeded",
                 "At most " + std::to_string(kMaxProtected) + " instances in one call, not " +
                     std::to_string(command.instances.size()) + "."};
  }
  TG_ASSIGN_OR_RETURN(const auto instances, each_of(command.instances, kMaxProtected));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(check_states(
      *group,
      instances,
      {LifecycleState::InService, LifecycleState::EnteringStandby, LifecycleState::Standby}));
  for (const auto& id : instances) {
    group->instances.at(id).protected_from_scale_in =
        command.protection == SetInstanceProtection::Protection::On;
    touch(on, *group, id);
  }
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const AttachInstances& command) {
  TG_ASSIGN_OR_RETURN(const auto instances, each_of(command.instances, kMaxMoved));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  std::vector<groups::Instance> joined;
  for (const auto& id : instances) {
    TG_ASSIGN_OR_RETURN(auto instance, joining(on, *group, id));
    joined.push_back(std::move(instance));
  }
  std::int32_t capacity = group->group.desired_capacity;
  const auto desired = capacity + static_cast<std::int32_t>(joined.size());
  TG_RETURN_IF_ERROR(check_sizes(*group, desired, joined.size(), "attach"));
  set_desired(on, *group, desired);
  std::vector<groups::Action> actions;
  for (auto& instance : joined) {
    const auto& facts = on.state.model.standalone.at(instance.id).facts;
    group->facts.insert_or_assign(instance.id, facts);
    on.state.model.standalone.erase(instance.id);
    on.state.journal.touch(EntityKind::Standalone, instance.id.value);
    auto cause = groups::cause_user_moved(on.now, instance.id, "attached", capacity, capacity + 1);
    ++capacity;
    instance.port = application_port(on.state.model, group->group);
    actions.emplace_back(groups::AttachInstance{std::move(instance), std::move(cause)});
  }
  apply_actions(on.state, *group, actions, on.now);
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const DetachInstances& command) {
  TG_ASSIGN_OR_RETURN(const auto instances, each_of(command.instances, kMaxMoved));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(
      check_states(*group, instances, {LifecycleState::InService, LifecycleState::Standby}));
  auto desired = group->group.desired_capacity;
  if (command.desired == Desired::Decrement) {
    desired -= count_in_service(*group, instances);
    TG_RETURN_IF_ERROR(check_sizes(*group, desired, instances.size(), "detach"));
  }
  const auto made = [](const InstanceId& id, std::string cause) {
    return groups::BeginDetach{id, std::move(cause)};
  };
  return take_out(on, *group, instances, desired, std::pair{"detached", made});
}

Result<Answer> run(const Execution& on, const EnterStandby& command) {
  TG_ASSIGN_OR_RETURN(const auto instances, each_of(command.instances, kMaxMoved));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(check_states(*group, instances, {LifecycleState::InService}));
  auto desired = group->group.desired_capacity;
  if (command.desired == Desired::Decrement) {
    desired -= static_cast<std::int32_t>(instances.size());
    TG_RETURN_IF_ERROR(check_sizes(*group, desired, instances.size(), "place into standby"));
  }
  const auto made = [](const InstanceId& id, std::string cause) {
    return groups::BeginStandby{id, std::move(cause)};
  };
  return take_out(on, *group, instances, desired, std::pair{"moved to standby", made});
}

Result<Answer> run(const Execution& on, const ExitStandby& command) {
  TG_ASSIGN_OR_RETURN(const auto instances, each_of(command.instances, kMaxMoved));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(check_states(*group, instances, {LifecycleState::Standby}));
  std::int32_t capacity = group->group.desired_capacity;
  const auto desired = capacity + static_cast<std::int32_t>(instances.size());
  TG_RETURN_IF_ERROR(check_sizes(*group, desired, instances.size(), "remove from standby"));
  set_desired(on, *group, desired);
  std::vector<groups::Action> actions;
  for (const auto& id : instances) {
    actions.emplace_back(groups::EndStandby{
        id, groups::cause_user_moved(on.now, id, "moved out of standby", capacity, capacity + 1)});
    ++capacity;
  }
  apply_actions(on.state, *group, actions, on.now);
  return Answer{under_way(*group, instances)};
}

}  // namespace tidegate::engine
