// The own service: what AWS has no operation for. GetStatus, Explain, GetConsole, GetLedger.
#pragma once

#include <map>
#include <string>

#include "edge/api/calls/serve.h"

namespace tidegate::api {

/// By operation name. Inputs and answers: docs/reference/api.md.
std::map<std::string, OwnHandler> own_operations();

}  // namespace tidegate::api
