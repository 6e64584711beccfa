// The configuration of one managed Redis, generated (docs/guides/redis-and-rooms.md says why each
// line). Pure. Passwords stand in it as SHA-256 only.
#pragma once

#include <cstdint>
#include <string>

#include "ports/cache.h"

namespace tidegate::cache_redis {

struct ConfSettings {
  std::string data_folder;        // as Redis sees it
  std::string platform_password;  // of kPlatformUser
};

/// The whole file. What applications may do is everything but what is @admin or @dangerous in
/// Redis's own lists, with INFO, ROLE and SORT given back.
std::string redis_conf(const ports::CacheSpec& spec, const ConfSettings& settings);

}  // namespace tidegate::cache_redis
