// Commands: each is checked against the model, changes it, and leaves the effects to the next tick.
#include "engine/commands.h"

#include <algorithm>

#include "engine/resources.h"
#include "engine/stack_context.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

using stacks::Status;

Error validation(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

stacks::Stack* find_stack(Model& model, const stacks::StackName& name_or_arn) {
  for (auto& [name, stack] : model.stacks) {
    const bool alive = stack.status != Status::DeleteComplete;
    if ((name == name_or_arn && alive) || stack.id == name_or_arn.value) {
      return &stack;
    }
  }
  return nullptr;
}

tidegate::Status check_images(const EngineState& state, const stacks::StackPlan& plan) {
  for (const auto& resource : plan.resources) {
    const auto* launch_template = std::get_if<groups::LaunchTemplate>(&resource.properties);
    if (launch_template == nullptr) {
      continue;
    }
    for (const auto& version : launch_template->versions) {
      const auto image = plan.metadata.images.find(version.image_id);
      if (image != plan.metadata.images.end()) {
        TG_RETURN_IF_ERROR(
            state.ports.compute.check_image(ports::ProcessImage{image->second.layers}));
      }
    }
  }
  return Ok{};
}

/// What a plan says of the stack goes into the stack; resources that exist keep their status.
void take_plan(stacks::Stack& stack, const stacks::StackPlan& plan) {
  stack.description = plan.description;
  stack.parameters = plan.parameters;
  stack.metadata = plan.metadata;
  std::vector<stacks::StackResource> resources;
  for (const auto& planned : plan.resources) {
    const auto old =
        std::find_if(stack.resources.begin(), stack.resources.end(), [&](const auto& r) {
          return r.logical_id == planned.logical_id;
        });
    if (old != stack.resources.end()) {
      resources.push_back(*old);
    } else {
      resources.push_back({planned.logical_id,
                           planned.physical_id,
                           planned.type,
                           Status::CreateInProgress,
                           "",
                           Instant{}});
    }
  }
  stack.resources = std::move(resources);
}

struct Execute {
  EngineState& state;
  const Principal& principal;
  Instant now;

  Result<Answer> operator()(const CreateStack& command) const {
    if (find_stack(state.model, command.name) != nullptr) {
      return Error{ErrorCode::AlreadyExists,
                   "AlreadyExistsException",
                   "Stack [" + command.name.value + "] already exists"};
    }
    stacks::Stack stack;
    stack.name = command.name;
    stack.id = "arn:aws:cloudformation:" + state.settings.region + ":" + state.settings.account_id +
               ":stack/" + command.name.value + "/" + state.ids.uuid();
    stack.template_body = command.template_body;
    stack.template_folder = command.template_folder;
    stack.given_parameters = command.parameters;
    stack.tags = command.tags;
    stack.created = now;
    TG_ASSIGN_OR_RETURN(auto plan, plan_again(state, stack, now));
    TG_RETURN_IF_ERROR(check_images(state, plan));
    take_plan(stack, plan);
    const std::string id = stack.id;
    stacks::Stack& stored = state.model.stacks[command.name];
    stored = std::move(stack);
    add_event(state, stored, nullptr, Status::CreateInProgress, "User Initiated", now);
    state.work[command.name] = StackWork{std::move(plan), DeleteStack::Haste::Drain};
    return Answer{StackIdAnswer{id}};
  }

  Result<Answer> operator()(const UpdateStack& command) const {
    stacks::Stack* stack = find_stack(state.model, command.name);
    if (stack == nullptr) {
      return validation("Stack [" + command.name.value + "] does not exist");
    }
    if (stack->status != Status::CreateComplete && stack->status != Status::UpdateComplete) {
      return validation("Stack:" + stack->id + " is in " + std::string{to_string(stack->status)} +
                        " state and can not be updated.");
    }
    stacks::Stack wanted = *stack;
    if (!command.template_body.empty()) {
      wanted.template_body = command.template_body;
      wanted.template_folder = command.template_folder;
    }
    wanted.given_parameters = command.parameters;
    TG_ASSIGN_OR_RETURN(const auto before, plan_again(state, *stack, now));
    TG_ASSIGN_OR_RETURN(const auto after, plan_again(state, wanted, now));
    TG_RETURN_IF_ERROR(check_images(state, after));
    TG_ASSIGN_OR_RETURN(const auto changes, stacks::plan_update(before, after));
    if (changes.empty() && before.metadata == after.metadata && before.outputs == after.outputs) {
      return validation("No updates are to be performed.");
    }
    return update(*stack, std::move(wanted), after, changes);
  }

  Result<Answer> update(stacks::Stack& stack,
                        stacks::Stack wanted,
                        const stacks::StackPlan& after,
                        const std::vector<stacks::ResourceChange>& changes) const {
    take_plan(wanted, after);
    wanted.updated = now;
    stack = std::move(wanted);
    stack.status = Status::UpdateInProgress;
    add_event(state, stack, nullptr, stack.status, "User Initiated", now);
    for (const auto& change : changes) {
      TG_RETURN_IF_ERROR(update_resource(stack, change));
    }
    stack.outputs = resolved_outputs(state.model, after.outputs);
    stack.status = Status::UpdateComplete;
    add_event(state, stack, nullptr, stack.status, "", now);
    return Answer{StackIdAnswer{stack.id}};
  }

  tidegate::Status update_resource(stacks::Stack& stack,
                                   const stacks::ResourceChange& change) const {
    const auto& planned = change.resource;
    const auto found =
        std::find_if(stack.resources.begin(), stack.resources.end(), [&](const auto& r) {
          return r.logical_id == planned.logical_id;
        });
    stacks::StackResource removed{
        planned.logical_id, planned.physical_id, planned.type, Status::DeleteInProgress, "", now};
    stacks::StackResource& resource = found == stack.resources.end() ? removed : *found;
    switch (change.kind) {
      case stacks::ResourceChange::Kind::Add:
        add_event(state, stack, &resource, Status::CreateInProgress, "", now);
        TG_RETURN_IF_ERROR(create_resource(state, stack, planned, now));
        add_event(state, stack, &resource, Status::CreateComplete, "", now);
        break;
      case stacks::ResourceChange::Kind::Modify:
        add_event(state, stack, &resource, Status::UpdateInProgress, "", now);
        modify_resource(state, change, now);
        add_event(state, stack, &resource, Status::UpdateComplete, "", now);
        break;
      case stacks::ResourceChange::Kind::Remove:
        add_event(state, stack, &resource, Status::DeleteInProgress, "", now);
        delete_resource(state, planned.type, planned.physical_id, DeleteStack::Haste::Drain, now);
        add_event(state, stack, &resource, Status::DeleteComplete, "", now);
        break;
    }
    return Ok{};
  }

  Result<Answer> operator()(const DeleteStack& command) const {
    stacks::Stack* stack = find_stack(state.model, command.name);
    if (stack == nullptr || stack->status == Status::DeleteComplete) {
      return Answer{Ok{}};
    }
    state.work[stack->name].haste = command.haste;
    if (stack->status != Status::DeleteInProgress) {
      stack->status = Status::DeleteInProgress;
      stack->status_reason = "User Initiated";
      for (auto& resource : stack->resources) {
        if (resource.updated == Instant{}) {
          resource.status = Status::DeleteComplete;  // never begun
        }
      }
      add_event(state, *stack, nullptr, stack->status, stack->status_reason, now);
    }
    return Answer{Ok{}};
  }

  Result<Answer> operator()(const SetDesiredCapacity& command) const {
    const auto found = state.model.groups.find(command.group);
    if (found == state.model.groups.end()) {
      return validation("AutoScalingGroup name not found - AutoScalingGroup '" +
                        command.group.value + "' not found");
    }
    GroupModel& group = found->second;
    const auto before = group.group.desired_capacity;
    const auto cause = groups::cause_user_changed_desired(now, before, command.desired_capacity);
    TG_ASSIGN_OR_RETURN(
        const auto checked,
        groups::with_desired_capacity(group.group, command.desired_capacity, cause));
    if (checked.desired_capacity != before) {
      change_desired(state, group, checked.desired_capacity, cause, user_entry(group));
    }
    return Answer{Ok{}};
  }

  LedgerEntry user_entry(const GroupModel& group) const {
    LedgerEntry entry;
    entry.at = now;
    entry.group = group.group.name.value;
    entry.why = "asked for by " + principal.arn;
    return entry;
  }

  GroupModel* group_of(const groups::InstanceId& id) const {
    for (auto& [name, group] : state.model.groups) {
      if (group.instances.contains(id)) {
        return &group;
      }
    }
    return nullptr;
  }

  Result<Answer> operator()(const TerminateInstance& command) const {
    GroupModel* group = group_of(command.instance);
    if (group == nullptr) {
      return validation("Instance Id not found - No managed instance found for instance ID: " +
                        command.instance.value);
    }
    const auto& instance = group->instances.at(command.instance);
    if (instance.lifecycle_state == groups::LifecycleState::Terminating) {
      return Error{ErrorCode::FailedPrecondition,
                   "ScalingActivityInProgress",
                   "Instance " + command.instance.value + " is already terminating"};
    }
    const auto before = group->group.desired_capacity;
    if (command.desired == TerminateInstance::Desired::Decrement) {
      if (before <= group->group.min_size) {
        return validation(
            "Currently, desiredSize equals minSize (" + std::to_string(before) +
            "). Terminating instance without replacement will violate group's min size constraint. "
            "Either set "
            "shouldDecrementDesiredCapacity flag to false or lower group's min size.");
      }
      change_desired(state,
                     *group,
                     before - 1,
                     groups::cause_user_changed_desired(now, before, before - 1),
                     user_entry(*group));
    }
    if (command.desired == TerminateInstance::Desired::Keep &&
        is_last_that_serves(*group, instance)) {
      return Answer{ActivityAnswer{ask_for_replacement(*group, command.instance)}};
    }
    const bool serving = instance.lifecycle_state == groups::LifecycleState::InService;
    const auto stage =
        serving ? groups::TerminationStage::Draining : groups::TerminationStage::Killing;
    apply_actions(state,
                  *group,
                  {groups::BeginTermination{command.instance,
                                            groups::TerminationReason::UserRequest,
                                            stage,
                                            groups::cause_user_terminated(now, command.instance)}},
                  now);
    for (const auto& activity : group->activities) {
      if (activity.instance == command.instance && !groups::is_final(activity.status)) {
        return Answer{ActivityAnswer{activity}};
      }
    }
    return Answer{Ok{}};
  }

  static bool is_last_that_serves(const GroupModel& group, const groups::Instance& asked) {
    return asked.lifecycle_state == groups::LifecycleState::InService &&
           std::none_of(group.instances.begin(), group.instances.end(), [&](const auto& entry) {
             return entry.first != asked.id &&
                    entry.second.lifecycle_state == groups::LifecycleState::InService;
           });
  }

  /// The last one that serves goes on until its replacement serves: the planner sees the request in
  /// its termination_reason. The activity of its end begins then; what is answered now describes
  /// it.
  groups::Activity ask_for_replacement(GroupModel& group, const groups::InstanceId& id) const {
    groups::Instance& instance = group.instances.at(id);
    instance.termination_reason = groups::TerminationReason::UserRequest;
    state.journal.touch(EntityKind::Instance, id.value, group.group.name.value);
    groups::Activity activity;
    activity.id = groups::ActivityId{state.ids.uuid()};
    activity.group = group.group.name;
    activity.instance = id;
    activity.description = groups::termination_description(id);
    activity.cause = groups::cause_user_terminated(now, id);
    activity.start = now;
    return activity;
  }

  Result<balancing::Target> resolve_target(const balancing::TargetGroup& group,
                                           const TargetDescription& wanted) const {
    balancing::Target target;
    target.id = wanted.id;
    target.port = wanted.port != 0 ? wanted.port : group.port;
    target.registered = now;
    if (group.target_type == balancing::TargetType::Ip) {
      target.address = wanted.id;
      return target;
    }
    const GroupModel* owner = group_of(groups::InstanceId{wanted.id});
    if (owner == nullptr) {
      return Error{ErrorCode::InvalidArgument,
                   "InvalidTarget",
                   "The following targets are not in a running state and cannot be registered: '" +
                       wanted.id + "'"};
    }
    const auto& instance = owner->instances.at(groups::InstanceId{wanted.id});
    if (instance.address.empty()) {
      return Error{ErrorCode::InvalidArgument,
                   "InvalidTarget",
                   "Instance '" + wanted.id + "' has no address yet; register it when it runs"};
    }
    target.address = instance.address;
    target.zone = instance.zone;
    return target;
  }

  Result<TargetGroupModel*> target_group(const balancing::TargetGroupArn& arn) const {
    const auto found = state.model.target_groups.find(arn);
    if (found == state.model.target_groups.end()) {
      return Error{
          ErrorCode::NotFound, "TargetGroupNotFound", "One or more target groups not found"};
    }
    return &found->second;
  }

  Result<Answer> operator()(const RegisterTargets& command) const {
    TG_ASSIGN_OR_RETURN(TargetGroupModel* const group, target_group(command.target_group));
    std::vector<balancing::Target> resolved;
    for (const auto& wanted : command.targets) {
      TG_ASSIGN_OR_RETURN(auto target, resolve_target(group->target_group, wanted));
      resolved.push_back(std::move(target));
    }
    auto& targets = group->target_group.targets;
    for (auto& target : resolved) {
      const auto old = std::find_if(targets.begin(), targets.end(), [&](const auto& t) {
        return t.id == target.id && t.port == target.port;
      });
      if (old == targets.end()) {
        targets.push_back(std::move(target));
      } else if (old->deregistered) {
        *old = std::move(target);
      }
    }
    state.journal.touch(EntityKind::TargetGroup, command.target_group.value);
    return Answer{Ok{}};
  }

  Result<Answer> operator()(const DeregisterTargets& command) const {
    TG_ASSIGN_OR_RETURN(TargetGroupModel* const group, target_group(command.target_group));
    auto& targets = group->target_group.targets;
    for (const auto& wanted : command.targets) {
      const auto matches = [&](const auto& t) {
        return t.id == wanted.id && (wanted.port == 0 || t.port == wanted.port);
      };
      if (std::none_of(targets.begin(), targets.end(), matches)) {
        return Error{
            ErrorCode::InvalidArgument,
            "InvalidTarget",
            "The following targets are not registered to the target group: '" + wanted.id + "'"};
      }
    }
    for (auto& target : targets) {
      const bool named =
          std::any_of(command.targets.begin(), command.targets.end(), [&](const auto& wanted) {
            return target.id == wanted.id && (wanted.port == 0 || target.port == wanted.port);
          });
      if (named && !target.deregistered) {
        target.deregistered = now;
      }
    }
    state.journal.touch(EntityKind::TargetGroup, command.target_group.value);
    return Answer{Ok{}};
  }
};

}  // namespace

Result<Answer> Engine::execute(const Principal& principal, const Command& command, Instant now) {
  EngineState& state = *state_;
  const Model before = state.model;
  auto answer = std::visit(Execute{state, principal, now}, command);
  if (answer) {  // an answer is a promise: it is given only for what is durable
    if (auto stored = state.journal.flush(state.model, state.notifications); !stored) {
      answer = std::move(stored).error();
    }
  }
  if (!answer) {
    state.model = before;  // what was touched stays so: the next flush writes the old values again
  }
  state.view_stale = true;
  wake();
  return answer;
}

}  // namespace tidegate::engine
