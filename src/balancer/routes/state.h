// What outlives a snapshot: targets, groups and load balancers with their counters. Made and freed
// by the control thread; addresses are stable while any worker holds one. Counters have one writer
// (a worker) per copy, and are summed by the control thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/balancing/data_plane.h"
#include "core/balancing/target_health.h"
#include "net/socket.h"

namespace tidegate::balancer {

/// A number that one thread writes and others read.
template <typename T>
class Counter {
 public:
  void add(T amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void raise_to(T value) {
    if (value > value_.load(std::memory_order_relaxed)) {
      value_.store(value, std::memory_order_relaxed);
    }
  }
  T get() const { return value_.load(std::memory_order_relaxed); }
  /// The control thread's: a raise at the same moment may be lost.
  T take() { return value_.exchange(0, std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{0};
};
using Count = Counter<std::uint64_t>;
using Gauge = Counter<std::int64_t>;

/// Answers by how long they took: bins of metrics::Sketch from a microsecond to a thousand seconds;
/// what is outside counts in the nearest.
inline constexpr std::int32_t kFirstTimeBin = -690;
inline constexpr std::size_t kTimeBins = 1037;

struct alignas(64) TargetCounters {
  Count requests;
  std::array<Count, 4> responses;  // 2xx, 3xx, 4xx, 5xx
  Count connection_errors;
  Count response_nanoseconds;
  Count response_count;
  Count response_nanoseconds_max;  // since the last report
  std::array<Count, kTimeBins> response_times;
  Gauge in_flight;
  Gauge websockets;
  Gauge held;  // 1 while the worker has a LocalTarget that points here
};

struct TargetState {
  TargetState(std::size_t workers) : per_worker(workers) {}

  std::string id;
  std::uint16_t port = 0;
  net::SocketAddress address;
  std::string host;  // "10.64.0.2:8000", the Host of probes and of HTTP/1.0 requests without one
  std::atomic<balancing::Eligibility> eligibility = balancing::Eligibility::Never;
  std::vector<TargetCounters> per_worker;
};

struct GroupState {
  balancing::TargetGroupArn arn;
  std::atomic<std::uint32_t> choice_epoch = 0;  // moves when an eligibility of the group changes
};

struct alignas(64) LoadBalancerCounters {
  Count requests;
  Count new_connections, rejected_connections, processed_bytes;
  Gauge active_connections;
  Count elb_3xx, elb_4xx, elb_5xx, elb_500, elb_502, elb_503, elb_504;
  Count rule_evaluations;
};

struct LoadBalancerState {
  LoadBalancerState(std::size_t workers) : per_worker(workers) {}

  balancing::LoadBalancerArn arn;
  std::vector<LoadBalancerCounters> per_worker;
};

}  // namespace tidegate::balancer
