// The descriptions of what core/groups has, as fields.h says. Only codec.cc includes this.
#pragma once

#include "engine/journal/fields.h"

namespace tidegate::engine {

template <typename Visitor, Describes<groups::LaunchTemplateVersion> T>
void describe(Visitor& v, T& x) {
  v("Number", x.number), v("ImageId", x.image_id), v("InstanceType", x.instance_type),
      v("UserData", x.user_data);
  v("IamInstanceProfile", x.iam_instance_profile), v("SecurityGroups", x.security_groups),
      v("Created", x.created);
  v("InstanceTags", x.instance_tags), v("Description", x.description),
      v("ClientToken", x.client_token), v("HostFacts", x.host_facts);
}
template <typename Visitor, Describes<groups::LaunchTemplate> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Name", x.name), v("DefaultVersion", x.default_version),
      v("Versions", x.versions);
  v("NumbersUsed", x.numbers_used), v("Tags", x.tags), v("ClientToken", x.client_token);
  v("Created", x.created);
}
template <typename Visitor, Describes<groups::LaunchTemplateSpecification> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Name", x.name), v("Version", x.version);
}
template <typename Visitor, Describes<groups::Liveness> T>
void describe(Visitor& v, T& x) {
  v("Path", x.path), v("Interval", x.interval), v("Timeout", x.timeout);
  v("UnhealthyThreshold", x.unhealthy_threshold);
}
template <typename Visitor, Describes<groups::AutoScalingGroup> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Arn", x.arn), v("MinSize", x.min_size), v("MaxSize", x.max_size);
  v("DesiredCapacity", x.desired_capacity), v("LaunchTemplate", x.launch_template),
      v("Zones", x.zones);
  v("Subnets", x.subnets), v("TargetGroups", x.target_groups),
      v("HealthCheckType", x.health_check_type);
  v("HealthCheckGracePeriod", x.health_check_grace_period),
      v("DefaultCooldown", x.default_cooldown);
  v("DefaultInstanceWarmup", x.default_instance_warmup);
  v("NewInstancesProtected", x.new_instances_protected_from_scale_in);
  v("TerminationPolicies", x.termination_policies), v("Tags", x.tags), v("Timing", x.timing);
  v("LaunchTimeout", x.launch_timeout), v("StopTimeout", x.stop_timeout),
      v("DrainSignal", x.drain_signal);
  v("Liveness", x.liveness), v("Created", x.created), v("Deleting", x.deleting);
  v("CapacityCause", x.capacity_cause), v("LaunchFailures", x.launch_failures);
  v("CapacityChanged", x.capacity_changed);
  v("TagsNotPropagated", x.tags_not_propagated), v("Suspended", x.suspended);
}
template <typename Visitor, Describes<groups::Instance> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Group", x.group), v("Zone", x.zone), v("ImageId", x.image_id),
      v("InstanceType", x.instance_type);
  v("LaunchTemplate", x.launch_template), v("LifecycleState", x.lifecycle_state),
      v("HealthStatus", x.health_status);
  v("HealthReason", x.health_reason), v("Protected", x.protected_from_scale_in),
      v("Launched", x.launched);
  v("InServiceSince", x.in_service_since), v("Stage", x.stage),
      v("TerminationReason", x.termination_reason);
  v("StageSince", x.stage_since), v("Undrained", x.undrained), v("Address", x.address),
      v("Port", x.port);
  v("LaunchActivity", x.launch_activity), v("TerminationActivity", x.termination_activity),
      v("Replaces", x.replaces);
  v("UnhealthyByRequest", x.unhealthy_by_request), v("Joined", x.joined);
  v("KeptFromLoadBalancers", x.kept_from_load_balancers), v("Tags", x.tags);
}
template <typename Visitor, Describes<groups::StandaloneInstance> T>
void describe(Visitor& v, T& x) {
  v("Instance", x.instance), v("MadeFrom", x.made_from), v("Reservation", x.reservation);
  v("LaunchIndex", x.launch_index), v("ClientToken", x.client_token);
  v("Terminated", x.terminated), v("EndReason", x.end_reason);
}
template <typename Visitor, Describes<groups::Activity> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Group", x.group), v("Instance", x.instance), v("Description", x.description),
      v("Cause", x.cause);
  v("Start", x.start), v("End", x.end), v("Status", x.status), v("StatusMessage", x.status_message);
  v("Progress", x.progress), v("Details", x.details);
}
template <typename Visitor, Describes<groups::PastActivity> T>
void describe(Visitor& v, T& x) {
  v("Activity", x.activity), v("GroupArn", x.group_arn), v("GroupDeleted", x.group_deleted);
}

}  // namespace tidegate::engine
