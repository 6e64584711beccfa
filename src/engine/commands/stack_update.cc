// An update in place, in one step: planned, carried out, or taken back as CloudFormation does.
#include <algorithm>

#include "engine/commands/stack_work.h"
#include "engine/resources.h"
#include "engine/stack_context.h"

namespace tidegate::engine {
namespace {

using Kind = stacks::ResourceChange::Kind;
using SS = stacks::Status;

stacks::StackResource* find_resource(stacks::Stack& stack, const stacks::LogicalId& id) {
  const auto found = std::find_if(stack.resources.begin(),
                                  stack.resources.end(),
                                  [&](const auto& r) { return r.logical_id == id; });
  return found == stack.resources.end() ? nullptr : &*found;
}

void set_status(
    EngineState& state, stacks::Stack& stack, SS status, std::string reason, Instant now) {
  stack.status = status;
  stack.status_reason = reason;
  add_event(state, stack, nullptr, status, std::move(reason), now);
}

/// Adds or modifies one resource, with its events.
Status make(EngineState& state,
            stacks::Stack& stack,
            const stacks::ResourceChange& change,
            Instant now) {
  stacks::StackResource* resource = find_resource(stack, change.resource.logical_id);
  TG_CHECK(resource != nullptr);
  const bool adds = change.kind == Kind::Add;
  add_event(state, stack, resource, adds ? SS::CreateInProgress : SS::UpdateInProgress, "", now);
  const Status made = adds ? create_resource(state, stack, change.resource, now)
                           : modify_resource(state, change, now);
  if (!made) {
    add_event(state,
              stack,
              resource,
              adds ? SS::CreateFailed : SS::UpdateFailed,
              made.error().message,
              now);
    return made;
  }
  add_event(state, stack, resource, adds ? SS::CreateComplete : SS::UpdateComplete, "", now);
  return Ok{};
}

/// What was removed from the template goes last: until then everything can be taken back.
void clean_up(EngineState& state,
              stacks::Stack& stack,
              const std::vector<stacks::ResourceChange>& changes,
              Instant now) {
  const bool any = std::any_of(changes.begin(), changes.end(), [](const auto& change) {
    return change.kind == Kind::Remove;
  });
  if (any) {
    set_status(state, stack, SS::UpdateCompleteCleanupInProgress, "", now);
  }
  for (const auto& change : changes) {
    if (change.kind != Kind::Remove) {
      continue;
    }
    const auto& planned = change.resource;
    stacks::StackResource gone{
        planned.logical_id, planned.physical_id, planned.type, SS::DeleteInProgress, "", now};
    if (planned.retain) {
      add_event(state, stack, &gone, SS::DeleteSkipped, "DeletionPolicy: Retain", now);
      continue;
    }
    add_event(state, stack, &gone, SS::DeleteInProgress, "", now);
    static_cast<void>(
        delete_resource(state, planned.type, planned.physical_id, DeleteStack::Haste::Drain, now));
    add_event(state, stack, &gone, SS::DeleteComplete, "", now);
  }
}

struct Progress {
  std::vector<const stacks::ResourceChange*> done;
  const stacks::ResourceChange* failed = nullptr;
};

std::string failure_reason(const stacks::ResourceChange& failed) {
  return std::string{"The following resource(s) failed to "} +
         (failed.kind == Kind::Add ? "create" : "update") + ": [" +
         failed.resource.logical_id.value + "]. ";
}

/// Everything but the stack's own story is as it was before the update; the story goes on with how
/// that came about.
void take_back(EngineState& state,
               const stacks::StackName& name,
               const Model& before,
               const Progress& progress,
               Instant now) {
  stacks::Stack told = state.model.stacks.at(name);
  state.model = before;
  stacks::Stack& stack = state.model.stacks.at(name);
  stack.events = std::move(told.events);
  stack.token = told.token;
  stack.tokens = std::move(told.tokens);
  stack.change_sets = std::move(told.change_sets);
  stack.updated = told.updated;
  set_status(state, stack, SS::UpdateRollbackInProgress, failure_reason(*progress.failed), now);
  std::vector<const stacks::ResourceChange*> added;
  for (const auto* change : progress.done) {
    stacks::StackResource* resource = find_resource(stack, change->resource.logical_id);
    if (resource == nullptr) {
      added.push_back(change);
      continue;
    }
    add_event(state, stack, resource, SS::UpdateInProgress, "", now);
    add_event(state, stack, resource, SS::UpdateComplete, "", now);
  }
  if (progress.failed->kind == Kind::Add) {
    added.push_back(progress.failed);
  }
  set_status(state, stack, SS::UpdateRollbackCompleteCleanupInProgress, "", now);
  for (auto change = added.rbegin(); change != added.rend(); ++change) {
    const auto& planned = (*change)->resource;
    stacks::StackResource gone{
        planned.logical_id, planned.physical_id, planned.type, SS::DeleteInProgress, "", now};
    add_event(state, stack, &gone, SS::DeleteInProgress, "", now);
    add_event(state, stack, &gone, SS::DeleteComplete, "", now);
  }
  set_status(state, stack, SS::UpdateRollbackComplete, "", now);
}

}  // namespace

Result<PlannedUpdate> plan_update(EngineState& state,
                                  const stacks::Stack& stack,
                                  stacks::Stack wanted,
                                  Instant now) {
  PlannedUpdate update;
  TG_ASSIGN_OR_RETURN(const auto before, plan_again(state, stack, now));
  TG_ASSIGN_OR_RETURN(update.after, plan_again(state, wanted, now));
  TG_RETURN_IF_ERROR(check_images(state, update.after));
  TG_ASSIGN_OR_RETURN(update.changes, stacks::plan_update(before, update.after));
  update.changes_anything = !update.changes.empty() || stack.tags != wanted.tags ||
                            before.metadata != update.after.metadata ||
                            before.outputs != update.after.outputs;
  update.wanted = std::move(wanted);
  return update;
}

stacks::Stack& carry_out(EngineState& state,
                         stacks::Stack& stack,
                         PlannedUpdate update,
                         Instant now) {
  const Model before = state.model;
  const stacks::StackName name = stack.name;
  const std::size_t ledger = state.new_ledger.size();
  take_plan(update.wanted, update.after);
  update.wanted.updated = now;
  for (auto& change_set : update.wanted.change_sets) {
    if (change_set.state == stacks::ChangeSet::State::Available) {
      change_set.state = stacks::ChangeSet::State::Obsolete;  // made for what the stack is no more
    }
  }
  stack = std::move(update.wanted);
  set_status(state, stack, SS::UpdateInProgress, "User Initiated", now);
  Progress progress;
  for (const auto& change : update.changes) {
    if (change.kind == Kind::Remove) {
      continue;
    }
    if (!make(state, stack, change, now)) {
      progress.failed = &change;
      break;
    }
    progress.done.push_back(&change);
  }
  if (progress.failed != nullptr) {
    take_back(state, name, before, progress, now);
    state.new_ledger.resize(std::min(ledger, state.new_ledger.size()));
    return state.model.stacks.at(name);
  }
  clean_up(state, stack, update.changes, now);
  stack.outputs = resolved_outputs(state.model, update.after.outputs);
  set_status(state, stack, SS::UpdateComplete, "", now);
  return stack;
}

}  // namespace tidegate::engine
