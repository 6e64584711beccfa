#include "edge/status/cache_document.h"

namespace tidegate::status {
namespace {

using State = caches::CacheObservation::State;

std::vector<const engine::CacheModel*> caches_of(const engine::Model& model,
                                                 const stacks::Stack& stack) {
  std::vector<const engine::CacheModel*> all;
  for (const auto& [id, cache] : model.caches) {
    if (cache.cluster.stack == stack.name.value) {
      all.push_back(&cache);
    }
  }
  return all;
}

Json cache_json(const engine::Model& model, const engine::CacheModel& cache) {
  const caches::CacheCluster& cluster = cache.cluster;
  const auto* seen = cache.seen ? &*cache.seen : nullptr;
  Json json = Json::object({{"CacheClusterId", cluster.id.value},
                            {"CacheClusterStatus", std::string{caches::status_of(cluster, seen)}},
                            {"CacheNodeType", cluster.node_type},
                            {"Endpoint", cluster.endpoint + ":" + std::to_string(cluster.port)},
                            {"Address", cluster.address}});
  if (!cluster.engine_version.empty()) {
    json.set("EngineVersionAsked", cluster.engine_version);
  }
  if (seen == nullptr) {
    return json;
  }
  if (!seen->version.empty()) {
    json.set("EngineVersion", seen->version);
  }
  json.set("Ping", seen->state == State::Running ? "ok" : "no answer");
  if (!seen->trouble.empty()) {
    json.set("Trouble", seen->trouble);
  }
  std::int64_t connected = 0;
  Json missing = Json::array();
  const auto instances = engine::connected_instances(model, cache);
  for (const auto& [id, is_connected] : instances) {
    connected += is_connected ? 1 : 0;
    if (!is_connected) {
      missing.push(id.value);
    }
  }
  json.set("InstancesConnected", connected);
  json.set("Instances", static_cast<std::int64_t>(instances.size()));
  json.set("NotConnected", std::move(missing));
  return json;
}

}  // namespace

Json cache_documents(const engine::Model& model, const stacks::Stack& stack) {
  Json all = Json::array();
  for (const engine::CacheModel* cache : caches_of(model, stack)) {
    all.push(cache_json(model, *cache));
  }
  return all;
}

std::vector<std::string> cache_problems(const engine::Model& model, const stacks::Stack& stack) {
  std::vector<std::string> problems;
  for (const engine::CacheModel* cache : caches_of(model, stack)) {
    const std::string name = "Redis " + cache->cluster.id.value;
    if (!cache->seen) {
      continue;  // it is being created, or deleted
    }
    const caches::CacheObservation& seen = *cache->seen;
    const bool runs = seen.state == State::Running;
    if (!seen.trouble.empty()) {
      problems.push_back(
          name + (runs ? " runs, and " : " does not answer: ") + seen.trouble +
          (runs ? "" : "; it is tried again all the time, instances go on without it"));
    }
    if (runs && caches::compare_versions(cache->cluster.engine_version, seen.version) ==
                    caches::VersionMatch::Other) {
      problems.push_back(name + " is version " + seen.version + ", and " +
                         cache->cluster.engine_version +
                         " was asked for: this machine has no other");
    }
  }
  return problems;
}

}  // namespace tidegate::status
