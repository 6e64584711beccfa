// What Redis tells of itself: INFO, CLIENT LIST and its log, as text → values. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/caches/cache_cluster.h"

namespace tidegate::cache_redis {

/// The user under which we connect; its connections are nobody's.
inline constexpr std::string_view kPlatformUser = "tidegate";

struct Info {
  std::string version;   // "7.0.15"
  bool loading = false;  // it reads its data back
  caches::CacheCounters counters;
};
/// From `INFO everything`; what is absent or no number is zero.
Info parse_info(std::string_view text);

/// Distinct addresses without ports, in order of appearance, of connections that are not ours. From
/// `CLIENT LIST`.
std::vector<std::string> parse_clients(std::string_view text);

/// One sentence about what its log says went wrong last; empty when nothing did. `log`: since the
/// start it is about.
std::string log_trouble(std::string_view log);

}  // namespace tidegate::cache_redis
