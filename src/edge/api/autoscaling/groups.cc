// Groups: read, made, changed, deleted; their processes.
#include <algorithm>

#include "base/text.h"
#include "edge/api/autoscaling/asking.h"
#include "edge/api/autoscaling/handlers.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kDefaultGroups = 50;

/// One filter of DescribeAutoScalingGroups on a group's tags.
Result<bool> filter_accepts(const Filter& filter, const groups::AutoScalingGroup& group) {
  const std::string name = filter.name.value_or("");
  const auto any = [&](auto&& accepts) {
    return std::any_of(group.tags.begin(), group.tags.end(), accepts);
  };
  if (name == "tag-key") {
    return any([&](const auto& tag) { return holds(filter.values, tag.first); });
  }
  if (name == "tag-value") {
    return any([&](const auto& tag) { return holds(filter.values, tag.second); });
  }
  if (name.starts_with("tag:")) {
    return any([&](const auto& tag) {
      return tag.first == name.substr(4) && holds(filter.values, tag.second);
    });
  }
  return validation("Filter type " + name +
                    " is not correct. Allowed Filter types are: tag-key, "
                    "tag-value, tag:<key>");
}

Result<bool> wanted(const AutoScalingGroupNamesType& request,
                    const groups::AutoScalingGroup& group) {
  if (!names(request.auto_scaling_group_names, group.name.value) &&
      !holds(request.auto_scaling_group_names, group.arn)) {
    return false;
  }
  for (const Filter& filter : request.filters.value_or(std::vector<Filter>{})) {
    TG_ASSIGN_OR_RETURN(const bool accepted, filter_accepts(filter, group));
    if (!accepted) {
      return false;
    }
  }
  return true;
}

Result<AutoScalingGroupsType> describe_groups(const Context& context,
                                              const AutoScalingGroupNamesType& request) {
  std::vector<AutoScalingGroup> all;
  for (const auto& [name, group] : context.model.groups) {
    TG_ASSIGN_OR_RETURN(const bool is_wanted, wanted(request, group.group));
    if (is_wanted) {
      all.push_back(group_answer(context.model, group));
      if (!request.include_instances.value_or(true)) {
        all.back().instances.reset();
      }
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_records, kDefaultGroups));
  TG_ASSIGN_OR_RETURN(
      auto page,
      page_of(
          std::move(all),
          [](const AutoScalingGroup& group) { return *group.auto_scaling_group_name; },
          request.next_token,
          limit,
          "InvalidNextToken"));
  return AutoScalingGroupsType{std::move(page.items), page.next_token};
}

Result<groups::LaunchTemplateSpecification> template_of(const LaunchTemplateSpecification& asked) {
  if (asked.launch_template_id.has_value() == asked.launch_template_name.has_value()) {
    return validation(
        "Valid requests must contain either launchTemplateId or launchTemplateName, one of both");
  }
  return groups::LaunchTemplateSpecification{
      groups::LaunchTemplateId{asked.launch_template_id.value_or("")},
      asked.launch_template_name.value_or(""),
      asked.version.value_or("$Default")};
}

/// Absent when the request says nothing of zones or subnets.
template <typename Request>
std::optional<engine::GroupPlace> place_of(const Request& request) {
  engine::GroupPlace place;
  place.zones = request.availability_zones.value_or(std::vector<std::string>{});
  for (const std::string& subnet : split(request.vpc_zone_identifier.value_or(""), ',')) {
    if (const auto id = trim(subnet); !id.empty()) {
      place.subnets.emplace_back(id);
    }
  }
  if (place.zones.empty() && place.subnets.empty()) {
    return std::nullopt;
  }
  return place;
}

Result<groups::HealthCheckType> health_check_of(const std::string& asked) {
  if (asked == "EC2" || asked == "ELB" || asked == "EC2,ELB" || asked == "ELB,EC2") {
    return asked == "EC2" ? groups::HealthCheckType::Ec2 : groups::HealthCheckType::Elb;
  }
  return validation("Invalid HealthCheckType: " + asked + ". Valid values are EC2 and ELB");
}

/// TargetGroupARNs and TrafficSources together.
Result<std::vector<balancing::TargetGroupArn>> target_groups_of(
    const CreateAutoScalingGroupType& request) {
  std::vector<balancing::TargetGroupArn> arns;
  for (const auto& arn : request.target_group_arns.value_or(std::vector<std::string>{})) {
    arns.emplace_back(arn);
  }
  TG_ASSIGN_OR_RETURN(
      const auto sources,
      sources_of(request.traffic_sources.value_or(std::vector<TrafficSourceIdentifier>{})));
  arns.insert(arns.end(), sources.begin(), sources.end());
  return arns;
}

