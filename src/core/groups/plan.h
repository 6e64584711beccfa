// The planner of a group: plan(group, instances, facts, now) → actions, each with its Cause. Pure
// and level-triggered: it looks at what is, not at what was asked for; an action that got lost is
// planned again. The engine applies an action to its state (journalled) before any driver hears of
// it, so an action never repeats while its effect is under way.
//
// Invariants, checked by check_invariants() after every step of the simulator:
//  - counted capacity (Pending + InService without an instance whose replacement is launched) never
//  leaves min..max
//    by an action of the planner;
//  - an instance becomes InService only when every target group of the group reports it healthy (or
//  none is attached
//    and it runs);
//  - at most max(1, 10 % of desired) replacements are under way; none while >= 2 instances fail and
//  they are > 50 %.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/groups/activity.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/instance.h"

namespace tidegate::groups {

struct LaunchInstance {
  std::string zone;                    // fewest instances first, ties by name
  std::optional<InstanceId> replaces;  // launch-first replacement of that one
  std::string cause;
  bool operator==(const LaunchInstance&) const = default;
};
struct EnterService {  // Pending → InService; its launch activity is Successful
  InstanceId id;
  bool operator==(const EnterService&) const = default;
};
struct FailLaunch {  // Pending → Terminating, straight to Killing; its launch activity is Failed
                     // with `message`
  InstanceId id;
  std::string message;
  bool operator==(const FailLaunch&) const = default;
};
struct MarkUnhealthy {
  InstanceId id;
  std::string reason;  // one sentence
  bool operator==(const MarkUnhealthy&) const = default;
};
struct MarkHealthy {  // an Unhealthy one that was not replaced (replacement suspended) and is well
                      // again
  InstanceId id;
  bool operator==(const MarkHealthy&) const = default;
};
struct BeginTermination {  // InService (or Pending, when it is not wanted any more) → Terminating
  InstanceId id;
  TerminationReason reason = TerminationReason::ScaleIn;
  TerminationStage first_stage =
      TerminationStage::Draining;  // Killing when nothing is left to drain
  std::string cause;
  bool operator==(const BeginTermination&) const = default;
};
struct Undrain {  // Terminating (Draining) → InService instead of a launch
  InstanceId id;
  std::string cause;
  bool operator==(const Undrain&) const = default;
};
struct AdvanceTermination {  // to a later stage
  InstanceId id;
  TerminationStage stage = TerminationStage::Stopping;
  bool operator==(const AdvanceTermination&) const = default;
};
struct FinishTermination {  // nothing is left of it: Terminated, its activity Successful
  InstanceId id;
  bool operator==(const FinishTermination&) const = default;
};
struct BeginStandby {  // InService → EnteringStandby, until its requests are done
  InstanceId id;
  std::string cause;
  bool operator==(const BeginStandby&) const = default;
};
struct FinishStandby {  // EnteringStandby → Standby
  InstanceId id;
  bool operator==(const FinishStandby&) const = default;
};
struct EndStandby {  // Standby → Pending
  InstanceId id;
  std::string cause;
  bool operator==(const EndStandby&) const = default;
};
struct BeginDetach {  // InService or Standby → Detaching, until its requests are done
  InstanceId id;
  std::string cause;
  bool operator==(const BeginDetach&) const = default;
};
struct FinishDetach {  // Detaching → Detached: it is no instance of the group any more
  InstanceId id;
  bool operator==(const FinishDetach&) const = default;
};
struct AttachInstance {  // one that runs outside any group → Pending
  Instance instance;
  std::string cause;
  bool operator==(const AttachInstance&) const = default;
};
using Action = std::variant<LaunchInstance,
                            EnterService,
                            FailLaunch,
                            MarkUnhealthy,
                            MarkHealthy,
                            BeginTermination,
                            Undrain,
                            AdvanceTermination,
                            FinishTermination,
                            BeginStandby,
                            FinishStandby,
                            EndStandby,
                            BeginDetach,
                            FinishDetach,
                            AttachInstance>;

/// A reason why something that was due did not happen; goes to the ledger and to `status`.
struct Blocker {
  std::string what;           // "launch", "replace i-…", "scale in"
  std::string why;            // one sentence
  std::string until;          // what would change it
  bool fails_launch = false;  // not merely waited for: AWS shows such a launch as a Failed activity
  bool operator==(const Blocker&) const = default;
};

struct PlanInput {
  const AutoScalingGroup& group;
  std::span<const Instance> instances;               // every one that is not Terminated, by id
  const std::map<InstanceId, InstanceFacts>& facts;  // by id; missing means nothing is seen of it
  std::map<balancing::TargetGroupArn, Duration> deregistration_delays;
  std::map<std::string, std::int64_t>
      template_versions;             // "$Latest", "$Default" → number, for the termination order
  bool capacity_available = true;    // false: the host has no room for another instance
  std::optional<std::int32_t> room;  // how many more fit the host; absent: no limit is known
  // When the data plane's reports became fresh again; a launch gets kReconnectGrace from then on.
  // Absent: as long as the instances live.
  std::optional<Instant> data_plane_connected_since;
  // Why nothing can be launched at all: its launch template or image is not there.
  std::optional<Blocker> launch_obstacle = std::nullopt;
  Instant now;
};

struct Plan {
  std::vector<Action> actions;  // in the order to take them
  std::vector<Blocker> blockers;
  std::optional<Instant> next_due;  // earliest deadline the plan waits for
};

/// An instance that the driver does not report this long after its launch, or any more, is Lost.
/// A launch that no snapshot has shown is repeated by the engine until LaunchTimeout instead.
inline constexpr Duration kUnseenGrace = std::chrono::seconds{5};

/// After the balancer was away, a launch is not failed by LaunchTimeout before its targets could be
/// probed anew.
inline constexpr Duration kReconnectGrace = std::chrono::seconds{10};

/// Its processes are known to be gone for good, or EC2's status check failed: Exited, Lost, Failed,
/// status_check_failed, or unseen for kUnseenGrace. Such a one is killed, never drained.
bool is_known_dead(const Instance& instance, const InstanceFacts* facts, Instant now);

/// In such a state it is a target of the group's target groups: Pending and InService.
bool is_registered_state(LifecycleState state);

/// What the balancer is to do with the instance's targets. Dead: also while a crashed process waits
/// for its restart in place.
balancing::TargetIntent target_intent(const Instance& instance,
                                      const InstanceFacts* facts,
                                      Instant now);

/// Whether the driver is to be asked for SIGTERM: from Stopping on, with Drain Signal start from
/// Draining on.
bool wants_sigterm(const AutoScalingGroup& group, const Instance& instance);

/// The next steps toward desired capacity. One call plans the whole gap; calling it again right
/// after its actions were applied (and nothing else changed) plans nothing.
Plan plan(const PlanInput& input);

/// How many health replacements may be under way at once: max(1, 10 % of desired).
std::int32_t max_replacements(const AutoScalingGroup& group);

/// Pending + InService, without an instance whose replacement is launched.
std::int32_t counted_capacity(std::span<const Instance> instances);

/// The order in which scale-in would take the InService instances: the default order (zone with
/// most instances, oldest template version, closest to the next hour, then id) or the group's named
/// policies. Protected ones are left out.
std::vector<InstanceId> scale_in_order(const PlanInput& input);

/// Empty when the invariants above hold for this state; else the first that does not, as a
/// sentence.
std::string check_invariants(const AutoScalingGroup& group, std::span<const Instance> instances);

}  // namespace tidegate::groups
