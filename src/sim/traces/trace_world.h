// A control plane under the load of a trace: the engine as `serve` runs it, over the simulated
// cloud and front door, in virtual time. The group in question gets the trace's requests, spread
// evenly over its instances in service; they use CPU and queue as capacity.h has it. A run is a
// function of (template, trace, seed). Single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"
#include "sim/traces/capacity.h"
#include "sim/traces/demand.h"
#include "sim/traces/scores.h"
#include "sim/traces/trace.h"

namespace tidegate::traces {

/// Requests that would have to wait longer than this are turned away.
inline constexpr Duration kLongestQueue = std::chrono::seconds{2};

enum class Stepping {
  SkipQuiet,  // an estimate: Engine::coast() over what only the load changes, nothing stored
  EveryTick,  // as `serve` does; for the test that both come to the same
};

struct Plan {
  std::string template_text;
  std::string template_folder;  // absolute
  std::map<std::string, std::string> parameters;
  std::string region = "eu-west-2";
  groups::GroupName group;  // that gets the load
  stacks::Simulation simulation;
  std::uint64_t seed = 1;
  Stepping stepping = Stepping::SkipQuiet;
};

/// A change of the group's desired capacity by its policy.
struct Decision {
  Instant at;
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::string why;
};

/// What a chart draws of a stretch of time.
struct ChartPoint {
  double requests_per_second = 0;  // mean
  std::int32_t need = 0;           // most
  std::int32_t serving_least = 0;
  std::int32_t serving_most = 0;
  double bad_share = 0;  // of the time
};

struct Outcome {
  Scores scores;
  std::vector<Decision> decisions;
  std::int32_t launches = 0;
  std::int32_t min_size = 0, max_size = 0;
  Instant begin;
  Duration chart_step{};
  std::vector<ChartPoint> chart;
  std::uint64_t whole_ticks = 0;
  std::vector<std::string> left_alarms;  // of the template: they tell, and move no capacity
};

/// Gets every decision and changed non-decision, oldest first.
using LedgerSink = std::function<void(const engine::LedgerEntry&)>;
/// Told from time to time how much of the trace is done, 0..1.
using ProgressSink = std::function<void(double)>;

struct Sinks {
  LedgerSink ledger;      // may be empty
  ProgressSink progress;  // may be empty
};

/// Errors: what the engine says of the template; FailedPrecondition when MinSize instances do not
/// come into service before the trace begins.
Result<Outcome> run_trace(const Plan& plan, const Trace& trace, const Sinks& sinks);

}  // namespace tidegate::traces
