// Stacks: a plan's resources are created, changed and deleted in the model, one after the other,
// each with its events. A resource whose world takes time (a listener's port, a group's instances)
// is looked at again in the next tick. What is left to do of a stack follows from its stored
// resources, so a restart goes on where the last process stopped.
#include <algorithm>

#include "engine/resources.h"
#include "engine/stack_context.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

using stacks::Status;

void finish(
    EngineState& state, stacks::Stack& stack, Status status, std::string reason, Instant now) {
  stack.status = status;
  stack.status_reason = reason;
  settle_change_sets(stack);
  add_event(state, stack, nullptr, status, std::move(reason), now);
  state.work.erase(stack.name);
}

const stacks::PlannedResource* planned(const StackWork& work, const stacks::LogicalId& id) {
  const auto& all = work.plan.resources;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.logical_id == id; });
  return found == all.end() ? nullptr : &*found;
}

void begin_rollback(EngineState& state,
                    stacks::Stack& stack,
                    const stacks::StackResource& failed,
                    Instant now) {
  for (auto& resource : stack.resources) {
    if (resource.updated == Instant{}) {
      resource.status = Status::DeleteComplete;  // never begun
    }
  }
  stack.status = Status::RollbackInProgress;
  stack.status_reason = "The following resource(s) failed to create: [" + failed.logical_id.value +
                        "]. Rollback requested by user.";
  add_event(state, stack, nullptr, stack.status, stack.status_reason, now);
}

/// One resource further; absent: it takes more time. Status::CreateFailed was answered by a
/// rollback.
enum class Step { Done, Waiting, Failed };

Step create_step(EngineState& state,
                 stacks::Stack& stack,
                 stacks::StackResource& resource,
                 const stacks::PlannedResource& plan,
                 Instant now) {
  if (resource.updated == Instant{}) {
    add_event(state, stack, &resource, Status::CreateInProgress, "", now);
    if (const tidegate::Status made = create_resource(state, stack, plan, now); !made) {
      resource.physical_id.clear();  // it may be another's: the roll-back must not find that one
      add_event(state, stack, &resource, Status::CreateFailed, made.error().message, now);
      return Step::Failed;
    }
  }
  const auto ready = resource_ready(state, plan);
  if (!ready) {
    add_event(state, stack, &resource, Status::CreateFailed, ready.error().message, now);
    return Step::Failed;
  }
  if (*ready == Readiness::Waiting) {
    return Step::Waiting;
  }
  add_event(state, stack, &resource, Status::CreateComplete, "", now);
  return Step::Done;
}

void advance_create(EngineState& state, stacks::Stack& stack, StackWork& work, Instant now) {
  for (auto& resource : stack.resources) {
    if (resource.status == Status::CreateComplete) {
      continue;
    }
    const auto* plan = planned(work, resource.logical_id);
    TG_CHECK(plan != nullptr);
    const Step step = create_step(state, stack, resource, *plan, now);
    if (step == Step::Waiting) {
      return;
    }
    if (step == Step::Failed) {
      begin_rollback(state, stack, resource, now);
      return;
    }
  }
  stack.outputs = resolved_outputs(state.model, work.plan.outputs);
  finish(state, stack, Status::CreateComplete, "", now);
}

/// Why the resource may not be deleted now; empty when it may.
std::string deletion_refusal(const EngineState& state, const stacks::StackResource& resource) {
  const auto found =
      state.model.load_balancers.find(balancing::LoadBalancerArn{resource.physical_id});
  return found != state.model.load_balancers.end() && found->second.deletion_protection
             ? "Load balancer '" + resource.physical_id +
                   "' cannot be deleted because deletion protection is enabled"
             : "";
}

enum class Deletion { Done, Waiting, Refused };

