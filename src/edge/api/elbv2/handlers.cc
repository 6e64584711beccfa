#include "edge/api/elbv2/handlers.h"

#include <algorithm>
#include <functional>

#include "edge/api/calls/pages.h"
#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

Result<DescribeLoadBalancersOutput> describe_load_balancers(
    const Context& context, const DescribeLoadBalancersInput& request) {
  if (given(request.load_balancer_arns) && given(request.names)) {
    return invalid("Load balancer ARNs and names cannot both be specified");
  }
  const bool all_wanted = !given(request.load_balancer_arns) && !given(request.names);
  const Network network = network_of(context.model);
  std::vector<LoadBalancer> all;
  std::vector<std::string> names, arns;
  for (const auto& [arn, load_balancer] : context.model.load_balancers) {
    names.push_back(load_balancer.name);
    arns.push_back(arn.value);
    if (all_wanted || holds(request.load_balancer_arns, arn.value) ||
        holds(request.names, load_balancer.name)) {
      all.push_back(load_balancer_answer(network, load_balancer));
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
  const Network network = network_of(context.model);
  std::vector<TargetGroup> all;
  std::vector<std::string> names, arns;
  for (const auto& [arn, group] : context.model.target_groups) {
    names.push_back(group.target_group.name);
    arns.push_back(arn.value);
    if (wants_target_group(request, context.model, group.target_group)) {
      all.push_back(target_group_answer(
          network, group.target_group, engine::load_balancers_of(context.model, arn)));
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

}  // namespace

std::vector<Entry> entries() {
  std::vector<Entry> all{
      reads<DescribeLoadBalancersOperation>({"LoadBalancerArns", "Names", "Marker", "PageSize"},
                                            &describe_load_balancers),
      reads<DescribeListenersOperation>({"LoadBalancerArn", "ListenerArns", "Marker", "PageSize"},
                                        &describe_listeners),
      reads<DescribeRulesOperation>({"ListenerArn", "RuleArns", "Marker", "PageSize"},
                                    &describe_rules),
      reads<DescribeTargetGroupsOperation>(
          {"LoadBalancerArn", "TargetGroupArns", "Names", "Marker", "PageSize"},
          &describe_target_groups),
  };
  for (auto& some : {load_balancer_entries(),
                     target_group_entries(),
                     target_entries(),
                     listener_entries(),
                     rule_entries(),
                     tag_entries()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace tidegate::api::elbv2
