#include "core/groups/standalone.h"

#include "core/groups/judge.h"

namespace tidegate::groups {
namespace {

void begin_stage(StandaloneInstance& given, TerminationStage stage, Instant now) {
  given.instance.lifecycle_state = LifecycleState::Terminating;
  given.instance.stage = stage;
  given.instance.stage_since = now;
}

/// Its processes are gone for good. A failed status check is shown, not acted upon: there is no
/// group that would replace it.
std::optional<std::string> ended(const Instance& instance,
                                 const InstanceFacts* facts,
                                 Instant now) {
  if (facts == nullptr || !facts->observation) {
    if (!is_unseen(instance, facts, now)) {
      return std::nullopt;
    }
    return "Server.InternalError: the compute driver does not know the instance any more";
  }
  const InstanceObservation& seen = *facts->observation;
  switch (seen.phase) {
    case InstancePhase::Launching:
    case InstancePhase::Running:
    case InstancePhase::Stopping:
      return std::nullopt;
    case InstancePhase::Exited:
      return "Client.InstanceInitiatedShutdown: its processes ended";
    case InstancePhase::Lost:
      return "Server.InternalError: its shim is gone";
    case InstancePhase::Failed:
      return "Server.InternalError: " + seen.failure;
  }
  return std::nullopt;
}

void end(StandaloneInstance& given, std::string reason, Instant now) {
  given.end_reason = std::move(reason);
  given.instance.termination_reason = TerminationReason::Unhealthy;
  begin_stage(given, TerminationStage::Killing, now);
}

StandaloneStep step_pending(StandaloneInstance given, const InstanceFacts* facts, Instant now) {
  const bool seen = facts != nullptr && facts->observation;
  const Instant deadline = given.instance.launched + kStandaloneLaunchTimeout;
  if (seen && facts->observation->phase == InstancePhase::Running) {
    given.instance.lifecycle_state = LifecycleState::InService;
    given.instance.in_service_since = now;
    return {std::move(given), {}, {}};
  }
  auto reason = seen ? ended(given.instance, facts, now) : std::nullopt;
  if (!reason && now >= deadline) {
    reason = "Server.InternalError: the instance did not start within 60 s";
  }
  if (!reason) {
    return {std::nullopt, {}, deadline};
  }
  end(given, std::move(*reason), now);
  return {std::move(given), {}, {}};
}

StandaloneStep step_running(StandaloneInstance given, const InstanceFacts* facts, Instant now) {
  auto reason = ended(given.instance, facts, now);
  if (!reason) {
    return {};
  }
  end(given, std::move(*reason), now);
  return {std::move(given), {}, {}};
}

StandaloneStep step_terminating(StandaloneInstance given, const InstanceFacts* facts, Instant now) {
  if (is_gone(given.instance, facts, now)) {
    given.instance.lifecycle_state = LifecycleState::Terminated;
    given.instance.stage = TerminationStage::None;
    given.instance.stage_since.reset();
    given.terminated = now;
    return {std::move(given), {}, {}};
  }
  if (given.instance.stage == TerminationStage::Killing) {
    return {std::nullopt, {}, given.instance.launched + kUnseenGrace};
  }
  const Instant deadline =
      given.instance.stage_since.value_or(given.instance.launched) + kStandaloneStopTimeout;
  if (now < deadline && !ended(given.instance, facts, now)) {
    return {std::nullopt, {}, deadline};
  }
  begin_stage(given, TerminationStage::Killing, now);
  return {std::move(given), {}, {}};
}

StandaloneStep step_terminated(const StandaloneInstance& given, Instant now) {
  const Instant forgotten = given.terminated.value_or(given.instance.launched) + kTerminatedShown;
  if (now >= forgotten) {
    return {std::nullopt, StandaloneStep::Keep::Forget, std::nullopt};
  }
  return {std::nullopt, {}, forgotten};
}

}  // namespace

StandaloneStep step(const StandaloneInstance& given, const InstanceFacts* facts, Instant now) {
  const LifecycleState state = given.instance.lifecycle_state;
  if (state == LifecycleState::Pending) {
    return step_pending(given, facts, now);
  }
  if (state == LifecycleState::Terminating) {
    return step_terminating(given, facts, now);
  }
  if (state == LifecycleState::Terminated) {
    return step_terminated(given, now);
  }
  return step_running(given, facts, now);
}

StandaloneInstance begin_end(StandaloneInstance instance, Instant now) {
  const LifecycleState state = instance.instance.lifecycle_state;
  if (state == LifecycleState::Terminating || state == LifecycleState::Terminated) {
    return instance;
  }
  instance.end_reason = "Client.UserInitiatedShutdown: User initiated shutdown";
  instance.instance.termination_reason = TerminationReason::UserRequest;
  begin_stage(
      instance,
      state == LifecycleState::Pending ? TerminationStage::Killing : TerminationStage::Stopping,
      now);
  return instance;
}

StandaloneInstance outside_group(const Instance& instance,
                                 const LaunchTemplateVersion& made_from,
                                 Instant now) {
  StandaloneInstance outside;
  outside.instance = instance;
  outside.made_from = made_from;
  outside.reservation = "r-" + instance.id.value.substr(2);
  if (instance.lifecycle_state == LifecycleState::Terminated) {
    outside.terminated = now;
    outside.end_reason = instance.termination_reason == TerminationReason::LaunchFailed
                             ? "Server.InternalError: the launch failed"
                             : "User initiated";
    return outside;
  }
  outside.instance.group = GroupName{};
  outside.instance.lifecycle_state = LifecycleState::InService;
  outside.instance.in_service_since = now;
  return outside;
}

}  // namespace tidegate::groups
