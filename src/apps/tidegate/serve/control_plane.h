// The wiring of the control plane: clock, store, metrics, notifier, driver, data plane, engine,
// API.
#pragma once

#include <vector>

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"
#include "ports/compute.h"

namespace tidegate::apps {

/// Runs until SIGTERM or SIGINT, which leave the balancer and the instances running. Done then;
/// Failed after a sentence on stderr when it cannot start: another control plane in this home, a
/// corrupt state, a taken port, no right.
Exit run_control_plane(const Environment& environment);

/// Ends the balancer and every instance of a home that no control plane runs in; what the state
/// holds stays. Errors: FailedPrecondition when one runs, Timeout naming what is left.
Status end_everything(const Environment& environment);

/// What the process driver can do on this machine, tried out.
std::vector<ports::Capability> driver_capabilities();

}  // namespace tidegate::apps
