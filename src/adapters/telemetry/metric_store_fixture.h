// What the tests of the metric store share: its metrics by number, and a noon to count from.
#pragma once

#include <string>

#include "adapters/telemetry/metric_store.h"

namespace tidegate::telemetry {

inline const Instant kNoon = parse_iso8601("2026-01-03T12:00:00Z").value();

inline metrics::MetricId metric_of(int number) {
  return metrics::make_metric_id("Test", "Metric", {{"Number", std::to_string(number)}});
}

/// The one period of metric 1 that starts so long after noon.
inline metrics::StatisticSet period_at(const DurableMetricStore& store,
                                       Duration start,
                                       Duration length) {
  return store.read(metric_of(1), kNoon + start, kNoon + start + length, length).at(0).values;
}

}  // namespace tidegate::telemetry
