#include <string>

#include "base/text.h"
#include "edge/api/autoscaling/asking.h"
#include "edge/api/autoscaling/handlers.h"

namespace tidegate::api::autoscaling {
namespace {

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

LaunchTemplateSpecification specification(const groups::LaunchTemplateSpecification& given) {
  LaunchTemplateSpecification answer;
  answer.launch_template_id = given.id.value;
  answer.launch_template_name = given.name;
  answer.version = given.version;
  return answer;
}

Instance instance_answer(const groups::Instance& given) {
  Instance answer;
  answer.instance_id = given.id.value;
  answer.instance_type = given.instance_type;
  answer.availability_zone = given.zone;
  answer.lifecycle_state = std::string{to_string(given.lifecycle_state)};
  answer.health_status = std::string{to_string(given.health_status)};
  answer.launch_template = specification(given.launch_template);
  answer.protected_from_scale_in = given.protected_from_scale_in;
  return answer;
}

/// What every group has, because we build nothing else.
void add_constants(AutoScalingGroup& answer, const engine::Model& model) {
  answer.load_balancer_names.emplace();
  answer.enabled_metrics.emplace();
  answer.service_linked_role_arn =
      "arn:aws:iam::" + model.account_id +
      ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  answer.availability_zone_distribution.emplace().capacity_distribution_strategy =
      "balanced-best-effort";
}

}  // namespace

AutoScalingGroup group_answer(const engine::Model& model, const engine::GroupModel& given) {
  const groups::AutoScalingGroup& group = given.group;
  AutoScalingGroup answer;
  answer.auto_scaling_group_name = group.name.value;
  answer.auto_scaling_group_arn = group.arn;
  answer.launch_template = specification(group.launch_template);
  answer.min_size = group.min_size;
  answer.max_size = group.max_size;
  answer.desired_capacity = group.desired_capacity;
  answer.default_cooldown = whole_seconds(group.default_cooldown);
  answer.availability_zones = group.zones;
  answer.health_check_type = std::string{to_string(group.health_check_type)};
  answer.health_check_grace_period = whole_seconds(group.health_check_grace_period);
  answer.created_time = group.created;
  answer.vpc_zone_identifier = join(group.subnets, ",");
  answer.tags = tags_of(group);
  auto& suspended = answer.suspended_processes.emplace();
  for (const auto& [process, reason] : group.suspended) {
    suspended.push_back({process, reason});
  }
  answer.termination_policies = group.termination_policies;
  answer.new_instances_protected_from_scale_in = group.new_instances_protected_from_scale_in;
  if (group.deleting) {
    answer.status = "Delete in progress";
  }
  if (group.default_instance_warmup.has_value()) {
    answer.default_instance_warmup = whole_seconds(*group.default_instance_warmup);
  }
  auto& arns = answer.target_group_arns.emplace();
  auto& sources = answer.traffic_sources.emplace();
  for (const auto& arn : group.target_groups) {
    arns.push_back(arn.value);
    TrafficSourceIdentifier& source = sources.emplace_back();
    source.identifier = arn.value;
    source.type = "elbv2";
  }
  auto& instances = answer.instances.emplace();
  for (const auto& [id, instance] : given.instances) {
    instances.push_back(instance_answer(instance));
  }
  add_constants(answer, model);
  return answer;
}

Activity activity_answer(const engine::Model& model, const groups::Activity& given) {
  Activity answer;
  answer.activity_id = given.id.value;
  answer.auto_scaling_group_name = given.group.value;
  answer.description = given.description;
  answer.cause = given.cause;
  answer.start_time = given.start;
  answer.end_time = given.end;
  answer.status_code = std::string{to_string(given.status)};
  if (!given.status_message.empty()) {
    answer.status_message = given.status_message;
  }
  answer.progress = given.progress;
  answer.details = given.details;
  const auto group = model.groups.find(given.group);
  if (group != model.groups.end()) {
    answer.auto_scaling_group_arn = group->second.group.arn;
  }
  return answer;
}

Activity past_activity_answer(const engine::Model& model, const groups::PastActivity& past) {
  Activity answer = activity_answer(model, past.activity);
  answer.auto_scaling_group_arn = past.group_arn;  // not that of a new group of its name
  answer.auto_scaling_group_state = "Deleted";
  return answer;
}

ScalingPolicy policy_answer(const engine::Model& model,
                            const scaling::TargetTrackingPolicy& policy) {
  ScalingPolicy answer;
  answer.auto_scaling_group_name = policy.group_name;
  answer.policy_name = policy.name.value;
  answer.policy_arn = policy.arn;
  answer.policy_type = "TargetTrackingScaling";
  answer.step_adjustments.emplace();
  answer.enabled = policy.enabled;
  if (policy.estimated_instance_warmup.has_value()) {
    answer.estimated_instance_warmup = whole_seconds(*policy.estimated_instance_warmup);
  }
  auto& alarms = answer.alarms.emplace();
  for (const alarms::AlarmName& name : {policy.high_alarm, policy.low_alarm}) {
    const auto found = model.alarms.find(name);
    if (found != model.alarms.end()) {
      Alarm& alarm = alarms.emplace_back();
      alarm.alarm_name = name.value;
      alarm.alarm_arn = found->second.arn;
    }
  }
  TargetTrackingConfiguration& tracking = answer.target_tracking_configuration.emplace();
  PredefinedMetricSpecification& metric = tracking.predefined_metric_specification.emplace();
  metric.predefined_metric_type = std::string{to_string(policy.metric)};
  if (!policy.resource_label.empty()) {
    metric.resource_label = policy.resource_label;
  }
  tracking.target_value = policy.target_value;
  tracking.disable_scale_in = policy.disable_scale_in;
  return answer;
}

}  // namespace tidegate::api::autoscaling
