#include <algorithm>

#include "edge/api/calls/pages.h"
#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/cloudwatch/metric_window.h"

namespace tidegate::api::cloudwatch {
namespace {

constexpr std::int64_t kAlarmsPerPage = 50;  // DescribeAlarms: MaxRecords, default

bool any_action_starts_with(const alarms::Alarm& alarm, const std::string& prefix) {
  const auto starts = [&](const std::string& action) { return action.starts_with(prefix); };
  return std::any_of(alarm.alarm_actions.begin(), alarm.alarm_actions.end(), starts) ||
         std::any_of(alarm.ok_actions.begin(), alarm.ok_actions.end(), starts) ||
         std::any_of(alarm.insufficient_data_actions.begin(),
                     alarm.insufficient_data_actions.end(),
                     starts);
}

bool wanted(const DescribeAlarmsInput& request, const alarms::Alarm& alarm) {
  const std::string& name = alarm.name.value;
  const auto& names = request.alarm_names;
  return (!names.has_value() || names->empty() ||
          std::find(names->begin(), names->end(), name) != names->end()) &&
         name.starts_with(request.alarm_name_prefix.value_or("")) &&
         request.state_value.value_or(std::string{to_string(alarm.state)}) ==
             to_string(alarm.state) &&
         (!request.action_prefix.has_value() ||
          any_action_starts_with(alarm, *request.action_prefix));
}

Result<DescribeAlarmsOutput> describe_alarms(const Context& context,
                                             const DescribeAlarmsInput& request) {
  if (request.alarm_names.has_value() && !request.alarm_names->empty() &&
      request.alarm_name_prefix.has_value()) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidParameterCombination",
                 "AlarmNamePrefix and AlarmNames must not both be given"};
  }
  const auto& types = request.alarm_types;
  const bool metric_alarms = !types.has_value() || types->empty() ||
                             std::find(types->begin(), types->end(), "MetricAlarm") != types->end();
  std::vector<MetricAlarm> all;
  for (const auto& [name, alarm] : context.model.alarms) {
    if (metric_alarms && wanted(request, alarm)) {
      all.push_back(alarm_answer(alarm));
    }
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const MetricAlarm& alarm) { return *alarm.alarm_name; },
                          request.next_token,
                          request.max_records.value_or(kAlarmsPerPage),
                          "InvalidNextToken"));
  DescribeAlarmsOutput answer;
  answer.composite_alarms.emplace();
  answer.metric_alarms = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

Result<DescribeAlarmsForMetricOutput> describe_alarms_for_metric(
    const Context& context, const DescribeAlarmsForMetricInput& request) {
  TG_ASSIGN_OR_RETURN(const auto metric,
                      metric_of(*request.namespace_, *request.metric_name, request.dimensions));
  DescribeAlarmsForMetricOutput answer;
  auto& found = answer.metric_alarms.emplace();
  for (const auto& [name, alarm] : context.model.alarms) {
    MetricAlarm candidate = alarm_answer(alarm);
    const auto agrees = [](const auto& asked, const auto& held) {
      return !asked.has_value() || asked == held;
    };
    if (alarm.metric == metric && agrees(request.period, candidate.period) &&
        agrees(request.statistic, candidate.statistic) &&
        agrees(request.extended_statistic, candidate.extended_statistic) &&
        agrees(request.unit, candidate.unit)) {
      found.push_back(std::move(candidate));
    }
  }
  return answer;
}

}  // namespace

MetricAlarm alarm_answer(const alarms::Alarm& alarm) {
  MetricAlarm answer;
  answer.alarm_name = alarm.name.value;
  answer.alarm_arn = alarm.arn;
  if (!alarm.description.empty()) {
    answer.alarm_description = alarm.description;
  }
  answer.alarm_configuration_updated_timestamp = alarm.configuration_updated;
  answer.actions_enabled = alarm.actions_enabled;
  answer.ok_actions = alarm.ok_actions;
  answer.alarm_actions = alarm.alarm_actions;
  answer.insufficient_data_actions = alarm.insufficient_data_actions;
  answer.state_value = std::string{to_string(alarm.state)};
  answer.state_reason = alarm.state_reason;
  if (!alarm.state_reason_data.empty()) {
    answer.state_reason_data = alarm.state_reason_data;
  }
  answer.state_updated_timestamp = alarm.state_updated;
  answer.state_transitioned_timestamp = alarm.state_transitioned;
  answer.metric_name = alarm.metric.name;
  answer.namespace_ = alarm.metric.metric_namespace;
  if (alarm.extended_statistic.empty()) {
    answer.statistic = std::string{to_string(alarm.statistic)};
  } else {
    answer.extended_statistic = alarm.extended_statistic;
    answer.evaluate_low_sample_count_percentile = std::string{to_string(alarm.low_sample_count)};
  }
  answer.dimensions = dimensions_of(alarm.metric);
  answer.period = std::chrono::duration_cast<std::chrono::seconds>(alarm.period).count();
  if (!alarm.unit.empty()) {
    answer.unit = alarm.unit;
  }
  answer.evaluation_periods = alarm.evaluation_periods;
  answer.datapoints_to_alarm = alarm.datapoints_to_alarm;
  answer.threshold = alarm.threshold;
  answer.comparison_operator = std::string{to_string(alarm.comparison)};
  answer.treat_missing_data = std::string{to_string(alarm.treat_missing_data)};
  return answer;
}

std::vector<Entry> alarm_reads() {
  return {
      reads<DescribeAlarmsOperation>({"AlarmNames",
                                      "AlarmNamePrefix",
                                      "AlarmTypes",
                                      "StateValue",
                                      "ActionPrefix",
                                      "MaxRecords",
                                      "NextToken"},
                                     &describe_alarms),
      reads<DescribeAlarmsForMetricOperation>({"MetricName",
                                               "Namespace",
                                               "Statistic",
                                               "ExtendedStatistic",
                                               "Dimensions",
                                               "Period",
                                               "Unit"},
                                              &describe_alarms_for_metric),
  };
}

}  // namespace tidegate::api::cloudwatch
