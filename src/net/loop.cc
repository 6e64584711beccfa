#include "net/loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

namespace tidegate::net {
namespace {

constexpr std::size_t kEventsPerTurn = 256;

std::uint64_t key_of(int fd, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
}

}  // namespace

MonotonicInstant monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return MonotonicInstant{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

std::int64_t wall_clock_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_(monotonic_now()) {
  TG_CHECK(epoll_ && wake_);
  watch(wake_.get(), EPOLLIN | EPOLLET, [this](std::uint32_t) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &count, sizeof count);
  });
}

EventLoop::~EventLoop() = default;

void EventLoop::watch(int fd, std::uint32_t events, Ready ready) {
  TG_CHECK(!watches_.contains(fd));
  auto added = std::make_unique<Watch>();
  added->generation = ++generation_;
  added->ready = std::move(ready);
  epoll_event event{};
  event.events = events;
  event.data.u64 = key_of(fd, added->generation);
  TG_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  watches_.emplace(fd, std::move(added));
}

void EventLoop::change(int fd, std::uint32_t events) {
  const auto found = watches_.find(fd);
  TG_CHECK(found != watches_.end());
  epoll_event event{};
  event.events = events;
  event.data.u64 = key_of(fd, found->second->generation);
  TG_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::unwatch(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  unwatched_.push_back(std::move(found->second));
  watches_.erase(found);
}

TimerId EventLoop::after(MonotonicTime::duration delay, Task task) {
  const TimerId id{next_timer_++};
  const auto at = timers_.emplace(monotonic_now() + delay, Timer{id, std::move(task)});
  timer_at_.emplace(static_cast<std::uint64_t>(id), at);
  return id;
}

void EventLoop::cancel(TimerId id) {
  const auto found = timer_at_.find(static_cast<std::uint64_t>(id));
  if (found == timer_at_.end()) return;
  timers_.erase(found->second);
  timer_at_.erase(found);
}

void EventLoop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock{tasks_mutex_};
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (!first) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::run() {
  while (turn(std::chrono::hours{1})) {
  }
}

void EventLoop::stop() {
  stopped_.store(true);
  post([] {});
}

int EventLoop::wait_ms(MonotonicTime::duration longest_wait) {
  MonotonicTime::duration wait = longest_wait;
  if (!timers_.empty()) {
    const MonotonicTime::duration left = timers_.begin()->first - monotonic_now();
    wait = std::clamp(left, MonotonicTime::duration{0}, longest_wait);
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

bool EventLoop::turn(MonotonicTime::duration longest_wait) {
  if (stopped_.load()) return false;
  std::array<epoll_event, kEventsPerTurn> events{};
  const int count = ::epoll_wait(
      epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms(longest_wait));
  TG_CHECK(count >= 0 || errno == EINTR);
  now_ = monotonic_now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
  run_timers();
  run_tasks();
  unwatched_.clear();
  return !stopped_.load();
}

void EventLoop::dispatch(std::uint64_t key, std::uint32_t events) {
  const auto found = watches_.find(static_cast<int>(key & 0xFFFFFFFFU));
  // The descriptor may have been closed, and its number reused, earlier in this turn.
  if (found == watches_.end() || found->second->generation != key >> 32) return;
  Watch* watch = found->second.get();
  watch->ready(events);
}

void EventLoop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    const auto due = timers_.begin();
    Task task = std::move(due->second.task);
    timer_at_.erase(static_cast<std::uint64_t>(due->second.id));
    timers_.erase(due);
    task();
  }
}

void EventLoop::run_tasks() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock{tasks_mutex_};
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) {
    task();
  }
}

}  // namespace tidegate::net
