#include "core/balancing/target_health.h"

#include "base/text.h"

namespace tidegate::balancing {
namespace {

TargetHealth registering() {
  return {TargetHealthState::Initial,
          "Elb.RegistrationInProgress",
          "Target registration is in progress"};
}

TargetHealth draining() {
  return {TargetHealthState::Draining,
          "Target.DeregistrationInProgress",
          "Target deregistration is in progress"};
}

TargetHealth stopped() {
  return {TargetHealthState::Unused, "Target.InvalidState", "Target is in the stopped state"};
}

// Why a serving target is not probed; absent when it is.
std::optional<TargetHealth> unprobed(const TargetGroupConfig& group, const TargetConfig& target) {
  if (!group.in_use) {
    return TargetHealth{TargetHealthState::Unused,
                        "Target.NotInUse",
                        "Target group is not configured to receive traffic from the load balancer"};
  }
  if (!target.zone_enabled) {
    return TargetHealth{
        TargetHealthState::Unused,
        "Target.NotInUse",
        "Target is in an Availability Zone that is not enabled for the load balancer"};
  }
  if (!group.health_check.enabled) {
    return TargetHealth{
        TargetHealthState::Unavailable, "Target.HealthCheckDisabled", "Health checks are disabled"};
  }
  return std::nullopt;
}

bool is_probed(TargetHealthState state) {
  return state == TargetHealthState::Initial || state == TargetHealthState::Healthy ||
         state == TargetHealthState::Unhealthy;
}

TargetStatus fresh(const TargetConfig& target, MonotonicInstant now) {
  TargetStatus status;
  status.health = registering();
  status.incarnation = target.incarnation;
  status.initial_since = now;
  return status;
}

TargetHealth failed_because(const ProbeOutcome& outcome) {
  switch (outcome.kind) {
    case ProbeOutcome::Kind::Answered:
      return {TargetHealthState::Unhealthy,
              "Target.ResponseCodeMismatch",
              "Health checks failed with these codes: [" + std::to_string(outcome.status) + "]"};
    case ProbeOutcome::Kind::TimedOut:
      return {TargetHealthState::Unhealthy, "Target.Timeout", "Request timed out"};
    case ProbeOutcome::Kind::ConnectionRefused:
    case ProbeOutcome::Kind::Failed:
      return {TargetHealthState::Unhealthy, "Target.FailedHealthChecks", "Health checks failed"};
    case ProbeOutcome::Kind::InternalError:
      break;
  }
  return {TargetHealthState::Unhealthy,
          "Elb.InternalError",
          "Health checks failed due to an internal error"};
}

bool succeeded(const ProbeOutcome& outcome, const HealthCheck& check) {
  return outcome.kind == ProbeOutcome::Kind::Answered &&
         matcher_accepts(check.matcher, outcome.status);
}

TargetStatus after_success(TargetStatus status, const HealthCheck& check) {
  status.failures = 0;
  ++status.successes;
  const bool healthy = status.health.state != TargetHealthState::Unhealthy ||
                       status.successes >= check.healthy_threshold;
  if (healthy) {
    status.health = {TargetHealthState::Healthy, {}, {}};
    status.ever_healthy = true;
  }
  return status;
}

TargetStatus after_failure(TargetStatus status,
                           const HealthCheck& check,
                           const ProbeOutcome& outcome,
                           MonotonicInstant now) {
  status.successes = 0;
  ++status.failures;
  const bool initial = status.health.state == TargetHealthState::Initial;
  const bool out_of_time = now - status.initial_since >= check.interval * check.unhealthy_threshold;
  const bool out_of_tries = status.failures >= check.unhealthy_threshold;
  const bool unhealthy =
      status.health.state == TargetHealthState::Unhealthy || (initial ? out_of_time : out_of_tries);
  if (unhealthy) status.health = failed_because(outcome);
  return status;
}

}  // namespace

TargetStatus configured(const std::optional<TargetStatus>& before,
                        const TargetGroupConfig& group,
                        const TargetConfig& target,
                        MonotonicInstant now) {
  const bool restarted = before && before->incarnation != target.incarnation;
  TargetStatus status = before && !restarted ? *before : fresh(target, now);
  const bool was_draining = before && before->health.state == TargetHealthState::Draining;
  if (target.intent == TargetIntent::Draining || target.intent == TargetIntent::Closing) {
    if (was_draining && !restarted) return status;
    status.before_draining = status.health;
    status.health = draining();
    return status;
  }
  if (target.intent == TargetIntent::Dead) {
    // AWS shows draining for the whole delay, dead or not.
    status.health = was_draining ? draining() : stopped();
    status.before_draining.reset();
    return status;
  }
  if (status.before_draining) status.health = *std::exchange(status.before_draining, std::nullopt);
  if (const std::optional<TargetHealth> reason = unprobed(group, target)) {
    status.health = *reason;
    status.successes = status.failures = 0;
    return status;
  }
  return is_probed(status.health.state) ? status : fresh(target, now);
}

TargetStatus probe_started(TargetStatus status) {
  if (status.health.state == TargetHealthState::Initial) {
    status.health = {TargetHealthState::Initial,
                     "Elb.InitialHealthChecking",
                     "Initial health checks in progress"};
  }
  return status;
}

TargetStatus after_probe(TargetStatus status,
                         const HealthCheck& check,
                         const ProbeOutcome& outcome,
                         MonotonicInstant now) {
  if (!is_probed(status.health.state)) return status;
  status.last_probe = describe(outcome, check);
  return succeeded(outcome, check) ? after_success(std::move(status), check)
                                   : after_failure(std::move(status), check, outcome, now);
}

std::optional<ProbePlan> probe_plan(const TargetStatus& status,
                                    const TargetGroupConfig& group,
                                    const TargetConfig& target) {
  if (target.intent != TargetIntent::Serving || !is_probed(status.health.state)) {
    return std::nullopt;
  }
  if (!status.ever_healthy) {
    return ProbePlan{group.initial_probe_interval, group.initial_probe_timeout};
  }
  return ProbePlan{group.health_check.interval, group.health_check.timeout};
}

Eligibility eligibility(const TargetStatus& status, const TargetConfig& target) {
  if (target.intent != TargetIntent::Serving) return Eligibility::Never;
  switch (status.health.state) {
    case TargetHealthState::Healthy:
    case TargetHealthState::Unavailable:
      return Eligibility::Preferred;
    case TargetHealthState::Unhealthy:
      return status.ever_healthy ? Eligibility::FailOpen : Eligibility::Never;
    case TargetHealthState::Initial:
    case TargetHealthState::Unused:
    case TargetHealthState::Draining:
      break;
  }
  return Eligibility::Never;
}

std::string describe(const ProbeOutcome& outcome, const HealthCheck& check) {
  switch (outcome.kind) {
    case ProbeOutcome::Kind::Answered:
      if (!matcher_accepts(check.matcher, outcome.status)) {
        return "HTTP " + std::to_string(outcome.status);
      }
      return std::to_string(outcome.status) + " in " +
             std::to_string(std::chrono::round<std::chrono::milliseconds>(outcome.took).count()) +
             " ms";
    case ProbeOutcome::Kind::TimedOut:
      return "timed out after " + format_double(seconds_of(outcome.took)) + " s";
    case ProbeOutcome::Kind::ConnectionRefused:
      return "connection refused";
    case ProbeOutcome::Kind::Failed:
      return "connection failed";
    case ProbeOutcome::Kind::InternalError:
      break;
  }
  return "not probed: internal error";
}

TargetHealth not_registered() {
  return {TargetHealthState::Unused,
          "Target.NotRegistered",
          "Target is not registered to the target group"};
}

bool drain_over(const Target& target, Duration deregistration_delay, Instant now) {
  return target.deregistered && now - *target.deregistered >= deregistration_delay;
}

std::string check_invariants(const TargetStatus& status) {
  if (status.successes < 0 || status.failures < 0) return "a negative count";
  if (status.successes > 0 && status.failures > 0) return "successes and failures in a row at once";
  const bool healthy = status.health.state == TargetHealthState::Healthy;
  if (healthy && !status.ever_healthy) return "healthy, and never was";
  if (healthy != status.health.reason.empty()) return "a reason stands exactly when not healthy";
  const bool draining_now = status.health.state == TargetHealthState::Draining;
  if (status.before_draining && !draining_now) return "remembers what was before draining";
  return {};
}

}  // namespace tidegate::balancing
