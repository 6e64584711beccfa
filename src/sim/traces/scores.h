// Scores of a policy on a trace: the figures of the SPEC research group, service level, money, and
// two references: an oracle that knows the future, and a group of constant size. docs/guides/
// simulate.md defines each. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "sim/traces/demand.h"

namespace tidegate::traces {

/// Time is counted from the trace's begin.
struct Stretch {
  Duration begin{};
  Duration length{};
  std::int32_t serving = 0;  // instances in service
  double requests = 0;
  double dropped = 0;       // of them: waited for too long and were turned away
  bool is_waiting = false;  // the queue alone is longer than the SLO allows
};

struct Billed {
  Duration begin{};
  Duration end{};
};

struct Scores {
  Duration scored{};
  double requests = 0;
  double bad_percent = 0;      // of requests: in time whose p95 is over the SLO, or turned away
  double dropped_percent = 0;  // of requests: turned away
  double bad_time_percent = 0;
  Duration longest_bad{};
  double theta_u = 0, theta_o = 0;  // percent
  double tau_u = 0, tau_o = 0;      // percent
  double upsilon = 0;               // percent
  double jitter_per_hour = 0;
  double shortage_hours = 0;  // instance-hours
  std::int32_t worst_shortage = 0;
  double instance_hours = 0;  // billed
  double oracle_hours = 0;
  std::int32_t static_instances = 0;  // p99.9 of the need
  double static_hours = 0;
  bool operator==(const Scores&) const = default;
};

/// What is not scored at the begin, equal for every policy: a day, or a tenth of a shorter trace.
Duration burn_in_of(Duration trace_length);

/// Billed by the second, 60 s at least, from the launch call on.
inline constexpr Duration kLeastBilled = std::chrono::seconds{60};

class ScoreKeeper {
 public:
  ScoreKeeper(const Needs& needs, Duration burn_in);

  /// Stretches follow each other without a gap; each lies within one step of the needs.
  void add(const Stretch& stretch);
  Scores finish(std::span<const Billed> billed, Duration boot) const;

 private:
  void add_grid(const Stretch& stretch, std::int32_t need);
  void add_quality(const Stretch& stretch, std::int32_t need);

  const Needs& needs_;
  Duration burn_in_;
  Duration end_{};
  double seconds_ = 0, under_ = 0, over_ = 0, under_time_ = 0, over_time_ = 0, shortage_ = 0;
  double requests_ = 0, bad_ = 0, dropped_ = 0, bad_time_ = 0;
  Duration bad_run_{}, longest_bad_{};
  std::int32_t worst_shortage_ = 0;
  // On the 60-s grid: signs of change and sums of changes.
  Duration next_grid_;
  std::int32_t grid_supply_ = 0, grid_need_ = 0;
  std::int64_t grid_steps_ = 0, unlike_ = 0, supply_changes_ = 0, need_changes_ = 0;
};

/// Instance-hours of a perfect forecast: never fewer instances than needed, each started `boot`
/// early, and kept through a lull that is shorter than a start. Within [from, …).
double oracle_hours(const Needs& needs, Duration from, Duration boot);
/// The p99.9 of the need over measured time from `from` on.
std::int32_t static_size(const Needs& needs, Duration from);

}  // namespace tidegate::traces
