#include "core/caches/cache_metrics.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace tidegate::caches {
namespace {

const Instant kAt{std::chrono::seconds{1000}};

CacheObservation reading(Duration after) {
  CacheObservation seen;
  seen.id.value = "r";
  seen.state = CacheObservation::State::Running;
  seen.sampled = Instant{std::chrono::seconds{50}} + after;
  return seen;
}

std::optional<double> value(const std::vector<metrics::MetricSample>& samples,
                            const std::string& name,
                            std::size_t dimensions = 1) {
  const auto found = std::find_if(samples.begin(), samples.end(), [&](const auto& sample) {
    return sample.metric.name == name && sample.metric.dimensions.size() == dimensions;
  });
  return found == samples.end() ? std::nullopt : value_of(found->values, metrics::Statistic::Sum);
}

}  // namespace

TEST_CASE("cache metrics: a first reading has gauges and no counts") {
  CacheObservation now = reading(Duration{0});
  now.counters.connected_clients = 3;
  now.counters.used_memory = 25;
  now.counters.max_memory = 100;
  now.counters.evicted_keys = 9;
  const auto samples = cache_metrics(now, nullptr, kAt);
  CHECK(value(samples, "CurrConnections") == 3);
  CHECK(value(samples, "BytesUsedForCache") == 25);
  CHECK(value(samples, "DatabaseMemoryUsagePercentage") == 25);
  CHECK(value(samples, "IsMaster") == 1);
  CHECK_FALSE(value(samples, "Evictions").has_value());
  CHECK_FALSE(value(samples, "EngineCPUUtilization").has_value());
  for (const auto& sample : samples) {
    CHECK(sample.metric.metric_namespace == "AWS/ElastiCache");
    CHECK(sample.timestamp == kAt);
    CHECK(sample.storage_resolution == 1);
    CHECK(sample.metric.dimensions[0] == metrics::Dimension{"CacheClusterId", "r"});
  }
  CHECK(value(samples, "CurrConnections", 2) == 3);
}

TEST_CASE("cache metrics: counts are what happened between two readings") {
  CacheObservation before = reading(Duration{0});
  before.counters.connections_received = 10;
  before.counters.bytes_in = 100;
  before.counters.engine_cpu_s = 1.0;
  before.counters.pub_sub_commands = 5;
  CacheObservation now = reading(std::chrono::seconds{2});
  now.counters.connections_received = 14;
  now.counters.bytes_in = 160;
  now.counters.engine_cpu_s = 1.5;
  now.counters.pub_sub_commands = 5;
  now.counters.evicted_keys = 2;
  now.counters.expired_keys = 3;
  now.counters.keyspace_hits = 4;
  now.counters.keyspace_misses = 5;
  now.counters.stream_commands = 6;
  now.counters.authentication_failures = 7;
  now.counters.output_buffer_disconnections = 8;
  now.counters.bytes_out = 9;
  const auto samples = cache_metrics(now, &before, kAt);
  CHECK(value(samples, "NewConnections") == 4);
  CHECK(value(samples, "NetworkBytesIn") == 60);
  CHECK(value(samples, "NetworkBytesOut") == 9);
  CHECK(value(samples, "PubSubBasedCmds") == 0);
  CHECK(value(samples, "Evictions") == 2);
  CHECK(value(samples, "Reclaimed") == 3);
  CHECK(value(samples, "CacheHits") == 4);
  CHECK(value(samples, "CacheMisses") == 5);
  CHECK(value(samples, "StreamBasedCmds") == 6);
  CHECK(value(samples, "AuthenticationFailures") == 7);
  CHECK(value(samples, "ClientOutputBufferLimitDisconnections") == 8);
  CHECK(value(samples, "EngineCPUUtilization") == doctest::Approx(25));
}

TEST_CASE("cache metrics: a Redis that started anew counts from zero") {
  CacheObservation before = reading(Duration{0});
  before.counters.connections_received = 10;
  before.counters.engine_cpu_s = 7;
  CacheObservation now = reading(std::chrono::seconds{1});
  now.run = 1;
  now.counters.connections_received = 12;
  now.counters.engine_cpu_s = 0.25;
  const auto samples = cache_metrics(now, &before, kAt);
  CHECK(value(samples, "NewConnections") == 12);
  CHECK(value(samples, "EngineCPUUtilization") == doctest::Approx(25));
  // The same when only the counter tells.
  now.run = before.run;
  now.counters.connections_received = 9;
  CHECK(value(cache_metrics(now, &before, kAt), "NewConnections") == 9);
}

TEST_CASE("cache metrics: the same reading twice, and no maximum, give no shares") {
  const CacheObservation now = reading(Duration{0});
  const auto samples = cache_metrics(now, &now, kAt);
  CHECK_FALSE(value(samples, "NewConnections").has_value());
  CHECK_FALSE(value(samples, "DatabaseMemoryUsagePercentage").has_value());
  CHECK(value(samples, "SaveInProgress") == 0);
}

}  // namespace tidegate::caches
