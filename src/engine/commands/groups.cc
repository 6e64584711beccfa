// Commands on groups: what a user asks of one as a whole.
#include <algorithm>
#include <set>

#include "engine/commands/execution.h"
#include "engine/resources.h"

namespace tidegate::engine {
namespace {

constexpr std::size_t kMaxGroups = 500;  // AWS quotas
constexpr std::size_t kMaxTargetGroupsOfGroup = 50;

Status check_deleting(const GroupModel& group, const char* name) {
  if (!group.group.deleting) {
    return Ok{};
  }
  return Error{ErrorCode::FailedPrecondition,
               name,
               "AutoScalingGroup '" + group.group.name.value + "' is being deleted"};
}

/// The group's launch template with its id and name both, when something can be launched from it.
Result<groups::LaunchTemplateSpecification> checked_template(
    EngineState& state,
    const stacks::StackName& stack,
    const groups::LaunchTemplateSpecification& asked) {
  const std::string head = "You must use a valid fully-formed launch template. ";
  auto named = named_template(state.model, {asked.id, asked.name});
  if (!named) {
    return validation(head + named.error().message);
  }
  const groups::LaunchTemplate& found = **named;
  const auto* version = resolve(found, asked.version);
  if (version == nullptr) {
    return validation(head + "Could not find version " + asked.version +
                      " of the launch template " + found.name + ".");
  }
  if (auto usable = check_usable(state, stack, *version); !usable) {
    return validation(head + usable.error().message);
  }
  return groups::LaunchTemplateSpecification{found.id, found.name, asked.version};
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

Result<std::vector<std::string>> zones_of_place(const Model& model, const GroupPlace& place) {
  const auto known = zones_of(model);
  for (const auto& zone : place.zones) {
    if (!std::binary_search(known.begin(), known.end(), zone)) {
      return validation("Invalid availability zones: [" + zone + "]; valid: " + listed(known));
    }
  }
  std::vector<std::string> zones;
  const auto subnets = subnet_zones(model);
  for (const auto& subnet : place.subnets) {
    const auto found = subnets.find(subnet);
    if (found == subnets.end()) {
      return validation("The subnet ID '" + subnet +
                        "' does not exist; DescribeSubnets lists the ones that do, and "
                        "Metadata.Tidegate.Subnets of a stack declares more");
    }
    zones.push_back(found->second);
  }
  if (place.subnets.empty()) {
    zones = place.zones;
  }
  std::sort(zones.begin(), zones.end());
  zones.erase(std::unique(zones.begin(), zones.end()), zones.end());
  if (zones.empty()) {
    return validation("At least one Availability Zone or VPC Subnet is required.");
  }
  const std::set<std::string> asked(place.zones.begin(), place.zones.end());
  if (!asked.empty() && asked != std::set<std::string>(zones.begin(), zones.end())) {
    return validation(
        "The availability zones of the specified subnets and the Auto Scaling group do not match");
  }
  return zones;
}

Status check_target_groups(const Model& model,
                           const std::vector<balancing::TargetGroupArn>& target_groups) {
  for (const auto& arn : target_groups) {
    const auto found = model.target_groups.find(arn);
    if (found == model.target_groups.end()) {
      return validation(
          "Provided Target Groups may not be valid. Please ensure they exist and try again. (" +
          arn.value + ")");
    }
    if (found->second.target_group.target_type != balancing::TargetType::Instance) {
      return validation("Provided Target Groups may not be valid: " + arn.value +
                        " has TargetType ip; a group needs TargetType instance");
    }
  }
  return Ok{};
}

Status check_group(const groups::AutoScalingGroup& group) {
  if (std::string error = groups::validation_error(group); !error.empty()) {
    return validation(std::move(error));
  }
  return Ok{};
}

/// Every instance of the group becomes a target of what is attached, and leaves what is not.
void register_instances(const Execution& on, const GroupModel& group) {
  for (const auto& [id, instance] : group.instances) {
    update_registration(on.state, group.group, instance, on.now);
  }
}

void deregister_instances(const Execution& on,
                          const GroupModel& group,
                          const balancing::TargetGroupArn& arn) {
  const auto found = on.state.model.target_groups.find(arn);
  if (found == on.state.model.target_groups.end()) {
    return;
  }
  for (auto& target : found->second.target_group.targets) {
    if (group.instances.contains(groups::InstanceId{target.id}) && !target.deregistered) {
      target.deregistered = on.now;
    }
  }
  on.state.journal.touch(EntityKind::TargetGroup, arn.value);
}

void touch(const Execution& on, const GroupModel& group) {
  on.state.journal.touch(EntityKind::Group, group.group.name.value);
}

/// What an update gives, over what is there; sizes are looked at by the caller.
Status take_update(const Execution& on,
                   const UpdateAutoScalingGroup& command,
                   const stacks::StackName& stack,
                   groups::AutoScalingGroup& group) {
  if (command.launch_template) {
    TG_ASSIGN_OR_RETURN(group.launch_template,
                        checked_template(on.state, stack, *command.launch_template));
  }
  if (command.place) {
    TG_ASSIGN_OR_RETURN(group.zones, zones_of_place(on.state.model, *command.place));
    group.subnets = command.place->subnets;
  }
  group.min_size = command.min_size.value_or(group.min_size);
  group.max_size = command.max_size.value_or(group.max_size);
  group.health_check_type = command.health_check_type.value_or(group.health_check_type);
  group.health_check_grace_period =
      command.health_check_grace_period.value_or(group.health_check_grace_period);
  group.default_cooldown = command.default_cooldown.value_or(group.default_cooldown);
  group.new_instances_protected_from_scale_in =
      command.new_instances_protected_from_scale_in.value_or(
          group.new_instances_protected_from_scale_in);
  if (command.default_instance_warmup) {
    group.default_instance_warmup = command.default_instance_warmup;
    if (*group.default_instance_warmup < Duration::zero()) {
      group.default_instance_warmup.reset();
    }
  }
  if (!command.termination_policies.empty()) {
    group.termination_policies = command.termination_policies;
  }
  return Ok{};
}

Status check_processes(const std::vector<std::string>& processes) {
  const auto known = groups::scaling_processes();
  for (const auto& process : processes) {
    if (std::find(known.begin(), known.end(), process) == known.end()) {
      return validation("Process(es) [" + process + "] not supported; valid: " +
                        listed(std::vector<std::string>(known.begin(), known.end())));
    }
  }
  return Ok{};
}

std::vector<std::string> all_or(const std::vector<std::string>& processes) {
  const auto known = groups::scaling_processes();
  return processes.empty() ? std::vector<std::string>(known.begin(), known.end()) : processes;
}

}  // namespace

Error validation(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

LedgerEntry user_entry(const Execution& on, const GroupModel& group) {
  LedgerEntry entry;
  entry.at = on.now;
  entry.group = group.group.name.value;
  entry.why = "asked for by " + on.principal.arn;
  return entry;
}

Result<GroupModel*> find_group(Model& model, const groups::GroupName& name) {
  const auto found = model.groups.find(name);
  if (found == model.groups.end()) {
    return validation("AutoScalingGroup name not found - AutoScalingGroup '" + name.value +
                      "' not found");
  }
  return &found->second;
}

Result<GroupModel*> find_group_in_use(Model& model, const groups::GroupName& name) {
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(model, name));
  TG_RETURN_IF_ERROR(check_deleting(*group, "ResourceInUse"));
  return group;
}

Result<Answer> run(const Execution& on, const CreateAutoScalingGroup& command) {
  EngineState& state = on.state;
  groups::AutoScalingGroup group = command.group;
  if (state.model.groups.contains(group.name)) {
    return Error{ErrorCode::AlreadyExists,
                 "AlreadyExists",
                 "AutoScalingGroup by this name already exists - A group with the name " +
                     group.name.value + " already exists"};
  }
  if (state.model.groups.size() >= kMaxGroups) {
    return Error{
        ErrorCode::ResourceExhausted,
        "LimitExceeded",
        "You have reached your limit of " + std::to_string(kMaxGroups) + " Auto Scaling groups."};
  }
  TG_RETURN_IF_ERROR(check_tag_count(group));
  TG_ASSIGN_OR_RETURN(group.zones, zones_of_place(state.model, command.place));
  group.subnets = command.place.subnets;
  TG_ASSIGN_OR_RETURN(group.launch_template, checked_template(state, {}, group.launch_template));
  TG_RETURN_IF_ERROR(check_target_groups(state.model, group.target_groups));
  TG_RETURN_IF_ERROR(check_group(group));
  group.arn = "arn:aws:autoscaling:" + state.settings.region + ":" + state.settings.account_id +
              ":autoScalingGroup:" + state.ids.uuid() + ":autoScalingGroupName/" + group.name.value;
  stacks::PlannedResource planned;
  planned.properties = group;
  TG_RETURN_IF_ERROR(create_resource(state, stacks::Stack{}, planned, on.now));
  LedgerEntry entry = user_entry(on, state.model.groups.at(group.name));
  entry.decided = true;
  entry.what = "created, desired " + std::to_string(group.desired_capacity);
  record(state, std::move(entry));
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const UpdateAutoScalingGroup& command) {
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(check_deleting(*group, "ScalingActivityInProgress"));
  groups::AutoScalingGroup wanted = group->group;
  TG_RETURN_IF_ERROR(take_update(on, command, group->stack, wanted));
  const auto before = wanted.desired_capacity;
  wanted.desired_capacity = command.desired_capacity.value_or(
      wanted.min_size > wanted.max_size ? before
                                        : std::clamp(before, wanted.min_size, wanted.max_size));
  TG_RETURN_IF_ERROR(check_group(wanted));
  const auto desired = wanted.desired_capacity;
  wanted.desired_capacity = before;
  group->group = std::move(wanted);
  touch(on, *group);
  if (desired != before) {
    change_desired(on.state,
                   *group,
                   desired,
                   groups::cause_user_changed_desired(on.now, before, desired),
                   user_entry(on, *group));
  }
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const DeleteAutoScalingGroup& command) {
  TG_ASSIGN_OR_RETURN(const GroupModel* const group, find_group(on.state.model, command.group));
  const bool forced = command.force == DeleteAutoScalingGroup::Force::Yes;
  const auto stays = [](const auto& entry) {
    return entry.second.lifecycle_state != groups::LifecycleState::Terminating;
  };
  if (!forced && std::any_of(group->instances.begin(), group->instances.end(), stays)) {
    return Error{ErrorCode::FailedPrecondition,
                 "ResourceInUse",
                 "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                 "instance request(s) still in the group."};
  }
  if (!forced && !group->instances.empty()) {
    return Error{ErrorCode::FailedPrecondition,
                 "ScalingActivityInProgress",
                 "You cannot delete an AutoScalingGroup while there are scaling activities in "
                 "progress for that group."};
  }
  LedgerEntry entry = user_entry(on, *group);
  entry.decided = true;
  entry.what = "deleted";
  record(on.state, std::move(entry));
  delete_resource(on.state,
                  "AWS::AutoScaling::AutoScalingGroup",
                  command.group.value,
                  DeleteStack::Haste::Now,
                  on.now);
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const SetDesiredCapacity& command) {
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(check_deleting(*group, "ScalingActivityInProgress"));
  const auto& value = group->group;
  const bool cools =
      value.capacity_changed && on.now < *value.capacity_changed + value.default_cooldown;
  if (command.cooldown == SetDesiredCapacity::Cooldown::Honor && cools) {
    return Error{ErrorCode::FailedPrecondition,
                 "ScalingActivityInProgress",
                 "The group is in its cooldown until " +
                     format_iso8601(*value.capacity_changed + value.default_cooldown) +
                     " and HonorCooldown was asked for."};
  }
  const auto before = value.desired_capacity;
  const auto cause = groups::cause_user_changed_desired(on.now, before, command.desired_capacity);
  TG_ASSIGN_OR_RETURN(const auto checked,
                      groups::with_desired_capacity(group->group, command.desired_capacity, cause));
  if (checked.desired_capacity != before) {
    change_desired(on.state, *group, checked.desired_capacity, cause, user_entry(on, *group));
  }
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const SuspendProcesses& command) {
  TG_RETURN_IF_ERROR(check_processes(command.processes));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group_in_use(on.state.model, command.group));
  for (const auto& process : all_or(command.processes)) {
    group->group.suspended.try_emplace(process, "User suspended at " + format_iso8601(on.now));
  }
  touch(on, *group);
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const ResumeProcesses& command) {
  TG_RETURN_IF_ERROR(check_processes(command.processes));
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group_in_use(on.state.model, command.group));
  for (const auto& process : all_or(command.processes)) {
    group->group.suspended.erase(process);
  }
  touch(on, *group);
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const AttachTargetGroups& command) {
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  TG_RETURN_IF_ERROR(check_target_groups(on.state.model, command.target_groups));
  auto& attached = group->group.target_groups;
  for (const auto& arn : command.target_groups) {
    if (std::find(attached.begin(), attached.end(), arn) == attached.end()) {
      attached.push_back(arn);
    }
  }
  if (attached.size() > kMaxTargetGroupsOfGroup) {
    return validation("Auto Scaling group '" + command.group.value + "' can have at most " +
                      std::to_string(kMaxTargetGroupsOfGroup) + " target groups");
  }
  touch(on, *group);
  if (!groups::is_suspended(group->group, "AddToLoadBalancer")) {
    register_instances(on, *group);
  }
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const DetachTargetGroups& command) {
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  auto& attached = group->group.target_groups;
  for (const auto& arn : command.target_groups) {
    const auto found = std::find(attached.begin(), attached.end(), arn);
    if (found == attached.end()) {
      return validation("Trying to remove Target Groups that are not part of the group: " +
                        arn.value);
    }
    attached.erase(found);
    deregister_instances(on, *group, arn);
  }
  touch(on, *group);
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
