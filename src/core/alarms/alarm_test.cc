#include "core/alarms/alarm.h"

#include <array>
#include <limits>

#include <doctest/doctest.h>

namespace tidegate::alarms {
namespace {

using std::chrono::seconds;

constexpr std::array kAllStates{StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData};
constexpr std::array kAllTreatments{TreatMissingData::Missing,
                                    TreatMissingData::Ignore,
                                    TreatMissingData::Breaching,
                                    TreatMissingData::NotBreaching};

Alarm alarm_of(std::int32_t m, std::int32_t n) {
  Alarm alarm;
  alarm.name = AlarmName{"cnt-ec2-cpu-high"};
  alarm.metric = metrics::make_metric_id("AWS/EC2", "CPUUtilization", {{"InstanceId", "i-1"}});
  alarm.period = seconds{300};
  alarm.evaluation_periods = n;
  alarm.datapoints_to_alarm = m;
  alarm.threshold = 5;
  return alarm;
}

/// As the documented tables draw it: newest right, X breaches, 0 does not, - is missing.
std::vector<std::optional<double>> points_of(std::string_view drawn) {
  std::vector<std::optional<double>> newest_first;
  for (auto c = drawn.rbegin(); c != drawn.rend(); ++c) {
    if (*c == 'X') {
      newest_first.emplace_back(6.0);
    } else if (*c == '0') {
      newest_first.emplace_back(5.0);  // at the threshold: not greater
    } else if (*c == '-') {
      newest_first.emplace_back(std::nullopt);
    }
  }
  return newest_first;
}

StateValue state_after(Alarm alarm, std::string_view drawn) {
  return evaluate(alarm, points_of(drawn), Instant{seconds{100'000}}, Instant{seconds{100'300}})
      .state;
}

using Expected = std::optional<StateValue>;  // absent: the state is kept
constexpr Expected kKept = std::nullopt;

}  // namespace

TEST_CASE("evaluate: both documented tables of missing data, every cell, from every state") {
  const Expected ok = StateValue::Ok;
  const Expected alarmed = StateValue::Alarm;
  const Expected insufficient = StateValue::InsufficientData;
  struct Row {
    const char* drawn;
    std::int32_t m;
    std::array<Expected, 4> want;  // missing, ignore, breaching, notBreaching
  };
  const auto rows = std::to_array<Row>({
      {"0 - X - X", 3, {ok, ok, ok, ok}},
      {"0 - - - -", 3, {ok, ok, ok, ok}},
      {"- - - - -", 3, {insufficient, kKept, alarmed, ok}},
      {"0 X X - X", 3, {alarmed, alarmed, alarmed, alarmed}},
      {"- - X - -", 3, {alarmed, kKept, alarmed, ok}},
      {"0 - X - X", 2, {alarmed, alarmed, alarmed, alarmed}},
      {"0 0 X 0 X", 2, {alarmed, alarmed, alarmed, alarmed}},
      {"0 - X - -", 2, {ok, ok, alarmed, ok}},
      {"- - - - 0", 2, {ok, ok, alarmed, ok}},
      {"- - - X -", 2, {alarmed, kKept, alarmed, ok}},
  });
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < kAllTreatments.size(); ++column) {
      for (const StateValue before : kAllStates) {
        Alarm alarm = alarm_of(row.m, 3);
        alarm.treat_missing_data = kAllTreatments[column];
        alarm.state = before;
        CAPTURE(row.drawn);
        CAPTURE(row.m);
        CAPTURE(to_string(kAllTreatments[column]));
        CAPTURE(to_string(before));
        CHECK(to_string(state_after(alarm, row.drawn)) ==
              to_string(row.want[column].value_or(before)));
      }
    }
  }
}

TEST_CASE("evaluate: with N real points the newest N decide and the treatment does not matter") {
  for (const TreatMissingData treatment : kAllTreatments) {
    Alarm alarm = alarm_of(2, 3);
    alarm.treat_missing_data = treatment;
    CHECK(state_after(alarm, "X X 0 0 X") == StateValue::Ok);
    CHECK(state_after(alarm, "0 X 0 X - X 0 -") == StateValue::Alarm);
    CHECK(state_after(alarm, "X X X 0 0 - 0 -") == StateValue::Ok);
    CHECK(state_after(alarm, "0 0 X X 0") == StateValue::Alarm);
  }
}

