// Caches in a tick: what their driver sees, what it is asked for, what instances are told, what is
// measured. Private to the engine; its thread only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/metrics/metric.h"
#include "engine/model.h"
#include "ports/cache.h"

namespace tidegate::engine {

struct EngineState;

/// What was last asked of the cache driver.
struct AskedCache {
  std::optional<ports::CacheSpec> spec;  // absent: its removal
  Instant at;
};

/// The driver's snapshot into the model; what the model does not have is to be removed.
void observe_caches(EngineState& state);
/// Asks the driver for what the persisted state wants.
void act_on_caches(EngineState& state, Instant now);
/// Metrics of each cache that was read since the last call, at that whole second.
std::vector<metrics::MetricSample> cache_samples(EngineState& state, Instant second);
/// What instances of that group are told of the caches of their stack: names and REDIS_URL. Absent
/// while one of them has no address yet: a launch waits for that.
struct CacheAccess {
  std::map<std::string, std::string> host_names;  // name → address
  std::string redis_url;                          // of the template's first; empty: none
};
std::optional<CacheAccess> cache_access(const Model& model, const GroupModel& group);

}  // namespace tidegate::engine
