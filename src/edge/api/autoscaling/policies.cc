// Scaling policies: target tracking.
#include <algorithm>

#include "edge/api/autoscaling/asking.h"
#include "edge/api/autoscaling/handlers.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kDefaultPolicies = 50;

Result<PoliciesType> describe_policies(const Context& context,
                                       const DescribePoliciesType& request) {
  const auto& group = request.auto_scaling_group_name;
  if (group.has_value()) {
    TG_RETURN_IF_ERROR(check_group(context.model, *group));
  }
  std::vector<ScalingPolicy> all;
  for (const auto& [key, policy] : context.model.policies) {
    const bool named = names(request.policy_names, policy.policy.name.value) ||
                       holds(request.policy_names, policy.policy.arn);
    if (named && names(request.policy_types, "TargetTrackingScaling") &&
        group.value_or(policy.policy.group_name) == policy.policy.group_name) {
      all.push_back(policy_answer(context.model, policy.policy));
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_records, kDefaultPolicies));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const ScalingPolicy& policy) { return *policy.policy_arn; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return PoliciesType{std::move(page.items), page.next_token};
}

/// Only target tracking is built; the other types are refused by what they are.
Status check_type(const PutScalingPolicyType& request) {
  const std::string type = request.policy_type.value_or("SimpleScaling");
  if (type == "TargetTrackingScaling") {
    return Ok{};
  }
  if (type == "SimpleScaling" || type == "StepScaling" || type == "PredictiveScaling") {
    return validation("PolicyType " + type +
                      " is not built; what works: TargetTrackingScaling with a "
                      "TargetTrackingConfiguration");
  }
  return validation("Invalid PolicyType: " + type + ". Valid is TargetTrackingScaling");
}

Status take_metric(const TargetTrackingConfiguration& configuration,
                   scaling::TargetTrackingPolicy& policy) {
  if (configuration.customized_metric_specification ||
      !configuration.predefined_metric_specification) {
    return validation(
        "TargetTrackingConfiguration must have a PredefinedMetricSpecification; "
        "CustomizedMetricSpecification is not built");
  }
  const auto& metric = *configuration.predefined_metric_specification;
  const auto known = scaling::parse_predefined_metric(*metric.predefined_metric_type);
  if (!known) {
    return validation("PredefinedMetricType " + *metric.predefined_metric_type +
                      " is not known; valid: ASGAverageCPUUtilization, ASGAverageNetworkIn, "
                      "ASGAverageNetworkOut, ALBRequestCountPerTarget");
  }
  policy.metric = *known;
  policy.resource_label = metric.resource_label.value_or("");
  policy.target_value = *configuration.target_value;
  policy.disable_scale_in = configuration.disable_scale_in.value_or(false);
  return Ok{};
}

Result<Write<PutScalingPolicyOperation>> put_policy(const Context& /*context*/,
                                                    const PutScalingPolicyType& request) {
  TG_RETURN_IF_ERROR(check_type(request));
  if (!request.target_tracking_configuration) {
    return validation("TargetTrackingConfiguration is required for TargetTrackingScaling");
  }
  if (request.cooldown.value_or(0) != 0) {  // Terraform sends the 0 of a policy that has none
    return validation("Cooldown is not supported for policy type TargetTrackingScaling");
  }
  engine::PutScalingPolicy command;
  scaling::TargetTrackingPolicy& policy = command.policy;
  policy.name.value = *request.policy_name;
  policy.group_name = *request.auto_scaling_group_name;
  policy.enabled = request.enabled.value_or(true);
  policy.estimated_instance_warmup = seconds_of_member(request.estimated_instance_warmup);
  if (policy.estimated_instance_warmup && *policy.estimated_instance_warmup < Duration::zero()) {
    return validation("EstimatedInstanceWarmup must be 0 or more seconds");
  }
  TG_RETURN_IF_ERROR(take_metric(*request.target_tracking_configuration, policy));
  return Write<PutScalingPolicyOperation>{
      engine::FleetCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<PolicyARNType> {
        PolicyARNType answer;
        if (const auto* made = std::get_if<engine::PolicyAnswer>(&outcome)) {
          answer.policy_arn = made->policy.arn;
          auto& alarms = answer.alarms.emplace();
          for (const auto& [name, arn] : made->alarms) {
            alarms.push_back({name, arn});
          }
        }
        return answer;
      }};
}

Result<Write<DeletePolicyOperation>> delete_policy(const Context& /*context*/,
                                                   const DeletePolicyType& request) {
  return write_without_answer<DeletePolicyOperation>(engine::FleetCommand{engine::DeletePolicy{
      groups::GroupName{request.auto_scaling_group_name.value_or("")}, *request.policy_name}});
}

}  // namespace

std::vector<Entry> policy_entries() {
  return {
      reads<DescribePoliciesOperation>(
          {"AutoScalingGroupName", "PolicyNames", "PolicyTypes", "NextToken", "MaxRecords"},
          &describe_policies),
      // The members of other policy types are read to be refused with the type.
      writes<PutScalingPolicyOperation>({"AutoScalingGroupName",
                                         "PolicyName",
                                         "PolicyType",
                                         "Cooldown",
                                         "EstimatedInstanceWarmup",
                                         "TargetTrackingConfiguration",
                                         "Enabled"},
                                        &put_policy),
      writes<DeletePolicyOperation>({"AutoScalingGroupName", "PolicyName"}, &delete_policy),
  };
}

}  // namespace tidegate::api::autoscaling