TEST_CASE("evaluate: M breaching points are ALARM, one fewer is OK") {
  Alarm alarm = alarm_of(3, 5);
  CHECK(state_after(alarm, "X X X 0 0") == StateValue::Alarm);
  CHECK(state_after(alarm, "X X 0 0 0") == StateValue::Ok);
  alarm.datapoints_to_alarm = 1;
  CHECK(state_after(alarm, "X 0 0 0 0") == StateValue::Alarm);
  CHECK(state_after(alarm, "0 0 0 0 0") == StateValue::Ok);
}

TEST_CASE("evaluate: without DatapointsToAlarm all of EvaluationPeriods are needed") {
  Alarm alarm = alarm_of(3, 3);
  alarm.datapoints_to_alarm.reset();
  CHECK(needed_datapoints(alarm) == 3);
  CHECK(validation_error(alarm).empty());
  CHECK(state_after(alarm, "X X X") == StateValue::Alarm);
  CHECK(state_after(alarm, "X X 0") == StateValue::Ok);
}

TEST_CASE("evaluate: a lone breaching point alarms early only when it is M periods old") {
  Alarm alarm = alarm_of(3, 3);
  alarm.state = StateValue::Ok;
  CHECK(state_after(alarm, "- - X - -") == StateValue::Alarm);
  CHECK(state_after(alarm, "- - - X -") == StateValue::Ok);
  CHECK(state_after(alarm, "- - - - X") == StateValue::Ok);
  alarm.state = StateValue::InsufficientData;
  CHECK(state_after(alarm, "- - - X -") == StateValue::InsufficientData);
  CHECK(state_after(alarm, "- - - X X") == StateValue::InsufficientData);
  CHECK(state_after(alarm, "- - X - X") == StateValue::Alarm);
}

TEST_CASE("evaluate: M breaching points alarm although a good one is there and one is missing") {
  CHECK(state_after(alarm_of(2, 4), "0 - X X") == StateValue::Alarm);
  CHECK(state_after(alarm_of(3, 4), "0 - X X") == StateValue::Ok);
}

TEST_CASE("evaluate: missing points count as breaching up to M exactly") {
  Alarm alarm = alarm_of(3, 4);
  alarm.treat_missing_data = TreatMissingData::Breaching;
  CHECK(state_after(alarm, "- 0 - X") == StateValue::Alarm);  // 1 and 2 fills
  CHECK(state_after(alarm, "- 0 0 X") == StateValue::Ok);     // 1 and 1 fill
  alarm.treat_missing_data = TreatMissingData::NotBreaching;
  CHECK(state_after(alarm, "- X X X") == StateValue::Alarm);
  CHECK(state_after(alarm, "- - X X") == StateValue::Ok);
}

TEST_CASE("evaluate: what is kept is kept with its reason") {
  Alarm alarm = alarm_of(3, 3);
  alarm.treat_missing_data = TreatMissingData::Ignore;
  alarm.state = StateValue::Alarm;
  alarm.state_reason = "because";
  alarm.state_reason_data = "{}";
  const Evaluation kept = evaluate(alarm, points_of("- - - - -"), Instant{}, Instant{});
  CHECK(kept == Evaluation{StateValue::Alarm, "because", "{}"});
}

TEST_CASE("evaluate: the reason tells of the evaluation that made the state, not of the newest") {
  Alarm alarm = alarm_of(1, 1);
  const Evaluation first = evaluate(alarm, {}, Instant{}, Instant{});
  CHECK(first.state == alarm.state);
  CHECK(first.reason == "Insufficient Data: 1 datapoint was unknown.");
  CHECK(!first.reason_data.empty());
  alarm.state_reason = first.reason;
  alarm.state_reason_data = first.reason_data;
  CHECK(evaluate(alarm, {}, Instant{seconds{60}}, Instant{seconds{60}}) == first);
  const Evaluation changed = evaluate(alarm, points_of("X"), Instant{}, Instant{});
  CHECK(changed.state == StateValue::Alarm);
  CHECK(changed.reason != first.reason);
  CHECK(changed.reason_data != first.reason_data);
}

