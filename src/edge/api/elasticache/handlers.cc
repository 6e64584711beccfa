#include "edge/api/elasticache/handlers.h"

#include "base/text.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::elasticache {
namespace {

constexpr std::int64_t kLeastRecords = 20;  // AWS: MaxRecords is 20 to 100, and 100 when absent
constexpr std::int64_t kMostRecords = 100;

CacheNode node_answer(const engine::CacheModel& cache) {
  const caches::CacheCluster& cluster = cache.cluster;
  CacheNode node;
  node.cache_node_id = caches::kNodeId;
  node.cache_node_status = caches::status_of(cluster, cache.seen ? &*cache.seen : nullptr);
  node.cache_node_create_time = cluster.created;
  Endpoint endpoint;
  endpoint.address = cluster.endpoint;
  endpoint.port = cluster.port;
  node.endpoint = std::move(endpoint);
  node.parameter_group_status = "in-sync";
  node.customer_availability_zone = cluster.zone;
  return node;
}

Result<CacheClusterMessage> describe_cache_clusters(const Context& context,
                                                    const DescribeCacheClustersMessage& request) {
  const std::int64_t limit = request.max_records.value_or(kMostRecords);
  if (limit < kLeastRecords || limit > kMostRecords) {
    return Error{
        ErrorCode::InvalidArgument,
        "InvalidParameterValue",
        "Invalid value " + std::to_string(limit) + " for MaxRecords. Must be between 20 and 100"};
  }
  const NodeInfo nodes =
      request.show_cache_node_info.value_or(false) ? NodeInfo::Shown : NodeInfo::Left;
  const std::string wanted = to_lower(request.cache_cluster_id.value_or(""));
  std::vector<CacheCluster> all;
  for (const auto& [id, cache] : context.model.caches) {
    if (!request.cache_cluster_id || id.value == wanted) {
      all.push_back(cache_cluster_answer(cache, nodes));
    }
  }
  if (request.cache_cluster_id && all.empty()) {
    return Error{ErrorCode::NotFound, "CacheClusterNotFound", "CacheCluster not found: " + wanted};
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const CacheCluster& item) { return *item.cache_cluster_id; },
                          request.marker,
                          limit,
                          "InvalidParameterValue"));
  CacheClusterMessage answer;
  answer.cache_clusters = std::move(page.items);
  answer.marker = page.next_token;
  return answer;
}

}  // namespace

CacheCluster cache_cluster_answer(const engine::CacheModel& cache, NodeInfo nodes) {
  const caches::CacheCluster& cluster = cache.cluster;
  CacheCluster answer;
  answer.cache_cluster_id = cluster.id.value;
  answer.arn = cluster.arn;
  answer.cache_node_type = cluster.node_type;
  answer.engine = "redis";
  // What runs, once it is known: another version than was asked for is nothing to hide.
  const bool known = cache.seen && !cache.seen->version.empty();
  answer.engine_version = known ? cache.seen->version : cluster.engine_version;
  answer.cache_cluster_status = caches::status_of(cluster, cache.seen ? &*cache.seen : nullptr);
  answer.num_cache_nodes = 1;
  answer.preferred_availability_zone = cluster.zone;
  answer.cache_cluster_create_time = cluster.created;
  answer.auth_token_enabled = !cluster.auth_token.empty();
  answer.transit_encryption_enabled = false;
  answer.at_rest_encryption_enabled = false;
  answer.snapshot_retention_limit = 0;
  if (nodes == NodeInfo::Shown) {
    answer.cache_nodes = std::vector<CacheNode>{node_answer(cache)};
  }
  return answer;
}

std::vector<Entry> entries() {
  // No cluster is in a replication group: ShowCacheClustersNotInReplicationGroups leaves none out.
  return {reads<DescribeCacheClustersOperation>({"CacheClusterId",
                                                 "MaxRecords",
                                                 "Marker",
                                                 "ShowCacheNodeInfo",
                                                 "ShowCacheClustersNotInReplicationGroups"},
                                                &describe_cache_clusters)};
}

}  // namespace tidegate::api::elasticache
