// What changes alarms: PutMetricAlarm, DeleteAlarms, SetAlarmState, Enable- and
// DisableAlarmActions, and their tags.
#include <algorithm>

#include "base/json.h"
#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/cloudwatch/metric_window.h"

namespace tidegate::api::cloudwatch {
namespace {

using alarms::AlarmName;

std::vector<AlarmName> names_of(const std::vector<std::string>& given) {
  std::vector<AlarmName> names;
  std::transform(given.begin(), given.end(), std::back_inserter(names), [](const auto& name) {
    return AlarmName{name};
  });
  return names;
}

std::map<std::string, std::string> tags_of(const std::vector<Tag>& given) {
  std::map<std::string, std::string> tags;
  for (const Tag& tag : given) {
    tags.insert_or_assign(*tag.key, *tag.value);
  }
  return tags;
}

/// What tags hang on here: arn:aws:cloudwatch:<region>:<account>:alarm:<name>, there or not.
Status check_arn(const std::string& arn) {
  if (arn.starts_with("arn:aws:cloudwatch:") && arn.find(":alarm:") != std::string::npos) {
    return Ok{};
  }
  return invalid_value("The value '" + arn.substr(0, 256) +
                       "' for parameter ResourceARN is invalid: what works is an alarm's, "
                       "arn:aws:cloudwatch:<region>:<account>:alarm:<name>.");
}

Status check_given(const PutMetricAlarmInput& request) {
  struct Needed {
    const char* name;
    bool given;
  };
  for (const Needed& needed :
       {Needed{"MetricName", request.metric_name.has_value()},
        Needed{"Namespace", request.namespace_.has_value()},
        Needed{"Period", request.period.has_value()},
        Needed{"EvaluationPeriods", request.evaluation_periods.has_value()},
        Needed{"Threshold", request.threshold.has_value()},
        Needed{"ComparisonOperator", request.comparison_operator.has_value()}}) {
    if (!needed.given) {
      return missing(std::string{"The parameter "} + needed.name + " is required.");
    }
  }
  if (request.statistic.has_value() == request.extended_statistic.has_value()) {
    return bad_combination("Exactly one of Statistic and ExtendedStatistic must be given.");
  }
  if (request.evaluate_low_sample_count_percentile.has_value() &&
      !request.extended_statistic.has_value()) {
    return bad_combination("EvaluateLowSampleCountPercentile needs an ExtendedStatistic.");
  }
  return Ok{};
}

/// The words of an enumeration that the model has as plain text.
Status read_words(const PutMetricAlarmInput& request, alarms::Alarm& alarm) {
  if (request.treat_missing_data.has_value()) {
    const auto treatment = alarms::parse_treat_missing_data(*request.treat_missing_data);
    if (!treatment.has_value()) {
      return invalid_value("The value '" + *request.treat_missing_data +
                           "' for parameter TreatMissingData is invalid: it must be breaching, "
                           "notBreaching, ignore or missing.");
    }
    alarm.treat_missing_data = *treatment;
  }
  if (const auto& given = request.evaluate_low_sample_count_percentile) {
    const auto treatment = alarms::parse_low_sample_count(*given);
    if (!treatment.has_value()) {
      return invalid_value("The value '" + *given +
                           "' for parameter EvaluateLowSampleCountPercentile is invalid: it must "
                           "be evaluate or ignore.");
    }
    alarm.low_sample_count = *treatment;
  }
  const auto comparison = alarms::parse_comparison_operator(*request.comparison_operator);
  if (!comparison.has_value()) {
    return invalid_value("The value '" + *request.comparison_operator +
                         "' for parameter ComparisonOperator is not built: anomaly detection "
                         "bands; what works: the four that compare with a Threshold.");
  }
  alarm.comparison = *comparison;
  return Ok{};
}

Result<Write<PutMetricAlarmOperation>> put_metric_alarm(const Context& /*context*/,
                                                        const PutMetricAlarmInput& request) {
  TG_RETURN_IF_ERROR(check_given(request));
  alarms::Alarm alarm;
  TG_RETURN_IF_ERROR(read_words(request, alarm));
  TG_ASSIGN_OR_RETURN(alarm.metric,
                      metric_of(*request.namespace_, *request.metric_name, request.dimensions));
  alarm.name = AlarmName{*request.alarm_name};
  alarm.description = request.alarm_description.value_or("");
  alarm.extended_statistic = request.extended_statistic.value_or("");
  alarm.statistic = metrics::parse_statistic(request.statistic.value_or("Average"))
                        .value_or(metrics::Statistic::Average);
  alarm.unit = request.unit.value_or("");
  if (const std::string wrong = period_error(*request.period); !wrong.empty()) {
    return invalid_value(wrong);
  }
  constexpr std::int64_t kMostPeriods =
      86'400;  // a day of seconds: what the engine can check itself
  const std::int64_t periods = *request.evaluation_periods;
  const std::int64_t datapoints = request.datapoints_to_alarm.value_or(periods);
  if (periods > kMostPeriods || datapoints > periods) {
    return invalid_value(
        "EvaluationPeriods must be at most 86400 and DatapointsToAlarm at most "
        "EvaluationPeriods.");
  }
  alarm.period = std::chrono::seconds{*request.period};
  alarm.evaluation_periods = static_cast<std::int32_t>(periods);
  if (request.datapoints_to_alarm) {
    alarm.datapoints_to_alarm = static_cast<std::int32_t>(datapoints);
  }
  alarm.threshold = *request.threshold;
  alarm.actions_enabled = request.actions_enabled.value_or(true);
  alarm.alarm_actions = request.alarm_actions.value_or(std::vector<std::string>{});
  alarm.ok_actions = request.ok_actions.value_or(std::vector<std::string>{});
  alarm.insufficient_data_actions =
      request.insufficient_data_actions.value_or(std::vector<std::string>{});
  alarm.tags = tags_of(request.tags.value_or(std::vector<Tag>{}));
  return write_without_answer<PutMetricAlarmOperation>(
      engine::AlarmCommand{engine::PutAlarm{std::move(alarm)}});
}

Result<Write<DeleteAlarmsOperation>> delete_alarms(const Context& /*context*/,
                                                   const DeleteAlarmsInput& request) {
  return write_without_answer<DeleteAlarmsOperation>(
      engine::AlarmCommand{engine::DeleteAlarms{names_of(*request.alarm_names)}});
}

Result<Write<SetAlarmStateOperation>> set_alarm_state(const Context& /*context*/,
                                                      const SetAlarmStateInput& request) {
  const std::string data = request.state_reason_data.value_or("");
  if (!data.empty() && !Json::parse(data).has_value()) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidFormat",
                 "The parameter StateReasonData must be a JSON string."};
  }
  return write_without_answer<SetAlarmStateOperation>(
      engine::AlarmCommand{engine::SetAlarmState{AlarmName{*request.alarm_name},
                                                 *alarms::parse_state_value(*request.state_value),
                                                 *request.state_reason,
                                                 data}});
}

