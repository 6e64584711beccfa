#include "core/metrics/metric.h"

#include <algorithm>
#include <array>

namespace tidegate::metrics {
namespace {

struct StatisticName {
  Statistic statistic;
  std::string_view name;
};
constexpr std::array kStatisticNames{
    StatisticName{Statistic::Average, "Average"},
    StatisticName{Statistic::Sum, "Sum"},
    StatisticName{Statistic::Minimum, "Minimum"},
    StatisticName{Statistic::Maximum, "Maximum"},
    StatisticName{Statistic::SampleCount, "SampleCount"},
};

}  // namespace

MetricId make_metric_id(std::string metric_namespace,
                        std::string name,
                        std::vector<Dimension> dimensions) {
  std::sort(dimensions.begin(), dimensions.end());
  return MetricId{std::move(metric_namespace), std::move(name), std::move(dimensions)};
}

std::string_view to_string(Statistic statistic) {
  for (const StatisticName& row : kStatisticNames) {
    if (row.statistic == statistic) {
      return row.name;
    }
  }
  return {};
}

std::optional<Statistic> parse_statistic(std::string_view text) {
  for (const StatisticName& row : kStatisticNames) {
    if (row.name == text) {
      return row.statistic;
    }
  }
  return std::nullopt;
}

StatisticSet statistic_set_of(double value) {
  return StatisticSet{1, value, value, value};
}

StatisticSet merged(const StatisticSet& a, const StatisticSet& b) {
  if (a.sample_count == 0) {
    return b;
  }
  if (b.sample_count == 0) {
    return a;
  }
  return StatisticSet{a.sample_count + b.sample_count,
                      a.sum + b.sum,
                      std::min(a.minimum, b.minimum),
                      std::max(a.maximum, b.maximum)};
}

std::optional<double> value_of(const StatisticSet& set, Statistic statistic) {
  if (set.sample_count == 0) {
    return std::nullopt;
  }
  switch (statistic) {
    case Statistic::Average:
      return set.sum / set.sample_count;
    case Statistic::Sum:
      return set.sum;
    case Statistic::Minimum:
      return set.minimum;
    case Statistic::Maximum:
      return set.maximum;
    case Statistic::SampleCount:
      return set.sample_count;
  }
  return std::nullopt;
}

}  // namespace tidegate::metrics
