// A world under test: one control plane over the simulated ports, in virtual time. It steps the
// engine when it is due, lets users send requests, kills the control plane at any operation and
// starts it again from the store, and has every step watched. A run is a function of (commands,
// faults, seed): two runs give the same ledger, byte for byte.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "sim/caches/cache_farm.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"
#include "sim/watch.h"
#include "sim/workload.h"

namespace tidegate::sim {

/// How often the control plane gets to run.
enum class Pace {
  Lively,  // whenever it is due
  Idle,    // every 30 s: nothing happens meanwhile, and simulated hours are cheap
};

/// Where a control plane loses its power: at one of its operations, which are appends to the store,
/// calls of the driver, published configurations and notifications, counted from 0.
struct CrashPoint {
  enum class Moment {
    Before,  // the operation does not happen
    After,   // it happens, and nothing after it: its answer is never seen
  };
  std::uint64_t operation = 0;
  Moment moment = Moment::Before;
};

class World {
 public:
  explicit World(std::uint64_t seed);

  Result<engine::Answer> execute(const engine::Command& command);
  void run_for(Duration duration, Pace pace);
  void run_for(Duration duration) { run_for(duration, Pace::Lively); }

  /// kill -9 of the control plane, started again after `down`.
  void crash(Duration down);
  /// The same after so many more operations (appends, driver calls, published configurations).
  void crash_after(std::uint64_t operations) { operations_left_ = operations; }

  /// At that operation of this world; a command whose answer is lost by it is sent again.
  void crash_at(CrashPoint point) {
    crash_point_ = point;
    patient_clients_ = true;
  }
  std::uint64_t operations() const { return operations_; }

  VirtualClock& clock() { return clock_; }
  Cloud& cloud() { return cloud_; }
  FrontDoor& door() { return door_; }
  CacheFarm& caches() { return cache_; }
  MemoryStore& store() { return store_; }
  Workload& workload() { return workload_; }
  Watch& watch() { return watch_; }
  Rng& chance() { return rng_; }
  const engine::Model& model() const { return engine_->model(); }
  bool is_up() const { return engine_ != nullptr; }
  std::uint64_t starts() const { return starts_; }

  /// Empty when every group is whole and quiet; else what is missing, one sentence.
  std::string unsettled() const;
  /// Every decision and changed non-decision, one JSON line each.
  const std::vector<std::string>& ledger() const { return ledger_; }

 private:
  void start();
  void step();
  void settle_power();
  bool spend_operation();
  void collect();
  Instant next_instant(Pace pace);
  std::string unsettled_group(const engine::GroupModel& group) const;

  VirtualClock clock_;
  Rng rng_;
  Cloud cloud_;
  FrontDoor door_;
  MemoryStore store_;
  MemoryMetrics metrics_;
  RecordingNotifier notifier_;
  CacheFarm cache_;
  Workload workload_;
  Watch watch_;
  std::unique_ptr<engine::Engine> engine_;
  std::uint64_t starts_ = 0;
  Instant due_;
  std::optional<Instant> starts_at_;  // while the control plane is down
  std::optional<std::uint64_t> operations_left_;
  std::optional<CrashPoint> crash_point_;
  bool patient_clients_ = false;
  std::uint64_t operations_ = 0;
  bool power_ = true;  // false: the control plane died in the middle of a tick
  std::uint64_t appends_seen_ = 0;
  std::uint64_t changes_ = 0;
  std::vector<std::string> ledger_;
};

}  // namespace tidegate::sim
