#include "core/groups/auto_scaling_group.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"

namespace tidegate::groups {
namespace {

constexpr std::array kTerminationPolicies = std::to_array<std::string_view>({
    "Default",
    "AllocationStrategy",
    "OldestLaunchTemplate",
    "OldestLaunchConfiguration",
    "ClosestToNextInstanceHour",
    "NewestInstance",
    "OldestInstance",
});
constexpr Duration kMaxInstanceWarmup = std::chrono::seconds{3600};  // AWS: 0..3600

std::string policies_error(const AutoScalingGroup& group) {
  for (std::size_t i = 0; i < group.termination_policies.size(); ++i) {
    const std::string& policy = group.termination_policies[i];
    if (std::find(kTerminationPolicies.begin(), kTerminationPolicies.end(), policy) ==
        kTerminationPolicies.end()) {
      return "Termination policy '" + policy + "' of group '" + group.name.value +
             "' is not known; valid are Default, AllocationStrategy, OldestLaunchTemplate, "
             "OldestLaunchConfiguration, ClosestToNextInstanceHour, NewestInstance, OldestInstance";
    }
    if (policy == "Default" && i + 1 != group.termination_policies.size()) {
      return "Termination policy 'Default' of group '" + group.name.value + "' must be the last";
    }
  }
  return {};
}

std::string sizes_error(const AutoScalingGroup& group) {
  const std::string of_group = " of group '" + group.name.value + "'";
  if (group.min_size < 0) {
    return "MinSize " + std::to_string(group.min_size) + of_group + " is below 0";
  }
  if (group.min_size > group.max_size) {
    return "MinSize " + std::to_string(group.min_size) + " is above MaxSize " +
           std::to_string(group.max_size) + of_group;
  }
  if (group.desired_capacity < group.min_size || group.desired_capacity > group.max_size) {
    return "Desired capacity:" + std::to_string(group.desired_capacity) +
           " must be between the specified min size:" + std::to_string(group.min_size) +
           " and max size:" + std::to_string(group.max_size) + of_group;
  }
  return {};
}

std::string times_error(const AutoScalingGroup& group) {
  const std::string of_group = " of group '" + group.name.value + "'";
  if (group.health_check_grace_period < Duration::zero()) {
    return "HealthCheckGracePeriod" + of_group + " is below 0";
  }
  if (group.default_cooldown < Duration::zero()) {
    return "Cooldown" + of_group + " is below 0";
  }
  if (group.default_instance_warmup && (*group.default_instance_warmup < Duration::zero() ||
                                        *group.default_instance_warmup > kMaxInstanceWarmup)) {
    return "DefaultInstanceWarmup" + of_group + " is outside 0..3600 seconds";
  }
  if (group.launch_timeout <= Duration::zero()) {
    return "LaunchTimeout" + of_group + " is not above 0 seconds";
  }
  if (group.stop_timeout < Duration::zero()) {
    return "StopTimeout" + of_group + " is below 0 seconds";
  }
  return {};
}

std::string liveness_error(const AutoScalingGroup& group) {
  if (!group.liveness) {
    return {};
  }
  const std::string of_group = " of group '" + group.name.value + "'";
  if (group.liveness->path.empty() || group.liveness->path.front() != '/') {
    return "Liveness Path '" + group.liveness->path + "'" + of_group + " does not begin with '/'";
  }
  if (group.liveness->interval <= Duration::zero() || group.liveness->timeout <= Duration::zero()) {
    return "Liveness Interval and Timeout" + of_group + " must be above 0 seconds";
  }
  if (group.liveness->unhealthy_threshold < 1) {
    return "Liveness UnhealthyThreshold" + of_group + " is below 1";
  }
  return {};
}

}  // namespace

std::span<const std::string_view> scaling_processes() {
  static constexpr std::array kProcesses = std::to_array<std::string_view>({
      "AZRebalance",
      "AddToLoadBalancer",
      "AlarmNotification",
      "HealthCheck",
      "InstanceRefresh",
      "Launch",
      "ReplaceUnhealthy",
      "ScheduledActions",
      "Terminate",
  });
  return kProcesses;
}

bool is_suspended(const AutoScalingGroup& group, std::string_view process) {
  return group.suspended.contains(std::string{process});
}

std::string_view to_string(HealthCheckType type) {
  switch (type) {
    case HealthCheckType::Ec2:
      return "EC2";
    case HealthCheckType::Elb:
      return "ELB";
  }
  check_failed("HealthCheckType", __FILE__, __LINE__);
}

std::string validation_error(const AutoScalingGroup& group) {
  for (std::string error :
       {sizes_error(group), times_error(group), policies_error(group), liveness_error(group)}) {
    if (!error.empty()) {
      return error;
    }
  }
  if (group.zones.empty()) {
    return "Group '" + group.name.value +
           "' has no zone; VPCZoneIdentifier or AvailabilityZones must name at least one";
  }
  return {};
}

Result<AutoScalingGroup> with_desired_capacity(AutoScalingGroup group,
                                               std::int32_t capacity,
                                               std::string cause) {
  if (capacity > group.max_size) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "New SetDesiredCapacity value " + std::to_string(capacity) +
                     " is above max value " + std::to_string(group.max_size) +
                     " for the AutoScalingGroup."};
  }
  if (capacity < group.min_size) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "New SetDesiredCapacity value " + std::to_string(capacity) +
                     " is below min value " + std::to_string(group.min_size) +
                     " for the AutoScalingGroup."};
  }
  if (capacity != group.desired_capacity) {
    group.desired_capacity = capacity;
    group.capacity_cause = std::move(cause);
  }
  return group;
}

Duration warmup_of(const AutoScalingGroup& group, const scaling::TargetTrackingPolicy* policy) {
  if (policy != nullptr && policy->estimated_instance_warmup) {
    return *policy->estimated_instance_warmup;
  }
  if (group.default_instance_warmup) {
    return *group.default_instance_warmup;
  }
  switch (group.timing) {
    case scaling::TimingProfile::Fast:
      return std::chrono::seconds{10};
    case scaling::TimingProfile::Aws:
      return group.default_cooldown;
  }
  check_failed("TimingProfile", __FILE__, __LINE__);
}

bool is_warm(const Instance& instance, Duration warmup, Instant now) {
  return instance.lifecycle_state == LifecycleState::InService && instance.in_service_since &&
         now >= *instance.in_service_since + warmup;
}

}  // namespace tidegate::groups
