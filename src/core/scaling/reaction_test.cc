// The two promises of timing `fast`, on simulated samples: noise launches nothing, a step is acted
// on within three seconds.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/rng.h"
#include "core/scaling/sliding_window.h"
#include "core/scaling/target_tracking.h"

namespace tidegate::scaling {
namespace {

using alarms::StateValue;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kInterval = milliseconds{200};
constexpr Instant kStart{seconds{1'000'000}};

/// One instance under a policy of target 70, as the engine runs it: sample, evaluate, vote.
class Group {
 public:
  explicit Group(std::int32_t instances)
      : capacity_{1, 3, instances, instances, 0}, window_(kInterval, seconds{200}) {
    policy_.target_value = 70;
    policy_.timing = timing_of(TimingProfile::Fast);
    high_ = make_high_alarm(policy_, "high");
    low_ = make_low_alarm(policy_, "low");
  }

  void restart() { window_.restart(now_); }

  Vote sample(double value) {
    now_ += kInterval;
    window_.add({now_, std::clamp(value, 0.0, 100.0), 1, 1});
    const auto high = window_.datapoints(now_, policy_.timing.period, range_of(high_));
    const auto low = window_.low_datapoints(now_, policy_.timing.period, range_of(low_));
    evaluate(high_, high);
    evaluate(low_, low);
    return vote(policy_,
                capacity_,
                {high_, mean_of_newest(high, 1)},
                AlarmReading{low_, mean_of_newest(low, low_.evaluation_periods)});
  }

  StateValue high_state() const { return high_.state; }
  StateValue low_state() const { return low_.state; }

 private:
  static std::int32_t range_of(const alarms::Alarm& alarm) {
    return alarms::evaluation_range(alarm.evaluation_periods, alarm.period);
  }

  void evaluate(alarms::Alarm& alarm,
                const std::vector<std::optional<double>>& newest_first) const {
    const auto evaluation = alarms::evaluate(alarm, newest_first, now_ - alarm.period, now_);
    alarm.state = evaluation.state;
    alarm.state_reason = evaluation.reason;
    alarm.state_reason_data = evaluation.reason_data;
  }

  GroupCapacity capacity_;
  TargetTrackingPolicy policy_;
  alarms::Alarm high_;
  alarms::Alarm low_;
  SlidingWindow window_;
  Instant now_ = kStart;
};

int samples_in(Duration duration) {
  return static_cast<int>(duration / kInterval);
}

}  // namespace

TEST_CASE("fast timing: 60 runs of 10 minutes of noise (mean 60, deviation 5) never alarm at 70") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng{seed};
    Group group{1};
    int alarms = 0;
    for (int i = 0; i < samples_in(seconds{600}); ++i) {
      const Vote vote = group.sample(rng.normal(60, 5));
      alarms += group.high_state() == StateValue::Alarm || vote.kind == VoteKind::ScaleOut ? 1 : 0;
    }
    CAPTURE(seed);
    CHECK(alarms == 0);
    CHECK(group.high_state() == StateValue::Ok);
  }
}

TEST_CASE("fast timing: a step from 20 % to 200 % is a vote to scale out within 3 s of samples") {
  for (int phase = 0; phase < 5; ++phase) {
    Group group{1};
    for (int i = 0; i < samples_in(seconds{10}) + phase; ++i) {
      CHECK(group.sample(20).kind != VoteKind::ScaleOut);
    }
    Vote vote;
    int samples = 0;
    while (vote.kind != VoteKind::ScaleOut && samples < 100) {
      vote = group.sample(200);
      ++samples;
    }
    CHECK(samples <= samples_in(seconds{3}));
    CHECK(samples > samples_in(seconds{2}));
  }
}

TEST_CASE("fast timing: a spike of under two seconds is no vote") {
  Group group{1};
  for (int i = 0; i < samples_in(seconds{10}); ++i) {
    group.sample(20);
  }
  for (int i = 0; i < samples_in(seconds{2}); ++i) {
    CHECK(group.sample(100).kind != VoteKind::ScaleOut);
  }
  for (int i = 0; i < samples_in(seconds{5}); ++i) {
    CHECK(group.sample(20).kind != VoteKind::ScaleOut);
  }
}

TEST_CASE(
    "fast timing: scaling in is voted for after exactly 120 s of low load, and anew after a "
    "change of capacity") {
  Group group{2};
  for (int round = 0; round < 2; ++round) {
    for (int i = 1; i < samples_in(seconds{120}); ++i) {
      const Vote vote = group.sample(10);
      CAPTURE(i);
      REQUIRE(vote.kind == VoteKind::NoData);
    }
    CHECK(group.sample(10).kind == VoteKind::ScaleIn);
    CHECK(group.low_state() == StateValue::Alarm);
    group.restart();
  }
}

TEST_CASE("fast timing: two seconds of load in 120 s forbid scaling in") {
  Group group{2};
  for (int i = 0; i < samples_in(seconds{60}); ++i) {
    group.sample(10);
  }
  for (int i = 0; i < samples_in(seconds{2}); ++i) {
    group.sample(60);
  }
  for (int i = 0; i < samples_in(seconds{119}); ++i) {
    REQUIRE(group.sample(10).kind != VoteKind::ScaleIn);
  }
  for (int i = 0; i < samples_in(milliseconds{800}); ++i) {
    group.sample(10);
  }
  CHECK(group.sample(10).kind == VoteKind::ScaleIn);
}

}  // namespace tidegate::scaling
