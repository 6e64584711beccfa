#include <array>

#include "base/text.h"
#include "core/balancing/load_balancer.h"
#include "core/stacks/properties/attributes.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

using properties::FixedAttribute;
using properties::NotActedOn;
using properties::Range;
using properties::Reader;

constexpr std::size_t kMaxPathLength = 1024;

void read_health_check_times(Reader& reader, balancing::HealthCheck& check) {
  check.interval = reader.seconds("HealthCheckIntervalSeconds", {5, 300}).value_or(check.interval);
  check.timeout = reader.seconds("HealthCheckTimeoutSeconds", {2, 120}).value_or(check.timeout);
  check.healthy_threshold =
      reader.integer("HealthyThresholdCount", {2, 10}).value_or(check.healthy_threshold);
  check.unhealthy_threshold =
      reader.integer("UnhealthyThresholdCount", {2, 10}).value_or(check.unhealthy_threshold);
  if (check.interval <= check.timeout) {
    reader.complain(reader.has("HealthCheckIntervalSeconds") ? "HealthCheckIntervalSeconds"
                                                             : "HealthCheckTimeoutSeconds",
                    "Health check interval must be greater than the timeout: " +
                        format_double(seconds_of(check.interval)) + " s and " +
                        format_double(seconds_of(check.timeout)) + " s");
  }
}

balancing::HealthCheck read_health_check(Reader& reader) {
  balancing::HealthCheck check;
  check.enabled = reader.boolean("HealthCheckEnabled").value_or(true);
  reader.choice("HealthCheckProtocol", http_only());
  check.path = reader.text("HealthCheckPath").value_or(check.path);
  if (!check.path.starts_with('/') || check.path.size() > kMaxPathLength) {
    reader.complain("HealthCheckPath", "must begin with / and have at most 1024 characters");
  }
  check.port = reader.text("HealthCheckPort").value_or(check.port);
  const auto port = parse_int(check.port);
  if (check.port != "traffic-port" && (!port || *port < kPorts.least || *port > kPorts.most)) {
    reader.complain("HealthCheckPort", "'" + check.port + "' must be traffic-port or 1 to 65535");
  }
  read_health_check_times(reader, check);
  if (auto matcher = reader.mapping("Matcher")) {
    check.matcher = matcher->required("HttpCode").text("HttpCode").value_or(check.matcher);
    if (const std::string error = balancing::matcher_error(check.matcher); !error.empty()) {
      matcher->complain("HttpCode", error);
    }
    matcher->finish(std::to_array<NotActedOn>({{"GrpcCode", "gRPC is not built"}}));
  }
  return check;
}

std::vector<balancing::Target> read_targets(Subject& subject, const balancing::TargetGroup& group) {
  std::vector<balancing::Target> targets;
  Reader& reader = subject.properties;
  for (Reader& item : reader.mappings("Targets")) {
    balancing::Target target;
    target.id = item.required("Id").text("Id").value_or("");
    target.port = static_cast<std::uint16_t>(item.integer("Port", kPorts).value_or(group.port));
    target.zone = item.text("AvailabilityZone").value_or("");
    target.address = target.id;
    target.registered = subject.world.context.now;
    item.finish();
    if (!target.id.empty() && !properties::is_ipv4(target.id)) {
      item.complain("Id", "'" + target.id + "' is no IPv4 address");
    }
    targets.push_back(std::move(target));
  }
  if (!targets.empty() && group.target_type == balancing::TargetType::Instance) {
    reader.complain("Targets",
                    "are for TargetType ip: instances are registered by their group, or by "
                    "RegisterTargets");
  }
  return targets;
}

constexpr const char* kAttributes = "TargetGroupAttributes";
constexpr std::string_view kDelay = "deregistration_delay.timeout_seconds";
constexpr std::string_view kSticky = "stickiness.enabled";
constexpr std::string_view kStickySeconds = "stickiness.lb_cookie.duration_seconds";

balancing::Stickiness read_stickiness(Reader& reader, const properties::Attributes& attributes) {
  balancing::Stickiness stickiness;
  if (const auto given = attributes.find(std::string{kSticky}); given != attributes.end()) {
    stickiness.enabled = given->second == "true";
    if (given->second != "true" && given->second != "false") {
      reader.complain(kAttributes,
                      std::string{kSticky} + " must be true or false, not '" + given->second + "'");
    }
  }
  stickiness.duration = properties::seconds_attribute(reader,
                                                      kAttributes,
                                                      attributes,
                                                      std::string{kStickySeconds},
                                                      {1, balancing::kMaxStickySeconds})
                            .value_or(stickiness.duration);
  return stickiness;
}

constexpr auto kTargetGroupNotActedOn = std::to_array<NotActedOn>({{"TargetControlPort", ""}});

}  // namespace

Made make_target_group(Subject& subject) {
  static const std::vector<std::string> types{"instance", "ip"};
  static const std::vector<std::string> versions{"HTTP1"};
  static const std::vector<std::string> address_types{"ipv4"};
  static constexpr auto kFixed = std::to_array<FixedAttribute>({
      {"stickiness.type", "lb_cookie"},
      {"slow_start.duration_seconds", "0"},
      {"load_balancing.algorithm.type", "round_robin"},
  });
  static constexpr std::array kActedOn{kDelay, kSticky, kStickySeconds};
  Reader& reader = subject.properties;
  balancing::TargetGroup group;
  const std::string existing = existing_id(subject);
  group.name = name_of(subject, "Name", arn_part(existing, 1), kMaxBalancingName);
  check_balancing_name(reader, group.name);
  refuse_second_name<balancing::TargetGroup>(subject, "Name", group.name);
  subject.world.names.target_groups.push_back(metadata_key(subject, "Name"));
  group.arn.value = arn_part(existing, 1) == group.name
                        ? existing
                        : arn(subject.world.context,
                              kBalancingService,
                              "targetgroup/" + group.name + "/" + short_id(subject.world.context));
  group.target_type = reader.choice("TargetType", types).value_or("instance") == "ip"
                          ? balancing::TargetType::Ip
                          : balancing::TargetType::Instance;
  reader.required("Protocol").choice("Protocol", http_only());
  reader.choice("ProtocolVersion", versions);
  reader.choice("IpAddressType", address_types);
  group.port =
      static_cast<std::uint16_t>(reader.required("Port").integer("Port", kPorts).value_or(80));
  group.health_check = read_health_check(reader);
  group.targets = read_targets(subject, group);
  const auto attributes = properties::read_attributes(reader, kAttributes);
  properties::check_attributes(reader, kAttributes, attributes, kActedOn, kFixed);
  group.deregistration_delay =
      properties::seconds_attribute(reader, kAttributes, attributes, std::string{kDelay}, {0, 3600})
          .value_or(group.deregistration_delay);
  group.stickiness = read_stickiness(reader, attributes);
  group.created = subject.world.context.now;
  reader.accept("VpcId");
  reader.accept("Tags");
  reader.finish(kTargetGroupNotActedOn);
  return Made{group.arn.value, group};
}

}  // namespace tidegate::stacks
