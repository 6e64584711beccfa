// The engine: observe → decide → journal → act. One thread owns it and all mutable control state;
// it is a function of (stored state, observations, now, seed). Effects follow from persisted state
// only: what a driver is asked for is derived from what the store holds, so that a crash at any
// point loses and doubles nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/commands.h"
#include "engine/model.h"
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
};

struct Settings {
  std::string region = "eu-west-2";
  std::string account_id = "000000000000";
  std::string home_id;
  std::optional<double> instance_scale;  // absent: auto
  std::uint64_t epoch = 1;               // fences other control planes in the store
  std::uint64_t seed = 1;                // of ids
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

}  // namespace tidegate::engine
