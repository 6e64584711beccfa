// How many instances may be launched now: failed launches back off, and the host has an end.
// Internal to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/groups/plan.h"

namespace tidegate::groups {

struct LaunchGate {
  std::int32_t open_for = 0;       // so many more launches
  std::optional<Blocker> blocker;  // why no further ones; `what` is left to the caller
  std::optional<Instant> reopens;  // when time alone opens it
};

/// failures: of launches, ascending. pending: launches that are under way; after a failure they are
/// attempts too.
LaunchGate make_launch_gate(const PlanInput& input,
                            std::span<const Instant> failures,
                            std::int32_t pending);

}  // namespace tidegate::groups
