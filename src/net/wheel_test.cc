#include "net/wheel.h"

#include <deque>
#include <vector>

#include <doctest/doctest.h>

#include "base/rng.h"

namespace tidegate::net {
namespace {

using std::chrono::milliseconds;

MonotonicInstant at(std::int64_t ms) {
  return MonotonicInstant{milliseconds{ms}};
}

struct Timer {
  TimerWheel::Node node;
  MonotonicInstant due;
  int fired = 0;
};

}  // namespace

TEST_CASE("wheel: fires never early and at most two ticks late, near and far") {
  TimerWheel wheel{at(1000)};
  std::deque<Timer> timers(400);
  Rng rng{7};
  for (Timer& timer : timers) {
    timer.due = at(1000 + static_cast<std::int64_t>(rng.below(1'000'000)));
    wheel.arm(timer.node, timer.due);
  }
  for (std::int64_t now = 1000; now <= 1'002'000;
       now += 1 + static_cast<std::int64_t>(rng.below(40))) {
    const std::optional<MonotonicInstant> promised = wheel.next();
    wheel.advance(at(now), [&](TimerWheel::Node& node) {
      REQUIRE(promised.has_value());
      CHECK(*promised <= at(now));
      for (Timer& timer : timers) {
        if (&timer.node != &node) continue;
        ++timer.fired;
        CHECK(timer.due <= at(now));
        CHECK(at(now) - timer.due <= milliseconds{60});
      }
    });
  }
  for (const Timer& timer : timers) {
    CHECK(timer.fired == 1);
    CHECK(!timer.node.armed());
  }
  CHECK(!wheel.next().has_value());
}

TEST_CASE(
    "wheel: a cancelled node stays silent, a moved one fires once, and one may re-arm itself") {
  TimerWheel wheel{at(0)};
  Timer cancelled, moved, again;
  wheel.arm(cancelled.node, at(50));
  wheel.arm(moved.node, at(50));
  wheel.arm(moved.node, at(5000));
  wheel.arm(again.node, at(50));
  TimerWheel::cancel(cancelled.node);
  int fired = 0;
  const auto count = [&](TimerWheel::Node& node) {
    ++fired;
    if (&node == &again.node && fired == 1) wheel.arm(node, at(50));  // past: the next tick
  };
  wheel.advance(at(60), count);
  CHECK(fired == 1);
  wheel.advance(at(100), count);
  CHECK(fired == 2);
  wheel.advance(at(5020), count);
  CHECK(fired == 3);
}

TEST_CASE("wheel: what lies beyond both wheels waits its whole time") {
  TimerWheel wheel{at(0)};
  Timer timer;
  constexpr std::int64_t kFar = 4'000'000;  // over an hour; the wheels reach 11 minutes
  wheel.arm(timer.node, at(kFar));
  std::int64_t fired_at = 0;
  while (const auto next = wheel.next()) {
    wheel.advance(
        *next, [&](TimerWheel::Node&) { fired_at = next->time_since_epoch() / milliseconds{1}; });
  }
  CHECK(fired_at >= kFar);
  CHECK(fired_at <= kFar + 20);
}

}  // namespace tidegate::net
