// Who goes when there are more instances than desired. Internal to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/groups/plan.h"
#include "core/groups/roster.h"

namespace tidegate::groups {

struct ScaleIn {
  std::vector<std::size_t> leaving;  // indexes of members, in the order to take them
  std::optional<Blocker> blocker;    // when not all of the surplus may go now
};

/// surplus >= 1: counted instances above desired. In this order: unhealthy ones as long as a
/// healthy one stays; launching ones, unless one of them is what an unhealthy group waits for;
/// unhealthy ones together with their replacement; then the termination order. With desired > 0 the
/// last that answers stays.
ScaleIn choose_scale_in(const PlanInput& input, const Roster& roster, std::int32_t surplus);

/// Members in service that scale-in may take, in order.
std::vector<std::size_t> scale_in_candidates(const PlanInput& input, const Roster& roster);

}  // namespace tidegate::groups
