#include "edge/status/why.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "edge/status/seen.h"

namespace tidegate::status {
namespace {

constexpr double kThreadAtLimit =
    0.9;  // of one CPU; above it a thread has no room left to speak of

std::string plural(std::int64_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

std::string why_pending(const engine::GroupModel& group,
                        const groups::Instance& instance,
                        const std::vector<TargetSeen>& targets) {
  const groups::InstanceObservation* seen = observation_of(group, instance.id);
  if (seen == nullptr || seen->phase == groups::InstancePhase::Launching) {
    return "is being started";
  }
  if (!seen->failure.empty()) {
    return seen->failure;
  }
  if (seen->user_data_exit_status.value_or(0) != 0) {
    const std::string line = seen->failing_line.has_value()
                                 ? " in line " + std::to_string(seen->failing_line->line) + ": " +
                                       seen->failing_line->command
                                 : "";
    return "user data exit " + std::to_string(*seen->user_data_exit_status) + line;
  }
  const TargetSeen* worst = worst_of(targets);
  if (worst == nullptr) {
    return "runs, is not registered yet";
  }
  return worst->last_probe.empty() ? "runs, not probed yet"
                                   : "does not answer yet: " + worst->last_probe;
}

std::string why_terminating(const engine::GroupModel& group, const groups::Instance& instance) {
  const auto facts = group.facts.find(instance.id);
  std::int64_t in_flight = 0, websockets = 0;
  if (facts != group.facts.end()) {
    for (const groups::TargetFacts& target : facts->second.targets) {
      in_flight += target.in_flight;
      websockets += target.websockets;
    }
  }
  switch (instance.stage) {
    case groups::TerminationStage::None:
      return "is about to leave";
    case groups::TerminationStage::Draining:
      return "draining: " + plural(in_flight, "request") + " in flight, " +
             plural(websockets, "WebSocket");
    case groups::TerminationStage::Stopping:
      return "stopping: SIGTERM sent, at most " + seconds_text(group.group.stop_timeout);
    case groups::TerminationStage::Closing:
      return "closing what is left, paced";
    case groups::TerminationStage::Killing:
      return "is being removed";
  }
  return "";
}

std::string why_unused(const engine::Model& model, const TargetSeen& seen) {
  const auto zones = engine::zones_served(model, seen.target_group->target_group.arn);
  if (zones.empty()) {
    return "no listener uses " + seen.target_group->target_group.name;
  }
  return "its zone " + seen.target->zone + " is not enabled for the load balancer (" +
         join(zones, " ") + ")";
}

std::string why_in_service(const engine::Model& model,
                           const engine::GroupModel& group,
                           const groups::Instance& instance,
                           const std::vector<TargetSeen>& targets) {
  if (instance.health_status == groups::HealthStatus::Unhealthy) {
    return instance.health_reason.empty() ? "is being replaced" : instance.health_reason;
  }
  const TargetSeen* worst = worst_of(targets);
  if (worst == nullptr) {
    return group.group.target_groups.empty() ? "agree" : "is not registered yet";
  }
  switch (worst->health.state) {
    case balancing::TargetHealthState::Unused:
      return why_unused(model, *worst);
    case balancing::TargetHealthState::Unhealthy:
    case balancing::TargetHealthState::Initial:
    case balancing::TargetHealthState::Draining:
      return worst->health.description +
             (worst->last_probe.empty() ? "" : " (" + worst->last_probe + ")");
    case balancing::TargetHealthState::Healthy:
    case balancing::TargetHealthState::Unavailable:
      break;
  }
  if (const auto ceiling = single_thread_ceiling(model, group, instance)) {
    return "one thread at its limit: CPU ends near " + percent(*ceiling);
  }
  const groups::InstanceObservation* seen = observation_of(group, instance.id);
  if (seen != nullptr && seen->restarts > 0) {
    return "agree; restarted in place, " + plural(seen->restarts, "time");
  }
  return "agree";
}

}  // namespace

std::string why(const engine::Model& model,
                const engine::GroupModel& group,
                const groups::Instance& instance) {
  const auto targets = targets_of(model, group, instance.id);
  if (instance.lifecycle_state == groups::LifecycleState::Pending) {
    return why_pending(group, instance, targets);
  }
  if (instance.lifecycle_state == groups::LifecycleState::InService) {
    return why_in_service(model, group, instance, targets);
  }
  return why_terminating(group, instance);
}

std::optional<double> single_thread_ceiling(const engine::Model& model,
                                            const engine::GroupModel& group,
                                            const groups::Instance& instance) {
  const engine::InstanceUse* use = use_of(group, instance.id);
  const stacks::InstanceType* size = size_of(model, group.stack, instance.instance_type);
  if (use == nullptr || size == nullptr || size->vcpus <= 1.0 ||
      use->busiest_thread.value_or(0) < kThreadAtLimit) {
    return std::nullopt;
  }
  const double ceiling = 1.0 / size->vcpus;
  // Several busy threads use more than one could: then none of them is the limit.
  const double used = use->cpu_percent.value_or(0) / 100;
  return used <= ceiling * 1.2 ? std::optional{ceiling} : std::nullopt;
}

}  // namespace tidegate::status
