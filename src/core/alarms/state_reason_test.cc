#include "core/alarms/state_reason.h"

#include <array>
#include <limits>

#include <doctest/doctest.h>

#include "base/json.h"

namespace tidegate::alarms {
namespace {

using std::chrono::seconds;

Instant at(std::string_view iso) {
  return parse_iso8601(iso).value();
}

Alarm alarm_of(std::int32_t m, std::int32_t n, double threshold) {
  Alarm alarm;
  alarm.name = AlarmName{"a"};
  alarm.evaluation_periods = n;
  alarm.datapoints_to_alarm = m;
  alarm.threshold = threshold;
  return alarm;
}

using Points = std::vector<std::optional<double>>;

Evaluation evaluated(const Alarm& alarm, const Points& newest_first, std::string_view newest) {
  return evaluate(alarm, newest_first, at(newest), at("2023-08-04T12:31:29.591Z"));
}

}  // namespace

TEST_CASE("state_reason: one crossing datapoint, as seen in a notification") {
  const auto evaluation = evaluated(alarm_of(1, 1, 5), {6.0}, "2022-09-25T18:49:00Z");
  CHECK(evaluation.state == StateValue::Alarm);
  CHECK(evaluation.reason ==
        "Threshold Crossed: 1 out of the last 1 datapoints [6.0 (25/09/22 18:49:00)] was greater "
        "than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).");
}

TEST_CASE("state_reason: several crossing datapoints, newest first") {
  Alarm alarm = alarm_of(3, 3, 30);
  alarm.period = seconds{300};
  alarm.comparison = ComparisonOperator::GreaterThanOrEqualToThreshold;
  CHECK(evaluated(alarm, {1141.0, 1226.0, 1390.0}, "2020-10-09T21:24:00Z").reason ==
        "Threshold Crossed: 3 out of the last 3 datapoints [1141.0 (09/10/20 21:24:00), 1226.0 "
        "(09/10/20 21:19:00), 1390.0 (09/10/20 21:14:00)] were greater than or equal to the "
        "threshold (30.0) (minimum 3 datapoints for OK -> ALARM transition).");
}

TEST_CASE("state_reason: back to OK names what did not cross and how few are enough") {
  CHECK(evaluated(alarm_of(1, 1, 50), {0.0666851903306472}, "2019-10-01T13:46:00Z").reason ==
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (01/10/19 "
        "13:46:00)] was not greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> "
        "OK transition).");
  Alarm alarm = alarm_of(2, 3, 70);
  alarm.comparison = ComparisonOperator::LessThanOrEqualToThreshold;
  CHECK(evaluated(alarm, {71.0, 60.0, 80.5}, "2020-10-09T21:24:00Z").reason ==
        "Threshold Crossed: 2 out of the last 3 datapoints [71.0 (09/10/20 21:24:00), 80.5 "
        "(09/10/20 21:22:00)] were not less than or equal to the threshold (70.0) (minimum 2 "
        "datapoints for ALARM -> OK transition).");
  alarm.datapoints_to_alarm = 3;
  alarm.comparison = ComparisonOperator::LessThanThreshold;
  CHECK(evaluated(alarm, {71.0, 60.0, 60.0}, "2020-10-09T21:24:00Z").reason ==
        "Threshold Crossed: 1 out of the last 3 datapoints [71.0 (09/10/20 21:24:00)] was not "
        "less than the threshold (70.0) (minimum 1 datapoint for ALARM -> OK transition).");
}

TEST_CASE("state_reason: with more than five points the newest five are listed at the end") {
  Alarm alarm = alarm_of(6, 6, 65);
  alarm.comparison = ComparisonOperator::LessThanThreshold;
  CHECK(evaluated(alarm, Points(6, 0.0), "2020-04-29T23:32:00Z").reason ==
        "Threshold Crossed: 6 out of the last 6 datapoints were less than the threshold (65.0). "
        "The most recent datapoints which crossed the threshold: [0.0 (29/04/20 23:32:00), 0.0 "
        "(29/04/20 23:31:00), 0.0 (29/04/20 23:30:00), 0.0 (29/04/20 23:29:00), 0.0 (29/04/20 "
        "23:28:00)] (minimum 6 datapoints for OK -> ALARM transition).");
  CHECK(evaluated(alarm, Points(6, 65.0), "2020-04-29T23:32:00Z")
            .reason.find("The most recent datapoints which did not cross the threshold: [65.0") !=
        std::string::npos);
  alarm.evaluation_periods = 5;
  alarm.datapoints_to_alarm = 5;
  CHECK(evaluated(alarm, Points(5, 0.0), "2020-04-29T23:32:00Z").reason.find("5 datapoints [0.0") !=
        std::string::npos);
}

TEST_CASE("state_reason: missing datapoints that counted are said beside the real ones") {
  Alarm alarm = alarm_of(1, 20, 1);
  alarm.comparison = ComparisonOperator::GreaterThanOrEqualToThreshold;
  alarm.treat_missing_data = TreatMissingData::NotBreaching;
  Points points(20);
  points[0] = 613.0;
  CHECK(evaluated(alarm, points, "2024-03-16T12:15:00Z").reason ==
        "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was "
        "greater than or equal to the threshold (1.0) and 19 missing datapoints were treated as "
        "[NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).");
  points.assign(2, std::nullopt);
  points[1] = 0.5;
  alarm.evaluation_periods = 2;
  alarm.datapoints_to_alarm = 2;
  alarm.treat_missing_data = TreatMissingData::Breaching;
  CHECK(evaluated(alarm, points, "2024-03-16T12:15:00Z").reason ==
        "Threshold Crossed: 1 out of the last 2 datapoints [0.5 (16/03/24 12:14:00)] was not "
        "greater than or equal to the threshold (1.0) and 1 missing datapoint was treated as "
        "[Breaching] (minimum 1 datapoint for ALARM -> OK transition).");
}

TEST_CASE("state_reason: a state made by missing datapoints alone") {
  Alarm alarm = alarm_of(1, 1, 1);
  alarm.treat_missing_data = TreatMissingData::Breaching;
  CHECK(evaluated(alarm, Points(1), "2019-07-03T08:00:00Z").reason ==
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [Breaching].");
  alarm = alarm_of(5, 5, 1);
  alarm.treat_missing_data = TreatMissingData::NotBreaching;
  CHECK(evaluated(alarm, Points(7), "2019-07-03T08:00:00Z").reason ==
        "Threshold Crossed: no datapoints were received for 5 periods and 5 missing datapoints "
        "were treated as [NonBreaching].");
  alarm = alarm_of(2, 3, 1);
  alarm.treat_missing_data = TreatMissingData::Breaching;
  CHECK(evaluated(alarm, {0.0, std::nullopt, std::nullopt}, "2019-07-03T08:00:00Z").reason ==
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were "
        "treated as [Breaching].");
  alarm = alarm_of(3, 4, 1);
  alarm.treat_missing_data = TreatMissingData::NotBreaching;
  CHECK(evaluated(alarm, {9.0, std::nullopt, std::nullopt, 9.0}, "2019-07-03T08:00:00Z").reason ==
        "Threshold Crossed: 2 datapoints were received for 4 periods and 2 missing datapoints "
        "were treated as [NonBreaching].");
}

TEST_CASE("state_reason: missing data that has no value is not claimed to be one") {
  Alarm alarm = alarm_of(3, 3, 1);
  CHECK(evaluated(alarm, {std::nullopt, std::nullopt, 9.0}, "2019-07-03T08:02:00Z").reason ==
        "Threshold Crossed: 1 out of the last 3 datapoints [9.0 (03/07/19 08:00:00)] was greater "
        "than the threshold (1.0) (minimum 3 datapoints for OK -> ALARM transition).");
}

TEST_CASE("state_reason: insufficient data counts the evaluation periods") {
  const auto evaluation = evaluated(alarm_of(5, 5, 5), Points(10), "2023-08-04T12:30:00Z");
  CHECK(evaluation.state == StateValue::InsufficientData);
  CHECK(evaluation.reason == "Insufficient Data: 5 datapoints were unknown.");
  CHECK(evaluated(alarm_of(1, 1, 5), {}, "2023-08-04T12:30:00Z").reason ==
        "Insufficient Data: 1 datapoint was unknown.");
}

TEST_CASE("state_reason_data: of insufficient data, to the byte") {
  CHECK(
      evaluated(alarm_of(5, 5, 5), Points(10), "2023-08-04T12:30:00Z").reason_data ==
      R"({"version":"1.0","queryDate":"2023-08-04T12:31:29.591+0000","statistic":"Average",)"
      R"("period":60,"recentDatapoints":[],"threshold":5.0,"evaluatedDatapoints":[)"
      R"({"timestamp":"2023-08-04T12:30:00.000+0000"},{"timestamp":"2023-08-04T12:29:00.000+0000"},)"
      R"({"timestamp":"2023-08-04T12:28:00.000+0000"},{"timestamp":"2023-08-04T12:27:00.000+0000"},)"
      R"({"timestamp":"2023-08-04T12:26:00.000+0000"}]})");
}

TEST_CASE("state_reason_data: values oldest first, evaluated points newest first") {
  Alarm alarm = alarm_of(2, 2, 40);
  alarm.statistic = metrics::Statistic::Maximum;
  CHECK(evaluated(alarm, {99.5, std::nullopt, 65.25}, "2023-08-04T12:30:00Z").reason_data ==
        R"({"version":"1.0","queryDate":"2023-08-04T12:31:29.591+0000",)"
        R"("startDate":"2023-08-04T12:28:00.000+0000","statistic":"Maximum","period":60,)"
        R"("recentDatapoints":[65.25,99.5],"threshold":40.0,"evaluatedDatapoints":[)"
        R"({"timestamp":"2023-08-04T12:30:00.000+0000","value":99.5},)"
        R"({"timestamp":"2023-08-04T12:28:00.000+0000","value":65.25}]})");
}

TEST_CASE("state_reason_data: it is JSON whatever the size of the numbers") {
  for (const double value : {0.0, 1e-9, -1e300, 12345678.9, 1e7}) {
    const auto data = evaluated(alarm_of(1, 1, value), {value}, "2023-08-04T12:30:00Z").reason_data;
    const auto json = Json::parse(data);
    CAPTURE(data);
    REQUIRE(json.has_value());
    CHECK((*json)["threshold"].number_or(-1) == value);
    CHECK((*json)["recentDatapoints"].items().at(0).number_or(-1) == value);
  }
}

TEST_CASE("format_reason_number: as the samples print numbers") {
  struct Case {
    double value;
    const char* want;
  };
  const auto cases = std::to_array<Case>({
      {0, "0.0"},
      {-0.0, "0.0"},
      {1, "1.0"},
      {70, "70.0"},
      {613, "613.0"},
      {-42.5, "-42.5"},
      {20000, "20000.0"},
      {9.72, "9.72"},
      {0.1, "0.1"},
      {0.0666851903306472, "0.0666851903306472"},
      {1.0166666666666666, "1.0166666666666666"},
      {0.001, "0.001"},
      {0.00099, "9.9E-4"},
      {1234567.5, "1234567.5"},
      {9999999, "9999999.0"},
      {10000000, "1.0E7"},
      {12345678, "1.2345678E7"},
      {-1e100, "-1.0E100"},
      {120, "120.0"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
  });
  for (const Case& c : cases) {
    CHECK(format_reason_number(c.value) == c.want);
  }
}

}  // namespace tidegate::alarms
