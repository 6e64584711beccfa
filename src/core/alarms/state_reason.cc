#include "core/alarms/state_reason.h"

#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace tidegate::alarms {
namespace {

constexpr std::size_t kListedPoints = 5;  // CloudWatch lists no more of them in a sentence

/// "25/09/22 18:49:00".
std::string reason_time(Instant t) {
  const std::string iso = format_iso8601(t);  // 2022-09-25T18:49:00Z
  return iso.substr(8, 2) + "/" + iso.substr(5, 2) + "/" + iso.substr(2, 2) + " " +
         iso.substr(11, 8);
}

/// "2023-08-04T12:31:29.591+0000".
std::string data_time(Instant t) {
  std::string iso = format_iso8601_millis(t);
  iso.pop_back();
  return iso + "+0000";
}

std::string counted(std::int32_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string{noun} + (count == 1 ? "" : "s");
}

std::string_view was(std::int32_t count) {
  return count == 1 ? "was" : "were";
}

std::string_view comparison_words(ComparisonOperator comparison) {
  switch (comparison) {
    case ComparisonOperator::GreaterThanOrEqualToThreshold:
      return "greater than or equal to";
    case ComparisonOperator::GreaterThanThreshold:
      return "greater than";
    case ComparisonOperator::LessThanThreshold:
      return "less than";
    case ComparisonOperator::LessThanOrEqualToThreshold:
      return "less than or equal to";
  }
  return {};
}

/// " and 19 missing datapoints were treated as [NonBreaching]", or nothing where missing points
/// have no value.
std::string fills_clause(const Alarm& alarm, std::int32_t fills) {
  std::string_view word;
  switch (alarm.treat_missing_data) {
    case TreatMissingData::Breaching:
      word = "Breaching";
      break;
    case TreatMissingData::NotBreaching:
      word = "NonBreaching";
      break;
    case TreatMissingData::Missing:
    case TreatMissingData::Ignore:
      return {};
  }
  if (fills == 0) {
    return {};
  }
  return " and " + counted(fills, "missing datapoint") + " " + std::string{was(fills)} +
         " treated as [" + std::string{word} + "]";
}

/// "[9.5 (25/09/22 18:49:00), 8.0 (25/09/22 18:48:00)]": the newest points on the deciding side.
std::string listed_points(const Alarm& alarm, StateValue state, const EvaluatedPoints& points) {
  const bool want_breaching = state == StateValue::Alarm;
  std::string text;
  std::size_t listed = 0;
  for (const EvaluatedPoint& point : points.real) {
    if (breaches(alarm.comparison, point.value, alarm.threshold) != want_breaching ||
        listed == kListedPoints) {
      continue;
    }
    text += (listed == 0 ? "" : ", ") + format_reason_number(point.value) + " (" +
            reason_time(point.start) + ")";
    ++listed;
  }
  return "[" + text + "]";
}

/// No real point stands on the deciding side: the missing ones made the state.
std::string reason_by_fills(const Alarm& alarm, const EvaluatedPoints& points) {
  const auto received = static_cast<std::int32_t>(points.real.size());
  const std::string subject =
      received == 0 ? "no datapoints were"
                    : counted(received, "datapoint") + " " + std::string{was(received)};
  return "Threshold Crossed: " + subject + " received for " +
         counted(alarm.evaluation_periods, "period") + fills_clause(alarm, points.fills) + ".";
}

void append_json_time(std::string& json, std::string_view name, Instant time) {
  json.append("\"").append(name).append("\":\"").append(data_time(time)).append("\"");
}

std::string recent_datapoints(const EvaluatedPoints& points) {
  std::string json;
  for (auto point = points.real.rbegin(); point != points.real.rend(); ++point) {
    json += (json.empty() ? "" : ",") + format_reason_number(point->value);
  }
  return "[" + json + "]";
}

std::string evaluated_datapoints(const Alarm& alarm,
                                 const EvaluatedPoints& points,
                                 Instant newest_start) {
  std::string json = "[";
  for (const EvaluatedPoint& point : points.real) {
    json += json.size() > 1 ? ",{" : "{";
    append_json_time(json, "timestamp", point.start);
    json += ",\"value\":" + format_reason_number(point.value) + "}";
  }
  for (std::int32_t at = 0; points.real.empty() && at < alarm.evaluation_periods; ++at) {
    json += json.size() > 1 ? ",{" : "{";
    append_json_time(json, "timestamp", newest_start - alarm.period * std::int64_t{at});
    json += "}";
  }
  return json + "]";
}

/// The mantissa of `digits`: "6.0", "1.25".
std::string with_point(std::string digits) {
  digits.insert(1, ".");
  return digits.size() == 2 ? digits + "0" : digits;
}

}  // namespace

