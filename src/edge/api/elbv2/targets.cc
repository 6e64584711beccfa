// Targets of target groups: registered, deregistered, and how they are.
#include <algorithm>

#include "core/stacks/properties/attributes.h"
#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

Result<const engine::TargetGroupModel*> find_target_group(const Context& context,
                                                          const std::string& arn) {
  const auto found = context.model.target_groups.find(balancing::TargetGroupArn{arn});
  if (found == context.model.target_groups.end()) {
    return not_found("TargetGroupNotFound", "Target groups '" + arn + "' not found");
  }
  return &found->second;
}

bool is_target(const TargetDescription& asked, const balancing::Target& target) {
  return asked.id == target.id && asked.port.value_or(target.port) == target.port;
}

/// What is not registered must be something that could be. Error: InvalidTarget.
Status check_exists(const engine::Model& model,
                    const balancing::TargetGroup& group,
                    const std::string& id) {
  const groups::InstanceId instance{id};
  const bool exists =
      group.target_type == balancing::TargetType::Ip
          ? stacks::properties::is_ipv4(id)
          : model.standalone.contains(instance) ||
                std::any_of(model.groups.begin(), model.groups.end(), [&](const auto& entry) {
                  return entry.second.instances.contains(instance);
                });
  return exists ? Status{Ok{}} : refused("InvalidTarget", "Target '" + id + "' does not exist");
}

TargetHealthDescription not_registered(const TargetDescription& asked,
                                       const balancing::TargetGroup& group) {
  TargetHealthDescription answer;
  answer.target = asked;
  if (!asked.port.has_value()) {
    answer.target->port = group.port;
  }
  TargetHealth& health = answer.target_health.emplace();
  health.state = "unused";
  health.reason = "Target.NotRegistered";
  health.description = "Target is not registered to the target group";
  return answer;
}

Result<DescribeTargetHealthOutput> describe_target_health(
    const Context& context, const DescribeTargetHealthInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* group, find_target_group(context, *request.target_group_arn));
  DescribeTargetHealthOutput answer;
  auto& all = answer.target_health_descriptions.emplace();
  const auto& targets = group->target_group.targets;
  if (!request.targets.has_value() || request.targets->empty()) {
    for (const balancing::Target& target : targets) {
      all.push_back(health_answer(context.model, *group, target));
    }
    return answer;
  }
  for (const TargetDescription& asked : *request.targets) {
    const std::size_t before = all.size();
    for (const balancing::Target& target : targets) {
      if (is_target(asked, target)) {
        all.push_back(health_answer(context.model, *group, target));
      }
    }
    if (all.size() == before) {
      TG_RETURN_IF_ERROR(check_exists(context.model, group->target_group, *asked.id));
      all.push_back(not_registered(asked, group->target_group));
    }
  }
  return answer;
}

Result<std::vector<engine::TargetDescription>> targets_of(
    const std::vector<TargetDescription>& asked) {
  std::vector<engine::TargetDescription> targets;
  for (const TargetDescription& target : asked) {
    if (target.availability_zone.has_value() || target.quic_server_id.has_value()) {
      return invalid("Targets: what works: Id, Port");
    }
    targets.push_back({*target.id, static_cast<std::uint16_t>(target.port.value_or(0))});
  }
  if (targets.empty()) {
    return invalid("At least one target must be specified");
  }
  return targets;
}

Result<Write<RegisterTargetsOperation>> register_targets(const Context& context,
                                                         const RegisterTargetsInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* group, find_target_group(context, *request.target_group_arn));
  TG_ASSIGN_OR_RETURN(auto targets, targets_of(*request.targets));
  return write_without_answer<RegisterTargetsOperation>(
      engine::RegisterTargets{group->target_group.arn, std::move(targets)});
}

Result<Write<DeregisterTargetsOperation>> deregister_targets(
    const Context& context, const DeregisterTargetsInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* group, find_target_group(context, *request.target_group_arn));
  TG_ASSIGN_OR_RETURN(auto targets, targets_of(*request.targets));
  return write_without_answer<DeregisterTargetsOperation>(
      engine::DeregisterTargets{group->target_group.arn, std::move(targets)});
}

}  // namespace

std::vector<Entry> target_entries() {
  return {
      reads<DescribeTargetHealthOperation>({"TargetGroupArn", "Targets"}, &describe_target_health),
      writes<RegisterTargetsOperation>({"TargetGroupArn", "Targets"}, &register_targets),
      writes<DeregisterTargetsOperation>({"TargetGroupArn", "Targets"}, &deregister_targets),
  };
}

}  // namespace tidegate::api::elbv2
