// Running the control plane: in the foreground, in the background under a small parent that starts
// it anew when it fails, and ending it.
#pragma once

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

Exit run_serve(const Serve& serve, const Environment& environment);
Exit run_stop(const Stop& stop, const Environment& environment);

/// Starts a control plane in the background when none answers; returns when it answers. Error: why
/// it does not, from its log.
Status ensure_serving(const Environment& environment);

}  // namespace tidegate::apps
