// `tidegate doctor`: what this machine can do, tried out, and what follows where it cannot.
#pragma once

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

/// Failed when something that every stack needs is missing.
Exit run_doctor(const Doctor& doctor, const Environment& environment);

}  // namespace tidegate::apps
