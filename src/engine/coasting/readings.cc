#include "engine/coasting/readings.h"

#include <algorithm>

namespace tidegate::engine {

Duration longest_warmup(const Model& model, const groups::AutoScalingGroup& group) {
  Duration warmup = groups::warmup_of(group, nullptr);
  for (const auto& [name, policy] : model.policies) {
    if (policy.policy.group_name == group.name.value) {
      warmup = std::max(warmup, groups::warmup_of(group, &policy.policy));
    }
  }
  return warmup;
}

double cpu_percent(Duration used, Duration elapsed, double quota) {
  constexpr double kLeastQuota = 1e-6;
  return 100.0 * seconds_of(used) / (seconds_of(elapsed) * std::max(quota, kLeastQuota));
}

std::optional<Instant> warm_from(const Model& model,
                                 const GroupModel& group,
                                 const groups::Instance& instance) {
  if (instance.lifecycle_state != groups::LifecycleState::InService || !instance.in_service_since) {
    return std::nullopt;
  }
  return *instance.in_service_since + longest_warmup(model, group.group);
}

}  // namespace tidegate::engine
