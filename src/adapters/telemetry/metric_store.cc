#include "adapters/telemetry/metric_store.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "adapters/telemetry/chunk_file.h"
#include "base/check.h"
#include "base/log.h"

namespace tidegate::telemetry {
namespace {

using metrics::Datapoint;
using metrics::DistributionPoint;
using metrics::MetricId;
using metrics::MetricSample;

constexpr std::size_t kForgottenShare = 16;  // one of so many goes at once: eviction scans them all
constexpr int kMaxGlances = 4;               // points move between resolutions once a minute

bool is_sample(const MetricSample& sample) {
  return sample.values.sample_count > 0 && std::isfinite(sample.values.sum) &&
         std::isfinite(sample.values.minimum) && std::isfinite(sample.values.maximum);
}

/// The periods that are asked for, empty.
template <typename Point>
std::vector<Point> periods_of(Instant from, Instant to, Duration period) {
  if (period < std::chrono::seconds{1} || to <= from) {
    return {};
  }
  const std::int64_t count = std::min((to - from + period - Duration{1}) / period, kMaxPeriods);
  std::vector<Point> periods(static_cast<std::size_t>(count));
  Instant start = from;
  for (Point& point : periods) {
    point.timestamp = start;
    start += period;
  }
  return periods;
}

}  // namespace

std::size_t DurableMetricStore::Hash::operator()(const MetricId& metric) const {
  const std::hash<std::string> hash;
  std::size_t all = hash(metric.metric_namespace) * 31 + hash(metric.name);
  for (const metrics::Dimension& dimension : metric.dimensions) {
    all = (all * 31 + hash(dimension.name)) * 31 + hash(dimension.value);
  }
  return all;
}

DurableMetricStore::DurableMetricStore(StoreLimits limits)
    : limits_(limits), owed_(std::make_unique<ChunkBatch>()) {
  TG_CHECK(limits.series >= kForgottenShare);
}

DurableMetricStore::~DurableMetricStore() = default;

void DurableMetricStore::put(std::span<const MetricSample> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::shared_lock map_guard{map_lock_};
    for (; i < samples.size(); ++i) {  // one lock for all that are known
      if (!is_sample(samples[i])) {
        continue;
      }
      const auto found = all_.find(samples[i].metric);
      if (found == all_.end()) {
        break;
      }
      const std::unique_lock series_guard{found->second.series_lock};
      add(found->second, samples[i]);
    }
    map_guard.unlock();
    if (i < samples.size()) {
      put_new(samples[i]);
    }
  }
}

/// With the series' lock held, or nobody else knowing it.
void DurableMetricStore::add(Guarded& guarded, const MetricSample& sample) {
  auto& held = guarded.series.held;
  const auto count = [&held] {
    std::size_t all = 0;
    for (const auto& chunks : held) {
      all += chunks.size();
    }
    return all;
  };
  const std::size_t before = count();
  if (chunks_ >= limits_.chunks && before > 0 && !guarded.series.has_room(sample)) {
    if (!has_dropped_.exchange(true)) {
      log_event(LogLevel::Warn,
                "metric_samples_dropped",
                {{"reason", "as much is in memory as may be"},
                 {"limit", std::to_string(limits_.chunks)}});
    }
    return;
  }
  guarded.series.add(sample, tick_);
  chunks_ += count() - before;
}

void DurableMetricStore::put_new(const MetricSample& sample) {
  const std::unique_lock map_guard{map_lock_};
  if (!all_.contains(sample.metric) && all_.size() >= limits_.series) {
    forget_stalest(all_.size() / kForgottenShare);
  }
  const auto [at, is_new] = all_.try_emplace(sample.metric);
  if (is_new) {
    at->second.series.id = next_id_++;
  }
  add(at->second, sample);
}

/// With map_lock_ held alone.
void DurableMetricStore::forget_stalest(std::size_t count) {
  std::vector<std::pair<Instant, std::int64_t>> ages;
  ages.reserve(all_.size());
  for (const auto& [metric, guarded] : all_) {
    ages.emplace_back(guarded.series.newest, guarded.series.id);
  }
  const std::size_t gone = std::min(std::max<std::size_t>(count, 1), ages.size());
  if (gone == 0) {
    return;
  }
  const auto last = ages.begin() + static_cast<std::ptrdiff_t>(gone - 1);
  std::nth_element(ages.begin(), last, ages.end());
  const auto limit = *last;
  for (auto at = all_.begin(); at != all_.end();) {
    const auto next = std::next(at);
    if (std::pair{at->second.series.newest, at->second.series.id} <= limit) {
      forget(at);
    }
    at = next;
  }
  if (!std::exchange(has_forgotten_, true)) {  // once: it goes on as long as new metrics come
    log_event(LogLevel::Warn,
              "metric_series_forgotten",
              {{"reason", "the stalest make room"},
               {"series_limit", std::to_string(limits_.series)},
               {"file_limit_bytes", std::to_string(limits_.file_bytes)}});
  }
}

