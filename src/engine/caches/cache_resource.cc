#include "engine/caches/cache_resource.h"

#include <algorithm>

namespace tidegate::engine {
namespace {

constexpr std::size_t kTokenDigits = 32;  // of a cache that anybody on the machine reaches

Result<std::string> free_address(const EngineState& state) {
  const std::vector<std::string> all = state.ports.cache.addresses();
  const auto is_free = [&](const std::string& address) {
    return std::none_of(state.model.caches.begin(), state.model.caches.end(), [&](auto& entry) {
      return entry.second.cluster.address == address;
    });
  };
  const auto found = std::find_if(all.begin(), all.end(), is_free);
  if (found == all.end()) {
    return Error{ErrorCode::ResourceExhausted,
                 "ClusterQuotaForCustomerExceeded",
                 "no address is left for another cache cluster (" + std::to_string(all.size()) +
                     " are in use)"};
  }
  return *found;
}

}  // namespace

Status create_cache(EngineState& state, caches::CacheCluster value, Instant now) {
  TG_ASSIGN_OR_RETURN(value.address, free_address(state));
  if (caches::is_on_loopback(value) && value.auth_token.empty()) {
    value.auth_token = state.ids.hex(kTokenDigits);  // no filter keeps other users away
  }
  value.created = now;
  state.journal.touch(EntityKind::CacheCluster, value.id.value);
  state.model.caches[value.id].cluster = std::move(value);
  return Ok{};
}

Result<Readiness> cache_ready(const EngineState& state, const caches::CacheClusterId& id) {
  using State = caches::CacheObservation::State;
  const auto found = state.model.caches.find(id);
  if (found == state.model.caches.end() || !found->second.seen) {
    return Readiness::Waiting;
  }
  if (found->second.seen->state == State::Failed) {
    return Error{
        ErrorCode::FailedPrecondition, "CacheClusterNotAvailable", found->second.seen->trouble};
  }
  return found->second.seen->state == State::Running ? Readiness::Ready : Readiness::Waiting;
}

Readiness delete_cache(EngineState& state, const caches::CacheClusterId& id) {
  const auto found = state.model.caches.find(id);
  if (found == state.model.caches.end()) {
    return Readiness::Ready;
  }
  caches::CacheCluster& cluster = found->second.cluster;
  if (!cluster.deleting) {
    cluster.deleting = true;
    state.journal.touch(EntityKind::CacheCluster, id.value);
    return Readiness::Waiting;  // whether it runs is seen after its removal was asked for
  }
  if (found->second.seen || !state.caches_asked.contains(id)) {
    return Readiness::Waiting;
  }
  state.journal.touch(EntityKind::CacheCluster, id.value);
  state.last_caches.erase(id);
  state.model.caches.erase(found);
  return Readiness::Ready;
}

}  // namespace tidegate::engine
