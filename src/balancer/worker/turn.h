// What the parts of one worker share: its epoll, timers, time of the turn, scratch memory, and the
// list of connections that ended in this turn. One worker's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "balancer/worker/buffers.h"
#include "balancer/worker/connections.h"
#include "base/rng.h"
#include "base/time.h"
#include "net/wheel.h"

namespace tidegate::balancer {

/// Retries are paid for by requests: 0.2 each, and 10 a second at least (Finagle's and Envoy's
/// numbers), so that a broken group is not asked twice for everything.
class RetryBudget {
 public:
  void request() { credit_ = std::min(credit_ + 0.2, kCreditMax); }
  bool spend(MonotonicInstant now);

 private:
  static constexpr double kCreditMax = 500;  // what may be in flight on a target that dies
  static constexpr double kPerSecond = 10;
  double credit_ = kPerSecond;
  MonotonicInstant refilled_{};
};

class WorkerContext {
 public:
  static constexpr std::size_t kReadBytes = 64 * 1024;
  /// A head of 64 KiB, what we add to it, a read of 64 KiB and its chunk lines.
  static constexpr std::size_t kWriteBytes = 64 * 1024 + 8 * 1024 + kReadBytes;

  WorkerContext(std::size_t worker_index, std::uint64_t seed);
  WorkerContext(const WorkerContext&) = delete;
  WorkerContext& operator=(const WorkerContext&) = delete;

  void watch(int fd, std::uint32_t events, Source& source);
  void set_deadline(Deadline& deadline, MonotonicInstant when);
  void clear_deadline(Deadline& deadline);
  /// The source is looked at again in the next turn without an event.
  void again(Source& source);
  /// "1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx", valid until the next call.
  std::string_view next_trace();
  /// Time goes on: once per turn.
  void begin_turn();

  const std::size_t index;
  net::Fd epoll;
  MonotonicInstant now;
  net::TimerWheel wheel;
  BufferPool buffers;
  RetryBudget retries;
  std::vector<Source*> to_look_at;
  std::vector<std::unique_ptr<ClientConn>> dead_clients;
  std::vector<std::unique_ptr<UpConn>> dead_ups;
  std::span<char> in() { return {in_.get(), kReadBytes}; }
  std::span<char> out() { return {out_.get(), kWriteBytes}; }

 private:
  std::unique_ptr<char[]> in_;
  std::unique_ptr<char[]> out_;
  Rng rng_;
  std::int64_t trace_second_ = 0;
  MonotonicInstant trace_second_since_{};
  std::array<char, 35> trace_{};
};

}  // namespace tidegate::balancer
