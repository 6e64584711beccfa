// `tidegate metadata`: the instances' metadata service (IMDSv2), a process of its own under a shim,
// so that it answers while the control plane is away. The control plane starts it.
#pragma once

#include "apps/tidegate/command_line.h"

namespace tidegate::apps {

Exit run_metadata(const Metadata& metadata);

}  // namespace tidegate::apps
