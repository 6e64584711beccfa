// ElastiCache: the cache clusters that stacks have made.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/elasticache.h"
#include "engine/queries.h"

namespace tidegate::api::elasticache {

std::vector<Entry> entries();

enum class NodeInfo { Left, Shown };  // ShowCacheNodeInfo
CacheCluster cache_cluster_answer(const engine::CacheModel& cache, NodeInfo nodes);

}  // namespace tidegate::api::elasticache
