// An instance of a group: what the control plane remembers of it (persisted), and what it sees of
// it (observed anew).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "base/time.h"
#include "core/balancing/data_plane.h"
#include "core/groups/launch_template.h"
#include "core/groups/lifecycle.h"

namespace tidegate::groups {

using InstanceId = Strong<struct InstanceIdTag>;
using GroupName = Strong<struct GroupNameTag>;
using ActivityId = Strong<struct ActivityIdTag>;

enum class HealthStatus { Healthy, Unhealthy };
std::string_view to_string(HealthStatus status);  // "Healthy", "Unhealthy"

/// Where a Terminating instance is on its way out (CONTRACT "An instance", 4). Monotone, but for
/// one un-drain.
enum class TerminationStage {
  None,
  Draining,  // deregistered; waits until nothing is in flight and no WebSocket is open, at most the
             // deregistration delay
  Stopping,  // SIGTERM sent; waits for its exit, at most StopTimeout
  Closing,   // the balancer FINs what is left, paced; at most kClosingTime
  Killing,   // SIGKILL asked for; waits until nothing is left
};
std::string_view to_string(TerminationStage stage);
std::optional<TerminationStage> parse_termination_stage(std::string_view text);

enum class TerminationReason {
  None,
  ScaleIn,
  Unhealthy,
  UserRequest,
  LaunchFailed,
  GroupDeleted,
  Replaced
};
std::string_view to_string(TerminationReason reason);
std::optional<TerminationReason> parse_termination_reason(std::string_view text);

struct Instance {
  InstanceId id;
  GroupName group;
  std::string zone;
  std::string image_id;
  std::string instance_type;
  LaunchTemplateSpecification launch_template;  // version: the number it was launched from
  LifecycleState lifecycle_state = LifecycleState::Pending;
  HealthStatus health_status = HealthStatus::Healthy;
  std::string health_reason;  // why it is Unhealthy, one sentence
  // Unhealthy because SetInstanceHealth said so: no check that passes makes it Healthy again.
  bool unhealthy_by_request = false;
  bool protected_from_scale_in = false;
  Instant launched;
  // Of one that runs and joins the group (attached, or back from Standby): since when it is
  // Pending. Absent: it is Pending since its launch.
  std::optional<Instant> joined;
  // It came while AddToLoadBalancer was suspended: it is registered nowhere, also later.
  bool kept_from_load_balancers = false;
  std::optional<Instant> in_service_since;
  TerminationStage stage = TerminationStage::None;
  // While InService: UserRequest means that a user asked for its termination, which waits for its
  // replacement if it is the last that serves.
  TerminationReason termination_reason = TerminationReason::None;
  std::optional<Instant> stage_since;
  bool undrained = false;  // the one un-drain is used up
  std::string address;     // IPv4 literal; empty until it has one
  std::uint16_t port = 0;  // the application's
  ActivityId launch_activity;
  ActivityId termination_activity;
  std::optional<InstanceId> replaces;       // launched to replace that one
  std::map<std::string, std::string> tags;  // as propagated at launch, then its own
  bool operator==(const Instance&) const = default;
};

enum class InstancePhase {
  Launching,  // accepted, not running yet
  Running,    // its pid 1 is there
  Stopping,   // SIGTERM was sent
  Exited,     // its processes are gone; remnants may be there until kill()
  Lost,       // its shim is gone, or it is of another boot
  Failed,     // could not be started at all: `failure` says why
};
std::string_view to_string(InstancePhase phase);

struct FailingLine {
  std::int32_t status = 0;
  std::int32_t line = 0;  // of the user data, from 1
  std::string command;
  bool operator==(const FailingLine&) const = default;
};

/// What the compute driver reports of an instance.
struct InstanceObservation {
  InstanceId id;
  InstancePhase phase = InstancePhase::Launching;
  std::string address;  // IPv4 literal; empty until it has one
  std::uint16_t port = 0;
  std::uint32_t incarnation = 0;  // of the main process: grows with each restart in place
  bool process_alive =
      false;  // its user data, or something it left, is running (or it has none and runs)
  std::optional<std::int32_t> user_data_exit_status;  // of the newest run; absent while it runs
  std::optional<Duration> user_data_duration;         // of the newest run that ended
  std::optional<FailingLine> failing_line;
  std::int32_t restarts = 0;         // within the restart window
  bool status_check_failed = false;  // 5 restarts within 60 s: EC2's failed status check
  Duration cpu_used{};               // since its start; grows
  double cpu_quota = 0;              // vCPUs
  Instant sampled;                   // when cpu_used was read
  double busiest_thread = 0;         // share of one CPU, 0..1, over the last second or so
  std::int64_t memory_bytes = 0;
  std::int64_t oom_kills = 0;
  std::string failure;       // one sentence; empty when all is well
  std::string console_tail;  // last lines, only once something failed
  bool operator==(const InstanceObservation&) const = default;
};

/// One target group's view of an instance, as the balancer reported it.
struct TargetFacts {
  balancing::TargetGroupArn target_group;
  balancing::TargetHealth health;
  std::string last_probe;
  bool ever_healthy = false;
  balancing::TargetIntent applied_intent = balancing::TargetIntent::Serving;
  std::int64_t in_flight = 0;
  std::int64_t websockets = 0;
  std::uint16_t port = 0;   // where the balancer asks; 0: not known
  Duration draining_for{};  // as the balancer has it
  bool operator==(const TargetFacts&) const = default;
};

/// Everything that is seen of one instance at one tick. No observation: the driver does not know it
/// (yet, or any more).
struct InstanceFacts {
  std::optional<InstanceObservation> observation;
  std::vector<TargetFacts> targets;      // one per target group of the group that has a report
  std::optional<bool> liveness_failing;  // with Liveness configured: the probe's verdict
  bool data_plane_connected = true;      // false: target facts are stale
  bool without_user_data = false;        // its launch template has none
  bool operator==(const InstanceFacts&) const = default;
};

}  // namespace tidegate::groups
