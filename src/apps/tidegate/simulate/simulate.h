// `tidegate simulate`: what a template's policy would have done with recorded traffic. Needs no
// control plane.
#pragma once

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

/// Failed after a sentence with file and line when a template or the trace cannot be used.
Exit run_simulate(const Simulate& simulate, const Environment& environment);

}  // namespace tidegate::apps
