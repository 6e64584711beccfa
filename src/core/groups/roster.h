// The planner's working view of a group: every instance as it will be once the actions planned so
// far are applied. Internal to this module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/groups/instance.h"
#include "core/groups/plan.h"

namespace tidegate::groups {

struct Member {
  const Instance* instance = nullptr;  // as it was when planning began
  const InstanceFacts* facts = nullptr;
  LifecycleState state = LifecycleState::Pending;
  HealthStatus health = HealthStatus::Healthy;
  TerminationStage stage = TerminationStage::None;
  Instant stage_since;
  Instant in_service_since;
  bool dead = false;  // is_known_dead()
  bool scale_in_protected = false;
  std::optional<std::size_t> replacement;  // index of a Pending or InService one that replaces it
  bool replacement_planned = false;

  bool is_pending() const { return state == LifecycleState::Pending; }
  bool is_in_service() const { return state == LifecycleState::InService; }
  bool is_terminating() const { return state == LifecycleState::Terminating; }
  bool is_unhealthy() const { return health == HealthStatus::Unhealthy; }
  bool is_replaced() const { return replacement.has_value() || replacement_planned; }
  bool is_counted() const { return (is_pending() || is_in_service()) && !is_replaced(); }
  /// In service, and not known to be dead: the balancer may still get an answer from it.
  bool is_answering() const { return is_in_service() && !dead; }
  /// In service, and a user asked for its termination.
  bool is_leaving() const {
    return is_in_service() && instance->termination_reason == TerminationReason::UserRequest;
  }
};

struct Roster {
  std::vector<Member> members;                           // by instance id
  std::map<std::string, std::int32_t> launches_planned;  // by zone
};

Roster make_roster(const PlanInput& input);
/// To be called after a member that replaces another left Pending and InService.
void link_replacements(Roster& roster);

std::int32_t count_counted(const Roster& roster);  // planned launches included
std::int32_t count_pending(const Roster& roster);  // planned launches included
std::int32_t count_answering(const Roster& roster);
std::int32_t count_in_service(const Roster& roster);
/// In service, Healthy, not dead and not leaving.
std::int32_t count_staying(const Roster& roster);
/// Counted instances by zone; planned launches included.
std::map<std::string, std::int32_t> zone_counts(const Roster& roster);

}  // namespace tidegate::groups
