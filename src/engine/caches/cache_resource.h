// A stack's cache cluster as a resource: put into the model, waited for, taken out again. Private
// to the engine.
#pragma once

#include "engine/resources.h"

namespace tidegate::engine {

/// Gives the cluster a free address of its driver, a token where everybody on the machine reaches
/// it, and puts it into the model. Errors: ClusterQuotaForCustomerExceeded.
Status create_cache(EngineState& state, caches::CacheCluster value, Instant now);
/// Ready once its server runs. Errors: CacheClusterNotAvailable, with what the driver says.
Result<Readiness> cache_ready(const EngineState& state, const caches::CacheClusterId& id);
/// Gone when the driver has nothing of it left.
Readiness delete_cache(EngineState& state, const caches::CacheClusterId& id);

}  // namespace tidegate::engine
