#include <algorithm>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/text.h"
#include "core/balancing/routing.h"
#include "core/balancing/target_health.h"

namespace tidegate::balancing {
namespace {

using std::chrono::milliseconds;

TargetGroupConfig arbitrary_group() {
  TargetGroupConfig group;
  group.in_use = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  group.health_check.enabled = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  group.health_check.healthy_threshold = *rc::gen::inRange(2, 5);
  group.health_check.unhealthy_threshold = *rc::gen::inRange(2, 5);
  return group;
}

TargetConfig arbitrary_target() {
  TargetConfig target;
  target.intent = *rc::gen::weightedElement<TargetIntent>({{6, TargetIntent::Serving},
                                                           {1, TargetIntent::Draining},
                                                           {1, TargetIntent::Closing},
                                                           {1, TargetIntent::Dead}});
  target.zone_enabled = *rc::gen::weightedElement<bool>({{6, true}, {1, false}});
  target.incarnation = *rc::gen::weightedElement<std::uint32_t>({{6, 0U}, {1, 1U}});
  return target;
}

ProbeOutcome arbitrary_outcome() {
  return {.kind = *rc::gen::element(ProbeOutcome::Kind::Answered,
                                    ProbeOutcome::Kind::TimedOut,
                                    ProbeOutcome::Kind::ConnectionRefused,
                                    ProbeOutcome::Kind::Failed,
                                    ProbeOutcome::Kind::InternalError),
          .status = *rc::gen::element(200, 500),
          .took = milliseconds{1}};
}

}  // namespace

TEST_CASE("target health: stays consistent whatever comes, and serves only what may serve") {
  CHECK(rc::check([] {
    const TargetGroupConfig group = arbitrary_group();
    TargetConfig target = arbitrary_target();
    MonotonicInstant now{};
    TargetStatus status = configured(std::nullopt, group, target, now);
    const int steps = *rc::gen::inRange(1, 40);
    for (int i = 0; i < steps; ++i) {
      now += std::chrono::seconds{*rc::gen::inRange(0, 20)};
      if (*rc::gen::inRange(0, 4) == 0) {
        target = arbitrary_target();
        status = configured(status, group, target, now);
      } else {
        status = after_probe(probe_started(status), group.health_check, arbitrary_outcome(), now);
      }
      RC_ASSERT(check_invariants(status) == "");
      const bool leaving = target.intent != TargetIntent::Serving;
      const Eligibility role = eligibility(status, target);
      if (leaving || !group.in_use || !target.zone_enabled) RC_ASSERT(role == Eligibility::Never);
      if (leaving || !group.in_use) RC_ASSERT(!probe_plan(status, group, target));
      if (group.health_check.enabled && !status.ever_healthy) {
        RC_ASSERT(role == Eligibility::Never);
      }
    }
  }));
}

TEST_CASE("target health: enough successes bring any probed target up, enough failures down") {
  CHECK(rc::check([] {
    TargetGroupConfig group = arbitrary_group();
    group.in_use = group.health_check.enabled = true;
    const TargetConfig target;
    TargetStatus status = configured(std::nullopt, group, target, MonotonicInstant{});
    const int steps = *rc::gen::inRange(0, 20);
    for (int i = 0; i < steps; ++i) {
      status = after_probe(status, group.health_check, arbitrary_outcome(), MonotonicInstant{});
    }
    TargetStatus up = status;
    for (int i = 0; i < group.health_check.healthy_threshold; ++i) {
      up = after_probe(up, group.health_check, {.status = 200}, MonotonicInstant{});
    }
    RC_ASSERT(up.health.state == TargetHealthState::Healthy);
    const MonotonicInstant late{std::chrono::hours{1}};
    for (int i = 0; i < group.health_check.unhealthy_threshold; ++i) {
      status = after_probe(status, group.health_check, {.status = 500}, late);
    }
    RC_ASSERT(status.health.state == TargetHealthState::Unhealthy);
  }));
}

TEST_CASE("rotation: over a steady list nobody is ahead by more than one") {
  CHECK(rc::check([] {
    const auto size = *rc::gen::inRange<std::uint32_t>(1, 20);
    std::vector<std::uint32_t> list(size);
    for (std::uint32_t i = 0; i < size; ++i)
      list[i] = i;
    std::vector<int> picks(size);
    Rotation rotation{*rc::gen::arbitrary<std::uint32_t>()};
    const int rounds = *rc::gen::inRange(1, 200);
    for (int i = 0; i < rounds; ++i)
      ++picks[*rotation.pick(list)];
    const auto [least, most] = std::ranges::minmax(picks);
    RC_ASSERT(most - least <= 1);
  }));
}

TEST_CASE("pattern: agrees with the reference matcher") {
  CHECK(rc::check([] {
    const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'b', '*', '?', '/'));
    const std::string pattern = *letters;
    const std::string text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '/'));
    RC_ASSERT(Pattern(pattern, Pattern::Case::Sensitive).matches(text) ==
              matches_wildcard(pattern, text));
  }));
}

TEST_CASE("routing path: normalising twice changes nothing more") {
  CHECK(rc::check([] {
    const std::string path =
        "/" + *rc::gen::container<std::string>(rc::gen::element('a', '.', '/', '-'));
    const auto once = routing_path(path);
    RC_ASSERT(once.has_value());
    RC_ASSERT(once->front() == '/');
    RC_ASSERT(routing_path(*once) == once);
    RC_ASSERT(needs_normalising(path) || *once == path);
  }));
}

}  // namespace tidegate::balancing
