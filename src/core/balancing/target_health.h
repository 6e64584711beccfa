// The health of one target as a state machine over values: configuration and probe outcomes go in,
// AWS's state, reason and description come out (AUTOSCALING §2.6). Run by the balancer (and by the
// simulator's data plane), one TargetStatus per (target group, target). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "core/balancing/data_plane.h"

namespace tidegate::balancing {

struct ProbeOutcome {
  enum class Kind {
    Answered,  // with `status`
    TimedOut,
    ConnectionRefused,
    Failed,         // reset, closed, no HTTP, unreachable
    InternalError,  // the balancer could not probe (no descriptors)
  };
  Kind kind = Kind::Answered;
  int status = 0;  // Answered only
  Duration took{0};
  bool operator==(const ProbeOutcome&) const = default;
};

struct TargetStatus {
  TargetHealth health;
  std::uint32_t incarnation = 0;
  bool ever_healthy = false;                 // in this incarnation
  std::string last_probe;                    // "200 in 3 ms", "HTTP 500", "connection refused", …
  std::int32_t successes = 0, failures = 0;  // consecutive; at most one of them is not 0
  MonotonicInstant initial_since{};          // when `initial` began
  std::optional<TargetHealth> before_draining;  // comes back by un-drain
  bool operator==(const TargetStatus&) const = default;
};

/// The status of a target that enters a configuration, or whose configuration is replaced: `before`
/// is what it was, absent for a new one.
TargetStatus configured(const std::optional<TargetStatus>& before,
                        const TargetGroupConfig& group,
                        const TargetConfig& target,
                        MonotonicInstant now);

/// A first probe is on its way: registration is over.
TargetStatus probe_started(TargetStatus status);

/// One success ends `initial`; from unhealthy it takes HealthyThreshold in a row, from healthy to
/// unhealthy UnhealthyThreshold. While `initial`, probes are dense, so failures count by time: the
/// target is unhealthy once UnhealthyThreshold × interval have passed without a success.
/// Outcomes for targets that are not probed change nothing.
TargetStatus after_probe(TargetStatus status,
                         const HealthCheck& check,
                         const ProbeOutcome& outcome,
                         MonotonicInstant now);

struct ProbePlan {
  Duration interval;  // from the start of one probe to the start of the next
  Duration timeout;
  bool operator==(const ProbePlan&) const = default;
};
/// Absent when the target is not probed. Dense until the target is healthy for the first time in
/// its incarnation, so that an instance that boots slowly serves as soon as it can.
std::optional<ProbePlan> probe_plan(const TargetStatus& status,
                                    const TargetGroupConfig& group,
                                    const TargetConfig& target);

/// The part a target plays in the choice.
enum class Eligibility {
  Preferred,  // healthy, or taken as it is because health checks are disabled
  FailOpen,   // unhealthy, but was healthy before: used when nothing is preferred
  Never,      // initial, never healthy, unused, draining, known dead
};
Eligibility eligibility(const TargetStatus& status, const TargetConfig& target);

/// "200 in 3 ms", "HTTP 500", "timed out after 2 s", "connection refused".
std::string describe(const ProbeOutcome& outcome, const HealthCheck& check);

/// What DescribeTargetHealth says of a target that is not registered.
TargetHealth not_registered();
/// A deregistered target shows `draining` for the whole delay, then it is gone.
bool drain_over(const Target& target, Duration deregistration_delay, Instant now);

/// Empty when the status is consistent; else what is wrong. Run by tests after every step.
std::string check_invariants(const TargetStatus& status);

}  // namespace tidegate::balancing
