// One resource of a stack: created, changed, deleted in the model. Private to the engine.
#pragma once

#include "base/result.h"
#include "core/stacks/template.h"
#include "engine/state.h"

namespace tidegate::engine {

enum class Readiness { Ready, Waiting };

/// Puts the resource into the model. Errors: AlreadyExists when the name is taken in this home,
/// what the port says.
Status create_resource(EngineState& state,
                       const stacks::Stack& stack,
                       const stacks::PlannedResource& planned,
                       Instant now);
/// Ready, or waiting for the world (a listener's port). Error: it will not come (StrictPort and the
/// port is taken).
Result<Readiness> resource_ready(const EngineState& state, const stacks::PlannedResource& planned);
/// Changes what exists to what is planned; what only lives at run time (instances, states, targets)
/// stays. Error: NotFound when somebody deleted it behind the stack's back.
Status modify_resource(EngineState& state, const stacks::ResourceChange& change, Instant now);
/// Takes a group without instances out of the model, with its policies; its activities are past
/// ones from then on.
void erase_group(EngineState& state, const groups::GroupName& name, Instant now);
/// Takes it out of the model; a group first loses its instances. Unknown ones are Ready.
Readiness delete_resource(EngineState& state,
                          const std::string& type,
                          const std::string& physical_id,
                          DeleteStack::Haste haste,
                          Instant now);

}  // namespace tidegate::engine
