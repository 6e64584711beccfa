#include "edge/api/elbv2/handlers.h"

#include <algorithm>
#include <functional>

#include "edge/api/calls/pages.h"

namespace tidegate::api::elbv2 {
namespace {

constexpr std::int64_t kPageSize = 400;  // PageSize at most, and what no PageSize means

using Names = std::optional<std::vector<std::string>>;

Error invalid(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

Error not_found(std::string code, std::string message) {
  return Error{ErrorCode::NotFound, std::move(code), std::move(message)};
}

bool given(const Names& names) {
  return names.has_value() && !names->empty();
}

bool holds(const Names& names, const std::string& value) {
  return given(names) && std::find(names->begin(), names->end(), value) != names->end();
}

/// The first of `names` that nothing in `known` has.
std::optional<std::string> first_unknown(const Names& names,
                                         const std::vector<std::string>& known) {
  for (const std::string& name : names.value_or(std::vector<std::string>{})) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return name;
    }
  }
  return std::nullopt;
}

Result<DescribeLoadBalancersOutput> describe_load_balancers(
    const Context& context, const DescribeLoadBalancersInput& request) {
  if (given(request.load_balancer_arns) && given(request.names)) {
    return invalid("Load balancer ARNs and names cannot both be specified");
  }
  const bool all_wanted = !given(request.load_balancer_arns) && !given(request.names);
  std::vector<LoadBalancer> all;
  std::vector<std::string> names, arns;
  for (const auto& [arn, load_balancer] : context.model.load_balancers) {
    names.push_back(load_balancer.name);
    arns.push_back(arn.value);
    if (all_wanted || holds(request.load_balancer_arns, arn.value) ||
        holds(request.names, load_balancer.name)) {
      all.push_back(load_balancer_answer(load_balancer));
    }
  }
  if (const auto unknown = first_unknown(request.names, names)) {
    return not_found("LoadBalancerNotFound", "Load balancers '[" + *unknown + "]' not found");
  }
  if (const auto unknown = first_unknown(request.load_balancer_arns, arns)) {
    return not_found("LoadBalancerNotFound", "Load balancer '" + *unknown + "' not found");
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const LoadBalancer& item) { return *item.load_balancer_arn; },
                          request.marker,
                          request.page_size.value_or(kPageSize),
                          "ValidationError"));
  return DescribeLoadBalancersOutput{std::move(page.items), page.next_token};
}

Result<DescribeListenersOutput> describe_listeners(const Context& context,
                                                   const DescribeListenersInput& request) {
  const bool by_arn = given(request.listener_arns);
  if (by_arn == request.load_balancer_arn.has_value()) {
    return invalid("You must specify either listener ARNs or a load balancer ARN");
  }
  const std::string owner = request.load_balancer_arn.value_or("");
  if (!by_arn && !context.model.load_balancers.contains(balancing::LoadBalancerArn{owner})) {
    return not_found("LoadBalancerNotFound", "Load balancer '" + owner + "' not found");
  }
  std::vector<Listener> all;
  std::vector<std::string> arns;
  for (const auto& [arn, listener] : context.model.listeners) {
    arns.push_back(arn.value);
    if (by_arn ? holds(request.listener_arns, arn.value) : listener.load_balancer.value == owner) {
      all.push_back(listener_answer(listener));
    }
  }
  if (first_unknown(request.listener_arns, arns).has_value()) {
    return not_found("ListenerNotFound", "One or more listeners not found");
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Listener& item) { return *item.listener_arn; },
                          request.marker,
                          request.page_size.value_or(kPageSize),
                          "ValidationError"));
  return DescribeListenersOutput{std::move(page.items), page.next_token};
}

/// A listener's rules by priority, the default one last.
std::vector<Rule> rules_of(const engine::Model& model, const balancing::Listener& listener) {
  std::vector<const balancing::Rule*> rules;
  for (const auto& [arn, rule] : model.rules) {
    if (rule.listener == listener.arn) {
      rules.push_back(&rule);
    }
  }
  std::sort(rules.begin(), rules.end(), [](const auto* a, const auto* b) {
    return a->priority < b->priority;
  });
  std::vector<Rule> answers;
  for (const balancing::Rule* rule : rules) {
    answers.push_back(rule_answer(*rule));
  }
  answers.push_back(default_rule_answer(listener));
  return answers;
}

