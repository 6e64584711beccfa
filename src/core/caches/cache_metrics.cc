#include "core/caches/cache_metrics.h"

#include <algorithm>

namespace tidegate::caches {
namespace {

double grown(std::uint64_t now, std::uint64_t before) {
  return static_cast<double>(now >= before ? now - before : now);
}

/// Puts each value under both dimension sets that ElastiCache publishes.
class Samples {
 public:
  Samples(const CacheClusterId& id, Instant at) : id_(id), at_(at) {}

  void put(const char* name, double value, const char* unit) {
    const metrics::Dimension cluster{"CacheClusterId", id_.value};
    for (const bool by_node : {false, true}) {
      std::vector<metrics::Dimension> dimensions{cluster};
      if (by_node) {
        dimensions.push_back({"CacheNodeId", kNodeId});
      }
      samples_.push_back({metrics::make_metric_id("AWS/ElastiCache", name, std::move(dimensions)),
                          at_,
                          metrics::statistic_set_of(value),
                          unit,
                          1});
    }
  }
  std::vector<metrics::MetricSample> take() { return std::move(samples_); }

 private:
  CacheClusterId id_;
  Instant at_;
  std::vector<metrics::MetricSample> samples_;
};

void put_gauges(Samples& out, const CacheCounters& now) {
  const auto used = static_cast<double>(now.used_memory);
  out.put("CurrConnections", static_cast<double>(now.connected_clients), "Count");
  out.put("CurrItems", static_cast<double>(now.items), "Count");
  out.put("BytesUsedForCache", used, "Bytes");
  if (now.max_memory > 0) {
    const double percent = 100 * used / static_cast<double>(now.max_memory);
    out.put("DatabaseMemoryUsagePercentage", percent, "Percent");
  }
  out.put("SaveInProgress", now.save_in_progress ? 1 : 0, "Count");
  out.put("IsMaster", 1, "Count");
  out.put("PubSubChannels", static_cast<double>(now.pub_sub_channels), "Count");
}

void put_counts(Samples& out, const CacheCounters& now, const CacheCounters& was) {
  const auto count = [&](const char* name, std::uint64_t after, std::uint64_t before) {
    out.put(name, grown(after, before), "Count");
  };
  count("NewConnections", now.connections_received, was.connections_received);
  count("Evictions", now.evicted_keys, was.evicted_keys);
  count("Reclaimed", now.expired_keys, was.expired_keys);
  count("CacheHits", now.keyspace_hits, was.keyspace_hits);
  count("CacheMisses", now.keyspace_misses, was.keyspace_misses);
  count("PubSubBasedCmds", now.pub_sub_commands, was.pub_sub_commands);
  count("StreamBasedCmds", now.stream_commands, was.stream_commands);
  count("AuthenticationFailures", now.authentication_failures, was.authentication_failures);
  count("ClientOutputBufferLimitDisconnections",
        now.output_buffer_disconnections,
        was.output_buffer_disconnections);
  out.put("NetworkBytesIn", grown(now.bytes_in, was.bytes_in), "Bytes");
  out.put("NetworkBytesOut", grown(now.bytes_out, was.bytes_out), "Bytes");
}

}  // namespace

std::vector<metrics::MetricSample> cache_metrics(const CacheObservation& now,
                                                 const CacheObservation* before,
                                                 Instant at) {
  Samples out{now.id, at};
  put_gauges(out, now.counters);
  // What was counted before the first reading is nobody's second.
  if (before == nullptr || now.sampled <= before->sampled) {
    return out.take();
  }
  const CacheCounters nothing;
  const CacheCounters& was = now.run == before->run ? before->counters : nothing;
  put_counts(out, now.counters, was);
  const double elapsed = seconds_of(now.sampled - before->sampled);
  const double used = std::max(0.0, now.counters.engine_cpu_s - was.engine_cpu_s);
  out.put("EngineCPUUtilization", std::min(100.0, 100 * used / elapsed), "Percent");
  return out.take();
}

}  // namespace tidegate::caches
