// Which instance scale-in takes next: zone balance first, then the group's termination policies
// (AUTOSCALING.md §2.2). Pure; internal to this module.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/groups/instance.h"
#include "core/groups/plan.h"

namespace tidegate::groups {

/// candidates: those that may be taken. zone_counts: instances of each zone that count as capacity,
/// candidates included. Returns all candidates in the order in which to take them.
std::vector<const Instance*> termination_order(const PlanInput& input,
                                               std::vector<const Instance*> candidates,
                                               std::map<std::string, std::int32_t> zone_counts);

}  // namespace tidegate::groups
