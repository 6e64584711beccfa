// What elbv2's calls change: load balancers, target groups, listeners and rules that no stack need
// own. Values arrive checked for themselves (edge); what only the model knows is checked here. See
// engine/commands.h for who posts them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/balancing/attributes.h"
#include "core/balancing/load_balancer.h"

namespace tidegate::engine {

/// `wanted` has no ARN, address or zones: they are made. The same again answers what exists.
struct CreateLoadBalancer {
  balancing::LoadBalancer wanted;
};
struct ChangeLoadBalancer {
  balancing::LoadBalancerArn arn;
  balancing::Attributes attributes;
  std::optional<std::vector<std::string>> subnets;
  std::optional<std::vector<std::string>> security_groups;
};
struct DeleteLoadBalancer {  // with its listeners and their rules; unknown ones succeed, as in AWS
  balancing::LoadBalancerArn arn;
};
struct CreateTargetGroup {
  balancing::TargetGroup wanted;
};
struct ChangeTargetGroup {
  balancing::TargetGroupArn arn;
  std::optional<balancing::HealthCheck> health_check;
  balancing::Attributes attributes;
};
struct DeleteTargetGroup {  // unknown ones succeed, as in AWS
  balancing::TargetGroupArn arn;
};
struct CreateListener {
  balancing::Listener wanted;
};
struct ChangeListener {
  balancing::ListenerArn arn;
  std::optional<std::uint16_t> port;
  std::optional<balancing::ForwardAction> action;
};
struct DeleteListener {
  balancing::ListenerArn arn;
};
struct CreateRule {
  balancing::Rule wanted;
};
struct ChangeRule {
  balancing::RuleArn arn;
  std::optional<std::vector<balancing::RuleCondition>> conditions;
  std::optional<balancing::ForwardAction> action;
};
struct DeleteRule {
  balancing::RuleArn arn;
};
struct SetRulePriorities {
  std::vector<std::pair<balancing::RuleArn, std::int32_t>> priorities;
};
struct ChangeTags {
  std::vector<std::string> arns;  // of any of the four kinds
  balancing::Tags added;
  std::vector<std::string> removed;
};

using BalancerCommand = std::variant<CreateLoadBalancer,
                                     ChangeLoadBalancer,
                                     DeleteLoadBalancer,
                                     CreateTargetGroup,
                                     ChangeTargetGroup,
                                     DeleteTargetGroup,
                                     CreateListener,
                                     ChangeListener,
                                     DeleteListener,
                                     CreateRule,
                                     ChangeRule,
                                     DeleteRule,
                                     SetRulePriorities,
                                     ChangeTags>;

/// What was made or changed, as it is now.
using BalancerAnswer = std::variant<balancing::LoadBalancer,
                                    balancing::TargetGroup,
                                    balancing::Listener,
                                    std::vector<balancing::Rule>>;

// Quotas of AWS for one account and region.
inline constexpr std::size_t kMaxLoadBalancers = 50;
inline constexpr std::size_t kMaxTargetGroups = 3000;
inline constexpr std::size_t kMaxListeners = 50;  // of one load balancer
inline constexpr std::size_t kMaxRules = 100;     // of one load balancer, without default ones
inline constexpr std::size_t kMaxTargetsOfGroup = 1000;
inline constexpr std::size_t kMaxTargetGroupsOfBalancer = 100;
inline constexpr std::size_t kMaxTags = 50;  // of one thing

}  // namespace tidegate::engine
