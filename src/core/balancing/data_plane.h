// What the control plane tells the balancer (DataPlaneConfig) and what the balancer tells back
// (DataPlaneReport). Both cross a process border as the messages of wire.h; both are plain values.
// The target state machine and the choice of a target are pure code of this module *run* by the
// balancer (DESIGN §9.3): the engine records what is reported.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/balancing/load_balancer.h"

namespace tidegate::balancing {

enum class TargetHealthState { Initial, Healthy, Unhealthy, Unused, Draining, Unavailable };
std::string_view to_string(TargetHealthState state);  // "initial", …
std::optional<TargetHealthState> parse_target_health_state(std::string_view text);

struct TargetHealth {
  TargetHealthState state = TargetHealthState::Initial;
  std::string
      reason;  // "Elb.RegistrationInProgress", "Target.ResponseCodeMismatch", …; empty when healthy
  std::string description;  // AWS's sentence
  bool operator==(const TargetHealth&) const = default;
};

/// What the control plane wants of one target. Monotone from left to right, except Draining →
/// Serving (un-drain).
enum class TargetIntent {
  Serving,   // probed, and used when healthy
  Draining,  // no new requests; open ones and WebSockets go on, nothing is closed
  Closing,   // what is left is FINed, paced
  Dead,      // known dead: connections cut now, no requests, no probes
};

std::string_view to_string(TargetIntent intent);  // "Serving", …
std::optional<TargetIntent> parse_target_intent(std::string_view text);

struct TargetConfig {
  std::string id;
  std::string address;  // IPv4 literal
  std::uint16_t port = 0;
  std::string zone;
  TargetIntent intent = TargetIntent::Serving;
  bool zone_enabled = true;       // false: Target.NotInUse, neither probed nor used
  std::uint32_t incarnation = 0;  // another number: the process restarted in place; `initial` again
  bool operator==(const TargetConfig&) const = default;
};

struct TargetGroupConfig {
  TargetGroupArn arn;
  bool in_use = true;  // some rule or listener forwards to it; false: every target is unused
                       // (Target.NotInUse)
  HealthCheck health_check;
  Duration initial_probe_interval = std::chrono::milliseconds{100};  // while `initial`
  Duration initial_probe_timeout = std::chrono::seconds{2};
  Stickiness stickiness;
  std::vector<TargetConfig> targets;
  bool operator==(const TargetGroupConfig&) const = default;
};

struct ListenerConfig {
  ListenerArn arn;
  LoadBalancerArn load_balancer;
  std::string address;  // to bind
  std::uint16_t port = 0;
  bool strict_port = false;
  Duration idle_timeout = std::chrono::seconds{60};
  std::vector<Rule> rules;  // by priority
  TargetGroupArn default_target_group;
  bool operator==(const ListenerConfig&) const = default;
};

struct DataPlaneConfig {
  std::uint64_t generation = 0;
  std::vector<ListenerConfig> listeners;
  std::vector<TargetGroupConfig> target_groups;
  /// What cookies are signed with, so that a restarted balancer knows them. A secret: the adapter
  /// adds it, the engine has none. Empty: each balancer makes its own.
  std::string cookie_key;
  bool operator==(const DataPlaneConfig&) const = default;
};

struct ListenerBinding {
  ListenerArn arn;
  std::uint16_t bound_port = 0;  // 0: not bound
  std::string note;              // why it differs, or why it is not bound
  bool operator==(const ListenerBinding&) const = default;
};

inline constexpr std::size_t kMaxTimedTargets = 200;

/// Counters grow for ever from the start of a balancer; `epoch` of the report tells starts apart.
struct TargetReport {
  TargetGroupArn target_group;
  std::string id;
  std::uint16_t port = 0;
  TargetHealth health;
  std::string last_probe;  // "HTTP 500", "connection refused", "timed out after 2 s", "200 in 3 ms"
  bool ever_healthy = false;                            // in this incarnation
  TargetIntent applied_intent = TargetIntent::Serving;  // by every worker
  Duration draining_for{};  // since the intent is another than Serving, by the balancer's clock
  std::uint64_t requests = 0;
  std::uint64_t responses_2xx = 0, responses_3xx = 0, responses_4xx = 0, responses_5xx = 0;
  std::uint64_t connection_errors = 0;
  double response_time_sum = 0;  // seconds
  std::uint64_t response_time_count = 0;
  double response_time_max = 0;  // seconds, since the last report
  /// How many answers took how long: counts by bin of core/metrics' Sketch, of seconds. Empty where
  /// there are too many targets to report it (kMaxTimedTargets).
  std::map<std::int32_t, std::uint64_t> response_times;
  std::int64_t in_flight = 0;   // requests without their answer's end
  std::int64_t websockets = 0;  // open tunnels
  bool operator==(const TargetReport&) const = default;
};

struct LoadBalancerReport {
  LoadBalancerArn arn;
  std::uint64_t requests = 0;
  std::uint64_t new_connections = 0, rejected_connections = 0, processed_bytes = 0;
  std::int64_t active_connections = 0;
  std::uint64_t elb_3xx = 0, elb_4xx = 0, elb_5xx = 0, elb_500 = 0, elb_502 = 0, elb_503 = 0,
                elb_504 = 0;
  std::uint64_t rule_evaluations = 0;
  bool operator==(const LoadBalancerReport&) const = default;
};

struct DataPlaneReport {
  bool connected = false;        // a balancer is there
  std::string epoch;             // of the balancer process
  std::uint64_t generation = 0;  // applied by every worker
  std::vector<ListenerBinding> bindings;
  std::vector<TargetReport> targets;
  std::vector<LoadBalancerReport> load_balancers;
  bool operator==(const DataPlaneReport&) const = default;
};

}  // namespace tidegate::balancing