TEST_CASE("evaluation_range: N and the extra periods") {
  struct Case {
    std::int32_t periods;
    std::int32_t period_seconds;
    std::int32_t want;
  };
  const auto cases = std::to_array<Case>({
      {3, 300, 5},
      {3, 60, 8},
      {1, 60, 6},
      {15, 60, 20},
      {3, 120, 6},
      {3, 180, 5},
      {3, 240, 5},
      {2, 360, 4},
      {1, 3600, 3},
      {3, 1, 5},
      {5, 30, 7},
      {6, 10, 8},
      {9, 10, 12},
      {120, 1, 160},
  });
  for (const Case& c : cases) {
    CAPTURE(c.periods);
    CAPTURE(c.period_seconds);
    CHECK(evaluation_range(c.periods, seconds{c.period_seconds}) == c.want);
  }
}

TEST_CASE("breaches: each comparison below, at and above the threshold") {
  struct Case {
    ComparisonOperator comparison;
    bool below;
    bool at;
    bool above;
  };
  for (const Case& c : {Case{ComparisonOperator::GreaterThanOrEqualToThreshold, false, true, true},
                        Case{ComparisonOperator::GreaterThanThreshold, false, false, true},
                        Case{ComparisonOperator::LessThanThreshold, true, false, false},
                        Case{ComparisonOperator::LessThanOrEqualToThreshold, true, true, false}}) {
    CAPTURE(to_string(c.comparison));
    CHECK(breaches(c.comparison, 4.9, 5) == c.below);
    CHECK(breaches(c.comparison, 5, 5) == c.at);
    CHECK(breaches(c.comparison, 5.1, 5) == c.above);
  }
}

TEST_CASE("alarm words: every enumerator reads back, in AWS's spelling only") {
  CHECK(to_string(StateValue::Ok) == "OK");
  CHECK(to_string(StateValue::Alarm) == "ALARM");
  CHECK(to_string(StateValue::InsufficientData) == "INSUFFICIENT_DATA");
  CHECK(to_string(TreatMissingData::Missing) == "missing");
  CHECK(to_string(TreatMissingData::Ignore) == "ignore");
  CHECK(to_string(TreatMissingData::Breaching) == "breaching");
  CHECK(to_string(TreatMissingData::NotBreaching) == "notBreaching");
  for (const StateValue state : kAllStates) {
    CHECK(parse_state_value(to_string(state)) == state);
  }
  for (const TreatMissingData treatment : kAllTreatments) {
    CHECK(parse_treat_missing_data(to_string(treatment)) == treatment);
  }
  for (const char* name : {"GreaterThanOrEqualToThreshold",
                           "GreaterThanThreshold",
                           "LessThanThreshold",
                           "LessThanOrEqualToThreshold"}) {
    const auto comparison = parse_comparison_operator(name);
    REQUIRE(comparison.has_value());
    CHECK(to_string(*comparison) == name);
  }
  CHECK(!parse_state_value("Ok").has_value());
  CHECK(!parse_treat_missing_data("Missing").has_value());
  CHECK(!parse_comparison_operator("GreaterThanUpperThreshold").has_value());
}

TEST_CASE("validation_error: a sound definition has none") {
  CHECK(validation_error(alarm_of(1, 1)).empty());
  CHECK(validation_error(alarm_of(3, 3)).empty());
  for (const std::int32_t period : {1, 5, 10, 20, 30, 60, 120, 3600, 86400}) {
    Alarm alarm = alarm_of(1, 1);
    alarm.period = seconds{period};
    CAPTURE(period);
    CHECK(validation_error(alarm).empty());
  }
}

TEST_CASE("validation_error: a period that no alarm may have is refused by its number") {
  for (const std::int32_t period : {-60, 0, 2, 15, 45, 59, 61, 90}) {
    Alarm alarm = alarm_of(1, 1);
    alarm.period = seconds{period};
    CAPTURE(period);
    CHECK(validation_error(alarm).find("Period " + std::to_string(period) + " is not") !=
          std::string::npos);
  }
  Alarm uneven = alarm_of(1, 1);
  uneven.period = seconds{60} + Duration{1};
  CHECK(!validation_error(uneven).empty());
}

