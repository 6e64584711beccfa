// What `tidegate status` draws (reference picture: README) from the answer of Tidegate.GetStatus.
// Pure; members that are absent are not drawn.
#pragma once

#include <string>

#include "apps/tidegate/show/paint.h"
#include "base/json.h"

namespace tidegate::apps {

/// status: the whole answer. One block per stack; a sentence where there is none.
std::string status_text(const Json& status, Paint paint);

/// Whether every stack's Verdict is READY (or there is no stack): then `status` exits 0.
bool all_ready(const Json& status);

}  // namespace tidegate::apps
