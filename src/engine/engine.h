// The engine: observe → decide → journal → act. One thread owns it and all mutable control state;
// it is a function of (stored state, observations, now, seed). Effects follow from persisted state
// only: what a driver is asked for is derived from what the store holds, so that a crash at any
// point loses and doubles nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/commands.h"
#include "engine/model.h"
#include "ports/cache.h"
#include "ports/compute.h"
#include "ports/data_plane.h"
#include "ports/metric_store.h"
#include "ports/notifier.h"
#include "ports/state_store.h"

namespace tidegate::engine {

struct EngineState;

struct Ports {
  ports::Compute& compute;
  ports::DataPlane& data_plane;
  ports::StateStore& store;
  ports::MetricStore& metrics;
  ports::Notifier& notifier;
  ports::Cache& cache;
};

/// What an engine runs for. An estimate is a simulation of months that never restarts; it leaves
/// what moves no capacity: the template's own alarms (AWS::CloudWatch::Alarm), which tell somebody,
/// the history of alarms, and the store. Its decisions are the same.
enum class Purpose { Serve, Estimate };

struct Settings {
  std::string region = "eu-west-2";
  std::string account_id = "000000000000";
  std::string home_id;
  std::optional<double> instance_scale;  // absent: auto
  std::uint64_t epoch = 1;               // fences other control planes in the store
  std::uint64_t seed = 1;                // of ids
  Purpose purpose = Purpose::Serve;
  std::vector<std::string> ledger;  // newest lines of the home's ledger file, oldest first
};

/// A world in which, for some time, nothing changes but the load: no instance starts, ends or
/// fails, every target stays as healthy as it is.
class SteadyLoad {
 public:
  struct Use {
    Duration cpu_used{};         // by each instance in service, between the step before and this
    std::uint64_t requests = 0;  // the same, of requests from all of its target groups
  };
  SteadyLoad() = default;
  SteadyLoad(const SteadyLoad&) = delete;
  SteadyLoad& operator=(const SteadyLoad&) = delete;
  virtual ~SteadyLoad() = default;

  /// Time is `t` now, later than at the step before; every port tells of this time.
  virtual void advance_to(Instant t) = 0;
  /// Of the step that advance_to() made.
  virtual Use use_of(const groups::GroupName& group) const = 0;
};

class Engine {
 public:
  Engine(Settings settings, Ports ports);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Loads the stored state; call once, before the first tick. Errors: Corrupt, Unavailable.
  Status recover(Instant now);

  /// Does everything that is due at `now` and tells when it is next due (at most one second later
  /// while anything exists). Called before it is due it does nothing, in well under a microsecond.
  Instant tick(Instant now);

  /// Takes the steps of ticks that would find nothing but another load, and change nothing: what
  /// they would have sampled is sampled, alarms and votes are looked at in well under a
  /// microsecond. Stops before `until`, before anything of the engine's own is due, and at the step
  /// at which an alarm or a vote changes; returns when the next tick is due, which is to be a whole
  /// one. The decisions and their ledger are those of a run that ticks every time (docs/decisions/
  /// 0019). Returns at once where it cannot tell. `load` promises until `until`.
  Instant coast(SteadyLoad& load, Instant until);

  /// Makes the next tick look at the world even before it was due (an event of a driver, of the
  /// balancer).
  void wake();

  /// Runs one command now; its effects follow in the next tick, which is then due at once.
  Result<Answer> execute(const Principal& principal, const Command& command, Instant now);

  const Model& model() const;
  /// A copy to publish; the same pointer as before while nothing changed.
  std::shared_ptr<const Model> view();
  /// Entries since the last call, for the ledger file; bounded.
  std::vector<LedgerEntry> take_ledger();

 private:
  std::unique_ptr<EngineState> state_;
};

/// One line of the ledger file: stable member order, no line end.
std::string to_json_line(const LedgerEntry& entry);
/// The way back. Errors: Corrupt for what to_json_line() does not write.
Result<LedgerEntry> ledger_entry(std::string_view line);

}  // namespace tidegate::engine
