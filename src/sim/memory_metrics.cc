#include "sim/memory_metrics.h"

#include "base/check.h"

namespace tidegate::sim {
namespace {

constexpr Duration kFineRetention = std::chrono::hours{3};
constexpr Duration kCoarseRetention = std::chrono::hours{24 * 15};

using Points = std::map<Instant, metrics::Distribution>;

void add(Points& points, Instant at, const metrics::MetricSample& sample, Duration retention) {
  merge_into(points[at], metrics::Distribution{sample.values, sample.sketch});
  points.erase(points.begin(), points.lower_bound(at - retention));
}

void merge_range(const Points& points, Instant from, Instant to, metrics::StatisticSet& into) {
  for (auto point = points.lower_bound(from); point != points.end() && point->first < to; ++point) {
    into = merged(into, point->second.values);
  }
}

void merge_range(const Points& points, Instant from, Instant to, metrics::Distribution& into) {
  for (auto point = points.lower_bound(from); point != points.end() && point->first < to; ++point) {
    merge_into(into, point->second);
  }
}

}  // namespace

void MemoryMetrics::put(std::span<const metrics::MetricSample> samples) {
  for (const auto& sample : samples) {
    Series& series = series_[sample.metric];
    if (sample.timestamp >= series.newest) {
      series.newest = sample.timestamp;
      series.unit = sample.unit;
    }
    if (sample.storage_resolution < 60) {
      add(series.fine,
          std::chrono::floor<std::chrono::seconds>(sample.timestamp),
          sample,
          kFineRetention);
    } else {
      add(series.coarse,
          std::chrono::floor<std::chrono::minutes>(sample.timestamp),
          sample,
          kCoarseRetention);
    }
  }
}

template <typename Point>
std::vector<Point> MemoryMetrics::read_as(const metrics::MetricId& metric,
                                          Instant from,
                                          Instant to,
                                          Duration period) const {
  TG_CHECK(period > Duration{0});
  std::vector<Point> points;
  const auto found = series_.find(metric);
  for (Instant start = from; start < to; start += period) {
    Point point{start, {}};
    if (found != series_.end()) {
      merge_range(found->second.fine, start, start + period, point.values);
      if (period >= std::chrono::minutes{1}) {
        merge_range(found->second.coarse, start, start + period, point.values);
      }
    }
    points.push_back(std::move(point));
  }
  return points;
}

std::vector<metrics::Datapoint> MemoryMetrics::read(const metrics::MetricId& metric,
                                                    Instant from,
                                                    Instant to,
                                                    Duration period) const {
  return read_as<metrics::Datapoint>(metric, from, to, period);
}

std::vector<metrics::DistributionPoint> MemoryMetrics::read_distributions(
    const metrics::MetricId& metric, Instant from, Instant to, Duration period) const {
  return read_as<metrics::DistributionPoint>(metric, from, to, period);
}

std::optional<Instant> MemoryMetrics::newest(const metrics::MetricId& metric) const {
  const auto found = series_.find(metric);
  return found == series_.end() ? std::nullopt : std::optional{found->second.newest};
}

std::vector<metrics::MetricId> MemoryMetrics::list(const std::string& metric_namespace) const {
  std::vector<metrics::MetricId> found;
  for (const auto& [id, series] : series_) {
    if (metric_namespace.empty() || id.metric_namespace == metric_namespace) {
      found.push_back(id);
    }
  }
  return found;
}

std::string MemoryMetrics::unit(const metrics::MetricId& metric) const {
  const auto found = series_.find(metric);
  return found == series_.end() ? "None" : found->second.unit;
}

}  // namespace tidegate::sim
