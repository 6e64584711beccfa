#include "sim/traces/scores.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace tidegate::traces {
namespace {

constexpr Duration kGrid = std::chrono::seconds{60};
constexpr double kStaticShare = 0.999;
constexpr double kSecondsPerHour = 3600;

int sign_of(std::int32_t difference) {
  return (difference > 0 ? 1 : 0) - (difference < 0 ? 1 : 0);
}

double percent(double part, double whole) {
  return whole > 0 ? 100 * part / whole : 0;
}

/// What of [begin, end) is at or after `from`.
Duration overlap(Duration begin, Duration end, Duration from) {
  return std::max(Duration{0}, end - std::max(begin, from));
}

}  // namespace

Duration burn_in_of(Duration trace_length) {
  return std::min<Duration>(std::chrono::hours{24}, trace_length / 10);
}

ScoreKeeper::ScoreKeeper(const Needs& needs, Duration burn_in)
    : needs_(needs), burn_in_(burn_in), next_grid_(burn_in) {}

void ScoreKeeper::add(const Stretch& stretch) {
  TG_CHECK(stretch.begin == end_);
  end_ += stretch.length;
  const auto step = static_cast<std::size_t>(stretch.begin / needs_.step);
  const Need& need = needs_.steps[std::min(step, needs_.steps.size() - 1)];
  if (stretch.begin < burn_in_) {
    return;
  }
  add_grid(stretch, need.instances);
  if (!need.is_measured) {
    return;
  }
  const double seconds = seconds_of(stretch.length);
  const std::int32_t missing = need.instances - stretch.serving;
  const double share = seconds * missing / need.instances;
  seconds_ += seconds;
  under_ += missing > 0 ? share : 0;
  over_ += missing < 0 ? -share : 0;
  under_time_ += missing > 0 ? seconds : 0;
  over_time_ += missing < 0 ? seconds : 0;
  shortage_ += missing > 0 ? seconds * missing : 0;
  worst_shortage_ = std::max(worst_shortage_, missing);
  add_quality(stretch, need.instances);
}

void ScoreKeeper::add_quality(const Stretch& stretch, std::int32_t need) {
  requests_ += stretch.requests;
  dropped_ += stretch.dropped;
  if (stretch.serving >= need && !stretch.is_waiting) {
    bad_ += stretch.dropped;
    bad_run_ = Duration{0};
    return;
  }
  bad_ += stretch.requests;
  bad_time_ += seconds_of(stretch.length);
  bad_run_ += stretch.length;
  longest_bad_ = std::max(longest_bad_, bad_run_);
}

/// Looks at supply and need at each minute.
void ScoreKeeper::add_grid(const Stretch& stretch, std::int32_t need) {
  if (stretch.begin < next_grid_) {
    return;
  }
  if (grid_steps_ > 0) {
    const std::int32_t supplied = stretch.serving - grid_supply_;
    const std::int32_t demanded = need - grid_need_;
    unlike_ += sign_of(supplied) != sign_of(demanded) ? 1 : 0;
    supply_changes_ += std::abs(supplied);
    need_changes_ += std::abs(demanded);
  }
  ++grid_steps_;
  grid_supply_ = stretch.serving;
  grid_need_ = need;
  next_grid_ += kGrid;
}

Scores ScoreKeeper::finish(std::span<const Billed> billed, Duration boot) const {
  Scores scores;
  scores.scored = from_seconds(seconds_);
  scores.requests = requests_;
  scores.bad_percent = percent(bad_, requests_);
  scores.dropped_percent = percent(dropped_, requests_);
  scores.bad_time_percent = percent(bad_time_, seconds_);
  scores.longest_bad = longest_bad_;
  scores.theta_u = percent(under_, seconds_);
  scores.theta_o = percent(over_, seconds_);
  scores.tau_u = percent(under_time_, seconds_);
  scores.tau_o = percent(over_time_, seconds_);
  const auto steps = static_cast<double>(std::max<std::int64_t>(grid_steps_ - 1, 1));
  scores.upsilon = percent(static_cast<double>(unlike_), steps);
  scores.jitter_per_hour = static_cast<double>(supply_changes_ - need_changes_) / (steps / 60);
  scores.shortage_hours = shortage_ / kSecondsPerHour;
  scores.worst_shortage = worst_shortage_;
  double hours = 0;
  for (const Billed& one : billed) {
    const Duration end = std::min(end_, std::max(one.end, one.begin + kLeastBilled));
    hours += seconds_of(overlap(one.begin, end, burn_in_)) / kSecondsPerHour;
  }
  scores.instance_hours = hours;
  scores.oracle_hours = oracle_hours(needs_, burn_in_, boot);
  scores.static_instances = static_size(needs_, burn_in_);
  scores.static_hours =
      scores.static_instances * seconds_of(overlap(Duration{0}, end_, burn_in_)) / kSecondsPerHour;
  return scores;
}

double oracle_hours(const Needs& needs, Duration from, Duration boot) {
  const Duration end = needs.step * static_cast<std::int64_t>(needs.steps.size());
  std::vector<Billed> running;  // by level: since when the (level + 1)-th instance is needed
  std::vector<bool> is_needed;
  double seconds = 0;
  const auto bill = [&](const Billed& run) {
    const Duration begin = run.begin - boot;
    seconds += seconds_of(overlap(begin, std::max(run.end, begin + kLeastBilled), from));
  };
  for (std::size_t i = 0; i <= needs.steps.size(); ++i) {
    const Duration at = needs.step * static_cast<std::int64_t>(i);
    const auto level =
        i < needs.steps.size() ? static_cast<std::size_t>(needs.steps[i].instances) : 0;
    for (std::size_t k = 0; k < std::max(level, running.size()); ++k) {
      if (k >= running.size()) {
        running.push_back({at, at});
        is_needed.push_back(true);
      } else if (k < level && !is_needed[k]) {
        if (at - running[k].end > boot) {  // a new start is cheaper than waiting was
          bill(running[k]);
          running[k].begin = at;
        }
        is_needed[k] = true;
      } else if (k >= level && is_needed[k]) {
        running[k].end = at;
        is_needed[k] = false;
      }
    }
  }
  for (Billed& run : running) {
    run.end = std::min(run.end, end);
    bill(run);
  }
  return seconds / kSecondsPerHour;
}

std::int32_t static_size(const Needs& needs, Duration from) {
  std::map<std::int32_t, std::int64_t> steps;  // by need
  std::int64_t all = 0;
  for (std::size_t i = 0; i < needs.steps.size(); ++i) {
    if (needs.step * static_cast<std::int64_t>(i) >= from && needs.steps[i].is_measured) {
      ++steps[needs.steps[i].instances];
      ++all;
    }
  }
  std::int64_t below = 0;
  for (const auto& [instances, count] : steps) {
    below += count;
    if (static_cast<double>(below) >= kStaticShare * static_cast<double>(all)) {
      return instances;
    }
  }
  return steps.empty() ? 1 : steps.rbegin()->first;
}

}  // namespace tidegate::traces
