// Whether an instance reaches a cache: asked from inside the instance's own network, not concluded
// from settings. On the machine of the control plane, as root. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace tidegate::apps {

struct CacheReach {
  std::string cache, instance;
  std::string trouble;  // empty: it answered, and its name leads there
};

/// Each instance in service of each stack, to each cache of its stack. `status`: the answer of
/// GetStatus. Waits at most 2 s for each.
std::vector<CacheReach> cache_reaches(const Json& status, const std::string& home);

}  // namespace tidegate::apps
