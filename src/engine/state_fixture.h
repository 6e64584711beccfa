// The engine's own state over ports that say what a test has them say, and remember what they were
// asked for: for the tests of single steps of a tick.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/state.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"
#include "sim/virtual_clock.h"

namespace tidegate::engine {

struct ScriptedBalancer final : ports::DataPlane {
  void publish(const balancing::DataPlaneConfig& config) override { published.push_back(config); }
  const balancing::DataPlaneReport& report() override { return said; }
  Result<std::string> assign_address(const balancing::LoadBalancerArn&) override {
    return std::string{"10.64.255.254"};
  }
  void release_address(const balancing::LoadBalancerArn& arn) override { released.push_back(arn); }

  balancing::DataPlaneReport said;
  std::vector<balancing::DataPlaneConfig> published;
  std::vector<balancing::LoadBalancerArn> released;
};

struct ScriptedCompute final : ports::Compute {
  ports::HostCapacity capacity() const override { return {8, 4096}; }
  std::vector<ports::Capability> capabilities() const override { return {}; }
  Status check_image(const ports::ProcessImage&) const override { return Ok{}; }
  void launch(const ports::LaunchSpec& spec) override { launched.push_back(spec); }
  void stop(const groups::InstanceId& id) override { stopped.push_back(id.value); }
  void kill(const groups::InstanceId& id) override { killed.push_back(id.value); }
  void set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state) override {
    told.push_back(id.value + " " + state);
  }
  std::vector<std::string> troubles() const override { return complaints; }
  std::vector<ports::InstanceObservation> snapshot() override { return seen; }
  Result<ports::ConsoleChunk> console(const groups::InstanceId&,
                                      std::uint64_t,
                                      std::size_t) override {
    return ports::ConsoleChunk{};
  }

  /// Its part of the snapshot; valid until the next call.
  ports::InstanceObservation& running(const std::string& id, const std::string& address) {
    auto& made = seen.emplace_back();
    made.id.value = id;
    made.phase = ports::InstancePhase::Running;
    made.address = address;
    return made;
  }

  std::vector<ports::InstanceObservation> seen;
  std::vector<std::string> complaints;
  std::vector<ports::LaunchSpec> launched;
  std::vector<std::string> stopped, killed, told;
};

struct ScriptedCache final : ports::Cache {
  std::vector<std::string> addresses() const override { return free; }
  void ensure(const ports::CacheSpec& spec) override { ensured.push_back(spec); }
  void remove(const caches::CacheClusterId& id) override { removed.push_back(id.value); }
  std::vector<caches::CacheObservation> snapshot() override { return seen; }

  std::vector<std::string> free = {"10.64.15.0", "10.64.15.1"};
  std::vector<ports::CacheSpec> ensured;
  std::vector<std::string> removed;
  std::vector<caches::CacheObservation> seen;
};

struct StateBench {
  static constexpr Instant kBegin{std::chrono::seconds{1767441871}};

  sim::VirtualClock clock{kBegin};
  ScriptedCompute compute;
  ScriptedBalancer balancer;
  sim::MemoryStore store;
  sim::MemoryMetrics metrics;
  sim::RecordingNotifier notifier;
  ScriptedCache caches;
  EngineState state{Settings{}, Ports{compute, balancer, store, metrics, notifier, caches}};
  Model& model = state.model;

  StateBench() {
    model.region = state.settings.region;
    model.host_vcpus = compute.capacity().vcpus;
    model.host_memory_mib = compute.capacity().memory_mib;
  }

  Instant now() { return clock.now(); }
  void pass(Duration duration) { clock.advance_to(now() + duration); }
  /// Everything touched so far is written.
  void flush() { REQUIRE(state.journal.flush(model, {}).has_value()); }
  bool is_stored(const std::string& key) const { return store.contents().contains(key); }
  /// Whether readers see at once what `change` did.
  template <typename Change>
  bool shows(Change change) {
    state.view_stale = false;
    change();
    return state.view_stale;
  }

  GroupModel& group(const std::string& name = "g") {
    GroupModel& made = model.groups[groups::GroupName{name}];
    made.group.name = groups::GroupName{name};
    return made;
  }
  groups::Instance& instance(GroupModel& of,
                             const std::string& id,
                             groups::LifecycleState state_of = groups::LifecycleState::InService) {
    groups::Instance& made = of.instances[groups::InstanceId{id}];
    made.id = groups::InstanceId{id};
    made.group = of.group.name;
    made.lifecycle_state = state_of;
    made.launched = now();
    if (state_of == groups::LifecycleState::InService) {
      made.in_service_since = now();
    }
    return made;
  }
};

}  // namespace tidegate::engine