template <typename Op>
Write<Op> switch_actions(const std::vector<std::string>& names, engine::SwitchAlarmActions::To to) {
  return write_without_answer<Op>(
      engine::AlarmCommand{engine::SwitchAlarmActions{names_of(names), to}});
}

Result<Write<EnableAlarmActionsOperation>> enable_actions(const Context& /*context*/,
                                                          const EnableAlarmActionsInput& request) {
  return switch_actions<EnableAlarmActionsOperation>(*request.alarm_names,
                                                     engine::SwitchAlarmActions::To::Enabled);
}

Result<Write<DisableAlarmActionsOperation>> disable_actions(
    const Context& /*context*/, const DisableAlarmActionsInput& request) {
  return switch_actions<DisableAlarmActionsOperation>(*request.alarm_names,
                                                      engine::SwitchAlarmActions::To::Disabled);
}

Result<Write<TagResourceOperation>> tag_resource(const Context& /*context*/,
                                                 const TagResourceInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.resource_arn));
  return write_without_answer<TagResourceOperation>(
      engine::AlarmCommand{engine::TagAlarm{*request.resource_arn, tags_of(*request.tags), {}}});
}

Result<Write<UntagResourceOperation>> untag_resource(const Context& /*context*/,
                                                     const UntagResourceInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.resource_arn));
  return write_without_answer<UntagResourceOperation>(
      engine::AlarmCommand{engine::TagAlarm{*request.resource_arn, {}, *request.tag_keys}});
}

Result<ListTagsForResourceOutput> list_tags(const Context& context,
                                            const ListTagsForResourceInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.resource_arn));
  for (const auto& [name, alarm] : context.model.alarms) {
    if (alarm.arn != *request.resource_arn) {
      continue;
    }
    ListTagsForResourceOutput answer;
    auto& tags = answer.tags.emplace();
    for (const auto& [key, value] : alarm.tags) {
      Tag& tag = tags.emplace_back();
      tag.key = key;
      tag.value = value;
    }
    return answer;
  }
  return Error{ErrorCode::NotFound,
               "ResourceNotFoundException",
               "there is no alarm " + *request.resource_arn};
}

}  // namespace

std::vector<Entry> alarm_changes() {
  return {
      writes<PutMetricAlarmOperation>({"AlarmName",
                                       "AlarmDescription",
                                       "ActionsEnabled",
                                       "OKActions",
                                       "AlarmActions",
                                       "InsufficientDataActions",
                                       "MetricName",
                                       "Namespace",
                                       "Statistic",
                                       "ExtendedStatistic",
                                       "Dimensions",
                                       "Period",
                                       "Unit",
                                       "EvaluationPeriods",
                                       "DatapointsToAlarm",
                                       "Threshold",
                                       "ComparisonOperator",
                                       "TreatMissingData",
                                       "EvaluateLowSampleCountPercentile",
                                       "Tags"},
                                      &put_metric_alarm),
      writes<DeleteAlarmsOperation>({"AlarmNames"}, &delete_alarms),
      writes<SetAlarmStateOperation>({"AlarmName", "StateValue", "StateReason", "StateReasonData"},
                                     &set_alarm_state),
      writes<EnableAlarmActionsOperation>({"AlarmNames"}, &enable_actions),
      writes<DisableAlarmActionsOperation>({"AlarmNames"}, &disable_actions),
      writes<TagResourceOperation>({"ResourceARN", "Tags"}, &tag_resource),
      writes<UntagResourceOperation>({"ResourceARN", "TagKeys"}, &untag_resource),
      reads<ListTagsForResourceOperation>({"ResourceARN"}, &list_tags),
  };
}

}  // namespace tidegate::api::cloudwatch
