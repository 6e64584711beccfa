#include <algorithm>
#include <array>
#include <set>

#include "core/balancing/load_balancer.h"
#include "core/stacks/properties/attributes.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

using properties::NotActedOn;
using properties::Range;
using properties::Reader;

constexpr std::size_t kMaxConditionValues = 5;    // AWS quota, per rule
constexpr std::size_t kMaxConditionLength = 128;  // of one value
constexpr std::size_t kMaxRules = 100;            // AWS quota, per load balancer

void read_zones(Subject& subject, balancing::LoadBalancer& balancer) {
  Reader& reader = subject.properties;
  balancer.subnets = reader.texts("Subnets");
  balancer.zones = zones_of_subnets(subject, "Subnets", balancer.subnets);
  std::sort(balancer.zones.begin(), balancer.zones.end());
  const auto twice = std::adjacent_find(balancer.zones.begin(), balancer.zones.end());
  if (twice != balancer.zones.end()) {
    reader.complain("Subnets", "two subnets are in the zone " + *twice + "; one per zone");
  }
  if (balancer.subnets.empty()) {
    const std::string& region = subject.world.context.region;
    balancer.zones = {region + "a", region + "b", region + "c"};
  }
}

void apply_metadata(Subject& subject, balancing::LoadBalancer& balancer) {
  const std::string key = metadata_key(subject, "Name");
  subject.world.names.load_balancers.push_back(key);
  if (const GivenLoadBalancer* given = subject.world.metadata.load_balancers.find(key)) {
    balancer.listen_address = given->listen;
    balancer.public_name = given->name;
    balancer.strict_port = given->strict_port;
    balancer.dns_name = given->name;
  }
}

