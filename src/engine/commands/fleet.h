// Commands on the fleet: groups, policies, instances, launch templates. Values; see commands.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/groups/auto_scaling_group.h"
#include "core/groups/instance.h"
#include "core/groups/launch_template.h"
#include "core/scaling/target_tracking.h"

namespace tidegate::engine {

/// AvailabilityZones and VPCZoneIdentifier; the zones follow from the subnets where both are given.
struct GroupPlace {
  std::vector<std::string> zones;
  std::vector<std::string> subnets;
};

/// group: what the caller gave, defaults else; arn, zones and times are the engine's to fill in.
/// launch_template: by id or name.
struct CreateAutoScalingGroup {
  groups::AutoScalingGroup group;
  GroupPlace place;
};
/// What is absent stays.
struct UpdateAutoScalingGroup {
  groups::GroupName group;
  std::optional<groups::LaunchTemplateSpecification> launch_template;
  std::optional<std::int32_t> min_size, max_size, desired_capacity;
  std::optional<GroupPlace> place;
  std::optional<groups::HealthCheckType> health_check_type;
  std::optional<Duration> health_check_grace_period, default_cooldown;
  std::optional<Duration> default_instance_warmup;  // below zero: none any more
  std::optional<bool> new_instances_protected_from_scale_in;
  std::vector<std::string> termination_policies;  // empty: as before
};
struct DeleteAutoScalingGroup {
  enum class Force { No, Yes };  // Yes: with its instances, without draining
  groups::GroupName group;
  Force force = Force::No;
};
struct SetDesiredCapacity {
  enum class Cooldown { Ignore, Honor };
  groups::GroupName group;
  std::int32_t desired_capacity = 0;
  Cooldown cooldown = Cooldown::Ignore;
};
struct SuspendProcesses {
  groups::GroupName group;
  std::vector<std::string> processes;  // empty: all
};
struct ResumeProcesses {
  groups::GroupName group;
  std::vector<std::string> processes;  // empty: all
};
struct AttachTargetGroups {
  groups::GroupName group;
  std::vector<balancing::TargetGroupArn> target_groups;
};
struct DetachTargetGroups {
  groups::GroupName group;
  std::vector<balancing::TargetGroupArn> target_groups;
};
struct GroupTag {
  enum class Propagate { No, Yes };
  groups::GroupName group;
  std::string key;
  std::string value;
  Propagate propagate = Propagate::Yes;
};
struct CreateOrUpdateTags {
  std::vector<GroupTag> tags;
};
struct DeleteTags {
  std::vector<GroupTag> tags;  // the value, where there is one, must be the tag's
};

/// policy: arn, timing and alarms are the engine's to fill in.
struct PutScalingPolicy {
  scaling::TargetTrackingPolicy policy;
};
struct DeletePolicy {
  groups::GroupName group;  // empty: the policy is given by ARN
  std::string policy;       // name or ARN
};

struct TerminateInstance {
  enum class Desired { Keep, Decrement };
  groups::InstanceId instance;
  Desired desired = Desired::Keep;
};
struct SetInstanceHealth {
  enum class Grace { Respect, Ignore };
  groups::InstanceId instance;
  groups::HealthStatus status = groups::HealthStatus::Healthy;
  Grace grace = Grace::Respect;
};
struct SetInstanceProtection {
  enum class Protection { Off, On };
  groups::GroupName group;
  std::vector<groups::InstanceId> instances;
  Protection protection = Protection::Off;
};
struct AttachInstances {
  groups::GroupName group;
  std::vector<groups::InstanceId> instances;
};
struct DetachInstances {
  groups::GroupName group;
  std::vector<groups::InstanceId> instances;
  TerminateInstance::Desired desired = TerminateInstance::Desired::Keep;
};
struct EnterStandby {
  groups::GroupName group;
  std::vector<groups::InstanceId> instances;
  TerminateInstance::Desired desired = TerminateInstance::Desired::Keep;
};
struct ExitStandby {
  groups::GroupName group;
  std::vector<groups::InstanceId> instances;
};

/// Its first version is versions[0]; id, numbers and times are the engine's to fill in.
struct CreateLaunchTemplate {
  groups::LaunchTemplate launch_template;
};
/// Which launch template: one of both.
struct LaunchTemplateName {
  groups::LaunchTemplateId id;
  std::string name;
};
struct CreateLaunchTemplateVersion {
  LaunchTemplateName launch_template;
  groups::LaunchTemplateVersion version;
};
struct ModifyLaunchTemplate {
  LaunchTemplateName launch_template;
  std::string default_version;
};
struct DeleteLaunchTemplate {
  LaunchTemplateName launch_template;
};
/// Those that do not exist, or are the default, are refused one by one in the answer.
struct DeleteLaunchTemplateVersions {
  LaunchTemplateName launch_template;
  std::vector<std::string> versions;
};

struct RunInstances {
  groups::LaunchTemplateVersion made_from;  // what is given here wins over the launch template's
  std::optional<groups::LaunchTemplateSpecification> launch_template;
  std::int32_t min_count = 1;
  std::int32_t max_count = 1;
  std::string zone;    // empty: the subnet's, else the first of the region
  std::string subnet;  // empty: none
  std::string client_token;
};
struct TerminateInstances {
  std::vector<groups::InstanceId> instances;
};
/// Tags of launch templates and instances, by id.
struct ChangeResourceTags {
  std::vector<std::string> resources;
  std::map<std::string, std::string> set;
  std::map<std::string, std::optional<std::string>> removed;  // with a value: only where it is so
};

/// SetDesiredCapacity and TerminateInstance are commands of their own.
using FleetCommand = std::variant<CreateAutoScalingGroup,
                                  UpdateAutoScalingGroup,
                                  DeleteAutoScalingGroup,
                                  SuspendProcesses,
                                  ResumeProcesses,
                                  AttachTargetGroups,
                                  DetachTargetGroups,
                                  CreateOrUpdateTags,
                                  DeleteTags,
                                  PutScalingPolicy,
                                  DeletePolicy,
                                  SetInstanceHealth,
                                  SetInstanceProtection,
                                  AttachInstances,
                                  DetachInstances,
                                  EnterStandby,
                                  ExitStandby,
                                  CreateLaunchTemplate,
                                  CreateLaunchTemplateVersion,
                                  ModifyLaunchTemplate,
                                  DeleteLaunchTemplate,
                                  DeleteLaunchTemplateVersions,
                                  RunInstances,
                                  TerminateInstances,
                                  ChangeResourceTags>;

}  // namespace tidegate::engine