Result<DescribeRulesOutput> describe_rules(const Context& context,
                                           const DescribeRulesInput& request) {
  const bool by_arn = given(request.rule_arns);
  if (by_arn == request.listener_arn.has_value()) {
    return invalid("You must specify either listener rule ARNs or a listener ARN");
  }
  std::vector<Rule> all;
  std::vector<std::string> arns;
  bool listener_found = by_arn;
  for (const auto& [arn, listener] : context.model.listeners) {
    if (!by_arn && arn.value != *request.listener_arn) {
      continue;
    }
    listener_found = true;
    for (Rule& rule : rules_of(context.model, listener)) {
      arns.push_back(*rule.rule_arn);
      if (!by_arn || holds(request.rule_arns, *rule.rule_arn)) {
        all.push_back(std::move(rule));
      }
    }
  }
  if (!listener_found) {
    return not_found("ListenerNotFound", "One or more listeners not found");
  }
  if (first_unknown(request.rule_arns, arns).has_value()) {
    return not_found("RuleNotFound", "One or more rules not found");
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Rule& rule) { return *rule.rule_arn; },
                          request.marker,
                          request.page_size.value_or(kPageSize),
                          "ValidationError"));
  return DescribeRulesOutput{std::move(page.items), page.next_token};
}

bool wants_target_group(const DescribeTargetGroupsInput& request,
                        const engine::Model& model,
                        const balancing::TargetGroup& group) {
  if (request.load_balancer_arn.has_value()) {
    const auto users = engine::load_balancers_of(model, group.arn);
    return std::any_of(users.begin(), users.end(), [&](const balancing::LoadBalancerArn& arn) {
      return arn.value == *request.load_balancer_arn;
    });
  }
  return (!given(request.target_group_arns) && !given(request.names)) ||
         holds(request.target_group_arns, group.arn.value) || holds(request.names, group.name);
}

Result<DescribeTargetGroupsOutput> describe_target_groups(
    const Context& context, const DescribeTargetGroupsInput& request) {
  const int ways = static_cast<int>(request.load_balancer_arn.has_value()) +
                   static_cast<int>(given(request.target_group_arns)) +
                   static_cast<int>(given(request.names));
  if (ways > 1) {
    return invalid("Only one of load balancer ARN, target group ARNs and names can be specified");
  }
  const balancing::LoadBalancerArn owner{request.load_balancer_arn.value_or("")};
  if (request.load_balancer_arn.has_value() && !context.model.load_balancers.contains(owner)) {
    return not_found("LoadBalancerNotFound", "Load balancer '" + owner.value + "' not found");
  }
  std::vector<TargetGroup> all;
  std::vector<std::string> names, arns;
  for (const auto& [arn, group] : context.model.target_groups) {
    names.push_back(group.target_group.name);
    arns.push_back(arn.value);
    if (wants_target_group(request, context.model, group.target_group)) {
      all.push_back(target_group_answer(context.model, group.target_group));
    }
  }
  if (first_unknown(request.names, names).has_value() ||
      first_unknown(request.target_group_arns, arns).has_value()) {
    return not_found("TargetGroupNotFound", "One or more target groups not found");
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const TargetGroup& item) { return *item.target_group_arn; },
                          request.marker,
                          request.page_size.value_or(kPageSize),
                          "ValidationError"));
  return DescribeTargetGroupsOutput{std::move(page.items), page.next_token};
}

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

std::vector<Entry> entries() {
  return {
      reads<DescribeLoadBalancersOperation>({"LoadBalancerArns", "Names", "Marker", "PageSize"},
                                            &describe_load_balancers),
      reads<DescribeListenersOperation>({"LoadBalancerArn", "ListenerArns", "Marker", "PageSize"},
                                        &describe_listeners),
      reads<DescribeRulesOperation>({"ListenerArn", "RuleArns", "Marker", "PageSize"},
                                    &describe_rules),
      reads<DescribeTargetGroupsOperation>(
          {"LoadBalancerArn", "TargetGroupArns", "Names", "Marker", "PageSize"},
          &describe_target_groups),
      reads<DescribeTargetHealthOperation>({"TargetGroupArn", "Targets"}, &describe_target_health),
      writes<RegisterTargetsOperation>({"TargetGroupArn", "Targets"}, &register_targets),
      writes<DeregisterTargetsOperation>({"TargetGroupArn", "Targets"}, &deregister_targets),
  };
}

}  // namespace tidegate::api::elbv2
