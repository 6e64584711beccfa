// From a stack to what core/stacks plans it with, and back. Private to the engine.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/stacks/stack.h"
#include "core/stacks/template.h"
#include "engine/state.h"

namespace tidegate::engine {

/// Context for planning: physical ids of what the stack has already are kept.
stacks::StackContext context_of(EngineState& state, const stacks::Stack& stack, Instant now);
/// The stack's own template, planned again.
Result<stacks::StackPlan> plan_again(EngineState& state, const stacks::Stack& stack, Instant now);
/// Output values with addresses filled in that only exist since creation.
std::vector<stacks::Output> resolved_outputs(const Model& model,
                                             std::vector<stacks::Output> outputs);
/// The change set that is being executed is so no more: the stack's status says how it ended.
void settle_change_sets(stacks::Stack& stack);
/// Adds an event; with a resource its status changes too, without one it is the stack's own.
void add_event(EngineState& state,
               stacks::Stack& stack,
               stacks::StackResource* resource,
               stacks::Status status,
               std::string reason,
               Instant now);

}  // namespace tidegate::engine