Status take_sizes(const CreateAutoScalingGroupType& request, groups::AutoScalingGroup& group) {
  TG_ASSIGN_OR_RETURN(group.min_size, size_of(*request.min_size, "MinSize"));
  TG_ASSIGN_OR_RETURN(group.max_size, size_of(*request.max_size, "MaxSize"));
  TG_ASSIGN_OR_RETURN(
      group.desired_capacity,
      size_of(request.desired_capacity.value_or(*request.min_size), "DesiredCapacity"));
  return Ok{};
}

Status take_tags(const CreateAutoScalingGroupType& request, groups::AutoScalingGroup& group) {
  for (const Tag& asked : request.tags.value_or(std::vector<Tag>{})) {
    TG_ASSIGN_OR_RETURN(const auto tag, tag_of(asked, group.name.value));
    group.tags[tag.key] = tag.value;
    if (tag.propagate == engine::GroupTag::Propagate::No) {
      group.tags_not_propagated.push_back(tag.key);
    }
  }
  std::sort(group.tags_not_propagated.begin(), group.tags_not_propagated.end());
  return Ok{};
}

void take_times(const CreateAutoScalingGroupType& request, groups::AutoScalingGroup& group) {
  group.default_cooldown =
      seconds_of_member(request.default_cooldown).value_or(group.default_cooldown);
  group.health_check_grace_period =
      seconds_of_member(request.health_check_grace_period).value_or(Duration{});
  if (request.default_instance_warmup.value_or(-1) >= 0) {
    group.default_instance_warmup = seconds_of_member(request.default_instance_warmup);
  }
}

/// What other ways of saying what to launch are answered with.
Error no_launch_template() {
  return validation(
      "Valid requests must contain LaunchTemplate; LaunchConfigurationName, InstanceId and "
      "MixedInstancesPolicy are not built");
}

Result<Write<CreateAutoScalingGroupOperation>> create_group(
    const Context& /*context*/, const CreateAutoScalingGroupType& request) {
  engine::CreateAutoScalingGroup command;
  groups::AutoScalingGroup& group = command.group;
  group.name.value = *request.auto_scaling_group_name;
  if (group.name.value.find(':') != std::string::npos) {
    return validation("AutoScalingGroupName '" + group.name.value + "' must have no colon");
  }
  if (!request.launch_template) {
    return no_launch_template();
  }
  TG_ASSIGN_OR_RETURN(group.launch_template, template_of(*request.launch_template));
  TG_RETURN_IF_ERROR(take_sizes(request, group));
  TG_RETURN_IF_ERROR(take_tags(request, group));
  take_times(request, group);
  TG_ASSIGN_OR_RETURN(group.health_check_type,
                      health_check_of(request.health_check_type.value_or("EC2")));
  TG_ASSIGN_OR_RETURN(group.target_groups, target_groups_of(request));
  command.place = place_of(request).value_or(engine::GroupPlace{});
  if (request.termination_policies && !request.termination_policies->empty()) {
    group.termination_policies = *request.termination_policies;
  }
  group.new_instances_protected_from_scale_in =
      request.new_instances_protected_from_scale_in.value_or(false);
  return write_without_answer<CreateAutoScalingGroupOperation>(
      engine::FleetCommand{std::move(command)});
}

Result<Write<UpdateAutoScalingGroupOperation>> update_group(
    const Context& /*context*/, const UpdateAutoScalingGroupType& request) {
  engine::UpdateAutoScalingGroup command;
  command.group.value = *request.auto_scaling_group_name;
  if (request.launch_template) {
    TG_ASSIGN_OR_RETURN(command.launch_template, template_of(*request.launch_template));
  }
  if (request.min_size) {
    TG_ASSIGN_OR_RETURN(command.min_size, size_of(*request.min_size, "MinSize"));
  }
  if (request.max_size) {
    TG_ASSIGN_OR_RETURN(command.max_size, size_of(*request.max_size, "MaxSize"));
  }
  if (request.desired_capacity) {
    TG_ASSIGN_OR_RETURN(command.desired_capacity,
                        size_of(*request.desired_capacity, "DesiredCapacity"));
  }
  if (request.health_check_type) {
    TG_ASSIGN_OR_RETURN(command.health_check_type, health_check_of(*request.health_check_type));
  }
  command.place = place_of(request);
  command.default_cooldown = seconds_of_member(request.default_cooldown);
  command.health_check_grace_period = seconds_of_member(request.health_check_grace_period);
  command.default_instance_warmup = seconds_of_member(request.default_instance_warmup);
  command.termination_policies = request.termination_policies.value_or(std::vector<std::string>{});
  command.new_instances_protected_from_scale_in = request.new_instances_protected_from_scale_in;
  return write_without_answer<UpdateAutoScalingGroupOperation>(
      engine::FleetCommand{std::move(command)});
}

