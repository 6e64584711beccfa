#include "core/balancing/attributes.h"

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace tidegate::balancing {
namespace {

struct Fixed {
  std::string_view key;
  std::string_view value;
};

// Balancer: HTTP/1.1 without TLS, a log of its own; see docs/reference/api.md.
constexpr auto kFixedOfLoadBalancers = std::to_array<Fixed>({
    {"access_logs.s3.enabled", "false"},
    {"access_logs.s3.bucket", ""},
    {"access_logs.s3.prefix", ""},
    {"client_keep_alive.seconds", "3600"},
    {"connection_logs.s3.enabled", "false"},
    {"connection_logs.s3.bucket", ""},
    {"connection_logs.s3.prefix", ""},
    {"load_balancing.cross_zone.enabled", "true"},
    {"routing.http.desync_mitigation_mode", "defensive"},
    {"routing.http.drop_invalid_header_fields.enabled", "false"},
    {"routing.http.preserve_host_header.enabled", "false"},
    {"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"},
    {"routing.http.xff_client_port.enabled", "false"},
    {"routing.http.xff_header_processing.mode", "append"},
    {"routing.http2.enabled", "true"},
    {"waf.fail_open.enabled", "false"},
    {"zonal_shift.config.enabled", "false"},
});

constexpr auto kFixedOfTargetGroups = std::to_array<Fixed>({
    {"load_balancing.algorithm.anomaly_mitigation", "off"},
    {"load_balancing.algorithm.type", "round_robin"},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration"},
    {"slow_start.duration_seconds", "0"},
    {"stickiness.app_cookie.cookie_name", ""},
    {"stickiness.app_cookie.duration_seconds", "86400"},
    {"stickiness.type", "lb_cookie"},
    {"target_group_health.dns_failover.minimum_healthy_targets.count", "1"},
    {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"},
});

Error invalid(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

Error not_built(const std::string& key, const std::string& value, std::string_view only) {
  return Error{ErrorCode::InvalidArgument,
               "InvalidConfigurationRequest",
               "attribute '" + key + "': the value '" + value + "' is not built; what works: '" +
                   std::string{only} + "'"};
}

struct SecondsRange {
  std::int64_t least;
  std::int64_t most;
};

Result<Duration> seconds_in(const std::string& key, const std::string& value, SecondsRange range) {
  const auto number = parse_int(value);
  if (!number || *number < range.least || *number > range.most) {
    return invalid("attribute '" + key + "': '" + value + "' must be a whole number from " +
                   std::to_string(range.least) + " to " + std::to_string(range.most));
  }
  return Duration{std::chrono::seconds{*number}};
}

Result<bool> bool_of(const std::string& key, const std::string& value) {
  if (value != "true" && value != "false") {
    return invalid("attribute '" + key + "': '" + value + "' must be true or false");
  }
  return value == "true";
}

std::string text_of(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

Status check_fixed(const char* what,
                   std::span<const Fixed> fixed,
                   const std::string& key,
                   const std::string& value) {
  for (const Fixed& known : fixed) {
    if (known.key == key) {
      return value == known.value ? Status{Ok{}} : not_built(key, value, known.value);
    }
  }
  return invalid(std::string{what} + " attribute key '" + key + "' is not recognized");
}

void add_fixed(Attributes& attributes, std::span<const Fixed> fixed) {
  for (const Fixed& known : fixed) {
    attributes.emplace(known.key, known.value);
  }
}

constexpr const char* kIdleTimeout = "idle_timeout.timeout_seconds";
constexpr const char* kDeletionProtection = "deletion_protection.enabled";
constexpr const char* kDeregistrationDelay = "deregistration_delay.timeout_seconds";
constexpr const char* kSticky = "stickiness.enabled";
constexpr const char* kStickySeconds = "stickiness.lb_cookie.duration_seconds";

}  // namespace

Attributes attributes_of(const LoadBalancer& load_balancer) {
  Attributes attributes;
  attributes[kIdleTimeout] = text_of(load_balancer.idle_timeout);
  attributes[kDeletionProtection] = load_balancer.deletion_protection ? "true" : "false";
  add_fixed(attributes, kFixedOfLoadBalancers);
  return attributes;
}

Attributes attributes_of(const TargetGroup& target_group) {
  Attributes attributes;
  attributes[kDeregistrationDelay] = text_of(target_group.deregistration_delay);
  attributes[kSticky] = target_group.stickiness.enabled ? "true" : "false";
  attributes[kStickySeconds] = text_of(target_group.stickiness.duration);
  add_fixed(attributes, kFixedOfTargetGroups);
  return attributes;
}

Status set_attributes(LoadBalancer& load_balancer, const Attributes& wanted) {
  LoadBalancer changed = load_balancer;
  for (const auto& [key, value] : wanted) {
    if (key == kIdleTimeout) {
      TG_ASSIGN_OR_RETURN(changed.idle_timeout, seconds_in(key, value, {1, 4000}));
    } else if (key == kDeletionProtection) {
      TG_ASSIGN_OR_RETURN(changed.deletion_protection, bool_of(key, value));
    } else {
      TG_RETURN_IF_ERROR(check_fixed("Load balancer", kFixedOfLoadBalancers, key, value));
    }
  }
  load_balancer = std::move(changed);
  return Ok{};
}

Status set_attributes(TargetGroup& target_group, const Attributes& wanted) {
  TargetGroup changed = target_group;
  for (const auto& [key, value] : wanted) {
    if (key == kDeregistrationDelay) {
      TG_ASSIGN_OR_RETURN(changed.deregistration_delay, seconds_in(key, value, {0, 3600}));
    } else if (key == kSticky) {
      TG_ASSIGN_OR_RETURN(changed.stickiness.enabled, bool_of(key, value));
    } else if (key == kStickySeconds) {
      TG_ASSIGN_OR_RETURN(changed.stickiness.duration,
                          seconds_in(key, value, {1, kMaxStickySeconds}));
    } else {
      TG_RETURN_IF_ERROR(check_fixed("Target group", kFixedOfTargetGroups, key, value));
    }
  }
  target_group = std::move(changed);
  return Ok{};
}

Error no_such_resource(const std::string& arn) {
  const auto names = [&](std::string_view kind) { return arn.find(kind) != std::string::npos; };
  const auto missing = [](const char* code, std::string message) {
    return Error{ErrorCode::NotFound, code, std::move(message)};
  };
  if (names(":loadbalancer/")) {
    return missing("LoadBalancerNotFound", "Load balancer '" + arn + "' not found");
  }
  if (names(":targetgroup/")) {
    return missing("TargetGroupNotFound", "Target group '" + arn + "' not found");
  }
  if (names(":listener-rule/")) {
    return missing("RuleNotFound", "Rule '" + arn + "' not found");
  }
  if (names(":listener/")) {
    return missing("ListenerNotFound", "Listener '" + arn + "' not found");
  }
  if (names(":truststore/")) {
    return missing("TrustStoreNotFound", "Trust store '" + arn + "' not found");
  }
  return invalid("'" + arn + "' is not a valid resource ARN");
}

}  // namespace tidegate::balancing
