// A stack's caches in the status document, and what is wrong with them. Pure over the view.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "engine/queries.h"

namespace tidegate::status {

/// [{CacheClusterId, CacheClusterStatus, EngineVersion, EngineVersionAsked, CacheNodeType,
/// Endpoint, Address, Ping, InstancesConnected, Instances, NotConnected: [id], Trouble}]; members
/// that are not known yet are absent.
Json cache_documents(const engine::Model& model, const stacks::Stack& stack);

/// One sentence per cache that does not work as it should.
std::vector<std::string> cache_problems(const engine::Model& model, const stacks::Stack& stack);

}  // namespace tidegate::status
