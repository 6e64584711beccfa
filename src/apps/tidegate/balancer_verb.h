// `tidegate balancer`: the data plane's process. Under a control plane it gets its sockets and its
// last snapshot from its shim (TIDEGATE_FDS) and its configuration over the control wire; alone it
// serves the target groups of a template.
#pragma once

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

/// Runs until SIGTERM or SIGINT.
Exit run_balancer(const Balancer& options, const Environment& environment);

}  // namespace tidegate::apps
