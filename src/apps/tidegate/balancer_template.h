// A template served by a balancer alone: its load balancers, listeners, rules and target groups
// with `Targets:` (TargetType: ip), compiled to the same configuration that a control plane would
// send.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"
#include "base/result.h"
#include "core/balancing/data_plane.h"
#include "core/balancing/wire.h"
#include "net/socket.h"

namespace tidegate::apps {

struct StandAlone {
  balancing::DataPlaneConfig config;
  std::vector<std::pair<balancing::SocketName, net::Fd>> listeners;  // bound, one per worker
};

/// Reads, compiles and binds. Errors: what is wrong with the template, by resource and line; an
/// address that cannot be bound.
Result<StandAlone> stand_alone(const Balancer& options,
                               const Environment& environment,
                               std::size_t workers);

}  // namespace tidegate::apps
