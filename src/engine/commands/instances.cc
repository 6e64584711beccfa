// Commands on instances of groups.
#include <algorithm>

#include "engine/commands/execution.h"

namespace tidegate::engine {
namespace {

using groups::LifecycleState;

bool is_last_that_serves(const GroupModel& group, const groups::Instance& asked) {
  return asked.lifecycle_state == LifecycleState::InService &&
         std::none_of(group.instances.begin(), group.instances.end(), [&](const auto& entry) {
           return entry.first != asked.id &&
                  entry.second.lifecycle_state == LifecycleState::InService;
         });
}

/// The last one that serves goes on until its replacement serves: the planner sees the request in
/// its termination_reason. The activity of its end begins then; what is answered now describes it.
groups::Activity ask_for_replacement(const Execution& on,
                                     GroupModel& group,
                                     const groups::InstanceId& id) {
  groups::Instance& instance = group.instances.at(id);
  instance.termination_reason = groups::TerminationReason::UserRequest;
  on.state.journal.touch(EntityKind::Instance, id.value, group.group.name.value);
  groups::Activity activity;
  activity.id = groups::ActivityId{on.state.ids.uuid()};
  activity.group = group.group.name;
  activity.instance = id;
  activity.description = groups::termination_description(id);
  activity.cause = groups::cause_user_terminated(on.now, id);
  activity.start = on.now;
  return activity;
}

Status decrement_desired(const Execution& on, GroupModel& group) {
  const auto before = group.group.desired_capacity;
  if (before <= group.group.min_size) {
    return validation(
        "Currently, desiredSize equals minSize (" + std::to_string(before) +
        "). Terminating instance without replacement will violate group's min size constraint. "
        "Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.");
  }
  change_desired(on.state,
                 group,
                 before - 1,
                 groups::cause_user_changed_desired(on.now, before, before - 1),
                 user_entry(on, group));
  return Ok{};
}

}  // namespace

GroupModel* group_of(Model& model, const groups::InstanceId& id) {
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
  if (instance.lifecycle_state == LifecycleState::Terminating) {
    return Error{ErrorCode::FailedPrecondition,
                 "ScalingActivityInProgress",
                 "Instance " + command.instance.value + " is already terminating"};
  }
  if (command.desired == TerminateInstance::Desired::Decrement) {
    TG_RETURN_IF_ERROR(decrement_desired(on, *group));
  } else if (is_last_that_serves(*group, instance)) {
    return Answer{ActivityAnswer{ask_for_replacement(on, *group, command.instance)}};
  }
  const bool serving = instance.lifecycle_state == LifecycleState::InService;
  const auto stage =
      serving ? groups::TerminationStage::Draining : groups::TerminationStage::Killing;
  apply_actions(on.state,
                *group,
                {groups::BeginTermination{command.instance,
                                          groups::TerminationReason::UserRequest,
                                          stage,
                                          groups::cause_user_terminated(on.now, command.instance)}},
                on.now);
  for (const auto& activity : group->activities) {
    if (activity.instance == command.instance && !groups::is_final(activity.status)) {
      return Answer{ActivityAnswer{activity}};
    }
  }
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