/// Deletes in reverse order; what is refused ends it with the resource's DELETE_FAILED.
Deletion delete_all(EngineState& state, stacks::Stack& stack, StackWork& work, Instant now) {
  for (auto resource = stack.resources.rbegin(); resource != stack.resources.rend(); ++resource) {
    if (resource->status == Status::DeleteComplete || resource->status == Status::DeleteSkipped) {
      continue;
    }
    const auto* plan = planned(work, resource->logical_id);
    if (plan != nullptr && plan->retain && stack.status == Status::DeleteInProgress) {
      add_event(state, stack, &*resource, Status::DeleteSkipped, "DeletionPolicy: Retain", now);
      continue;
    }
    if (resource->status != Status::DeleteInProgress) {
      add_event(state, stack, &*resource, Status::DeleteInProgress, "", now);
    }
    if (std::string reason = deletion_refusal(state, *resource); !reason.empty()) {
      add_event(state, stack, &*resource, Status::DeleteFailed, std::move(reason), now);
      return Deletion::Refused;
    }
    if (delete_resource(state, resource->type, resource->physical_id, work.haste, now) ==
        Readiness::Waiting) {
      return Deletion::Waiting;
    }
    add_event(state, stack, &*resource, Status::DeleteComplete, "", now);
  }
  return Deletion::Done;
}

void finish_deletion(EngineState& state, stacks::Stack& stack, Instant now) {
  const bool rolls_back = stack.status == Status::RollbackInProgress;
  switch (delete_all(state, stack, state.work[stack.name], now)) {
    case Deletion::Waiting:
      return;
    case Deletion::Refused:
      finish(state,
             stack,
             rolls_back ? Status::RollbackFailed : Status::DeleteFailed,
             "One or more resources could not be deleted; see their events",
             now);
      return;
    case Deletion::Done:
      break;
  }
  if (!rolls_back) {
    stack.deleted = now;
  }
  finish(state, stack, rolls_back ? Status::RollbackComplete : Status::DeleteComplete, "", now);
}

/// After a restart: the plan again, with the ids that exist.
tidegate::Status ensure_work(EngineState& state, const stacks::Stack& stack, Instant now) {
  StackWork& work = state.work[stack.name];
  if (!work.plan.resources.empty()) {
    return Ok{};
  }
  TG_ASSIGN_OR_RETURN(auto plan, plan_again(state, stack, now));
  work.plan = std::move(plan);
  return Ok{};
}

/// What changes of the stack changes with an event, which touches it.
void advance(EngineState& state, stacks::Stack& stack, Instant now) {
  if (stack.status == Status::CreateInProgress) {
    if (const auto ready = ensure_work(state, stack, now); !ready) {
      finish(state, stack, Status::CreateFailed, ready.error().message, now);
      return;
    }
    advance_create(state, stack, state.work[stack.name], now);
  } else if (stack.status == Status::RollbackInProgress) {
    finish_deletion(state, stack, now);
  } else if (stack.status == Status::DeleteInProgress) {
    static_cast<void>(
        ensure_work(state,
                    stack,
                    now));  // for DeletionPolicy; a template that cannot be planned retains nothing
    finish_deletion(state, stack, now);
  }
}

}  // namespace

void advance_stacks(EngineState& state, Instant now) {
  for (auto& [name, stack] : state.model.stacks) {
    if (!stacks::in_progress(stack.status)) {
      continue;
    }
    const auto events = stack.events.size();
    advance(state, stack, now);
    state.view_stale = state.view_stale || stack.events.size() != events;
    state.due = std::min(state.due, now + kSampleInterval);
  }
}

void add_event(EngineState& state,
               stacks::Stack& stack,
               stacks::StackResource* resource,
               stacks::Status status,
               std::string reason,
               Instant now) {
  stacks::StackEvent event;
  event.event_id = state.ids.uuid();
  event.logical_id = resource != nullptr ? resource->logical_id.value : stack.name.value;
  event.physical_id = resource != nullptr ? resource->physical_id : stack.id;
  event.type = resource != nullptr ? resource->type : "AWS::CloudFormation::Stack";
  event.status = status;
  event.status_reason = reason;
  event.timestamp = now;
  event.token = stack.token;
  if (resource != nullptr) {
    resource->status = status;
    resource->status_reason = std::move(reason);
    resource->updated = now;
  }
  stack.events.push_back(std::move(event));
  if (stack.events.size() > stacks::kMaxEventsKept) {
    stack.events.erase(stack.events.begin());
  }
  state.journal.touch(EntityKind::Stack, stack.name.value);
}

}  // namespace tidegate::engine
