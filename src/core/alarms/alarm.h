// Alarms: definition, state and the M-of-N evaluation with missing data (AUTOSCALING.md §2.9). Pure
// values and functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "base/time.h"
#include "core/metrics/distribution.h"
#include "core/metrics/metric.h"

namespace tidegate::alarms {

using AlarmName = Strong<struct AlarmNameTag>;

enum class StateValue { Ok, Alarm, InsufficientData };
std::string_view to_string(StateValue state);  // "OK", "ALARM", "INSUFFICIENT_DATA"
std::optional<StateValue> parse_state_value(std::string_view text);

enum class ComparisonOperator {
  GreaterThanOrEqualToThreshold,
  GreaterThanThreshold,
  LessThanThreshold,
  LessThanOrEqualToThreshold,
};
std::string_view to_string(ComparisonOperator comparison);
std::optional<ComparisonOperator> parse_comparison_operator(std::string_view text);

enum class TreatMissingData { Missing, Ignore, Breaching, NotBreaching };
std::string_view to_string(
    TreatMissingData treatment);  // "missing", "ignore", "breaching", "notBreaching"
std::optional<TreatMissingData> parse_treat_missing_data(std::string_view text);

/// Of a percentile alarm: what a period with too few samples for its percentile is.
enum class LowSampleCount { Evaluate, Ignore };
std::string_view to_string(LowSampleCount treatment);  // "evaluate", "ignore"
std::optional<LowSampleCount> parse_low_sample_count(std::string_view text);

struct Alarm {
  AlarmName name;
  std::string arn;
  std::string description;
  metrics::MetricId metric;
  metrics::Statistic statistic = metrics::Statistic::Average;
  std::string extended_statistic;  // "p99": this percentile, and not `statistic`; else empty
  LowSampleCount low_sample_count = LowSampleCount::Evaluate;
  std::string unit;  // empty: any unit
  Duration period = std::chrono::seconds{60};
  std::int32_t evaluation_periods = 1;
  std::optional<std::int32_t>
      datapoints_to_alarm;  // 1..evaluation_periods, which it is if not given
  double threshold = 0;
  ComparisonOperator comparison = ComparisonOperator::GreaterThanThreshold;
  TreatMissingData treat_missing_data = TreatMissingData::Missing;
  bool actions_enabled = true;
  std::vector<std::string> alarm_actions, ok_actions, insufficient_data_actions;  // ARNs
  std::string
      policy_arn;  // of the target-tracking policy that made this alarm; empty for the user's own
  std::map<std::string, std::string> tags;

  StateValue state = StateValue::InsufficientData;
  std::string state_reason = "Unchecked: Initial alarm creation";
  std::string state_reason_data;
  Instant configuration_updated;
  Instant state_updated;
  Instant state_transitioned;
  bool operator==(const Alarm&) const = default;
};

struct Evaluation {
  StateValue state = StateValue::InsufficientData;
  std::string reason;
  std::string reason_data;  // JSON, CloudWatch's version "1.0"
  bool operator==(const Evaluation&) const = default;
};

/// How many breaching periods of the newest EvaluationPeriods make it ALARM: M of "M out of N".
std::int32_t needed_datapoints(const Alarm& alarm);

/// What the alarm evaluates, as the metric store's reading has it.
metrics::AnyStatistic statistic_of(const Alarm& alarm);

/// The alarm's value of each period, for evaluate(). periods: oldest first. Absent: the newest
/// period with data has too few samples for the percentile, and the alarm ignores such: it keeps
/// its state.
std::optional<std::vector<std::optional<double>>> values_newest_first(
    const Alarm& alarm, std::span<const metrics::DistributionPoint> periods);

/// How many periods are fetched for `evaluation_periods`: N plus max(2 periods, 5 minutes) in whole
/// periods for periods of a minute and more (N = 3, 300 s gives 5, the documented case); N +
/// max(⌊N/3⌋, 2) for shorter ones.
std::int32_t evaluation_range(std::int32_t evaluation_periods, Duration period);

/// Evaluates `alarm` on its evaluation range. newest_first: one value per period, absent where no
/// data; its size is what the caller could fetch, usually evaluation_range(). newest_start: start
/// of the newest of these periods. Keeps alarm.state where the algorithm says "keep". A state that
/// does not change keeps its reason too, as CloudWatch's does (the first evaluation of a new alarm
/// gives it one): so a quiet alarm costs no text.
Evaluation evaluate(const Alarm& alarm,
                    std::span<const std::optional<double>> newest_first,
                    Instant newest_start,
                    Instant now);

/// value stands on the breaching side of the threshold.
bool breaches(ComparisonOperator comparison, double value, double threshold);

/// Empty when the definition holds (DatapointsToAlarm in range, Period 1, 5, 10, 20, 30 or n × 60
/// s, Period × N within a day below 1 h periods, else 7 days, threshold finite, a metric is named);
/// else the sentence that says what is wrong.
std::string validation_error(const Alarm& alarm);

}  // namespace tidegate::alarms
