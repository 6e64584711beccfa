// How a command is executed: checked against the model, which it changes; the effects are left to
// the next tick. One file per idea: stacks.cc, groups.cc, … A command that
// refuses may leave the model half changed: Engine::execute() puts it back. Private to the engine;
// engine thread only.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/commands.h"
#include "engine/state.h"

namespace tidegate::engine {

struct Execution {
  EngineState& state;
  const Principal& principal;
  Instant now;
};

// Of stacks.
Result<Answer> run(const Execution& on, const CreateStack& command);
Result<Answer> run(const Execution& on, const UpdateStack& command);
Result<Answer> run(const Execution& on, const DeleteStack& command);
// Of groups and their instances.
Result<Answer> run(const Execution& on, const SetDesiredCapacity& command);
Result<Answer> run(const Execution& on, const TerminateInstance& command);
// Of targets.
Result<Answer> run(const Execution& on, const RegisterTargets& command);
Result<Answer> run(const Execution& on, const DeregisterTargets& command);

// Of alarms.
Result<Answer> run(const Execution& on, const AlarmCommand& command);

/// AWS's ValidationError (400).
Error validation(std::string message);
/// The ledger's entry of something that a user asked for.
LedgerEntry user_entry(const Execution& on, const GroupModel& group);
/// The group that has the instance; null when none has.
GroupModel* group_of(Model& model, const groups::InstanceId& id);
/// Error: ValidationError, in AWS's words.
Result<GroupModel*> find_group(Model& model, const groups::GroupName& name);

}  // namespace tidegate::engine
