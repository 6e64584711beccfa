// Load balancer, listener, rule and target group: what the user asked for, with AWS's words and
// defaults (§2.6, §2.7).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "base/time.h"

namespace tidegate::balancing {

using LoadBalancerArn = Strong<struct LoadBalancerArnTag>;
using ListenerArn = Strong<struct ListenerArnTag>;
using RuleArn = Strong<struct RuleArnTag>;
using TargetGroupArn = Strong<struct TargetGroupArnTag>;
using Tags = std::map<std::string, std::string>;  // of calls; templates' Tags are not kept

struct LoadBalancer {
  LoadBalancerArn arn;
  std::string name;
  std::string dns_name;  // literal address, or `public_name`
  std::string scheme = "internet-facing";
  std::vector<std::string> zones;  // enabled ones, sorted
  std::vector<std::string> subnets;
  std::vector<std::string> security_groups;
  Duration idle_timeout = std::chrono::seconds{60};
  bool deletion_protection = false;
  Tags tags{};
  // Metadata.Tidegate.LoadBalancers
  std::string listen_address;  // empty: an address of its own from the range
  std::string public_name;     // empty: the literal address
  bool strict_port = false;
  std::string address;  // what it is bound to, once known
  Instant created;
  bool operator==(const LoadBalancer&) const = default;
};

struct ForwardAction {
  TargetGroupArn target_group;
  bool operator==(const ForwardAction&) const = default;
};

struct Listener {
  ListenerArn arn;
  LoadBalancerArn load_balancer;
  std::string protocol = "HTTP";
  std::uint16_t port = 80;       // asked for
  std::uint16_t bound_port = 0;  // what it got: port, or port + 8000; 0 until bound
  std::string bind_note;         // why bound_port differs from port, naming the holder where known
  ForwardAction default_action;
  Tags tags{};
  bool operator==(const Listener&) const = default;
};

struct RuleCondition {
  enum class Field { HostHeader, PathPattern };
  Field field = Field::PathPattern;
  std::vector<std::string>
      values;  // 1..5 over all conditions of a rule; any of them matches; wildcards * ?
  bool operator==(const RuleCondition&) const = default;
};

struct Rule {
  RuleArn arn;
  ListenerArn listener;
  std::int32_t priority = 0;              // 1..50000, first match
  std::vector<RuleCondition> conditions;  // all must match
  ForwardAction action;
  Tags tags{};
  bool operator==(const Rule&) const = default;
};

struct HealthCheck {
  bool enabled = true;
  std::string protocol = "HTTP";
  std::string path = "/";
  std::string port = "traffic-port";  // or a number
  Duration interval = std::chrono::seconds{30};
  Duration timeout = std::chrono::seconds{5};
  std::int32_t healthy_threshold = 5;
  std::int32_t unhealthy_threshold = 2;
  std::string matcher = "200";  // "200", "200,204", "200-299"
  bool operator==(const HealthCheck&) const = default;
};

/// Duration cookies (AWSALB, AWSALBCORS): who comes back with one gets the target it had.
struct Stickiness {
  bool enabled = false;
  Duration duration = std::chrono::hours{24};  // of lb_cookie, 1 s to 7 days; anew with each answer
  bool operator==(const Stickiness&) const = default;
};
inline constexpr std::int32_t kMaxStickySeconds = 604'800;

enum class TargetType { Instance, Ip };

struct Target {
  std::string id;  // instance id, or address for TargetType ip
  std::uint16_t port = 0;
  std::string address;  // where to connect; empty until the instance has one
  std::string zone;
  Instant registered;
  std::optional<Instant> deregistered;  // draining since
  bool operator==(const Target&) const = default;
};

struct TargetGroup {
  TargetGroupArn arn;
  std::string name;
  TargetType target_type = TargetType::Instance;
  std::string protocol = "HTTP";
  std::uint16_t port = 80;
  HealthCheck health_check;
  Duration deregistration_delay = std::chrono::seconds{300};
  Stickiness stickiness;
  std::vector<Target> targets;  // in order of registration; draining ones included
  Instant created;
  Tags tags{};
  bool operator==(const TargetGroup&) const = default;
};

/// Matches "200", "200,204", "200-299" and lists of these; false for text that is no such list.
bool matcher_accepts(std::string_view matcher, int status);
/// Empty when it is a valid matcher within 200..499.
std::string matcher_error(std::string_view matcher);

}  // namespace tidegate::balancing
