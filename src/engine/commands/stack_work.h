// What the stack commands share: finding a stack, taking a plan over, and an update carried out or
// taken back. Private to the engine.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/stacks/template.h"
#include "engine/commands/execution.h"

namespace tidegate::engine {

/// By name (not a deleted one) or by ARN; null when there is none.
stacks::Stack* find_stack(Model& model, const stacks::StackName& name_or_arn);
/// Whether there may be one more; deleted ones do not count. Error: LimitExceededException.
Status check_stack_count(const Model& model);
/// Of the deleted stacks only the newest stay, as many as kMaxStacks leaves room for.
void forget_deleted_stacks(EngineState& state);
/// Images that the plan's launch templates name exist.
Status check_images(const EngineState& state, const stacks::StackPlan& plan);
/// What a plan says of the stack goes into the stack; resources that exist keep their status.
void take_plan(stacks::Stack& stack, const stacks::StackPlan& plan);
/// Begins to create what the plan says; the executor goes on with it.
void begin_creation(EngineState& state, stacks::Stack& stack, stacks::StackPlan plan, Instant now);

/// An update as it would be: what the stack would become, and how.
struct PlannedUpdate {
  stacks::Stack wanted;
  stacks::StackPlan after;
  std::vector<stacks::ResourceChange> changes;
  bool changes_anything = false;
};
/// wanted: the stack with its new template, parameters and tags. Errors: ValidationError.
Result<PlannedUpdate> plan_update(EngineState& state,
                                  const stacks::Stack& stack,
                                  stacks::Stack wanted,
                                  Instant now);
/// Carries the update out, in one step. When a resource fails, everything is as before, and the
/// stack's events and its status UPDATE_ROLLBACK_COMPLETE tell it. Pointers into the model end
/// here; the stack's new place is what is returned.
stacks::Stack& carry_out(EngineState& state,
                         stacks::Stack& stack,
                         PlannedUpdate update,
                         Instant now);

/// True: the call was made before with this token, and is done. Error: TokenAlreadyExistsException,
/// it was given with another call.
Result<bool> done_before(const stacks::Stack& stack,
                         const std::string& token,
                         const std::string& call);
void remember(stacks::Stack& stack, const std::string& token, const std::string& call);

}  // namespace tidegate::engine
