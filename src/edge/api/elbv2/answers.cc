#include <cstdint>

#include "core/stacks/network.h"
#include "edge/api/elbv2/handlers.h"

namespace tidegate::api::elbv2 {
namespace {

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::vector<Action> forward_to(const balancing::ForwardAction& given) {
  Action action;
  action.type = "forward";
  action.target_group_arn = given.target_group.value;
  action.order = 1;
  ForwardActionConfig& config = action.forward_config.emplace();
  TargetGroupTuple& target = config.target_groups.emplace().emplace_back();
  target.target_group_arn = given.target_group.value;
  target.weight = 1;
  config.target_group_stickiness_config.emplace().enabled = false;
  return {action};
}

RuleCondition condition_answer(const balancing::RuleCondition& given) {
  RuleCondition answer;
  answer.values = given.values;
  switch (given.field) {
    case balancing::RuleCondition::Field::HostHeader:
      answer.field = "host-header";
      answer.host_header_config.emplace().values = given.values;
      break;
    case balancing::RuleCondition::Field::PathPattern:
      answer.field = "path-pattern";
      answer.path_pattern_config.emplace().values = given.values;
      break;
  }
  return answer;
}

/// 16 hexadecimal digits that stay the same for the same text (FNV-1a).
std::string stable_id(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  std::string digits(16, '0');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 0xF];
  }
  return digits;
}

void add_health_check(TargetGroup& answer, const balancing::HealthCheck& check) {
  answer.health_check_protocol = check.protocol;
  answer.health_check_port = check.port;
  answer.health_check_enabled = check.enabled;
  answer.health_check_interval_seconds = whole_seconds(check.interval);
  answer.health_check_timeout_seconds = whole_seconds(check.timeout);
  answer.healthy_threshold_count = check.healthy_threshold;
  answer.unhealthy_threshold_count = check.unhealthy_threshold;
  answer.health_check_path = check.path;
  answer.matcher.emplace().http_code = check.matcher;
}

/// The subnet through which the load balancer serves the zone: its own, or the default one.
std::optional<std::string> subnet_in(const Network& network,
                                     const balancing::LoadBalancer& given,
                                     const std::string& zone) {
  for (const std::string& subnet : given.subnets) {
    const auto known = network.subnet_zones.find(subnet);
    if (known != network.subnet_zones.end() && known->second == zone) {
      return subnet;
    }
  }
  for (const auto& [subnet, its_zone] : network.default_subnets) {
    if (given.subnets.empty() && its_zone == zone) {
      return subnet;
    }
  }
  return std::nullopt;
}

}  // namespace

Network network_of(const engine::Model& model) {
  return {stacks::default_vpc(model.region),
          engine::subnet_zones(model),
          stacks::default_subnets(model.region)};
}

LoadBalancer load_balancer_answer(const Network& network, const balancing::LoadBalancer& given) {
  LoadBalancer answer;
  answer.load_balancer_arn = given.arn.value;
  answer.dns_name = given.dns_name;
  answer.created_time = given.created;
  answer.load_balancer_name = given.name;
  answer.scheme = given.scheme;
  answer.vpc_id = network.vpc;
  answer.state.emplace().code = given.address.empty() ? "provisioning" : "active";
  answer.type = "application";
  answer.ip_address_type = "ipv4";
  answer.security_groups = given.security_groups;
  auto& zones = answer.availability_zones.emplace();
  for (const std::string& name : given.zones) {
    AvailabilityZone& zone = zones.emplace_back();
    zone.zone_name = name;
    zone.subnet_id = subnet_in(network, given, name);
    zone.load_balancer_addresses.emplace();
  }
  return answer;
}

Listener listener_answer(const balancing::Listener& given) {
  Listener answer;
  answer.listener_arn = given.arn.value;
  answer.load_balancer_arn = given.load_balancer.value;
  answer.port = given.port;
  answer.protocol = given.protocol;
  answer.default_actions = forward_to(given.default_action);
  return answer;
}

Rule rule_answer(const balancing::Rule& given) {
  Rule answer;
  answer.rule_arn = given.arn.value;
  answer.priority = std::to_string(given.priority);
  auto& conditions = answer.conditions.emplace();
  for (const balancing::RuleCondition& condition : given.conditions) {
    conditions.push_back(condition_answer(condition));
  }
  answer.actions = forward_to(given.action);
  answer.is_default = false;
  return answer;
}

Rule default_rule_answer(const balancing::Listener& listener) {
  std::string arn = listener.arn.value;  // …:listener/app/… → …:listener-rule/app/…/<id>
  const std::size_t kind = arn.find(":listener/");
  if (kind != std::string::npos) {
    arn.replace(kind, 10, ":listener-rule/");
  }
  Rule answer;
  answer.rule_arn = arn + "/" + stable_id(listener.arn.value);
  answer.priority = "default";
  answer.conditions.emplace();
  answer.actions = forward_to(listener.default_action);
  answer.is_default = true;
  return answer;
}

TargetGroup target_group_answer(const Network& network,
                                const balancing::TargetGroup& given,
                                const std::vector<balancing::LoadBalancerArn>& load_balancers) {
  TargetGroup answer;
  answer.target_group_arn = given.arn.value;
  answer.target_group_name = given.name;
  answer.protocol = given.protocol;
  answer.port = given.port;
  answer.vpc_id = network.vpc;
  add_health_check(answer, given.health_check);
  auto& arns = answer.load_balancer_arns.emplace();
  for (const auto& arn : load_balancers) {
    arns.push_back(arn.value);
  }
  answer.target_type = given.target_type == balancing::TargetType::Ip ? "ip" : "instance";
  answer.protocol_version = "HTTP1";
  answer.ip_address_type = "ipv4";
  return answer;
}

TargetHealthDescription health_answer(const engine::Model& model,
                                      const engine::TargetGroupModel& group,
                                      const balancing::Target& target) {
  const balancing::TargetHealth health = engine::target_health(model, group, target);
  const std::string& port = group.target_group.health_check.port;
  TargetHealthDescription answer;
  TargetDescription& description = answer.target.emplace();
  description.id = target.id;
  description.port = target.port;
  if (group.target_group.target_type == balancing::TargetType::Ip) {
    description.availability_zone = target.zone;
  }
  answer.health_check_port = port == "traffic-port" ? std::to_string(target.port) : port;
  TargetHealth& shown = answer.target_health.emplace();
  shown.state = std::string{to_string(health.state)};
  if (!health.reason.empty()) {
    shown.reason = health.reason;
    shown.description = health.description;
  }
  return answer;
}

}  // namespace tidegate::api::elbv2
