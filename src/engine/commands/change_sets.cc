// Change sets: what an update or a creation would do, looked at first and executed later.
#include <algorithm>

#include "engine/commands/stack_work.h"
#include "engine/stack_context.h"

namespace tidegate::engine {
namespace {

using stacks::ChangeSet;
using SS = stacks::Status;

struct Found {
  stacks::Stack* stack = nullptr;
  ChangeSet* change_set = nullptr;
};

Found find_change_set(Model& model, const std::string& id) {
  for (auto& [name, stack] : model.stacks) {
    for (ChangeSet& candidate : stack.change_sets) {
      if (candidate.id == id) {
        return {&stack, &candidate};
      }
    }
  }
  return {};
}

std::vector<stacks::Change> all_added(const stacks::StackPlan& plan) {
  std::vector<stacks::Change> changes;
  for (const auto& resource : plan.resources) {
    changes.push_back({"Add", resource.logical_id.value, "", resource.type, {}});
  }
  return changes;
}

std::vector<stacks::Change> shown(const std::vector<stacks::ResourceChange>& planned) {
  using Kind = stacks::ResourceChange::Kind;
  std::vector<stacks::Change> changes;
  for (const auto& change : planned) {
    const auto& resource = change.resource;
    const bool adds = change.kind == Kind::Add;
    changes.push_back({adds                          ? "Add"
                       : change.kind == Kind::Modify ? "Modify"
                                                     : "Remove",
                       resource.logical_id.value,
                       adds ? "" : resource.physical_id,
                       resource.type,
                       change.changed_properties});
  }
  return changes;
}

/// The stack as the change set wants it.
stacks::Stack with(const stacks::Stack& stack, const ChangeSet& change_set) {
  stacks::Stack wanted = stack;
  wanted.template_body = change_set.template_body;
  wanted.template_folder = change_set.template_folder;
  wanted.given_parameters = change_set.given_parameters;
  wanted.tags = change_set.tags;
  return wanted;
}

Status check_target(const CreateChangeSet& command, const stacks::Stack* stack) {
  const bool creates = command.type == ChangeSet::Type::Create;
  if (stack == nullptr) {
    return creates ? Status{Ok{}}
                   : validation("Stack [" + command.stack.value + "] does not exist");
  }
  if (creates && stack->status != SS::ReviewInProgress) {
    return validation("Stack [" + stack->name.value +
                      "] already exists and cannot be created again with the changeSet [" +
                      command.name + "].");
  }
  if (!creates && !stacks::is_updatable(stack->status)) {
    return validation("Stack:" + stack->id + " is in " + std::string{to_string(stack->status)} +
                      " state and can not be updated.");
  }
  const bool taken =
      std::any_of(stack->change_sets.begin(), stack->change_sets.end(), [&](const ChangeSet& c) {
        return c.name == command.name && c.state != ChangeSet::State::Executed;
      });
  if (taken) {
    return Error{ErrorCode::AlreadyExists,
                 "AlreadyExistsException",
                 "ChangeSet " + command.name +
                     " cannot be created due to a mismatch with "
                     "existing attribute: it already exists for stack " +
                     stack->id};
  }
  if (stack->change_sets.size() >= stacks::kMaxChangeSets) {
    return Error{ErrorCode::ResourceExhausted,
                 "LimitExceededException",
                 "Limit for ChangeSet has been exceeded: " +
                     std::to_string(stacks::kMaxChangeSets) + " on one stack"};
  }
  return Ok{};
}

/// A stack that only a change set knows of.
stacks::Stack in_review(const EngineState& state, const CreateChangeSet& command, Instant now) {
  stacks::Stack stack;
  stack.name = command.stack;
  stack.created = now;
  stack.status = SS::ReviewInProgress;
  stack.status_reason = "User Initiated";
  stack.id = "arn:aws:cloudformation:" + state.settings.region + ":" + state.settings.account_id +
             ":stack/" + command.stack.value + "/";
  return stack;
}

/// Fills in what would change; an empty change set is FAILED, as in AWS.
Status plan_change_set(EngineState& state,
                       const stacks::Stack& stack,
                       ChangeSet& change_set,
                       Instant now) {
  if (change_set.type == ChangeSet::Type::Create) {
    TG_ASSIGN_OR_RETURN(const auto plan, plan_again(state, with(stack, change_set), now));
    TG_RETURN_IF_ERROR(check_images(state, plan));
    change_set.parameters = plan.parameters;
    change_set.changes = all_added(plan);
    return Ok{};
  }
  TG_ASSIGN_OR_RETURN(const auto update, plan_update(state, stack, with(stack, change_set), now));
  change_set.parameters = update.after.parameters;
  change_set.changes = shown(update.changes);
  if (!update.changes_anything) {
    change_set.state = ChangeSet::State::Failed;
    change_set.reason =
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set.";
  }
  return Ok{};
}

}  // namespace

Result<Answer> run(const Execution& on, const CreateChangeSet& command) {
  EngineState& state = on.state;
  stacks::Stack* found = find_stack(state.model, command.stack);
  if (found != nullptr && found->status == SS::DeleteComplete) {
    found = nullptr;  // by its ARN
  }
  TG_RETURN_IF_ERROR(check_target(command, found));
  stacks::Stack stack = found != nullptr ? *found : in_review(state, command, on.now);
  if (found == nullptr) {
    TG_RETURN_IF_ERROR(check_stack_count(state.model));
    stack.id += state.ids.uuid();
  }
  ChangeSet change_set;
  change_set.id = "arn:aws:cloudformation:" + state.settings.region + ":" +
                  state.settings.account_id + ":changeSet/" + command.name + "/" + state.ids.uuid();
  change_set.name = command.name;
  change_set.description = command.description;
  change_set.type = command.type;
  change_set.created = on.now;
  const bool previous = command.template_body.empty();
  change_set.template_body = previous ? stack.template_body : command.template_body;
  change_set.template_folder = previous ? stack.template_folder : command.template_folder;
  change_set.given_parameters = command.parameters;
  change_set.tags = command.tags.value_or(stack.tags);
  TG_RETURN_IF_ERROR(plan_change_set(state, stack, change_set, on.now));
  const StackIdAnswer answer{stack.id, change_set.id};
  // What is left of an executed one goes when its name is taken again: `aws cloudformation deploy`
  // names its change sets by the second.
  std::erase_if(stack.change_sets, [&](const ChangeSet& c) { return c.name == command.name; });
  stack.change_sets.push_back(std::move(change_set));
  stacks::Stack& stored = state.model.stacks[stack.name];
  stored = std::move(stack);
  forget_deleted_stacks(state);
  if (found == nullptr) {
    add_event(state, stored, nullptr, stored.status, stored.status_reason, on.now);
  }
  state.journal.touch(EntityKind::Stack, stored.name.value);
  return Answer{answer};
}

Result<Answer> run(const Execution& on, const ExecuteChangeSet& command) {
  EngineState& state = on.state;
  const auto [stack, change_set] = find_change_set(state.model, command.id);
  if (stack == nullptr) {
    return Error{
        ErrorCode::NotFound, "ChangeSetNotFound", "ChangeSet [" + command.id + "] does not exist"};
  }
  const std::string call = "ExecuteChangeSet " + command.id;
  TG_ASSIGN_OR_RETURN(const bool done, done_before(*stack, command.token, call));
  if (done) {
    return Answer{Ok{}};
  }
  const bool creates = change_set->type == ChangeSet::Type::Create;
  const bool ready =
      creates ? stack->status == SS::ReviewInProgress : stacks::is_updatable(stack->status);
  if (change_set->state != ChangeSet::State::Available || !ready) {
    return Error{ErrorCode::FailedPrecondition,
                 "InvalidChangeSetStatus",
                 "ChangeSet [" + command.id + "] cannot be executed in its current status of [" +
                     (change_set->state == ChangeSet::State::Failed ? "FAILED" : "OBSOLETE") +
                     "], the stack is in " + std::string{to_string(stack->status)}};
  }
  ChangeSet executed = *change_set;
  executed.state = ChangeSet::State::Executing;
  stacks::Stack wanted = with(*stack, executed);
  wanted.change_sets = {executed};  // the others were made for what the stack is no more
  wanted.change_set_id = executed.id;
  remember(wanted, command.token, call);
  if (creates) {
    TG_ASSIGN_OR_RETURN(auto plan, plan_again(state, wanted, on.now));
    *stack = std::move(wanted);
    begin_creation(state, *stack, std::move(plan), on.now);
    return Answer{Ok{}};
  }
  TG_ASSIGN_OR_RETURN(auto update, plan_update(state, *stack, std::move(wanted), on.now));
  settle_change_sets(carry_out(state, *stack, std::move(update), on.now));
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const DeleteChangeSet& command) {
  const auto [stack, change_set] = find_change_set(on.state.model, command.id);
  if (stack == nullptr) {
    return Answer{Ok{}};
  }
  if (change_set->state == ChangeSet::State::Executing) {
    return Error{ErrorCode::FailedPrecondition,
                 "InvalidChangeSetStatus",
                 "ChangeSet [" + command.id +
                     "] cannot be deleted in its current execution status of "
                     "[EXECUTE_IN_PROGRESS]"};
  }
  std::erase_if(stack->change_sets, [&](const ChangeSet& c) { return c.id == command.id; });
  on.state.journal.touch(EntityKind::Stack, stack->name.value);
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
