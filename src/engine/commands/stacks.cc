// Commands on stacks.
#include <algorithm>

#include "engine/commands/execution.h"
#include "engine/resources.h"
#include "engine/stack_context.h"

namespace tidegate::engine {
namespace {

using stacks::Status;

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

struct OnStacks {
  EngineState& state;
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
};

}  // namespace

Result<Answer> run(const Execution& on, const CreateStack& command) {
  return OnStacks{on.state, on.now}(command);
}

Result<Answer> run(const Execution& on, const UpdateStack& command) {
  return OnStacks{on.state, on.now}(command);
}

Result<Answer> run(const Execution& on, const DeleteStack& command) {
  return OnStacks{on.state, on.now}(command);
}

}  // namespace tidegate::engine