/// With map_lock_ held alone.
void DurableMetricStore::forget(All::iterator at) {
  const Series& series = at->second.series;
  for (std::size_t tier = 0; tier < kTierCount; ++tier) {
    chunks_ -= series.held[tier].size();
    for (std::int64_t index = series.filed[tier].first; index <= series.filed[tier].last; ++index) {
      owed_->removed.push_back({tier, index, series.id});
    }
  }
  owed_->removed_series.push_back(series.id);
  all_.erase(at);
}

/// What a look at memory gave, and what has to come from the file. `rolls` tells whether points
/// moved between resolutions meanwhile.
struct DurableMetricStore::Glance {
  std::int64_t id = 0;
  std::uint64_t rolls = 0;
  std::vector<ChunkKey> missing;
};

template <typename Point>
DurableMetricStore::Glance DurableMetricStore::glance(const MetricId& metric,
                                                      std::vector<Point>& periods,
                                                      Duration period) const {
  Glance seen;
  const std::shared_lock map_guard{map_lock_};
  const auto found = all_.find(metric);
  if (found == all_.end()) {
    return seen;
  }
  const std::shared_lock series_guard{found->second.series_lock};
  const Series& series = found->second.series;
  seen.id = series.id;
  seen.rolls = series.rolls;
  const Instant from = periods.front().timestamp;
  const Instant to = periods.back().timestamp + period;
  for (std::size_t tier = 0; tier < kTierCount && kTiers[tier].step <= period; ++tier) {
    const std::int64_t first = floor_quotient(kTiers[tier].step_of(from), kChunkSlots);
    const std::int64_t last = floor_quotient(kTiers[tier].step_of(to - Duration{1}), kChunkSlots);
    const auto& held = series.held[tier];
    for (auto at = held.lower_bound(first); at != held.end() && at->first <= last; ++at) {
      fold(periods, period, tier, at->second.chunk);
    }
    const Filed& filed = series.filed[tier];
    for (auto at = std::max(first, filed.first); at <= std::min(last, filed.last); ++at) {
      const auto in_memory = held.find(at);
      if (in_memory == held.end() || in_memory->second.is_part) {
        seen.missing.push_back({tier, at, series.id});
      }
    }
  }
  return seen;
}

template <typename Point>
std::vector<Point> DurableMetricStore::read_as(const MetricId& metric,
                                               Instant from,
                                               Instant to,
                                               Duration period) const {
  for (int tries = 1;; ++tries) {
    auto periods = periods_of<Point>(from, to, period);
    if (periods.empty()) {
      return periods;
    }
    const Glance seen = glance(metric, periods, period);
    for (const ChunkKey& key : seen.missing) {
      if (const auto chunk = from_file(key)) {
        fold(periods, period, key.tier, *chunk);
      }
    }
    if (seen.missing.empty() || tries == kMaxGlances) {
      return periods;
    }
    const std::shared_lock map_guard{map_lock_};
    const auto found = all_.find(metric);
    if (found == all_.end()) {
      return periods;
    }
    const std::shared_lock series_guard{found->second.series_lock};
    if (found->second.series.rolls == seen.rolls && found->second.series.id == seen.id) {
      return periods;
    }
  }
}

std::vector<Datapoint> DurableMetricStore::read(const MetricId& metric,
                                                Instant from,
                                                Instant to,
                                                Duration period) const {
  return read_as<Datapoint>(metric, from, to, period);
}

std::vector<DistributionPoint> DurableMetricStore::read_distributions(const MetricId& metric,
                                                                      Instant from,
                                                                      Instant to,
                                                                      Duration period) const {
  return read_as<DistributionPoint>(metric, from, to, period);
}

std::vector<MetricId> DurableMetricStore::list(const std::string& metric_namespace) const {
  std::vector<MetricId> ids;
  {
    const std::shared_lock map_guard{map_lock_};
    for (const auto& [id, guarded] : all_) {
      if (metric_namespace.empty() || id.metric_namespace == metric_namespace) {
        ids.push_back(id);
      }
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string DurableMetricStore::unit(const MetricId& metric) const {
  const std::shared_lock map_guard{map_lock_};
  const auto found = all_.find(metric);
  if (found == all_.end()) {
    return "None";
  }
  const std::shared_lock series_guard{found->second.series_lock};
  return found->second.series.unit;
}

std::optional<Instant> DurableMetricStore::newest(const MetricId& metric) const {
  const std::shared_lock map_guard{map_lock_};
  const auto found = all_.find(metric);
  if (found == all_.end()) {
    return std::nullopt;
  }
  const std::shared_lock series_guard{found->second.series_lock};
  return found->second.series.newest;
}

}  // namespace tidegate::telemetry
