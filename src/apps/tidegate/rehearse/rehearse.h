// `tidegate rehearse`: the documents' test procedures, run against the live stack.
#pragma once

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

/// Done when every step passed. The load ends with the call.
Exit run_rehearse(const Rehearse& rehearse, const Environment& environment);

}  // namespace tidegate::apps
