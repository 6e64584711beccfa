// Caches: what the driver sees of them, what it is asked for, what instances are told. A cache that
// the model does not have any more is removed by its driver; one that is being deleted stays in the
// model until the driver has nothing of it left.
#include "engine/caches/caching.h"

#include <algorithm>
#include <set>

#include "core/caches/cache_metrics.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

constexpr std::string_view kType = "AWS::ElastiCache::CacheCluster";
constexpr std::int64_t kMiB = 1024 * 1024;

ports::CacheSpec spec_of(const Model& model, const caches::CacheCluster& cluster) {
  ports::CacheSpec spec;
  spec.id = cluster.id;
  spec.address = cluster.address;
  spec.port = cluster.port;
  // A type that a newer version knew and this one does not still gets the smallest.
  const auto memory = caches::node_memory(cluster.node_type);
  spec.max_memory = caches::max_memory(memory.value_or(512 * kMiB), model.host_memory_mib * kMiB);
  spec.auth_token = cluster.auth_token;
  return spec;
}

/// Asked at once, and again when it is overdue; another wish replaces the one before at once.
bool shall_ask(const AskedCache* asked, const std::optional<ports::CacheSpec>& wish, Instant now) {
  return asked == nullptr || asked->spec != wish || now - asked->at >= kOverdue;
}

void ask_for(EngineState& state, const ports::CacheSpec& spec, bool seen, Instant now) {
  const auto asked = state.caches_asked.find(spec.id);
  const AskedCache* before = asked == state.caches_asked.end() ? nullptr : &asked->second;
  const bool as_asked = before != nullptr && before->spec == spec;
  if ((seen && as_asked) || !shall_ask(before, spec, now)) {
    return;
  }
  state.caches_asked[spec.id] = {spec, now};
  state.ports.cache.ensure(spec);
}

void ask_away(EngineState& state, const caches::CacheClusterId& id, Instant now) {
  const auto asked = state.caches_asked.find(id);
  if (shall_ask(asked == state.caches_asked.end() ? nullptr : &asked->second, std::nullopt, now)) {
    state.caches_asked[id] = {std::nullopt, now};
    state.ports.cache.remove(id);
  }
}

bool shows_differently(const std::optional<caches::CacheObservation>& before,
                       const caches::CacheObservation& now) {
  return !before || before->state != now.state || before->trouble != now.trouble ||
         before->version != now.version || before->clients != now.clients;
}

}  // namespace

void observe_caches(EngineState& state) {
  std::map<caches::CacheClusterId, caches::CacheObservation> seen;
  for (auto& observation : state.ports.cache.snapshot()) {
    const caches::CacheClusterId id = observation.id;
    seen.emplace(id, std::move(observation));
  }
  for (auto& [id, cache] : state.model.caches) {
    const auto found = seen.find(id);
    if (found == seen.end()) {
      state.view_stale = state.view_stale || cache.seen.has_value();
      cache.seen.reset();
      continue;
    }
    state.view_stale = state.view_stale || shows_differently(cache.seen, found->second);
    cache.seen = std::move(found->second);
  }
  state.cache_orphans.clear();
  for (const auto& [id, observation] : seen) {
    if (!state.model.caches.contains(id)) {
      state.cache_orphans.push_back(id);
    }
  }
}

void act_on_caches(EngineState& state, Instant now) {
  std::set<caches::CacheClusterId> wanted{state.cache_orphans.begin(), state.cache_orphans.end()};
  for (const auto& id : state.cache_orphans) {
    ask_away(state, id, now);
  }
  for (const auto& [id, cache] : state.model.caches) {
    wanted.insert(id);
    if (cache.cluster.deleting) {
      ask_away(state, id, now);
    } else {
      ask_for(state, spec_of(state.model, cache.cluster), cache.seen.has_value(), now);
    }
  }
  std::erase_if(state.caches_asked,
                [&](const auto& entry) { return !wanted.contains(entry.first); });
}

std::vector<metrics::MetricSample> cache_samples(EngineState& state, Instant second) {
  std::vector<metrics::MetricSample> all;
  for (const auto& [id, cache] : state.model.caches) {
    const bool is_read =
        cache.seen && cache.seen->state == caches::CacheObservation::State::Running;
    if (!is_read) {
      continue;  // a gap in the metrics is what an alarm's TreatMissingData is about
    }
    const auto before = state.last_caches.find(id);
    const auto* last = before == state.last_caches.end() ? nullptr : &before->second;
    if (last != nullptr && last->sampled == cache.seen->sampled) {
      continue;
    }
    const auto samples = caches::cache_metrics(*cache.seen, last, second);
    all.insert(all.end(), samples.begin(), samples.end());
    state.last_caches.insert_or_assign(id, *cache.seen);
  }
  return all;
}

std::optional<CacheAccess> cache_access(const Model& model, const GroupModel& group) {
  CacheAccess access;
  const auto* stack = stack_of(model, group);
  if (stack == nullptr) {
    return access;
  }
  for (const auto& resource : stack->resources) {
    const bool over = resource.status == stacks::Status::DeleteComplete ||
                      resource.status == stacks::Status::DeleteInProgress;
    if (resource.type != kType || over) {
      continue;
    }
    const auto found = model.caches.find(caches::CacheClusterId{resource.physical_id});
    if (found == model.caches.end()) {
      return std::nullopt;
    }
    const caches::CacheCluster& cluster = found->second.cluster;
    access.host_names.emplace(cluster.endpoint, cluster.address);
    if (access.redis_url.empty()) {
      access.redis_url = caches::redis_url(cluster);
    }
  }
  return access;
}

std::map<groups::InstanceId, bool> connected_instances(const Model& model,
                                                       const CacheModel& cache) {
  std::map<groups::InstanceId, bool> connected;
  for (const auto& [name, group] : model.groups) {
    if (group.stack.value != cache.cluster.stack) {
      continue;
    }
    for (const auto& [id, instance] : group.instances) {
      if (instance.lifecycle_state != groups::LifecycleState::InService) {
        continue;
      }
      const bool seen =
          cache.seen.has_value() &&
          std::find(cache.seen->clients.begin(), cache.seen->clients.end(), instance.address) !=
              cache.seen->clients.end();
      connected.emplace(id, seen);
    }
  }
  return connected;
}

}  // namespace tidegate::engine
