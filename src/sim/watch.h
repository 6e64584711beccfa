// The checkers: what must hold after every step of a simulated control plane, and before every
// effect. Breaches are sentences, with the time they were seen.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_store.h"

namespace tidegate::sim {

class Watch {
 public:
  Watch(VirtualClock& clock, Cloud& cloud, FrontDoor& door, MemoryStore& store)
      : clock_(clock), cloud_(cloud), door_(door), store_(store) {}

  /// Each effect's journal entry is before it.
  void before_call(const ComputeCall& call);
  /// After each tick.
  void after_tick(const engine::Model& model);
  /// After a new control plane read the store: nothing is lost or doubled.
  void after_recovery(const engine::Model& model);
  /// The store holds the model, entity by entity and byte by byte: what is not in it is lost by a
  /// crash, and what a control plane cannot read back it has lost already. Not while the store
  /// fails.
  void check_store(const engine::Model& model);
  void breach(std::string sentence);

  const std::vector<std::string>& breaches() const { return breaches_; }

 private:
  struct Before {  // of a group, at the last look
    std::map<groups::InstanceId, groups::LifecycleState> states;
    std::int32_t replacing = 0;
  };

  void check_group(const engine::GroupModel& group);
  void check_capacity(const engine::GroupModel& group,
                      const std::vector<groups::Instance>& instances);
  void check_gate(const engine::GroupModel& group, const Before& before);
  void check_budget(const engine::GroupModel& group, const Before& before);
  static void remember(const engine::GroupModel& group, Before& before);
  void check_doubles(const engine::Model& model);
  void check_closures(const engine::Model& model);
  std::optional<groups::Instance> stored(const groups::InstanceId& id) const;

  VirtualClock& clock_;
  Cloud& cloud_;
  FrontDoor& door_;
  MemoryStore& store_;
  std::map<groups::GroupName, Before> before_;
  std::set<groups::InstanceId> ever_stored_;
  std::size_t closures_seen_ = 0;
  std::vector<std::string> breaches_;
};

}  // namespace tidegate::sim
