#include "adapters/telemetry/series.h"

#include <algorithm>

namespace tidegate::telemetry {
namespace {

using metrics::Datapoint;
using metrics::StatisticSet;

constexpr std::int32_t kMinute = 60;  // seconds, of a storage resolution

std::int64_t step_of(Instant instant, Duration step) {
  return floor_quotient(instant.time_since_epoch().count(), step.count());
}

/// The first step that begins at `instant` or later.
std::int64_t first_step_from(Instant instant, Duration step) {
  return step_of(instant + step - Duration{1}, step);
}

void merge_into(std::vector<Datapoint>& periods,
                const Ladder& ladder,
                Duration step,
                Duration period) {
  const Instant from = periods.front().timestamp;
  const Instant to = periods.back().timestamp + period;
  ladder.visit(first_step_from(from, step),
               first_step_from(to, step),
               [&](std::int64_t at, const StatisticSet& set) {
                 const Instant start{step * at};
                 StatisticSet& sum =
                     periods[static_cast<std::size_t>((start - from) / period)].values;
                 sum = merged(sum, set);
               });
}

}  // namespace

void Series::add(const metrics::MetricSample& sample) {
  if (sample.timestamp >= newest) {
    newest = sample.timestamp;
    unit = sample.unit;
  }
  const std::int64_t second = step_of(sample.timestamp, std::chrono::seconds{1});
  const std::int64_t minute = step_of(sample.timestamp, std::chrono::minutes{1});
  if (sample.storage_resolution >= kMinute || seconds.is_too_old(second)) {
    minutes.add(minute, sample.values);
    return;
  }
  for (const Chunk& past : seconds.add(second, sample.values)) {
    minutes.add(past.index(), past.total());  // a chunk of seconds is one minute
  }
}

void Series::read_into(std::vector<Datapoint>& periods, Instant from, Duration period) const {
  if (periods.empty() || newest < from) {
    return;
  }
  merge_into(periods, seconds, std::chrono::seconds{1}, period);
  if (period >= std::chrono::minutes{1}) {
    merge_into(periods, minutes, std::chrono::minutes{1}, period);
  }
}

}  // namespace tidegate::telemetry
