// What `tidegate cost` prints, and the Cost row of `tidegate status`, from a stack's Cost as
// GetStatus gives it. Pure; members that are absent are not drawn.
#pragma once

#include <string>

#include "apps/tidegate/show/paint.h"
#include "base/json.h"

namespace tidegate::apps {

/// "now $68/mo (1 × $68), spent $0.00, base $99 = 68 + 31 (RDS, ALB), peak $204 instances ($235
/// all)"
std::string cost_line(const Json& cost);

/// status: the whole answer of GetStatus. One block per stack, each part of its bill in a line.
std::string cost_text(const Json& status, Paint paint);

}  // namespace tidegate::apps
