// The descriptions (fields.h) of alarms and what belongs to them. Only codec.cc includes this.
#pragma once

#include "core/alarms/alarm.h"
#include "core/alarms/history.h"
#include "engine/journal/stack_fields.h"

namespace tidegate::engine {

template <typename Visitor, Describes<metrics::Dimension> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Value", x.value);
}
template <typename Visitor, Describes<metrics::MetricId> T>
void describe(Visitor& v, T& x) {
  v("Namespace", x.metric_namespace), v("Name", x.name), v("Dimensions", x.dimensions);
}
template <typename Visitor, Describes<alarms::Alarm> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Arn", x.arn), v("Description", x.description), v("Metric", x.metric);
  v("Statistic", x.statistic), v("Unit", x.unit), v("Period", x.period),
      v("EvaluationPeriods", x.evaluation_periods);
  v("DatapointsToAlarm", x.datapoints_to_alarm), v("Threshold", x.threshold),
      v("Comparison", x.comparison);
  v("TreatMissingData", x.treat_missing_data), v("ActionsEnabled", x.actions_enabled);
  v("AlarmActions", x.alarm_actions), v("OkActions", x.ok_actions);
  v("InsufficientDataActions", x.insufficient_data_actions), v("PolicyArn", x.policy_arn),
      v("State", x.state);
  v("StateReason", x.state_reason), v("StateReasonData", x.state_reason_data);
  v("ConfigurationUpdated", x.configuration_updated), v("StateUpdated", x.state_updated);
  v("StateTransitioned", x.state_transitioned), v("Tags", x.tags);
  v("ExtendedStatistic", x.extended_statistic), v("LowSampleCount", x.low_sample_count);
}
template <typename Visitor, Describes<alarms::HistoryItem> T>
void describe(Visitor& v, T& x) {
  v("Sequence", x.sequence), v("Alarm", x.alarm), v("At", x.at), v("Type", x.type);
  v("Summary", x.summary), v("Data", x.data);
}

}  // namespace tidegate::engine
