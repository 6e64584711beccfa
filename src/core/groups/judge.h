// Judgements over one instance that the planner is made of: does it serve, did its launch fail, is
// it unhealthy, how far is its termination. Pure; internal to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/instance.h"
#include "core/groups/plan.h"

namespace tidegate::groups {

/// Since when a Pending one is so.
Instant pending_since(const Instance& instance);

enum class LaunchVerdict {
  Waiting,       // until `due`, if there is one
  WaitingBlind,  // its time is up, but there is no balancer that could tell whether it serves
  Serves,
  Failed,
};
struct LaunchJudgement {
  LaunchVerdict verdict = LaunchVerdict::Waiting;
  std::optional<Instant> due;
};
LaunchJudgement judge_launch(const PlanInput& input,
                             const Instance& instance,
                             const InstanceFacts* facts);

enum class HealthCheckKind { Ec2, Elb, Liveness };
/// For cause_health_failure().
std::string_view to_string(HealthCheckKind kind);

struct HealthJudgement {
  std::optional<std::string> failure;  // one sentence
  std::optional<Instant> grace_end;    // of the grace period that still covers the failure
};
/// Of an InService instance. EC2's status counts always; the others after the grace period, which
/// starts at `in_service_since`.
HealthJudgement judge_health(const PlanInput& input,
                             const Instance& instance,
                             const InstanceFacts* facts,
                             Instant in_service_since);

/// An Unhealthy InService instance passes the very check that failed: liveness, else all targets.
bool is_well_again(const AutoScalingGroup& group, const InstanceFacts* facts);

/// Load is back and it may serve again: draining for scale-in, its process alive, SIGTERM not sent,
/// its one un-drain not used up.
bool may_undrain(const AutoScalingGroup& group,
                 const Instance& instance,
                 const InstanceFacts* facts);

/// The driver does not report it, and had the time to.
bool is_unseen(const Instance& instance, const InstanceFacts* facts, Instant now);

/// Nothing is left of a terminating one: it is unseen, or was seen before and is not any more.
bool is_gone(const Instance& instance, const InstanceFacts* facts, Instant now);

struct StageJudgement {
  TerminationStage stage = TerminationStage::Draining;
  std::optional<Instant> due;  // when it moves on at the latest; absent in Killing
};
struct StageStart {
  TerminationStage stage = TerminationStage::Draining;
  Instant since;
};
/// Where a termination that is in a stage since some time has come to by now; stages of no length
/// are passed at once.
StageJudgement judge_stage(const PlanInput& input,
                           const Instance& instance,
                           const InstanceFacts* facts,
                           StageStart start);

}  // namespace tidegate::groups
