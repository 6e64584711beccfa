// What `tidegate status` draws (reference picture: README) from the answer of Tidegate.GetStatus.
// Pure; members that are absent are not drawn.
#pragma once

#include <string>

#include "apps/tidegate/show/paint.h"
#include "base/json.h"

namespace tidegate::apps {

/// status: the whole answer. One block per stack and one for what belongs to none; a sentence where
/// there is nothing.
std::string status_text(const Json& status, Paint paint);

/// Whether every block's Verdict is READY (or there is none): then `status` exits 0.
bool all_ready(const Json& status);

}  // namespace tidegate::apps
