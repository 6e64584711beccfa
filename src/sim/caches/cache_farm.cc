#include "sim/caches/cache_farm.h"

namespace tidegate::sim {

std::vector<std::string> CacheFarm::addresses() const {
  return {"10.64.15.0", "10.64.15.1", "10.64.15.2"};
}

void CacheFarm::ensure(const ports::CacheSpec& spec) {
  if (gate_ && !gate_()) {
    return;
  }
  ++calls_;
  const auto found = nodes_.find(spec.id);
  if (found == nodes_.end()) {
    Node node;
    node.spec = spec;
    node.runs_at = clock_.now() + kCacheStartTime;
    nodes_.emplace(spec.id, std::move(node));
    return;
  }
  Node& node = found->second;
  node.gone_at.reset();
  if (node.spec != spec) {
    node.spec = spec;
    kill(spec.id);
  }
}

void CacheFarm::remove(const caches::CacheClusterId& id) {
  if (gate_ && !gate_()) {
    return;
  }
  ++calls_;
  const auto found = nodes_.find(id);
  if (found != nodes_.end() && !found->second.gone_at) {
    found->second.gone_at = clock_.now() + kCacheRemovalTime;
  }
}

std::vector<caches::CacheObservation> CacheFarm::snapshot() {
  std::erase_if(nodes_, [&](const auto& entry) {
    return entry.second.gone_at && clock_.now() >= *entry.second.gone_at;
  });
  std::vector<caches::CacheObservation> all;
  for (auto& [id, node] : nodes_) {
    all.push_back(observe(node));
  }
  return all;
}

caches::CacheObservation CacheFarm::observe(Node& node) const {
  using State = caches::CacheObservation::State;
  caches::CacheObservation seen;
  seen.id = node.spec.id;
  seen.run = node.run;
  if (!trouble_.empty()) {
    seen.state = State::Failed;
    seen.trouble = trouble_;
  } else if (clock_.now() >= node.runs_at) {
    node.ever_ran = true;
    seen.state = State::Running;
    seen.ping = std::chrono::microseconds{200};
    seen.clients.assign(node.clients.begin(), node.clients.end());
    seen.counters.connected_clients = static_cast<std::int64_t>(node.clients.size());
    seen.counters.max_memory = node.spec.max_memory;
    seen.sampled = clock_.now();
  }
  if (node.ever_ran) {
    seen.version = "7.0.15";
  }
  return seen;
}

void CacheFarm::kill(const caches::CacheClusterId& id) {
  Node& node = nodes_.at(id);
  node.runs_at = clock_.now() + kCacheRestartTime;
  ++node.run;
  node.clients.clear();
}

void CacheFarm::connect(const caches::CacheClusterId& id, const std::string& address) {
  nodes_.at(id).clients.insert(address);
}

std::optional<ports::CacheSpec> CacheFarm::spec_of(const caches::CacheClusterId& id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? std::nullopt : std::optional{found->second.spec};
}

}  // namespace tidegate::sim
