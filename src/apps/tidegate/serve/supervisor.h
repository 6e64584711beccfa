// The small parent of a detached control plane: starts `tidegate serve`, starts it anew when it
// fails (back-off 0.2 s doubling to 30 s), passes SIGTERM on, and ends when it ends by itself.
#pragma once

#include "apps/tidegate/environment.h"

namespace tidegate::apps {

/// Runs in a process of its own that has no other thread; its standard streams are the log. The
/// exit status: the child's, when it ended by itself or could not start at all.
int supervise_serve(const Environment& environment);

}  // namespace tidegate::apps
