#include "balancer/worker/turn.h"

#include <sys/epoll.h>

#include "net/loop.h"

namespace tidegate::balancer {
namespace {

void put_hex(char* at, std::uint64_t value, int digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = kDigits[value & 0xF];
    value >>= 4;
  }
}

}  // namespace

bool RetryBudget::spend(MonotonicInstant now) {
  const double elapsed = std::chrono::duration<double>(now - refilled_).count();
  refilled_ = now;
  credit_ = std::min(credit_ + elapsed * kPerSecond, kCreditMax);
  if (credit_ < 1) return false;
  credit_ -= 1;
  return true;
}

WorkerContext::WorkerContext(std::size_t worker_index, std::uint64_t seed)
    : index(worker_index),
      epoll(::epoll_create1(EPOLL_CLOEXEC)),
      now(net::monotonic_now()),
      wheel(now),
      in_(std::make_unique_for_overwrite<char[]>(kReadBytes)),
      out_(std::make_unique_for_overwrite<char[]>(kWriteBytes)),
      rng_(seed) {
  TG_CHECK(epoll);
}

void WorkerContext::watch(int fd, std::uint32_t events, Source& source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  TG_CHECK(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void WorkerContext::set_deadline(Deadline& deadline, MonotonicInstant when) {
  deadline.when = when;
  if (deadline.node.armed() && deadline.armed_for <= when) return;
  deadline.armed_for = when;
  wheel.arm(deadline.node, when);
}

void WorkerContext::clear_deadline(Deadline& deadline) {
  net::TimerWheel::cancel(deadline.node);
}

void WorkerContext::again(Source& source) {
  if (source.again || source.closed) return;
  source.again = true;
  to_look_at.push_back(&source);
}

std::string_view WorkerContext::next_trace() {
  if (trace_second_ == 0 || now - trace_second_since_ >= std::chrono::seconds{1}) {
    trace_second_ = net::wall_clock_seconds();
    trace_second_since_ = now;
    trace_[0] = '1';
    trace_[1] = trace_[10] = '-';
    put_hex(&trace_[2], static_cast<std::uint64_t>(trace_second_), 8);
  }
  put_hex(&trace_[11], rng_.next(), 16);
  put_hex(&trace_[27], rng_.next(), 8);
  return {trace_.data(), trace_.size()};
}

void WorkerContext::begin_turn() {
  now = net::monotonic_now();
}

}  // namespace tidegate::balancer
