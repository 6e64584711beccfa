#include "sim/traces/scores.h"

#include <doctest/doctest.h>

namespace tidegate::traces {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Needs minutes_of(const std::vector<std::int32_t>& instances) {
  Needs needs;
  needs.step = minutes{1};
  for (const std::int32_t count : instances) {
    needs.steps.push_back({10.0 * count, count, true});
  }
  return needs;
}

void add_minute(ScoreKeeper& keeper, std::int64_t minute, std::int32_t serving, double dropped) {
  for (std::int64_t half = 0; half < 2; ++half) {
    keeper.add({minutes{minute} + seconds{30 * half}, seconds{30}, serving, 300, dropped, false});
  }
}

TEST_CASE("scores: hand-made supply under hand-made need") {
  const Needs needs = minutes_of({2, 2, 4, 4, 1, 1});
  ScoreKeeper keeper{needs, Duration{0}};
  const std::vector<std::int32_t> supply{2, 3, 3, 4, 4, 1};
  for (std::size_t i = 0; i < supply.size(); ++i) {
    add_minute(keeper, static_cast<std::int64_t>(i), supply[i], i == 2 ? 30 : 0);
  }
  const std::vector<Billed> billed{{Duration{0}, minutes{6}},
                                   {minutes{1}, minutes{1} + seconds{9}}};
  const Scores s = keeper.finish(billed, seconds{0});
  CHECK(s.scored == minutes{6});
  CHECK(s.requests == 3600);
  CHECK(s.bad_percent == doctest::Approx(100.0 * 600 / 3600));
  CHECK(s.dropped_percent == doctest::Approx(100.0 * 60 / 3600));
  CHECK(s.bad_time_percent == doctest::Approx(100.0 / 6));
  CHECK(s.longest_bad == minutes{1});
  CHECK(s.theta_u == doctest::Approx(100.0 / 6 * (1.0 / 4)));
  CHECK(s.theta_o == doctest::Approx(100.0 / 6 * (1.0 / 2 + 3.0)));
  CHECK(s.tau_u == doctest::Approx(100.0 / 6));
  CHECK(s.tau_o == doctest::Approx(200.0 / 6));
  CHECK(s.shortage_hours == doctest::Approx(1.0 / 60));
  CHECK(s.worst_shortage == 1);
  // Supply moves +1 0 +1 0 -3, need 0 +2 0 -3 0: unlike in all five steps.
  CHECK(s.upsilon == doctest::Approx(100));
  CHECK(s.jitter_per_hour == doctest::Approx((5 - 5) / (5.0 / 60)));
  CHECK(s.instance_hours == doctest::Approx(7.0 / 60));  // 9 s are billed as a minute
}

TEST_CASE("scores: what lies in the burn-in, or was not measured, is not scored") {
  Needs needs = minutes_of({5, 5, 1, 1});
  needs.steps[3].is_measured = false;
  ScoreKeeper keeper{needs, minutes{2}};
  for (std::int64_t minute = 0; minute < 4; ++minute) {
    add_minute(keeper, minute, minute == 3 ? 0 : 1, 0);
  }
  const Scores s = keeper.finish(std::vector<Billed>{{minutes{1}, minutes{4}}}, seconds{0});
  CHECK(s.scored == minutes{1});
  CHECK(s.theta_u == 0);
  CHECK(s.requests == 600);
  CHECK(s.worst_shortage == 0);
  CHECK(s.instance_hours == doctest::Approx(2.0 / 60));
  CHECK(s.static_instances == 1);
  CHECK(burn_in_of(hours{24 * 87}) == hours{24});
  CHECK(burn_in_of(hours{10}) == hours{1});
}

TEST_CASE("scores: a queue longer than the SLO allows is bad time, a turned away request is bad") {
  const Needs needs = minutes_of({1, 1});
  ScoreKeeper keeper{needs, Duration{0}};
  keeper.add({Duration{0}, minutes{1}, 1, 100, 0, true});
  keeper.add({minutes{1}, minutes{1}, 1, 100, 10, false});
  const Scores s = keeper.finish({}, seconds{0});
  CHECK(s.bad_percent == doctest::Approx(55));
  CHECK(s.bad_time_percent == doctest::Approx(50));
  CHECK(s.longest_bad == minutes{1});
}

TEST_CASE(
    "scores: the oracle has what is needed, keeps it through lulls that are cheaper than a start") {
  const auto in_minutes = [](double instance_hours) { return instance_hours * 60; };
  CHECK(in_minutes(oracle_hours(minutes_of({1, 1, 1}), Duration{0}, seconds{0})) ==
        doctest::Approx(3));
  CHECK(in_minutes(oracle_hours(minutes_of({1, 3, 1}), Duration{0}, seconds{0})) ==
        doctest::Approx(5));
  // A start of 2 min is billed; a lull of 2 min is kept, one of 3 min is not.
  CHECK(in_minutes(oracle_hours(minutes_of({1, 2, 1, 1, 2, 1}), Duration{0}, minutes{2})) ==
        doctest::Approx(6 + 1 + 4));
  CHECK(
      in_minutes(oracle_hours(minutes_of({1, 1, 1, 2, 1, 1, 1, 2, 1}), Duration{0}, minutes{2})) ==
      doctest::Approx(9 + 3 + 3));
  CHECK(in_minutes(oracle_hours(minutes_of({4, 4, 2, 2}), minutes{2}, minutes{1})) ==
        doctest::Approx(4));
}

TEST_CASE("scores: the constant size carries 99.9 of 100 steps") {
  std::vector<std::int32_t> needs(1000, 3);
  needs[10] = 9;
  CHECK(static_size(minutes_of(needs), Duration{0}) == 3);
  needs[11] = 8;
  CHECK(static_size(minutes_of(needs), Duration{0}) == 8);
  CHECK(static_size(minutes_of(needs), minutes{12}) == 3);
}

}  // namespace
}  // namespace tidegate::traces
