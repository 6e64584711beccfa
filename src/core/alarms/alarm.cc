#include "core/alarms/alarm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "core/alarms/state_reason.h"

namespace tidegate::alarms {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

template <typename T>
struct Named {
  T value;
  std::string_view name;
};

constexpr std::array kStates{
    Named<StateValue>{StateValue::Ok, "OK"},
    Named<StateValue>{StateValue::Alarm, "ALARM"},
    Named<StateValue>{StateValue::InsufficientData, "INSUFFICIENT_DATA"},
};
constexpr std::array kComparisons{
    Named<ComparisonOperator>{ComparisonOperator::GreaterThanOrEqualToThreshold,
                              "GreaterThanOrEqualToThreshold"},
    Named<ComparisonOperator>{ComparisonOperator::GreaterThanThreshold, "GreaterThanThreshold"},
    Named<ComparisonOperator>{ComparisonOperator::LessThanThreshold, "LessThanThreshold"},
    Named<ComparisonOperator>{ComparisonOperator::LessThanOrEqualToThreshold,
                              "LessThanOrEqualToThreshold"},
};
constexpr std::array kTreatments{
    Named<TreatMissingData>{TreatMissingData::Missing, "missing"},
    Named<TreatMissingData>{TreatMissingData::Ignore, "ignore"},
    Named<TreatMissingData>{TreatMissingData::Breaching, "breaching"},
    Named<TreatMissingData>{TreatMissingData::NotBreaching, "notBreaching"},
};

constexpr std::array kLowSampleCounts{
    Named<LowSampleCount>{LowSampleCount::Evaluate, "evaluate"},
    Named<LowSampleCount>{LowSampleCount::Ignore, "ignore"},
};

template <typename T, std::size_t N>
std::string_view name_of(const std::array<Named<T>, N>& table, T value) {
  for (const Named<T>& row : table) {
    if (row.value == value) {
      return row.name;
    }
  }
  return {};
}

template <typename T, std::size_t N>
std::optional<T> value_of(const std::array<Named<T>, N>& table, std::string_view name) {
  for (const Named<T>& row : table) {
    if (row.name == name) {
      return row.value;
    }
  }
  return std::nullopt;
}

/// The points that decide: the newest N real ones, or all of them where there are fewer.
EvaluatedPoints evaluated_points(const Alarm& alarm,
                                 std::span<const std::optional<double>> newest_first,
                                 Instant newest_start) {
  EvaluatedPoints points;
  for (std::size_t at = 0; at < newest_first.size(); ++at) {
    if (!newest_first[at]) {
      continue;
    }
    const Instant start = newest_start - alarm.period * static_cast<std::int64_t>(at);
    points.real.push_back({start, *newest_first[at]});
    if (breaches(alarm.comparison, *newest_first[at], alarm.threshold)) {
      ++points.breaching;
      points.oldest_breaching_position = static_cast<std::int32_t>(at) + 1;
    } else {
      ++points.good;
    }
    if (points.breaching + points.good == alarm.evaluation_periods) {
      break;
    }
  }
  points.fills = alarm.evaluation_periods - points.breaching - points.good;
  return points;
}

/// `missing`, some real points but fewer than N. Only breaching ones, the oldest at least M periods
/// old: ALARM although M are not there ("premature", CloudWatch User Guide). It must not apply
/// where a good point is in the window: the documented 2-of-3 row `0 - X - -` is OK.
std::optional<StateValue> state_with_missing(const Alarm& alarm, const EvaluatedPoints& points) {
  if (points.real.empty()) {
    return StateValue::InsufficientData;
  }
  if (points.breaching >= needed_datapoints(alarm)) {
    return StateValue::Alarm;
  }
  if (points.good > 0) {
    return StateValue::Ok;
  }
  if (points.oldest_breaching_position >= needed_datapoints(alarm)) {
    return StateValue::Alarm;
  }
  return std::nullopt;
}

/// Absent: the alarm keeps its state.
std::optional<StateValue> state_of(const Alarm& alarm, const EvaluatedPoints& points) {
  const bool enough = points.breaching >= needed_datapoints(alarm);
  if (points.fills == 0) {
    return enough ? StateValue::Alarm : StateValue::Ok;
  }
  switch (alarm.treat_missing_data) {
    case TreatMissingData::Breaching:
      return points.breaching + points.fills >= needed_datapoints(alarm) ? StateValue::Alarm
                                                                         : StateValue::Ok;
    case TreatMissingData::NotBreaching:
      return enough ? StateValue::Alarm : StateValue::Ok;
    case TreatMissingData::Ignore:
      if (enough) {
        return StateValue::Alarm;
      }
      return points.good > 0 ? std::optional{StateValue::Ok} : std::nullopt;
    case TreatMissingData::Missing:
      return state_with_missing(alarm, points);
  }
  return std::nullopt;
}

bool is_valid_period(Duration period) {
  constexpr std::array kShort{seconds{1}, seconds{5}, seconds{10}, seconds{20}, seconds{30}};
  if (std::find(kShort.begin(), kShort.end(), period) != kShort.end()) {
    return true;
  }
  return period >= minutes{1} && period % minutes{1} == Duration::zero();
}

}  // namespace

