// One description per stored type: describe(visitor, value) names every member once; a writer and a
// reader visit it. Only codec.cc includes this.
#pragma once

#include "engine/journal/stack_fields.h"
#include "engine/model.h"
#include "ports/notifier.h"

namespace tidegate::engine {

template <typename Visitor, Describes<groups::LaunchTemplateVersion> T>
void describe(Visitor& v, T& x) {
  v("Number", x.number), v("ImageId", x.image_id), v("InstanceType", x.instance_type),
      v("UserData", x.user_data);
  v("IamInstanceProfile", x.iam_instance_profile), v("SecurityGroups", x.security_groups),
      v("Created", x.created);
}
template <typename Visitor, Describes<groups::LaunchTemplate> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Name", x.name), v("DefaultVersion", x.default_version),
      v("Versions", x.versions);
  v("Created", x.created);
}
template <typename Visitor, Describes<groups::LaunchTemplateSpecification> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Name", x.name), v("Version", x.version);
}
template <typename Visitor, Describes<balancing::LoadBalancer> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("Name", x.name), v("DnsName", x.dns_name), v("Scheme", x.scheme),
      v("Zones", x.zones);
  v("Subnets", x.subnets), v("SecurityGroups", x.security_groups), v("IdleTimeout", x.idle_timeout);
  v("ListenAddress", x.listen_address), v("PublicName", x.public_name),
      v("StrictPort", x.strict_port);
  v("Address", x.address), v("Created", x.created);
}
template <typename Visitor, Describes<balancing::ForwardAction> T>
void describe(Visitor& v, T& x) {
  v("TargetGroup", x.target_group);
}
template <typename Visitor, Describes<balancing::Listener> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("LoadBalancer", x.load_balancer), v("Protocol", x.protocol), v("Port", x.port);
  v("BoundPort", x.bound_port), v("BindNote", x.bind_note), v("DefaultAction", x.default_action);
}
template <typename Visitor, Describes<balancing::RuleCondition> T>
void describe(Visitor& v, T& x) {
  v("Field", x.field), v("Values", x.values);
}
template <typename Visitor, Describes<balancing::Rule> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("Listener", x.listener), v("Priority", x.priority),
      v("Conditions", x.conditions);
  v("Action", x.action);
}
template <typename Visitor, Describes<balancing::HealthCheck> T>
void describe(Visitor& v, T& x) {
  v("Enabled", x.enabled), v("Protocol", x.protocol), v("Path", x.path), v("Port", x.port);
  v("Interval", x.interval), v("Timeout", x.timeout), v("HealthyThreshold", x.healthy_threshold);
  v("UnhealthyThreshold", x.unhealthy_threshold), v("Matcher", x.matcher);
}
template <typename Visitor, Describes<balancing::Target> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Port", x.port), v("Address", x.address), v("Zone", x.zone),
      v("Registered", x.registered);
  v("Deregistered", x.deregistered);
}
template <typename Visitor, Describes<balancing::TargetGroup> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("Name", x.name), v("TargetType", x.target_type), v("Protocol", x.protocol),
      v("Port", x.port);
  v("HealthCheck", x.health_check), v("DeregistrationDelay", x.deregistration_delay),
      v("Targets", x.targets);
  v("Created", x.created);
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
}
template <typename Visitor, Describes<scaling::PolicyTiming> T>
void describe(Visitor& v, T& x) {
  v("Period", x.period), v("HighEvaluationPeriods", x.high_evaluation_periods);
  v("LowEvaluationPeriods", x.low_evaluation_periods), v("Slide", x.slide),
      v("VoteInterval", x.vote_interval);
  v("LowRatio", x.low_ratio);
}
template <typename Visitor, Describes<scaling::TargetTrackingPolicy> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Arn", x.arn), v("Group", x.group_name), v("Metric", x.metric);
  v("ResourceLabel", x.resource_label), v("TargetValue", x.target_value),
      v("DisableScaleIn", x.disable_scale_in);
  v("Enabled", x.enabled), v("EstimatedInstanceWarmup", x.estimated_instance_warmup),
      v("Timing", x.timing);
  v("HighAlarm", x.high_alarm), v("LowAlarm", x.low_alarm);
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
}
template <typename Visitor, Describes<groups::Activity> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Group", x.group), v("Instance", x.instance), v("Description", x.description),
      v("Cause", x.cause);
  v("Start", x.start), v("End", x.end), v("Status", x.status), v("StatusMessage", x.status_message);
  v("Progress", x.progress), v("Details", x.details);
}
template <typename Visitor, Describes<ports::Receiver> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Command", x.command);
}
template <typename Visitor, Describes<ports::Notification> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Receiver", x.receiver), v("Subject", x.subject), v("Message", x.message);
}

}  // namespace tidegate::engine
