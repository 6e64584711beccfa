// Commands on scaling policies: target tracking.
#include <algorithm>

#include "base/text.h"
#include "engine/commands/execution.h"
#include "engine/resources.h"

namespace tidegate::engine {
namespace {

constexpr std::size_t kMaxPolicies = 50;  // AWS quota, per group
constexpr double kMaxCpu = 100;           // percent: a higher target can never be reached

/// "app/<name>/<id>/targetgroup/<name>/<id>", of things that exist.
bool names_what_exists(const EngineState& state, const std::string& label) {
  const std::vector<std::string> parts = split(label, '/');
  if (parts.size() != 6 || parts[0] != "app" || parts[3] != "targetgroup") {
    return false;
  }
  const std::string head = "arn:aws:elasticloadbalancing:" + state.settings.region + ":" +
                           state.settings.account_id + ":";
  const balancing::LoadBalancerArn balancer{head + "loadbalancer/app/" + parts[1] + "/" + parts[2]};
  const balancing::TargetGroupArn group{head + "targetgroup/" + parts[4] + "/" + parts[5]};
  return state.model.load_balancers.contains(balancer) && state.model.target_groups.contains(group);
}

Status check_policy(const EngineState& state, const scaling::TargetTrackingPolicy& policy) {
  const bool by_requests = policy.metric == scaling::PredefinedMetric::AlbRequestCountPerTarget;
  const bool cpu = policy.metric == scaling::PredefinedMetric::AsgAverageCpuUtilization;
  if (policy.target_value <= 0) {
    return validation("TargetValue " + format_double(policy.target_value) + " must be above 0.");
  }
  if (cpu && policy.target_value > kMaxCpu) {
    return validation("TargetValue " + format_double(policy.target_value) +
                      " percent of CPU can never be reached; at most 100.");
  }
  if (by_requests && !names_what_exists(state, policy.resource_label)) {
    return validation("ResourceLabel '" + policy.resource_label +
                      "' must name a load balancer and a target group that exist: "
                      "app/<load-balancer-name>/<id>/targetgroup/<target-group-name>/<id>.");
  }
  if (!by_requests && !policy.resource_label.empty()) {
    return validation("ResourceLabel is for ALBRequestCountPerTarget only.");
  }
  return Ok{};
}

/// Against the group's other policies.
Status check_others(const Model& model, const scaling::TargetTrackingPolicy& policy) {
  std::size_t count = 0;
  for (const auto& [key, other] : model.policies) {
    if (other.policy.group_name != policy.group_name || other.policy.name == policy.name) {
      continue;
    }
    ++count;
    if (other.policy.metric == policy.metric &&
        other.policy.resource_label == policy.resource_label) {
      return validation(
          "Only one TargetTrackingScaling policy for a given metric specification is allowed: " +
          other.policy.name.value + " tracks " + std::string{to_string(policy.metric)} +
          " already.");
    }
  }
  if (count >= kMaxPolicies) {
    return Error{ErrorCode::ResourceExhausted,
                 "LimitExceeded",
                 "The group '" + policy.group_name + "' can have at most " +
                     std::to_string(kMaxPolicies) + " scaling policies."};
  }
  return Ok{};
}

PolicyAnswer answer_of(const Model& model, const scaling::TargetTrackingPolicy& policy) {
  PolicyAnswer answer{policy, {}};
  for (const alarms::AlarmName& name : {policy.high_alarm, policy.low_alarm}) {
    const auto found = model.alarms.find(name);
    if (found != model.alarms.end()) {
      answer.alarms.emplace_back(name.value, found->second.arn);
    }
  }
  return answer;
}

/// Absent when there is none: deletes are idempotent.
std::optional<std::string> arn_of(const Model& model, const DeletePolicy& command) {
  for (const auto& [key, policy] : model.policies) {
    const auto& value = policy.policy;
    const bool of_group = command.group.empty() || value.group_name == command.group.value;
    if (of_group && (value.arn == command.policy ||
                     (!command.group.empty() && value.name.value == command.policy))) {
      return value.arn;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Answer> run(const Execution& on, const PutScalingPolicy& command) {
  EngineState& state = on.state;
  scaling::TargetTrackingPolicy policy = command.policy;
  TG_ASSIGN_OR_RETURN(const GroupModel* const group,
                      find_group(state.model, groups::GroupName{policy.group_name}));
  TG_RETURN_IF_ERROR(check_policy(state, policy));
  TG_RETURN_IF_ERROR(check_others(state.model, policy));
  const auto old = state.model.policies.find(policy_key(policy));
  const bool is_new = old == state.model.policies.end();
  policy.timing = is_new ? scaling::timing_of(group->group.timing) : old->second.policy.timing;
  policy.arn = is_new ? "arn:aws:autoscaling:" + state.settings.region + ":" +
                            state.settings.account_id + ":scalingPolicy:" + state.ids.uuid() +
                            ":autoScalingGroupName/" + policy.group_name + ":policyName/" +
                            policy.name.value
                      : old->second.policy.arn;
  stacks::PlannedResource planned;
  planned.properties = policy;
  if (is_new) {
    TG_RETURN_IF_ERROR(create_resource(state, stacks::Stack{}, planned, on.now));
  } else {
    TG_RETURN_IF_ERROR(
        modify_resource(state, {stacks::ResourceChange::Kind::Modify, planned, {}}, on.now));
  }
  return Answer{answer_of(state.model, state.model.policies.at(policy_key(policy)).policy)};
}

Result<Answer> run(const Execution& on, const DeletePolicy& command) {
  if (!command.group.empty()) {
    TG_RETURN_IF_ERROR(find_group(on.state.model, command.group));
  } else if (!command.policy.starts_with("arn:")) {
    return validation("AutoScalingGroupName is required where PolicyName is no ARN.");
  }
  if (const auto arn = arn_of(on.state.model, command)) {
    delete_resource(
        on.state, "AWS::AutoScaling::ScalingPolicy", *arn, DeleteStack::Haste::Drain, on.now);
  }
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
