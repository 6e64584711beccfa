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
Result<Answer> run(const Execution& on, const CreateChangeSet& command);
Result<Answer> run(const Execution& on, const ExecuteChangeSet& command);
Result<Answer> run(const Execution& on, const DeleteChangeSet& command);
// Of the fleet: groups.cc, group_tags.cc, policies.cc, instances.cc, launch_templates.cc,
// standalone.cc.
Result<Answer> run(const Execution& on, const FleetCommand& command);
Result<Answer> run(const Execution& on, const DryRun& command);
Result<Answer> run(const Execution& on, const CreateAutoScalingGroup& command);
Result<Answer> run(const Execution& on, const UpdateAutoScalingGroup& command);
Result<Answer> run(const Execution& on, const DeleteAutoScalingGroup& command);
Result<Answer> run(const Execution& on, const SetDesiredCapacity& command);
Result<Answer> run(const Execution& on, const SuspendProcesses& command);
Result<Answer> run(const Execution& on, const ResumeProcesses& command);
Result<Answer> run(const Execution& on, const AttachTargetGroups& command);
Result<Answer> run(const Execution& on, const DetachTargetGroups& command);
Result<Answer> run(const Execution& on, const CreateOrUpdateTags& command);
Result<Answer> run(const Execution& on, const DeleteTags& command);
Result<Answer> run(const Execution& on, const PutScalingPolicy& command);
Result<Answer> run(const Execution& on, const DeletePolicy& command);
Result<Answer> run(const Execution& on, const TerminateInstance& command);
Result<Answer> run(const Execution& on, const SetInstanceHealth& command);
Result<Answer> run(const Execution& on, const SetInstanceProtection& command);
Result<Answer> run(const Execution& on, const AttachInstances& command);
Result<Answer> run(const Execution& on, const DetachInstances& command);
Result<Answer> run(const Execution& on, const EnterStandby& command);
Result<Answer> run(const Execution& on, const ExitStandby& command);
Result<Answer> run(const Execution& on, const CreateLaunchTemplate& command);
Result<Answer> run(const Execution& on, const CreateLaunchTemplateVersion& command);
Result<Answer> run(const Execution& on, const ModifyLaunchTemplate& command);
Result<Answer> run(const Execution& on, const DeleteLaunchTemplate& command);
Result<Answer> run(const Execution& on, const DeleteLaunchTemplateVersions& command);
Result<Answer> run(const Execution& on, const RunInstances& command);
Result<Answer> run(const Execution& on, const TerminateInstances& command);
Result<Answer> run(const Execution& on, const ChangeResourceTags& command);
// Of targets.
Result<Answer> run(const Execution& on, const RegisterTargets& command);
Result<Answer> run(const Execution& on, const DeregisterTargets& command);
// Of load balancers, target groups, listeners, rules and their tags (balancers.cc).
Result<Answer> run(const Execution& on, const BalancerCommand& command);

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
/// Error: LimitExceeded, more tags than a group may have.
Status check_tag_count(const groups::AutoScalingGroup& group);
/// One that is not being deleted. Errors: as find_group(); ResourceInUse.
Result<GroupModel*> find_group_in_use(Model& model, const groups::GroupName& name);
/// Errors: InvalidLaunchTemplateId.NotFound, InvalidLaunchTemplateName.NotFoundException.
Result<groups::LaunchTemplate*> named_template(Model& model, const LaunchTemplateName& name);
/// Whether an instance can be made from it here: image and type are there and known.
/// Errors: MissingParameter, InvalidAMIID.NotFound, InvalidParameterValue, in EC2's words.
Status check_usable(const EngineState& state,
                    const stacks::StackName& stack,
                    const groups::LaunchTemplateVersion& version);

}  // namespace tidegate::engine
