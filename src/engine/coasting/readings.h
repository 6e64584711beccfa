// What a tick and a coasting step read alike. Private to the engine; engine thread only.
#pragma once

#include <optional>

#include "engine/state.h"

namespace tidegate::engine {

/// What a group's policies vote on.
scaling::GroupCapacity capacity_of(const GroupModel& group, const GroupRun& run);
/// `used` as a percentage of an instance's quota (vCPUs) over `elapsed`.
double cpu_percent(Duration used, Duration elapsed, double quota);
/// From when on the instance counts as warm by every policy of its group; absent unless InService.
std::optional<Instant> warm_from(const Model& model,
                                 const GroupModel& group,
                                 const groups::Instance& instance);
/// The longest warm-up of the group's policies.
Duration longest_warmup(const Model& model, const groups::AutoScalingGroup& group);

}  // namespace tidegate::engine
