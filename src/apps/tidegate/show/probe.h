// One request through a balancer, as a person's browser would send it.
#pragma once

#include <string>

namespace tidegate::apps {

/// "200 in 3 ms through the balancer", or what went wrong; waits at most two seconds.
std::string probe_text(const std::string& url);

}  // namespace tidegate::apps
