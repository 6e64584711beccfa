// A cache's metrics under ElastiCache's names, from two readings of its counters. Pure; any thread.
#pragma once

#include <vector>

#include "core/caches/cache_cluster.h"
#include "core/metrics/metric.h"

namespace tidegate::caches {

/// Of namespace AWS/ElastiCache, each by CacheClusterId and by CacheClusterId with CacheNodeId.
/// What counts is the difference between the readings (a Redis that started anew counts from zero);
/// what is a share of time needs `before`. instances: how many of ours are connected. At `at`, in
/// whole seconds, 1 s points.
std::vector<metrics::MetricSample> cache_metrics(const CacheObservation& now,
                                                 const CacheObservation* before,
                                                 Instant at);

}  // namespace tidegate::caches
