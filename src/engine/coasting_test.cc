#include <doctest/doctest.h>

#include "base/rng.h"
#include "engine/coasting/phase.h"

namespace tidegate::engine {
namespace {

using alarms::StateValue;
using Points = std::vector<std::optional<double>>;  // newest first

alarms::Alarm alarm(alarms::ComparisonOperator comparison, double threshold, std::int32_t periods) {
  alarms::Alarm made;
  made.name = alarms::AlarmName{"a"};
  made.comparison = comparison;
  made.threshold = threshold;
  made.period = std::chrono::seconds{1};
  made.evaluation_periods = periods;
  made.state_reason_data = "{}";
  return made;
}

/// What the engine's own evaluation makes of the newest points of the alarm's range.
StateValue evaluated(const alarms::Alarm& alarm, const Points& all) {
  const auto range =
      static_cast<std::size_t>(alarms::evaluation_range(alarm.evaluation_periods, alarm.period));
  Points points{all.begin(),
                all.begin() + static_cast<std::ptrdiff_t>(std::min(range, all.size()))};
  points.resize(range);
  return alarms::evaluate(alarm, points, Instant{std::chrono::hours{1}}, Instant{}).state;
}

Points newest(const Points& all, std::size_t count) {
  Points points{all.begin(),
                all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()))};
  points.resize(count);
  return points;
}

TEST_CASE("phase: its states are those of alarms::evaluate, datapoint by datapoint") {
  Rng rng{11};
  for (int round = 0; round < 200; ++round) {
    auto high = alarm(alarms::ComparisonOperator::GreaterThanThreshold, 70, 3);
    auto low = alarm(alarms::ComparisonOperator::LessThanThreshold, 49, 6);
    Points all;  // newest first
    for (std::uint64_t known = rng.below(9); known > 0; --known) {
      all.insert(all.begin(), 30 + 50 * rng.uniform());
    }
    Phase phase{3, 6};
    REQUIRE(phase.learn(newest(all, 6), newest(all, 6), high.threshold, low.threshold));
    const double middle = rng.below(3) == 0 ? 40 : rng.below(2) == 0 ? 60 : 80;
    for (int step = 0; step < 12; ++step) {
      CHECK(phase.high_state(high.state) == evaluated(high, all));
      CHECK(phase.low_state(low.state) == evaluated(low, all));
      high.state = evaluated(high, all);
      low.state = evaluated(low, all);
      const double next = rng.below(6) == 0 ? 49 : rng.normal(middle, 12);
      all.insert(all.begin(), next);
      phase.add(next, high.threshold, low.threshold);
      CHECK(phase.newest() == next);
    }
  }
}

TEST_CASE("phase: values on a threshold breach neither alarm") {
  Phase phase{1, 1};
  REQUIRE(phase.learn({70.0}, {70.0}, 70, 70));
  CHECK(phase.high_state(StateValue::Alarm) == StateValue::Ok);
  CHECK(phase.low_state(StateValue::Alarm) == StateValue::Ok);
  phase.add(70.001, 70, 70);
  CHECK(phase.high_state(StateValue::Ok) == StateValue::Alarm);
  phase.add(69.999, 70, 70);
  CHECK(phase.low_state(StateValue::Ok) == StateValue::Alarm);
}

TEST_CASE("phase: a low window that began anew has fewer points than the high one, and no mean") {
  Phase phase{2, 3};
  REQUIRE(phase.learn({10.0, 20.0, 30.0}, {10.0, std::nullopt, std::nullopt}, 70, 49));
  CHECK(phase.low_state(StateValue::Ok) == StateValue::Ok);  // one of three: it keeps its state
  CHECK(phase.low_state(StateValue::Alarm) == StateValue::Alarm);
  CHECK_FALSE(phase.low_mean());
  phase.add(11, 70, 49);
  CHECK_FALSE(phase.low_mean());
  phase.add(12, 70, 49);
  CHECK(phase.low_state(StateValue::Ok) == StateValue::Alarm);
  CHECK(phase.low_mean() == 11.0);
}

TEST_CASE("phase: windows with a gap are not learnt") {
  Phase phase{2, 3};
  CHECK_FALSE(phase.learn({10.0, std::nullopt, 30.0}, {10.0, 20.0, 30.0}, 70, 49));
  CHECK_FALSE(phase.learn({10.0, 20.0, 30.0}, {std::nullopt, 20.0, 30.0}, 70, 49));
  CHECK_FALSE(phase.is_known());
  CHECK(phase.learn({std::nullopt, std::nullopt}, {std::nullopt, std::nullopt}, 70, 49));
  CHECK(phase.high_state(StateValue::Ok) == StateValue::InsufficientData);
}

}  // namespace
}  // namespace tidegate::engine
