// AWS STS: who am I.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"

namespace tidegate::api::sts {
std::vector<Entry> entries();
}
