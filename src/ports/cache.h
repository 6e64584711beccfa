// Managed caches: a Redis each, supervised, reachable from the home's instances only. Every call is
// non-blocking and idempotent by id: it is taken in, and what came of it shows in a later snapshot.
// Called from the engine thread only. Implementations: adapters/cache, sim.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/caches/cache_cluster.h"

namespace tidegate::ports {

struct CacheSpec {
  caches::CacheClusterId id;
  std::string address;  // one of addresses()
  std::uint16_t port = caches::kDefaultPort;
  std::int64_t max_memory = 0;  // bytes, > 0
  std::string auth_token;       // empty: none
  bool operator==(const CacheSpec&) const = default;
};

class Cache {
 public:
  Cache() = default;
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;
  virtual ~Cache() = default;

  /// Literals that a cache may have, in the order to take them.
  virtual std::vector<std::string> addresses() const = 0;
  /// It shall run as that says: started when it does not, restarted in place when it ends, started
  /// anew with its data when the spec is another one.
  virtual void ensure(const CacheSpec& spec) = 0;
  /// It ends, and its data and everything of it go; then it is absent from snapshots. Unknown ids:
  /// nothing.
  virtual void remove(const caches::CacheClusterId& id) = 0;
  /// Everything of this home that exists or was asked for, by id.
  virtual std::vector<caches::CacheObservation> snapshot() = 0;
};

}  // namespace tidegate::ports