/// The one target group that a list of actions forwards to.
balancing::ForwardAction read_forward(Subject& subject, const std::string& property) {
  static const std::vector<std::string> types{"forward"};
  static constexpr auto kNotActedOn = std::to_array<NotActedOn>({
      {"RedirectConfig", "forward is the only action"},
      {"FixedResponseConfig", "forward is the only action"},
      {"AuthenticateOidcConfig", "forward is the only action"},
      {"AuthenticateCognitoConfig", "forward is the only action"},
      {"JwtValidationConfig", "forward is the only action"},
  });
  Reader& reader = subject.properties;
  std::vector<Reader> actions = reader.required(property).mappings(property);
  if (actions.size() != 1) {
    if (reader.has(property)) {
      reader.complain(property, "must have exactly one action, of the Type forward");
    }
    return {};
  }
  Reader& action = actions[0];
  action.required("Type").choice("Type", types);
  action.integer("Order", {1, 50'000});
  std::optional<std::string> target = action.text("TargetGroupArn");
  std::vector<Reader> groups;
  if (auto config = action.mapping("ForwardConfig")) {
    groups = config->required("TargetGroups").mappings("TargetGroups");
    config->finish(std::to_array<NotActedOn>({{"TargetGroupStickinessConfig", ""}}));
    if (groups.size() != 1 || target) {
      action.complain("ForwardConfig", "must have one target group, and no TargetGroupArn with it");
    }
  }
  action.finish(kNotActedOn);
  for (Reader& group : groups) {
    target = group.required("TargetGroupArn").text("TargetGroupArn");
    group.integer("Weight", {1, 999});  // of one group any weight is all of it
    group.finish();
  }
  if (!target) {
    action.complain("TargetGroupArn", "is missing: the target group to forward to");
  } else if (find_planned<balancing::TargetGroup>(subject.world, *target) == nullptr) {
    action.complain("TargetGroupArn",
                    "'" + *target +
                        "' is no target group of this template; write !Ref and its "
                        "logical id");
  }
  return balancing::ForwardAction{balancing::TargetGroupArn{target.value_or("")}};
}

std::vector<std::string> read_condition_values(Reader& condition, const std::string& config) {
  std::vector<std::string> values = condition.texts("Values");
  if (auto inner = condition.mapping(config)) {
    for (std::string& value : inner->texts("Values")) {
      values.push_back(std::move(value));
    }
    inner->finish(std::to_array<NotActedOn>({{"RegexValues", "use Values with * and ?"}}));
  }
  if (values.empty()) {
    condition.complain("Values", "is missing: at least one value, with * and ? as wildcards");
  }
  for (const std::string& value : values) {
    if (value.size() > kMaxConditionLength) {
      condition.complain("Values", "a value has more than 128 characters");
    }
  }
  return values;
}

std::optional<balancing::RuleCondition> read_condition(Reader& condition) {
  using Field = balancing::RuleCondition::Field;
  static const std::vector<std::string> fields{"host-header", "path-pattern"};
  static constexpr auto kNotActedOn = std::to_array<NotActedOn>({
      {"HttpHeaderConfig", "host-header and path-pattern are built"},
      {"HttpRequestMethodConfig", "host-header and path-pattern are built"},
      {"QueryStringConfig", "host-header and path-pattern are built"},
      {"SourceIpConfig", "host-header and path-pattern are built"},
      {"RegexValues", "use Values with * and ?"},
  });
  const auto field = condition.required("Field").choice("Field", fields);
  const bool host = field == "host-header";
  balancing::RuleCondition result;
  result.field = host ? Field::HostHeader : Field::PathPattern;
  result.values = read_condition_values(condition, host ? "HostHeaderConfig" : "PathPatternConfig");
  condition.finish(kNotActedOn);
  return result;
}

std::vector<balancing::RuleCondition> read_conditions(Reader& reader) {
  std::vector<balancing::RuleCondition> conditions;
  std::size_t values = 0;
  std::set<balancing::RuleCondition::Field> fields;
  for (Reader& item : reader.required("Conditions").mappings("Conditions")) {
    const auto condition = read_condition(item);
    if (!condition) {
      continue;
    }
    values += condition->values.size();
    if (!fields.insert(condition->field).second) {
      item.complain("Field", "a rule has one condition of each field; give it several Values");
    }
    conditions.push_back(*condition);
  }
  if (values > kMaxConditionValues) {
    reader.complain("Conditions",
                    std::to_string(values) + " values; a rule may have 5 over all conditions");
  } else if (conditions.empty() && reader.has("Conditions")) {
    reader.complain("Conditions", "must have at least one condition");
  }
  return conditions;
}

void check_priority(Subject& subject, const balancing::Rule& rule) {
  std::size_t rules = 0;
  for (const PlannedResource& other : subject.world.planned) {
    const auto* typed = std::get_if<balancing::Rule>(&other.properties);
    if (typed == nullptr || typed->listener != rule.listener) {
      continue;
    }
    ++rules;
    if (typed->priority == rule.priority) {
      subject.properties.complain("Priority",
                                  "priority " + std::to_string(rule.priority) + " is that of " +
                                      other.logical_id.value + " already");
    }
  }
  if (rules >= kMaxRules) {
    subject.properties.complain("ListenerArn", "the listener has more than 100 rules");
  }
}

constexpr auto kLoadBalancerNotActedOn = std::to_array<NotActedOn>({
    {"SubnetMappings", "use Subnets"},
    {"EnableCapacityReservationProvisionStabilize", ""},
    {"EnablePrefixForIpv6SourceNat", ""},
    {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", ""},
    {"Ipv4IpamPoolId", ""},
    {"MinimumLoadBalancerCapacity", ""},
});
constexpr auto kListenerNotActedOn = std::to_array<NotActedOn>({
    {"Certificates", "HTTPS is not built yet; use Protocol HTTP"},
    {"SslPolicy", "HTTPS is not built yet; use Protocol HTTP"},
    {"AlpnPolicy", "HTTPS is not built yet; use Protocol HTTP"},
    {"MutualAuthentication", "HTTPS is not built yet; use Protocol HTTP"},
    {"ListenerAttributes", ""},
});
constexpr auto kRuleNotActedOn = std::to_array<NotActedOn>({{"Transforms", ""}});

}  // namespace

const std::vector<std::string>& http_only() {
  static const std::vector<std::string> protocols{"HTTP"};
  return protocols;
}

Made make_load_balancer(Subject& subject) {
  static const std::vector<std::string> types{"application"};
  static const std::vector<std::string> address_types{"ipv4"};
  static const std::vector<std::string> schemes{"internet-facing", "internal"};
  static constexpr auto kFixed = std::to_array<properties::FixedAttribute>({
      {"deletion_protection.enabled", "false"},
      {"access_logs.s3.enabled", "false"},
      {"connection_logs.s3.enabled", "false"},
  });
  const std::string attribute = "idle_timeout.timeout_seconds";
  Reader& reader = subject.properties;
  balancing::LoadBalancer balancer;
  const std::string existing = existing_id(subject);
  balancer.name = name_of(subject, "Name", arn_part(existing, 2), kMaxBalancingName);
  check_balancing_name(reader, balancer.name);
  refuse_second_name<balancing::LoadBalancer>(subject, "Name", balancer.name);
  balancer.arn.value =
      arn_part(existing, 2) == balancer.name
          ? existing
          : arn(subject.world.context,
                kBalancingService,
                "loadbalancer/app/" + balancer.name + "/" + short_id(subject.world.context));
  reader.choice("Type", types);
  reader.choice("IpAddressType", address_types);
  balancer.scheme = reader.choice("Scheme", schemes).value_or(balancer.scheme);
  read_zones(subject, balancer);
  balancer.security_groups = reader.texts("SecurityGroups");
  if (!balancer.security_groups.empty()) {
    subject.world.unused.push_back(reader.path() + ".SecurityGroups");
  }
  const auto attributes = properties::read_attributes(reader, "LoadBalancerAttributes");
  const std::string_view acted_on = attribute;
  properties::check_attributes(
      reader, "LoadBalancerAttributes", attributes, {&acted_on, 1}, kFixed);
  balancer.idle_timeout = properties::seconds_attribute(
                              reader, "LoadBalancerAttributes", attributes, attribute, {1, 4000})
                              .value_or(balancer.idle_timeout);
  apply_metadata(subject, balancer);
  balancer.created = subject.world.context.now;
  reader.accept("Tags");
  reader.finish(kLoadBalancerNotActedOn);
  return Made{balancer.arn.value, balancer};
}

Made make_listener(Subject& subject) {
  Reader& reader = subject.properties;
  balancing::Listener listener;
  const auto balancer = reader.required("LoadBalancerArn").text("LoadBalancerArn");
  listener.load_balancer.value = balancer.value_or("");
  if (balancer && find_planned<balancing::LoadBalancer>(subject.world, *balancer) == nullptr) {
    reader.complain("LoadBalancerArn",
                    "'" + *balancer +
                        "' is no load balancer of this template; write !Ref and "
                        "its logical id");
  }
  listener.port =
      static_cast<std::uint16_t>(reader.required("Port").integer("Port", kPorts).value_or(80));
  reader.required("Protocol").choice("Protocol", http_only());
  listener.default_action = read_forward(subject, "DefaultActions");
  reader.finish(kListenerNotActedOn);
  for (const PlannedResource& other : subject.world.planned) {
    const auto* typed = std::get_if<balancing::Listener>(&other.properties);
    if (typed != nullptr && typed->load_balancer == listener.load_balancer &&
        typed->port == listener.port) {
      reader.complain("Port",
                      "port " + std::to_string(listener.port) + " is that of " +
                          other.logical_id.value + " already");
    }
  }
  const std::string existing = existing_id(subject);
  listener.arn.value = !existing.empty()
                           ? existing
                           : arn(subject.world.context,
                                 kBalancingService,
                                 "listener/app/" + arn_part(listener.load_balancer.value, 2) + "/" +
                                     arn_part(listener.load_balancer.value, 3) + "/" +
                                     short_id(subject.world.context));
  return Made{listener.arn.value, listener};
}

Made make_rule(Subject& subject) {
  Reader& reader = subject.properties;
  balancing::Rule rule;
  const auto listener = reader.required("ListenerArn").text("ListenerArn");
  rule.listener.value = listener.value_or("");
  if (listener && find_planned<balancing::Listener>(subject.world, *listener) == nullptr) {
    reader.complain(
        "ListenerArn",
        "'" + *listener + "' is no listener of this template; write !Ref and its logical id");
  }
  rule.priority = reader.required("Priority").integer("Priority", {1, 50'000}).value_or(0);
  rule.conditions = read_conditions(reader);
  rule.action = read_forward(subject, "Actions");
  reader.finish(kRuleNotActedOn);
  if (rule.priority > 0) {
    check_priority(subject, rule);
  }
  const std::string existing = existing_id(subject);
  const std::string& base = rule.listener.value;
  rule.arn.value = !existing.empty()
                       ? existing
                       : arn(subject.world.context,
                             kBalancingService,
                             "listener-rule/app/" + arn_part(base, 2) + "/" + arn_part(base, 3) +
                                 "/" + arn_part(base, 4) + "/" + short_id(subject.world.context));
  return Made{rule.arn.value, rule};
}

}  // namespace tidegate::stacks
