// What the fleet's instances share, in groups and outside: the host's room, what is asked of the
// driver, and the life outside a group. Private to the engine; engine thread only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/state.h"

namespace tidegate::engine {

/// The catalogue's type of an instance outside groups is scaled so that this many fit this host:
/// one alone must not take all of it.
inline constexpr std::int32_t kLoneInstances = 4;

struct Room {
  double vcpus = 0;
  std::int64_t memory_mib = 0;
};
/// What is left of the host after every instance that exists.
Room room_left(const EngineState& state);
/// How many of that size fit into `room`; absent: the size is not known.
std::optional<std::int32_t> how_many_fit(const std::optional<stacks::InstanceType>& size,
                                         const Room& room);

/// Why a group could launch nothing at all, a sentence; empty when it could.
std::string launch_obstacle(const Model& model, const GroupModel& group);

/// Whether to ask the driver for `what` now; remembers that it was.
bool ask(Asked& asked, Asked::What what, Instant now);

// Instances outside groups, step by step.
using SeenInstances = std::map<groups::InstanceId, const groups::InstanceObservation*>;
void observe_standalone(EngineState& state, const SeenInstances& seen);
void plan_standalone(EngineState& state, Instant now);
void act_on_standalone(EngineState& state, Instant now);

/// Puts an instance that left its group among those outside: it runs on there, or is shown as
/// Terminated.
void keep_outside(EngineState& state, const groups::Instance& instance, Instant now);

}  // namespace tidegate::engine
