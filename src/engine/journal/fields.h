// One description per stored type: describe(visitor, value) names every member once; a writer and a
// reader visit it. Only codec.cc includes this.
#pragma once

#include "engine/journal/stack_fields.h"
#include "engine/model.h"
#include "ports/notifier.h"

namespace tidegate::engine {

template <typename Visitor, Describes<balancing::LoadBalancer> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("Name", x.name), v("DnsName", x.dns_name), v("Scheme", x.scheme),
      v("Zones", x.zones);
  v("Subnets", x.subnets), v("SecurityGroups", x.security_groups), v("IdleTimeout", x.idle_timeout);
  v("ListenAddress", x.listen_address), v("PublicName", x.public_name),
      v("StrictPort", x.strict_port);
  v("Address", x.address), v("Created", x.created);
  v("DeletionProtection", x.deletion_protection), v("Tags", x.tags);
}
template <typename Visitor, Describes<balancing::ForwardAction> T>
void describe(Visitor& v, T& x) {
  v("TargetGroup", x.target_group);
}
template <typename Visitor, Describes<balancing::Listener> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("LoadBalancer", x.load_balancer), v("Protocol", x.protocol), v("Port", x.port);
  v("BoundPort", x.bound_port), v("BindNote", x.bind_note), v("DefaultAction", x.default_action);
  v("Tags", x.tags);
}
template <typename Visitor, Describes<balancing::RuleCondition> T>
void describe(Visitor& v, T& x) {
  v("Field", x.field), v("Values", x.values);
}
template <typename Visitor, Describes<balancing::Rule> T>
void describe(Visitor& v, T& x) {
  v("Arn", x.arn), v("Listener", x.listener), v("Priority", x.priority),
      v("Conditions", x.conditions);
  v("Action", x.action), v("Tags", x.tags);
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
      v("Targets", x.targets), v("Stickiness", x.stickiness);
  v("Created", x.created), v("Tags", x.tags);
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
template <typename Visitor, Describes<ports::Receiver> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Command", x.command);
}
template <typename Visitor, Describes<ports::Notification> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Receiver", x.receiver), v("Subject", x.subject), v("Message", x.message);
}

}  // namespace tidegate::engine
