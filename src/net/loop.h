// EventLoop: one thread that waits for descriptors, timers and messages of other threads. Its
// callbacks run on that thread; every method but post() and stop() belongs to it too. For control
// work and the API; the balancer's workers have a loop of their own shape.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "base/unique_function.h"
#include "net/socket.h"

namespace tidegate::net {

/// CLOCK_MONOTONIC: the one source of in-process time.
MonotonicInstant monotonic_now();
/// CLOCK_REALTIME in seconds: for trace ids and the like, never for deadlines.
std::int64_t wall_clock_seconds();

enum class TimerId : std::uint64_t {};

class EventLoop {
 public:
  using Ready = UniqueFunction<void(std::uint32_t epoll_events)>;
  using Task = UniqueFunction<void()>;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// `events`: EPOLLIN, EPOLLOUT, EPOLLET, … The descriptor stays the caller's, who unwatches it
  /// before closing it.
  void watch(int fd, std::uint32_t events, Ready ready);
  void change(int fd, std::uint32_t events);
  /// Allowed from within its own callback.
  void unwatch(int fd);

  TimerId after(MonotonicTime::duration delay, Task task);
  /// A timer that has fired or was cancelled is ignored.
  void cancel(TimerId id);

  /// Runs the task in a later turn. Any thread; tasks run in the order posted.
  void post(Task task);

  /// What post() writes to. A thread with a descriptor table of its own must keep it open under
  /// this number if it posts.
  int wake_descriptor() const { return wake_.get(); }

  void run();
  /// Ends run() after the current turn. Any thread.
  void stop();
  /// One turn that waits at most that long; false once stopped.
  bool turn(MonotonicTime::duration longest_wait);

  /// When this turn began.
  MonotonicInstant now() const { return now_; }

 private:
  struct Watch {
    std::uint32_t generation = 0;
    Ready ready;
  };
  struct Timer {
    TimerId id;
    Task task;
  };

  int wait_ms(MonotonicTime::duration longest_wait);
  void dispatch(std::uint64_t key, std::uint32_t events);
  void run_tasks();
  void run_timers();

  Fd epoll_;
  Fd wake_;
  MonotonicInstant now_;
  std::uint32_t generation_ = 0;
  std::uint64_t next_timer_ = 1;
  std::unordered_map<int, std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Watch>> unwatched_;  // alive until the turn ends
  std::multimap<MonotonicInstant, Timer> timers_;
  std::unordered_map<std::uint64_t, std::multimap<MonotonicInstant, Timer>::iterator> timer_at_;
  std::mutex tasks_mutex_;  // guards tasks_
  std::vector<Task> tasks_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace tidegate::net