Result<Write<DeleteAutoScalingGroupOperation>> delete_group(
    const Context& /*context*/, const DeleteAutoScalingGroupType& request) {
  using Force = engine::DeleteAutoScalingGroup::Force;
  return write_without_answer<DeleteAutoScalingGroupOperation>(
      engine::FleetCommand{engine::DeleteAutoScalingGroup{
          groups::GroupName{*request.auto_scaling_group_name},
          request.force_delete.value_or(false) ? Force::Yes : Force::No}});
}

Result<Write<SetDesiredCapacityOperation>> set_desired_capacity(
    const Context& context, const SetDesiredCapacityType& request) {
  using Cooldown = engine::SetDesiredCapacity::Cooldown;
  const groups::GroupName name{*request.auto_scaling_group_name};
  TG_RETURN_IF_ERROR(check_group(context.model, name.value));
  TG_ASSIGN_OR_RETURN(const auto desired, size_of(*request.desired_capacity, "DesiredCapacity"));
  return write_without_answer<SetDesiredCapacityOperation>(engine::SetDesiredCapacity{
      name, desired, request.honor_cooldown.value_or(false) ? Cooldown::Honor : Cooldown::Ignore});
}

Result<Write<SuspendProcessesOperation>> suspend(const Context& /*context*/,
                                                 const ScalingProcessQuery& request) {
  return write_without_answer<SuspendProcessesOperation>(engine::FleetCommand{
      engine::SuspendProcesses{groups::GroupName{*request.auto_scaling_group_name},
                               request.scaling_processes.value_or(std::vector<std::string>{})}});
}

Result<Write<ResumeProcessesOperation>> resume(const Context& /*context*/,
                                               const ScalingProcessQuery& request) {
  return write_without_answer<ResumeProcessesOperation>(engine::FleetCommand{
      engine::ResumeProcesses{groups::GroupName{*request.auto_scaling_group_name},
                              request.scaling_processes.value_or(std::vector<std::string>{})}});
}

}  // namespace

std::vector<Entry> group_entries() {
  return {
      reads<DescribeAutoScalingGroupsOperation>(
          {"AutoScalingGroupNames", "IncludeInstances", "NextToken", "MaxRecords", "Filters"},
          &describe_groups),
      writes<CreateAutoScalingGroupOperation>({"AutoScalingGroupName",
                                               "LaunchTemplate",
                                               "MinSize",
                                               "MaxSize",
                                               "DesiredCapacity",
                                               "DefaultCooldown",
                                               "AvailabilityZones",
                                               "TargetGroupARNs",
                                               "TrafficSources",
                                               "HealthCheckType",
                                               "HealthCheckGracePeriod",
                                               "VPCZoneIdentifier",
                                               "TerminationPolicies",
                                               "NewInstancesProtectedFromScaleIn",
                                               "Tags",
                                               "DefaultInstanceWarmup"},
                                              &create_group),
      writes<UpdateAutoScalingGroupOperation>({"AutoScalingGroupName",
                                               "LaunchTemplate",
                                               "MinSize",
                                               "MaxSize",
                                               "DesiredCapacity",
                                               "DefaultCooldown",
                                               "AvailabilityZones",
                                               "HealthCheckType",
                                               "HealthCheckGracePeriod",
                                               "VPCZoneIdentifier",
                                               "TerminationPolicies",
                                               "NewInstancesProtectedFromScaleIn",
                                               "DefaultInstanceWarmup"},
                                              &update_group),
      writes<DeleteAutoScalingGroupOperation>({"AutoScalingGroupName", "ForceDelete"},
                                              &delete_group),
      writes<SetDesiredCapacityOperation>(
          {"AutoScalingGroupName", "DesiredCapacity", "HonorCooldown"}, &set_desired_capacity),
      writes<SuspendProcessesOperation>({"AutoScalingGroupName", "ScalingProcesses"}, &suspend),
      writes<ResumeProcessesOperation>({"AutoScalingGroupName", "ScalingProcesses"}, &resume),
  };
}

}  // namespace tidegate::api::autoscaling
