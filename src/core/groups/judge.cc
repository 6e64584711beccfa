#include "core/groups/judge.h"

#include <algorithm>

#include "base/check.h"

namespace tidegate::groups {
namespace {

// AWS's default where the caller names none.
constexpr Duration kDefaultDeregistrationDelay = std::chrono::seconds{300};

const InstanceObservation* observation_of(const InstanceFacts* facts) {
  return facts != nullptr && facts->observation ? &*facts->observation : nullptr;
}

const TargetFacts* target_of(const InstanceFacts* facts, const balancing::TargetGroupArn& arn) {
  if (facts == nullptr) {
    return nullptr;
  }
  const auto found =
      std::find_if(facts->targets.begin(), facts->targets.end(), [&arn](const TargetFacts& target) {
        return target.target_group == arn;
      });
  return found == facts->targets.end() ? nullptr : &*found;
}

bool is_connected(const InstanceFacts* facts) {
  return facts != nullptr && facts->data_plane_connected;
}

/// Every target group of the group has a fresh report of which `holds` is true.
template <typename Predicate>
bool all_targets(const AutoScalingGroup& group, const InstanceFacts* facts, Predicate holds) {
  return is_connected(facts) && std::all_of(group.target_groups.begin(),
                                            group.target_groups.end(),
                                            [&](const balancing::TargetGroupArn& arn) {
                                              const TargetFacts* target = target_of(facts, arn);
                                              return target != nullptr && holds(*target);
                                            });
}

bool is_healthy(const TargetFacts& target) {
  return target.health.state == balancing::TargetHealthState::Healthy;
}

bool is_idle(const TargetFacts& target) {
  return target.in_flight == 0 && target.websockets == 0;
}

bool is_drained(const TargetFacts& target) {
  return target.applied_intent != balancing::TargetIntent::Serving && is_idle(target);
}

bool ends_dead(const InstanceObservation& seen) {
  return seen.status_check_failed || seen.phase == InstancePhase::Exited ||
         seen.phase == InstancePhase::Lost || seen.phase == InstancePhase::Failed;
}

/// Its process is gone, and may be restarted in place.
bool is_crashed(const InstanceFacts* facts) {
  const InstanceObservation* seen = observation_of(facts);
  return seen != nullptr && !seen->process_alive &&
         (seen->phase == InstancePhase::Running || seen->phase == InstancePhase::Stopping);
}

/// No balancer is asked about it.
bool is_apart(const AutoScalingGroup& group, const Instance& instance) {
  return group.target_groups.empty() || instance.kept_from_load_balancers;
}

bool serves(const AutoScalingGroup& group, const Instance& instance, const InstanceFacts* facts) {
  const InstanceObservation* seen = observation_of(facts);
  if (seen == nullptr || seen->phase != InstancePhase::Running) {
    return false;
  }
  if (is_apart(group, instance)) {
    return seen->process_alive || seen->user_data_exit_status == 0;
  }
  return all_targets(group, facts, is_healthy);
}

/// CONTRACT "An instance", 1: user data that exits ≠ 0, or 0 leaving nothing, before the first
/// health.
bool user_data_failed(const AutoScalingGroup& group,
                      const Instance& instance,
                      const InstanceFacts& facts) {
  if (instance.joined) {
    return false;  // it was launched long ago; whether it serves is what counts
  }
  const InstanceObservation& seen = *facts.observation;
  const bool ever_healthy =
      std::any_of(facts.targets.begin(), facts.targets.end(), [](const TargetFacts& target) {
        return target.ever_healthy;
      });
  if (ever_healthy) {
    return false;
  }
  const bool restarted = !group.target_groups.empty() && seen.restarts > 0;
  return restarted ||
         (seen.user_data_exit_status && (*seen.user_data_exit_status != 0 || !seen.process_alive));
}

Instant launch_deadline(const PlanInput& input, const Instance& instance) {
  const Instant deadline = pending_since(instance) + input.group.launch_timeout;
  if (is_apart(input.group, instance) || !input.data_plane_connected_since) {
    return deadline;
  }
  return std::max(deadline, *input.data_plane_connected_since + kReconnectGrace);
}

/// What the balancer's probes say against it, unless that is known to pass (a restart in place).
std::optional<std::string> target_failure(const AutoScalingGroup& group,
                                          const InstanceFacts* facts) {
  if (!is_connected(facts) || is_crashed(facts)) {
    return std::nullopt;
  }
  for (const balancing::TargetGroupArn& arn : group.target_groups) {
    const TargetFacts* target = target_of(facts, arn);
    if (target != nullptr && target->health.state == balancing::TargetHealthState::Unhealthy) {
      const std::string detail =
          target->last_probe.empty() ? target->health.reason : target->last_probe;
      return "Its target is unhealthy: " + detail + ".";
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_failure(const AutoScalingGroup& group,
                                         const InstanceFacts* facts) {
  if (group.liveness) {
    if (facts != nullptr && facts->liveness_failing == true) {
      return "Its liveness check " + group.liveness->path + " fails.";
    }
    return std::nullopt;
  }
  if (group.health_check_type == HealthCheckType::Elb) {
    return target_failure(group, facts);
  }
  return std::nullopt;
}

std::string death_sentence(const InstanceFacts* facts) {
  const InstanceObservation* seen = observation_of(facts);
  if (seen == nullptr) {
    return "The compute driver does not know the instance any more.";
  }
  if (!seen->failure.empty()) {
    return seen->failure;
  }
  if (seen->status_check_failed) {
    return "Its EC2 status check failed: " + std::to_string(seen->restarts) +
           " restarts in place did not help.";
  }
  return seen->phase == InstancePhase::Lost ? "Its shim is gone." : "Its processes are gone.";
}

Duration delay_of(const PlanInput& input, const balancing::TargetGroupArn& arn) {
  const auto found = input.deregistration_delays.find(arn);
  return found == input.deregistration_delays.end() ? kDefaultDeregistrationDelay : found->second;
}

Duration deregistration_delay(const PlanInput& input) {
  Duration longest{};
  for (const balancing::TargetGroupArn& arn : input.group.target_groups) {
    longest = std::max(longest, delay_of(input, arn));
  }
  return longest;
}

/// What is still open at a target has had the whole delay. A balancer may have been told late: it
/// was away, or the store took no changes, and nothing is told that is not stored.
bool had_its_delay(const PlanInput& input, const InstanceFacts* facts) {
  if (!is_connected(facts)) {
    return true;
  }
  return std::all_of(facts->targets.begin(), facts->targets.end(), [&](const TargetFacts& target) {
    return is_idle(target) || target.draining_for >= delay_of(input, target.target_group);
  });
}

/// The stage that follows when `stage` is over by now; absent while it is not.
std::optional<TerminationStage> following_stage(const PlanInput& input,
                                                const Instance& instance,
                                                const InstanceFacts* facts,
                                                StageJudgement present) {
  const AutoScalingGroup& group = input.group;
  const bool apart = is_apart(group, instance);
  const bool idle = apart || all_targets(group, facts, is_idle);
  const Instant due = *present.due;
  switch (present.stage) {
    case TerminationStage::Draining:
      if (apart || all_targets(group, facts, is_drained) ||
          (input.now >= due && had_its_delay(input, facts))) {
        return TerminationStage::Stopping;
      }
      return std::nullopt;
    case TerminationStage::Stopping:
      if (input.now >= due) {
        return idle ? TerminationStage::Killing : TerminationStage::Closing;
      }
      return std::nullopt;
    case TerminationStage::Closing:
      if (input.now >= due || idle) {
        return TerminationStage::Killing;
      }
      return std::nullopt;
    case TerminationStage::Killing:
    case TerminationStage::None:
      return std::nullopt;
  }
  check_failed("TerminationStage", __FILE__, __LINE__);
}

Duration length_of(const PlanInput& input, TerminationStage stage) {
  switch (stage) {
    case TerminationStage::Draining:
      return deregistration_delay(input);
    case TerminationStage::Stopping:
      return input.group.stop_timeout;
    case TerminationStage::Closing:
      return kClosingTime;
    case TerminationStage::Killing:
    case TerminationStage::None:
      return Duration{};
  }
  check_failed("TerminationStage", __FILE__, __LINE__);
}

}  // namespace

Instant pending_since(const Instance& instance) {
  return instance.joined.value_or(instance.launched);
}

bool is_registered_state(LifecycleState state) {
  return state == LifecycleState::Pending || state == LifecycleState::InService;
}

bool is_unseen(const Instance& instance, const InstanceFacts* facts, Instant now) {
  return observation_of(facts) == nullptr && now >= instance.launched + kUnseenGrace;
}

bool is_gone(const Instance& instance, const InstanceFacts* facts, Instant now) {
  const bool was_seen = !instance.address.empty();  // only an observation tells it
  return observation_of(facts) == nullptr && (was_seen || is_unseen(instance, facts, now));
}

bool is_known_dead(const Instance& instance, const InstanceFacts* facts, Instant now) {
  if (const InstanceObservation* seen = observation_of(facts); seen != nullptr) {
    return ends_dead(*seen);
  }
  return instance.lifecycle_state != LifecycleState::Pending && is_unseen(instance, facts, now);
}

balancing::TargetIntent target_intent(const Instance& instance,
                                      const InstanceFacts* facts,
                                      Instant now) {
  if (instance.lifecycle_state == LifecycleState::Terminated || is_crashed(facts) ||
      is_known_dead(instance, facts, now)) {
    return balancing::TargetIntent::Dead;
  }
  switch (instance.stage) {
    case TerminationStage::None:
      return is_registered_state(instance.lifecycle_state) ? balancing::TargetIntent::Serving
                                                           : balancing::TargetIntent::Draining;
    case TerminationStage::Draining:
    case TerminationStage::Stopping:
      return balancing::TargetIntent::Draining;
    case TerminationStage::Closing:
      return balancing::TargetIntent::Closing;
    case TerminationStage::Killing:
      return balancing::TargetIntent::Dead;
  }
  check_failed("TerminationStage", __FILE__, __LINE__);
}

bool wants_sigterm(const AutoScalingGroup& group, const Instance& instance) {
  switch (instance.stage) {
    case TerminationStage::None:
      return false;
    case TerminationStage::Draining:
      return group.drain_signal == DrainSignal::Start;
    case TerminationStage::Stopping:
    case TerminationStage::Closing:
    case TerminationStage::Killing:
      return true;
  }
  check_failed("TerminationStage", __FILE__, __LINE__);
}

LaunchJudgement judge_launch(const PlanInput& input,
                             const Instance& instance,
                             const InstanceFacts* facts) {
  if (is_known_dead(instance, facts, input.now)) {
    return {LaunchVerdict::Failed, std::nullopt};
  }
  if (serves(input.group, instance, facts)) {
    return {LaunchVerdict::Serves, std::nullopt};
  }
  const bool seen = observation_of(facts) != nullptr;
  if (seen && user_data_failed(input.group, instance, *facts)) {
    return {LaunchVerdict::Failed, std::nullopt};
  }
  const Instant deadline = launch_deadline(input, instance);
  if (input.now < deadline) {
    return {LaunchVerdict::Waiting, deadline};
  }
  const bool blind = seen && !is_apart(input.group, instance) && !is_connected(facts);
  return {blind ? LaunchVerdict::WaitingBlind : LaunchVerdict::Failed, std::nullopt};
}

std::string_view to_string(HealthCheckKind kind) {
  switch (kind) {
    case HealthCheckKind::Ec2:
      return "EC2 instance status checks";
    case HealthCheckKind::Elb:
      return "ELB system health check";
    case HealthCheckKind::Liveness:
      return "liveness check";
  }
  check_failed("HealthCheckKind", __FILE__, __LINE__);
}

HealthJudgement judge_health(const PlanInput& input,
                             const Instance& instance,
                             const InstanceFacts* facts,
                             Instant in_service_since) {
  if (is_known_dead(instance, facts, input.now)) {
    return {death_sentence(facts), std::nullopt};
  }
  std::optional<std::string> failure = check_failure(input.group, facts);
  const Instant grace_end = in_service_since + input.group.health_check_grace_period;
  if (!failure || input.now >= grace_end) {
    return {std::move(failure), std::nullopt};
  }
  return {std::move(failure), grace_end};
}

bool is_well_again(const AutoScalingGroup& group, const InstanceFacts* facts) {
  if (group.liveness) {
    return facts != nullptr && facts->liveness_failing == false;
  }
  return group.health_check_type == HealthCheckType::Elb && !group.target_groups.empty() &&
         all_targets(group, facts, is_healthy);
}

bool may_undrain(const AutoScalingGroup& group,
                 const Instance& instance,
                 const InstanceFacts* facts) {
  const InstanceObservation* seen = observation_of(facts);
  return instance.lifecycle_state == LifecycleState::Terminating &&
         instance.stage == TerminationStage::Draining &&
         instance.termination_reason == TerminationReason::ScaleIn && !instance.undrained &&
         instance.health_status == HealthStatus::Healthy && !wants_sigterm(group, instance) &&
         seen != nullptr && seen->phase == InstancePhase::Running && seen->process_alive &&
         !check_failure(group, facts);
}

StageJudgement judge_stage(const PlanInput& input,
                           const Instance& instance,
                           const InstanceFacts* facts,
                           StageStart start) {
  if (start.stage != TerminationStage::Killing && is_known_dead(instance, facts, input.now)) {
    return {TerminationStage::Killing, std::nullopt};
  }
  while (start.stage != TerminationStage::Killing) {
    const Instant due = start.since + length_of(input, start.stage);
    const auto following = following_stage(input, instance, facts, {start.stage, due});
    if (!following) {
      return {start.stage, due};
    }
    start = {*following, input.now};
  }
  return {TerminationStage::Killing, std::nullopt};
}

}  // namespace tidegate::groups