TEST_CASE("validation_error: DatapointsToAlarm is 1..EvaluationPeriods") {
  CHECK(validation_error(alarm_of(0, 3)).find("DatapointsToAlarm 0 is outside 1..3") !=
        std::string::npos);
  CHECK(validation_error(alarm_of(4, 3)).find("DatapointsToAlarm 4 is outside 1..3") !=
        std::string::npos);
  CHECK(validation_error(alarm_of(1, 0)).find("EvaluationPeriods") != std::string::npos);
}

TEST_CASE("validation_error: a day below one-hour periods, else a week") {
  struct Case {
    std::int32_t period_seconds;
    std::int32_t most;
  };
  for (const Case& c : {Case{60, 1440}, Case{3540, 24}, Case{3600, 168}, Case{86400, 7}}) {
    CAPTURE(c.period_seconds);
    Alarm alarm = alarm_of(1, c.most);
    alarm.period = seconds{c.period_seconds};
    CHECK(validation_error(alarm).empty());
    ++alarm.evaluation_periods;
    const std::string error = validation_error(alarm);
    CHECK(error.find("Period times EvaluationPeriods") != std::string::npos);
    CHECK((error.find("seven days") != std::string::npos) == (c.period_seconds >= 3600));
  }
}

TEST_CASE("validation_error: name, metric, threshold and number of dimensions") {
  Alarm alarm = alarm_of(1, 1);
  alarm.name = AlarmName{};
  CHECK(validation_error(alarm).find("AlarmName") != std::string::npos);
  alarm = alarm_of(1, 1);
  alarm.metric.name.clear();
  CHECK(validation_error(alarm).find("MetricName") != std::string::npos);
  alarm = alarm_of(1, 1);
  alarm.metric.metric_namespace.clear();
  CHECK(validation_error(alarm).find("MetricName and Namespace") != std::string::npos);
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    alarm = alarm_of(1, 1);
    alarm.threshold = bad;
    CHECK(validation_error(alarm).find("Threshold") != std::string::npos);
  }
  alarm = alarm_of(1, 1);
  alarm.metric.dimensions.assign(30, {"Name", "Value"});
  CHECK(validation_error(alarm).empty());
  alarm.metric.dimensions.emplace_back();
  CHECK(validation_error(alarm).find("at most 30 Dimensions are allowed, not 31") !=
        std::string::npos);
  CHECK(validation_error(alarm).find("alarm 'cnt-ec2-cpu-high'") == 0);
}

TEST_CASE("values: a percentile of too few samples is no value; too few newest ones, no verdict") {
  Alarm alarm = alarm_of(1, 1);
  alarm.extended_statistic = "p90";  // significant from 100 samples on
  alarm.low_sample_count = LowSampleCount::Ignore;
  using Values = std::vector<std::optional<double>>;
  const auto of = [&](const std::vector<double>& counts) {
    std::vector<metrics::DistributionPoint> periods;
    for (const double count : counts) {
      metrics::DistributionPoint& period = periods.emplace_back();
      if (count > 0) {
        period.values = metrics::distribution_of(7, count);
      }
    }
    return values_newest_first(alarm, periods);
  };
  CHECK(of({200, 100}) == Values{7.0, 7.0});
  CHECK(of({99, 200}) == Values{7.0, std::nullopt});
  CHECK(of({200, 0}) == Values{std::nullopt, 7.0});
  CHECK(of({0, 0}) == Values{std::nullopt, std::nullopt});
  CHECK_FALSE(of({200, 99}).has_value());
  CHECK_FALSE(of({200, 99, 0}).has_value());
  CHECK(of({99, 200, 0}) == Values{std::nullopt, 7.0, std::nullopt});
  alarm.low_sample_count = LowSampleCount::Evaluate;
  CHECK(of({99, 99}) == Values{7.0, 7.0});
  alarm.low_sample_count = LowSampleCount::Ignore;
  alarm.extended_statistic.clear();
  CHECK(of({99, 99}) == Values{7.0, 7.0});
}

}  // namespace tidegate::alarms