std::string_view to_string(StateValue state) {
  return name_of(kStates, state);
}
std::optional<StateValue> parse_state_value(std::string_view text) {
  return value_of(kStates, text);
}
std::string_view to_string(ComparisonOperator comparison) {
  return name_of(kComparisons, comparison);
}
std::optional<ComparisonOperator> parse_comparison_operator(std::string_view text) {
  return value_of(kComparisons, text);
}
std::string_view to_string(TreatMissingData treatment) {
  return name_of(kTreatments, treatment);
}
std::optional<TreatMissingData> parse_treat_missing_data(std::string_view text) {
  return value_of(kTreatments, text);
}

std::string_view to_string(LowSampleCount treatment) {
  return name_of(kLowSampleCounts, treatment);
}
std::optional<LowSampleCount> parse_low_sample_count(std::string_view text) {
  return value_of(kLowSampleCounts, text);
}

std::int32_t needed_datapoints(const Alarm& alarm) {
  return alarm.datapoints_to_alarm.value_or(alarm.evaluation_periods);
}

metrics::AnyStatistic statistic_of(const Alarm& alarm) {
  return {alarm.statistic, metrics::parse_percentile(alarm.extended_statistic)};
}

std::optional<std::vector<std::optional<double>>> values_newest_first(
    const Alarm& alarm, std::span<const metrics::DistributionPoint> periods) {
  const metrics::AnyStatistic statistic = statistic_of(alarm);
  std::vector<std::optional<double>> values;
  bool newest = true;
  for (auto point = periods.rbegin(); point != periods.rend(); ++point) {
    const double samples = point->values.values.sample_count;
    const bool too_few = alarm.low_sample_count == LowSampleCount::Ignore &&
                         statistic.percent.has_value() && samples > 0 &&
                         samples < metrics::significant_samples(*statistic.percent);
    if (newest && too_few) {
      return std::nullopt;
    }
    newest = newest && samples <= 0;
    values.push_back(too_few ? std::nullopt : metrics::value_of(point->values, statistic));
  }
  return values;
}

std::int32_t evaluation_range(std::int32_t evaluation_periods, Duration period) {
  constexpr std::int32_t kMinExtra = 2;
  if (period < minutes{1}) {
    return evaluation_periods + std::max(evaluation_periods / 3, kMinExtra);
  }
  const auto in_five_minutes = (Duration{minutes{5}} + period - Duration{1}) / period;
  return evaluation_periods + std::max(static_cast<std::int32_t>(in_five_minutes), kMinExtra);
}

bool breaches(ComparisonOperator comparison, double value, double threshold) {
  switch (comparison) {
    case ComparisonOperator::GreaterThanOrEqualToThreshold:
      return value >= threshold;
    case ComparisonOperator::GreaterThanThreshold:
      return value > threshold;
    case ComparisonOperator::LessThanThreshold:
      return value < threshold;
    case ComparisonOperator::LessThanOrEqualToThreshold:
      return value <= threshold;
  }
  return false;
}

Evaluation evaluate(const Alarm& alarm,
                    std::span<const std::optional<double>> newest_first,
                    Instant newest_start,
                    Instant now) {
  const EvaluatedPoints points = evaluated_points(alarm, newest_first, newest_start);
  const std::optional<StateValue> state = state_of(alarm, points);
  const bool was_evaluated = !alarm.state_reason_data.empty();
  if (!state || (*state == alarm.state && was_evaluated)) {
    return Evaluation{alarm.state, alarm.state_reason, alarm.state_reason_data};
  }
  return Evaluation{*state,
                    state_reason(alarm, *state, points),
                    state_reason_data(alarm, points, newest_start, now)};
}

std::string validation_error(const Alarm& alarm) {
  if (alarm.name.empty()) {
    return "an alarm needs an AlarmName";
  }
  const std::string subject = "alarm '" + alarm.name.value + "': ";
  if (alarm.metric.name.empty() || alarm.metric.metric_namespace.empty()) {
    return subject + "MetricName and Namespace are needed";
  }
  if (alarm.metric.dimensions.size() > metrics::kMaxDimensions) {
    return subject + "at most " + std::to_string(metrics::kMaxDimensions) +
           " Dimensions are allowed, not " + std::to_string(alarm.metric.dimensions.size());
  }
  if (!alarm.extended_statistic.empty() &&
      !metrics::parse_percentile(alarm.extended_statistic).has_value()) {
    return subject + "ExtendedStatistic '" + alarm.extended_statistic +
           "' is not a percentile, p0 to p100 (p99, p99.9)";
  }
  if (!std::isfinite(alarm.threshold)) {
    return subject + "Threshold must be a finite number";
  }
  if (!is_valid_period(alarm.period)) {
    return subject + "Period " + format_double(seconds_of(alarm.period)) +
           " is not 1, 5, 10, 20, 30 or a multiple of 60 seconds";
  }
  if (alarm.evaluation_periods < 1) {
    return subject + "EvaluationPeriods must be at least 1";
  }
  const std::int32_t needed = needed_datapoints(alarm);
  if (needed < 1 || needed > alarm.evaluation_periods) {
    return subject + "DatapointsToAlarm " + std::to_string(needed) + " is outside 1.." +
           std::to_string(alarm.evaluation_periods) + " (EvaluationPeriods)";
  }
  const Duration longest = alarm.period < hours{1} ? Duration{days{1}} : Duration{days{7}};
  if (alarm.evaluation_periods > longest / alarm.period) {
    return subject + "Period times EvaluationPeriods is more than " +
           (alarm.period < hours{1} ? "one day (the limit for a Period under one hour)"
                                    : "seven days");
  }
  return {};
}

}  // namespace tidegate::alarms
