#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "core/scaling/sliding_window.h"
#include "core/scaling/target_tracking.h"

namespace tidegate::scaling {
namespace {

using alarms::StateValue;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{seconds{1'000'000}};

StateValue any_state() {
  return *rc::gen::element(StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData);
}

struct Drawn {
  TargetTrackingPolicy policy;
  GroupCapacity capacity;
  Vote vote;
};

Drawn drawn_vote(const GroupCapacity& capacity) {
  Drawn drawn;
  drawn.policy.target_value = *rc::gen::inRange(1, 100);
  drawn.policy.disable_scale_in = *rc::gen::arbitrary<bool>();
  drawn.policy.enabled = *rc::gen::arbitrary<bool>();
  drawn.policy.timing = timing_of(TimingProfile::Fast);
  drawn.capacity = capacity;
  alarms::Alarm high = make_high_alarm(drawn.policy, "h");
  alarms::Alarm low = make_low_alarm(drawn.policy, "l");
  high.state = any_state();
  low.state = any_state();
  std::optional<AlarmReading> low_reading;
  if (!drawn.policy.disable_scale_in) {
    low_reading.emplace(AlarmReading{low, *rc::gen::inRange(0, 100)});
  }
  drawn.vote = vote(drawn.policy, capacity, {high, *rc::gen::inRange(0, 400)}, low_reading);
  return drawn;
}

GroupCapacity drawn_capacity() {
  GroupCapacity capacity;
  capacity.min_size = *rc::gen::inRange(0, 5);
  capacity.max_size = capacity.min_size + *rc::gen::inRange(0, 10);
  capacity.desired = *rc::gen::inRange(capacity.min_size, capacity.max_size + 1);
  capacity.measured = *rc::gen::inRange(0, capacity.desired + 1);
  capacity.warming = capacity.desired - capacity.measured;
  return capacity;
}

}  // namespace

TEST_CASE("vote: it never leaves MinSize..MaxSize, and its kind tells its direction") {
  CHECK(rc::check([] {
    const Drawn drawn = drawn_vote(drawn_capacity());
    const GroupCapacity& capacity = drawn.capacity;
    RC_ASSERT((drawn.vote.capacity >= capacity.min_size));
    RC_ASSERT((drawn.vote.capacity <= capacity.max_size));
    RC_ASSERT(
        ((drawn.vote.kind == VoteKind::ScaleOut) == (drawn.vote.capacity > capacity.desired)));
    RC_ASSERT(((drawn.vote.kind == VoteKind::ScaleIn) == (drawn.vote.capacity < capacity.desired)));
    RC_ASSERT((!drawn.vote.why.empty()));
    RC_ASSERT((drawn.vote.kind != VoteKind::ScaleIn ||
               (capacity.warming == 0 && !drawn.policy.disable_scale_in)));
  }));
}

TEST_CASE("vote: after a wanted scale-in the same load is still within the target") {
  CHECK(rc::check([] {
    TargetTrackingPolicy policy;
    policy.target_value = *rc::gen::inRange(1, 100);
    alarms::Alarm high = make_high_alarm(policy, "h");
    alarms::Alarm low = make_low_alarm(policy, "l");
    high.state = StateValue::Ok;
    low.state = StateValue::Alarm;
    const std::int32_t desired = *rc::gen::inRange(1, 50);
    const GroupCapacity capacity{0, 50, desired, desired, 0};
    const double metric = policy.target_value * *rc::gen::inRange(0, 100) / 100;
    const Vote vote = scaling::vote(policy, capacity, {high, {}}, AlarmReading{low, metric});
    const auto most = policy.target_value * (1 + 1e-6);
    RC_ASSERT((metric * desired <= most * vote.capacity));
    RC_ASSERT((vote.kind == VoteKind::Hold || vote.capacity < desired));
    RC_ASSERT((vote.capacity == 0 || metric * desired > policy.target_value * (vote.capacity - 1)));
  }));
}

TEST_CASE("combine: it never scales in past any policy that may scale in, nor out past all") {
  CHECK(rc::check([] {
    const GroupCapacity capacity = drawn_capacity();
    std::vector<TargetTrackingPolicy> policies;
    std::vector<Vote> votes;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      Drawn drawn = drawn_vote(capacity);
      policies.push_back(drawn.policy);
      votes.push_back(drawn.vote);
    }
    const CapacityDecision decision = combine(capacity.desired, policies, votes);
    RC_ASSERT((decision.winner.has_value() == (decision.desired != capacity.desired)));
    for (std::size_t i = 0; i < votes.size(); ++i) {
      RC_ASSERT((decision.desired >= votes[i].capacity || votes[i].kind == VoteKind::Hold ||
                 votes[i].kind == VoteKind::NoData));
      const bool has_say = policies[i].enabled && !policies[i].disable_scale_in;
      RC_ASSERT(
          (decision.desired >= capacity.desired || !has_say || votes[i].kind == VoteKind::ScaleIn));
    }
    RC_ASSERT((decision.desired <= capacity.max_size));
    RC_ASSERT((decision.desired >= capacity.min_size));
  }));
}

TEST_CASE("SlidingWindow: a datapoint lies within its samples, and none is made of nothing") {
  CHECK(rc::check([] {
    SlidingWindow window{milliseconds{200}, seconds{5}};
    std::vector<std::pair<Instant, double>> kept;
    Instant now = kStart;
    for (int i = *rc::gen::inRange(0, 60); i > 0; --i) {
      now += milliseconds{*rc::gen::inRange(1, 400)};
      const double value = *rc::gen::inRange(0, 100);
      window.add({now, value, 1, 1});
      kept.emplace_back(now, value);
    }
    const auto datapoints = window.datapoints(now, seconds{1}, 5);
    for (std::size_t k = 0; k < datapoints.size(); ++k) {
      const Instant end = now - seconds{1} * static_cast<std::int64_t>(k);
      double sum = 0;
      int count = 0;
      for (const auto& [instant, value] : kept) {
        if (instant > end - seconds{1} && instant <= end) {
          sum += value;
          ++count;
        }
      }
      RC_ASSERT((!datapoints[k] || count > 0));
      RC_ASSERT((!datapoints[k] || std::abs(*datapoints[k] - sum / count) < 1e-9));
      // Samples at most 400 ms apart never make a gap: only a window before the first is missing.
      RC_ASSERT((datapoints[k].has_value() ==
                 (!kept.empty() && end - seconds{1} >= kept.front().first - milliseconds{200})));
    }
  }));
}

TEST_CASE("SlidingWindow: low datapoints are the high ones since the restart") {
  CHECK(rc::check([] {
    SlidingWindow window{milliseconds{200}, seconds{5}};
    Instant now = kStart;
    for (int i = 0; i < 25; ++i) {
      now += milliseconds{200};
      window.add({now, static_cast<double>(i), 1, 1});
    }
    const Instant restarted = now - milliseconds{*rc::gen::inRange(0, 6000)};
    window.restart(restarted);
    const auto high = window.datapoints(now, seconds{1}, 5);
    const auto low = window.low_datapoints(now, seconds{1}, 5);
    for (std::size_t k = 0; k < low.size(); ++k) {
      const Instant start = now - seconds{1} * static_cast<std::int64_t>(k + 1);
      RC_ASSERT((low[k] == (start >= restarted ? high[k] : std::nullopt)));
    }
  }));
}

}  // namespace tidegate::scaling
