// Scaling activities with AWS's status codes and Cause texts, which clients read by pattern
// (AUTOSCALING.md §2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/instance.h"

namespace tidegate::groups {

enum class ActivityStatus {
  PendingSpotBidPlacement,
  WaitingForSpotInstanceRequestId,
  WaitingForSpotInstanceId,
  WaitingForInstanceId,
  PreInService,
  InProgress,
  WaitingForELBConnectionDraining,
  MidLifecycleAction,
  WaitingForInstanceWarmup,
  Successful,
  Failed,
  Cancelled,
  WaitingForConnectionDraining,
  WaitingForInPlaceUpdateToStart,
  WaitingForInPlaceUpdateToFinalize,
  InPlaceUpdateInProgress,
};
std::string_view to_string(ActivityStatus status);
std::optional<ActivityStatus> parse_activity_status(std::string_view text);
/// Successful, Failed or Cancelled.
bool is_final(ActivityStatus status);

struct Activity {
  ActivityId id;  // UUID
  GroupName group;
  std::optional<InstanceId> instance;
  std::string description;  // "Launching a new EC2 instance: i-…", "Terminating EC2 instance: i-…"
  std::string cause;
  Instant start;
  std::optional<Instant> end;
  ActivityStatus status = ActivityStatus::InProgress;
  std::string status_message;  // of a failure: what exists of exit status, failing line, console
                               // tail, probe result
  std::int32_t progress = 0;   // percent
  std::string details;         // JSON: {"Availability Zone":"eu-west-2a"}
  bool operator==(const Activity&) const = default;
};

inline constexpr std::size_t kMaxActivitiesKept = 200;  // per group, finished ones, newest

/// One of a group that is deleted.
struct PastActivity {
  Activity activity;
  std::string group_arn;
  Instant group_deleted;
  bool operator==(const PastActivity&) const = default;
};
inline constexpr std::size_t kMaxPastActivitiesKept = 500;  // of all deleted groups, newest
inline constexpr Duration kActivitiesShown = std::chrono::hours{24} * 42;  // AWS: six weeks

std::string launch_description(const InstanceId& id);
std::string termination_description(const InstanceId& id);

// Cause texts. `t` is rendered as ISO 8601 with whole seconds.
std::string cause_group_created(Instant t, std::int32_t from, std::int32_t to);
std::string cause_user_changed_desired(Instant t, std::int32_t from, std::int32_t to);
std::string cause_alarm_triggered(
    Instant t, std::string_view alarm, std::string_view policy, std::int32_t from, std::int32_t to);
std::string cause_instance_started(Instant t, std::int32_t from, std::int32_t to);
std::string cause_instance_removed(Instant t, std::int32_t from, std::int32_t to);
std::string cause_selected_for_termination(Instant t, const InstanceId& id);
/// kind: "ELB system health check", "EC2 instance status checks", "liveness check".
std::string cause_health_failure(Instant t, std::string_view kind);
std::string cause_user_set_unhealthy(Instant t);
/// done: "moved to standby", "moved out of standby", "detached", "attached".
std::string cause_user_moved(
    Instant t, const InstanceId& id, std::string_view done, std::int32_t from, std::int32_t to);
std::string cause_user_terminated(Instant t, const InstanceId& id);
std::string cause_replacement(Instant t, const InstanceId& unhealthy);

/// A launch that could not even be tried, as AWS shows it: Failed at once, of no instance.
/// present: the capacity that counts. why: a sentence.
Activity refused_launch(const AutoScalingGroup& group,
                        std::int32_t present,
                        const std::string& why,
                        ActivityId id,
                        Instant now);

/// The sentence of a failed launch from what exists: exit status, failing line, console tail, last
/// probe, time limit.
std::string launch_failure_message(const InstanceFacts& facts,
                                   Duration launch_timeout,
                                   Instant launched,
                                   Instant now);

}  // namespace tidegate::groups