std::string format_reason_number(double value) {
  if (value == 0) {
    return "0.0";
  }
  char buffer[64];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific);
  TG_CHECK(error == std::errc{});
  const std::string text{buffer, end};  // d[.ddd]e±dd
  const std::size_t mark = text.find('e');
  if (mark == std::string::npos) {
    return "NaN";
  }
  const std::size_t number = text[mark + 1] == '+' ? mark + 2 : mark + 1;
  const std::int64_t exponent = parse_int(std::string_view{text}.substr(number)).value_or(0);
  std::string digits = text.substr(0, 1) + (mark > 2 ? text.substr(2, mark - 2) : std::string{});
  const std::string sign = value < 0 ? "-" : "";
  if (exponent < -3 || exponent > 6) {
    return sign + with_point(digits) + "E" + std::to_string(exponent);
  }
  if (exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  }
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string state_reason(const Alarm& alarm, StateValue state, const EvaluatedPoints& points) {
  if (state == StateValue::InsufficientData) {
    return "Insufficient Data: " + counted(alarm.evaluation_periods, "datapoint") + " " +
           std::string{was(alarm.evaluation_periods)} + " unknown.";
  }
  const bool alarming = state == StateValue::Alarm;
  const std::int32_t deciding = alarming ? points.breaching : points.good;
  if (deciding == 0) {
    return reason_by_fills(alarm, points);
  }
  const std::string list = listed_points(alarm, state, points);
  const bool long_list = static_cast<std::size_t>(deciding) > kListedPoints;
  const std::int32_t needed = needed_datapoints(alarm);
  const std::int32_t minimum = alarming ? needed : alarm.evaluation_periods - needed + 1;
  std::string text = "Threshold Crossed: " + std::to_string(deciding) + " out of the last " +
                     std::to_string(alarm.evaluation_periods) + " datapoints ";
  if (!long_list) {
    text += list + " ";
  }
  text += std::string{was(deciding)} + (alarming ? " " : " not ") +
          std::string{comparison_words(alarm.comparison)} + " the threshold (" +
          format_reason_number(alarm.threshold) + ")" + fills_clause(alarm, points.fills);
  if (long_list) {
    text += std::string{". The most recent datapoints which "} +
            (alarming ? "crossed" : "did not cross") + " the threshold: " + list;
  }
  return text + " (minimum " + counted(minimum, "datapoint") + " for " +
         (alarming ? "OK -> ALARM" : "ALARM -> OK") + " transition).";
}

std::string state_reason_data(const Alarm& alarm,
                              const EvaluatedPoints& points,
                              Instant newest_start,
                              Instant now) {
  std::string json = R"({"version":"1.0",)";
  append_json_time(json, "queryDate", now);
  if (!points.real.empty()) {
    json += ",";
    append_json_time(json, "startDate", points.real.back().start);
  }
  json += ",\"statistic\":\"" +
          (alarm.extended_statistic.empty() ? std::string{metrics::to_string(alarm.statistic)}
                                            : alarm.extended_statistic) +
          "\"";
  json += ",\"period\":" +
          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(alarm.period).count());
  json += ",\"recentDatapoints\":" + recent_datapoints(points);
  json += ",\"threshold\":" + format_reason_number(alarm.threshold);
  json += ",\"evaluatedDatapoints\":" + evaluated_datapoints(alarm, points, newest_start);
  return json + "}";
}

}  // namespace tidegate::alarms
