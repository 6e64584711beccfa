#include <array>

#include "core/balancing/wire.h"

namespace tidegate::balancing {
namespace {

constexpr auto kIntents =
    std::to_array<std::string_view>({"Serving", "Draining", "Closing", "Dead"});

Json to_json(Duration duration) {
  return Json{static_cast<std::int64_t>(duration.count())};
}
Duration duration_of(const Json& json, Duration fallback) {
  return Duration{json.int_or(fallback.count())};
}

Json to_json(const RuleCondition& condition) {
  Json values = Json::array();
  for (const std::string& value : condition.values) {
    values.push(value);
  }
  const bool host = condition.field == RuleCondition::Field::HostHeader;
  return Json::object({{"Field", host ? "host-header" : "path-pattern"}, {"Values", values}});
}

Json to_json(const Rule& rule) {
  Json conditions = Json::array();
  for (const RuleCondition& condition : rule.conditions) {
    conditions.push(to_json(condition));
  }
  return Json::object({{"Arn", rule.arn.value},
                       {"Priority", std::int64_t{rule.priority}},
                       {"Conditions", conditions},
                       {"TargetGroup", rule.action.target_group.value}});
}

Json to_json(const ListenerConfig& listener) {
  Json rules = Json::array();
  for (const Rule& rule : listener.rules) {
    rules.push(to_json(rule));
  }
  return Json::object({{"Arn", listener.arn.value},
                       {"LoadBalancer", listener.load_balancer.value},
                       {"Address", listener.address},
                       {"Port", std::int64_t{listener.port}},
                       {"StrictPort", listener.strict_port},
                       {"IdleTimeoutUs", to_json(listener.idle_timeout)},
                       {"Rules", rules},
                       {"DefaultTargetGroup", listener.default_target_group.value}});
}

Json to_json(const HealthCheck& check) {
  return Json::object({{"Enabled", check.enabled},
                       {"Protocol", check.protocol},
                       {"Path", check.path},
                       {"Port", check.port},
                       {"IntervalUs", to_json(check.interval)},
                       {"TimeoutUs", to_json(check.timeout)},
                       {"HealthyThreshold", std::int64_t{check.healthy_threshold}},
                       {"UnhealthyThreshold", std::int64_t{check.unhealthy_threshold}},
                       {"Matcher", check.matcher}});
}

Json to_json(const TargetConfig& target) {
  return Json::object({{"Id", target.id},
                       {"Address", target.address},
                       {"Port", std::int64_t{target.port}},
                       {"Zone", target.zone},
                       {"Intent", to_string(target.intent)},
                       {"ZoneEnabled", target.zone_enabled},
                       {"Incarnation", std::int64_t{target.incarnation}}});
}

Json to_json(const TargetGroupConfig& group) {
  Json targets = Json::array();
  for (const TargetConfig& target : group.targets) {
    targets.push(to_json(target));
  }
  return Json::object({{"Arn", group.arn.value},
                       {"InUse", group.in_use},
                       {"HealthCheck", to_json(group.health_check)},
                       {"InitialProbeIntervalUs", to_json(group.initial_probe_interval)},
                       {"InitialProbeTimeoutUs", to_json(group.initial_probe_timeout)},
                       {"Sticky", group.stickiness.enabled},
                       {"StickyUs", to_json(group.stickiness.duration)},
                       {"Targets", targets}});
}

RuleCondition condition_of(const Json& json) {
  RuleCondition condition;
  if (json["Field"].string_or("") == "host-header") {
    condition.field = RuleCondition::Field::HostHeader;
  }
  for (const Json& value : json["Values"].items()) {
    condition.values.push_back(value.string_or(""));
  }
  return condition;
}

Rule rule_of(const Json& json, const ListenerArn& listener) {
  Rule rule;
  rule.arn.value = json["Arn"].string_or("");
  rule.listener = listener;
  rule.priority = static_cast<std::int32_t>(json["Priority"].int_or(0));
  for (const Json& condition : json["Conditions"].items()) {
    rule.conditions.push_back(condition_of(condition));
  }
  rule.action.target_group.value = json["TargetGroup"].string_or("");
  return rule;
}

ListenerConfig listener_of(const Json& json) {
  ListenerConfig listener;
  listener.arn.value = json["Arn"].string_or("");
  listener.load_balancer.value = json["LoadBalancer"].string_or("");
  listener.address = json["Address"].string_or("");
  listener.port = static_cast<std::uint16_t>(json["Port"].int_or(0));
  listener.strict_port = json["StrictPort"].bool_or(false);
  listener.idle_timeout = duration_of(json["IdleTimeoutUs"], listener.idle_timeout);
  for (const Json& rule : json["Rules"].items()) {
    listener.rules.push_back(rule_of(rule, listener.arn));
  }
  listener.default_target_group.value = json["DefaultTargetGroup"].string_or("");
  return listener;
}

HealthCheck health_check_of(const Json& json) {
  HealthCheck check;
  check.enabled = json["Enabled"].bool_or(check.enabled);
  check.protocol = json["Protocol"].string_or(check.protocol);
  check.path = json["Path"].string_or(check.path);
  check.port = json["Port"].string_or(check.port);
  check.interval = duration_of(json["IntervalUs"], check.interval);
  check.timeout = duration_of(json["TimeoutUs"], check.timeout);
  check.healthy_threshold =
      static_cast<std::int32_t>(json["HealthyThreshold"].int_or(check.healthy_threshold));
  check.unhealthy_threshold =
      static_cast<std::int32_t>(json["UnhealthyThreshold"].int_or(check.unhealthy_threshold));
  check.matcher = json["Matcher"].string_or(check.matcher);
  return check;
}

Result<TargetConfig> target_of(const Json& json) {
  TargetConfig target;
  target.id = json["Id"].string_or("");
  target.address = json["Address"].string_or("");
  target.port = static_cast<std::uint16_t>(json["Port"].int_or(0));
  target.zone = json["Zone"].string_or("");
  const std::optional<TargetIntent> intent =
      parse_target_intent(json["Intent"].string_or("Serving"));
  if (!intent) {
    return Error{
        ErrorCode::Corrupt, "WireError", "target '" + target.id + "' has an unknown intent"};
  }
  target.intent = *intent;
  target.zone_enabled = json["ZoneEnabled"].bool_or(true);
  target.incarnation = static_cast<std::uint32_t>(json["Incarnation"].int_or(0));
  return target;
}

Result<TargetGroupConfig> group_of(const Json& json) {
  TargetGroupConfig group;
  group.arn.value = json["Arn"].string_or("");
  group.in_use = json["InUse"].bool_or(true);
  group.health_check = health_check_of(json["HealthCheck"]);
  group.initial_probe_interval =
      duration_of(json["InitialProbeIntervalUs"], group.initial_probe_interval);
  group.initial_probe_timeout =
      duration_of(json["InitialProbeTimeoutUs"], group.initial_probe_timeout);
  group.stickiness.enabled = json["Sticky"].bool_or(false);
  group.stickiness.duration = duration_of(json["StickyUs"], group.stickiness.duration);
  for (const Json& item : json["Targets"].items()) {
    TG_ASSIGN_OR_RETURN(TargetConfig target, target_of(item));
    group.targets.push_back(std::move(target));
  }
  return group;
}

}  // namespace

std::string_view to_string(TargetIntent intent) {
  return kIntents[static_cast<std::size_t>(intent)];
}

std::optional<TargetIntent> parse_target_intent(std::string_view text) {
  for (std::size_t i = 0; i < kIntents.size(); ++i) {
    if (kIntents[i] == text) return static_cast<TargetIntent>(i);
  }
  return std::nullopt;
}

Json to_json(const DataPlaneConfig& config) {
  Json listeners = Json::array();
  for (const ListenerConfig& listener : config.listeners) {
    listeners.push(to_json(listener));
  }
  Json groups = Json::array();
  for (const TargetGroupConfig& group : config.target_groups) {
    groups.push(to_json(group));
  }
  return Json::object({{"Generation", static_cast<std::int64_t>(config.generation)},
                       {"Listeners", listeners},
                       {"TargetGroups", groups},
                       {"CookieKey", config.cookie_key}});
}

Result<DataPlaneConfig> config_from_json(const Json& json) {
  if (!json["Listeners"].is_array() || !json["TargetGroups"].is_array()) {
    return Error{ErrorCode::Corrupt,
                 "WireError",
                 "a configuration needs Generation, Listeners and TargetGroups"};
  }
  DataPlaneConfig config;
  config.cookie_key = json["CookieKey"].string_or("");
  config.generation = static_cast<std::uint64_t>(json["Generation"].int_or(0));
  for (const Json& listener : json["Listeners"].items()) {
    config.listeners.push_back(listener_of(listener));
  }
  for (const Json& item : json["TargetGroups"].items()) {
    TG_ASSIGN_OR_RETURN(TargetGroupConfig group, group_of(item));
    config.target_groups.push_back(std::move(group));
  }
  return config;
}

}  // namespace tidegate::balancing
