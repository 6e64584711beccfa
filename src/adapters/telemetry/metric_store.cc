#include "adapters/telemetry/metric_store.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "adapters/telemetry/snapshot.h"
#include "base/check.h"
#include "base/log.h"

namespace tidegate::telemetry {
namespace {

using metrics::Datapoint;
using metrics::MetricId;
using metrics::MetricSample;

constexpr std::size_t kForgottenShare = 16;  // one of so many goes at once: eviction scans them all

bool is_sample(const MetricSample& sample) {
  return sample.values.sample_count > 0 && std::isfinite(sample.values.sum) &&
         std::isfinite(sample.values.minimum) && std::isfinite(sample.values.maximum);
}

}  // namespace

MemoryMetricStore::MemoryMetricStore(std::size_t max_series) : max_series_(max_series) {
  TG_CHECK(max_series >= kForgottenShare);
}

void MemoryMetricStore::put(std::span<const MetricSample> samples) {
  for (const MetricSample& sample : samples) {
    if (!is_sample(sample)) {
      continue;
    }
    {
      const std::shared_lock map_guard{map_lock_};
      if (const auto found = all_.find(sample.metric); found != all_.end()) {
        const std::unique_lock series_guard{found->second.series_lock};
        found->second.series.add(sample);
        continue;
      }
    }
    put_new(sample);
  }
}

void MemoryMetricStore::put_new(const MetricSample& sample) {
  const std::unique_lock map_guard{map_lock_};
  if (!all_.contains(sample.metric) && all_.size() >= max_series_) {
    forget_stalest();
  }
  all_[sample.metric].series.add(sample);
}

/// With map_lock_ held alone.
void MemoryMetricStore::forget_stalest() {
  std::vector<Instant> ages;
  ages.reserve(all_.size());
  for (const auto& [id, guarded] : all_) {
    ages.push_back(guarded.series.newest);
  }
  const std::size_t count = all_.size() / kForgottenShare;
  const auto last = ages.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(ages.begin(), last, ages.end());
  std::size_t left = count;
  for (auto at = all_.begin(); at != all_.end() && left > 0;) {
    const bool stale = at->second.series.newest <= *last;
    at = stale ? all_.erase(at) : std::next(at);
    left -= stale ? 1 : 0;
  }
  if (!std::exchange(has_forgotten_, true)) {  // once: it goes on as long as new metrics come
    log_event(LogLevel::Warn,
              "metric_series_forgotten",
              {{"reason", "the stalest make room"}, {"limit", std::to_string(max_series_)}});
  }
}

std::vector<Datapoint> MemoryMetricStore::read(const MetricId& metric,
                                               Instant from,
                                               Instant to,
                                               Duration period) const {
  if (period < std::chrono::seconds{1} || to <= from) {
    return {};
  }
  const std::int64_t count = std::min((to - from + period - Duration{1}) / period, kMaxPeriods);
  std::vector<Datapoint> periods(static_cast<std::size_t>(count));
  Instant start = from;
  for (Datapoint& datapoint : periods) {
    datapoint.timestamp = start;
    start += period;
  }
  const std::shared_lock map_guard{map_lock_};
  if (const auto found = all_.find(metric); found != all_.end()) {
    const std::shared_lock series_guard{found->second.series_lock};
    found->second.series.read_into(periods, from, period);
  }
  return periods;
}

std::vector<MetricId> MemoryMetricStore::list(const std::string& metric_namespace) const {
  std::vector<MetricId> ids;
  const std::shared_lock map_guard{map_lock_};
  for (const auto& [id, guarded] : all_) {
    if (metric_namespace.empty() || id.metric_namespace == metric_namespace) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::string MemoryMetricStore::unit(const MetricId& metric) const {
  const std::shared_lock map_guard{map_lock_};
  const auto found = all_.find(metric);
  if (found == all_.end()) {
    return "None";
  }
  const std::shared_lock series_guard{found->second.series_lock};
  return found->second.series.unit;
}

Status MemoryMetricStore::save_snapshot(const std::string& path) const {
  TG_ASSIGN_OR_RETURN(SnapshotWriter writer, SnapshotWriter::create(path));
  for (const MetricId& id : list("")) {  // one series at a time: no writer waits for the disk
    std::string record;
    {
      const std::shared_lock map_guard{map_lock_};
      if (const auto found = all_.find(id); found != all_.end()) {
        const std::shared_lock series_guard{found->second.series_lock};
        record = encode(id, found->second.series);
      }
    }
    if (!record.empty()) {
      TG_RETURN_IF_ERROR(writer.append(record));
    }
  }
  return writer.finish();
}

void MemoryMetricStore::load_snapshot(const std::string& path) {
  auto records = read_snapshot(path);
  if (!records) {
    log_event(LogLevel::Warn,
              "metric_snapshot_refused",
              {{"reason", records.error().message}, {"kept_as", set_aside(path)}});
    return;
  }
  const std::unique_lock map_guard{map_lock_};
  for (SnapshotRecord& record : *records) {
    if (all_.size() < max_series_) {
      all_[std::move(record.metric)].series = std::move(record.series);
    }
  }
}

}  // namespace tidegate::telemetry
