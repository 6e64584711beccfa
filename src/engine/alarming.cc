// Alarms: evaluation of the user's own over the metric store, transitions of all, and who is told.
#include <algorithm>

#include "core/alarms/history.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

/// CONTRACT "Timing": user alarms are evaluated each second, in aws timing each minute.
Duration evaluation_interval(const Model& model, const alarms::AlarmName& name) {
  const auto timing = timing_of_resource(model, "AWS::CloudWatch::Alarm", name.value);
  return timing == scaling::TimingProfile::Aws ? Duration{std::chrono::seconds{60}}
                                               : Duration{std::chrono::seconds{1}};
}

const std::vector<std::string>& actions_of(const alarms::Alarm& alarm, alarms::StateValue state) {
  switch (state) {
    case alarms::StateValue::Ok:
      return alarm.ok_actions;
    case alarms::StateValue::Alarm:
      return alarm.alarm_actions;
    case alarms::StateValue::InsufficientData:
      return alarm.insufficient_data_actions;
  }
  return alarm.alarm_actions;
}

Json message_of(const EngineState& state,
                const alarms::Alarm& alarm,
                alarms::StateValue old_state,
                Instant now) {
  Json dimensions = Json::array();
  for (const auto& dimension : alarm.metric.dimensions) {
    dimensions.push(Json::object({{"name", dimension.name}, {"value", dimension.value}}));
  }
  Json trigger =
      Json::object({{"MetricName", alarm.metric.name},
                    {"Namespace", alarm.metric.metric_namespace},
                    {"Statistic",
                     alarm.extended_statistic.empty() ? std::string{to_string(alarm.statistic)}
                                                      : alarm.extended_statistic},
                    {"Dimensions", std::move(dimensions)},
                    {"Period", std::int64_t{alarm.period.count() / 1000000}},
                    {"EvaluationPeriods", alarm.evaluation_periods},
                    {"DatapointsToAlarm", alarms::needed_datapoints(alarm)},
                    {"ComparisonOperator", std::string{to_string(alarm.comparison)}},
                    {"Threshold", alarm.threshold},
                    {"TreatMissingData", std::string{to_string(alarm.treat_missing_data)}}});
  return Json::object({{"AlarmName", alarm.name.value},
                       {"AlarmDescription", alarm.description},
                       {"AlarmArn", alarm.arn},
                       {"AWSAccountId", state.settings.account_id},
                       {"Region", state.settings.region},
                       {"NewStateValue", std::string{to_string(alarm.state)}},
                       {"OldStateValue", std::string{to_string(old_state)}},
                       {"NewStateReason", alarm.state_reason},
                       {"StateChangeTime", format_iso8601_millis(now)},
                       {"Trigger", std::move(trigger)}});
}

void notify(EngineState& state,
            const alarms::Alarm& alarm,
            alarms::StateValue old_state,
            Instant now) {
  if (!alarm.actions_enabled) {
    return;
  }
  for (const std::string& action : actions_of(alarm, alarm.state)) {
    const auto receiver = find_receiver(state.model, action);
    if (!receiver) {
      continue;
    }
    const std::string id = state.ids.uuid();
    const std::string subject = std::string{to_string(alarm.state)} + ": \"" + alarm.name.value +
                                "\" in " + state.settings.region;
    state.notifications.insert_or_assign(
        id,
        ports::Notification{
            id, *receiver, subject, message_of(state, alarm, old_state, now).dump()});
    state.journal.touch(EntityKind::Notification, id);
    remember(state, alarms::action_taken(alarm, action, now));
  }
}

/// Whole seconds and, in aws timing, whole minutes: an alarm's window ends with the newest complete
/// period. Absent: the alarm keeps its state.
std::optional<std::vector<std::optional<double>>> read_newest_first(const EngineState& state,
                                                                    const alarms::Alarm& alarm,
                                                                    Instant end) {
  const auto range = alarms::evaluation_range(alarm.evaluation_periods, alarm.period);
  const Instant begin = end - range * alarm.period;
  const auto& store = state.ports.metrics;
  if (!alarm.extended_statistic.empty()) {
    return alarms::values_newest_first(
        alarm, store.read_distributions(alarm.metric, begin, end, alarm.period));
  }
  const auto points = store.read(alarm.metric, begin, end, alarm.period);
  std::vector<std::optional<double>> values;
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    values.push_back(value_of(point->values, alarm.statistic));
  }
  return values;
}

}  // namespace

std::optional<ports::Receiver> find_receiver(const Model& model, const std::string& action) {
  if (!action.starts_with("arn:aws:sns:")) {
    return std::nullopt;
  }
  const auto name = action.substr(action.rfind(':') + 1);
  for (const auto& [stack_name, stack] : model.stacks) {
    const auto found = stack.metadata.receivers.find(name);
    if (found != stack.metadata.receivers.end()) {
      return ports::Receiver{name, found->second.command};
    }
  }
  return std::nullopt;
}

void remember(EngineState& state, alarms::HistoryItem item) {
  auto& history = state.model.alarm_history;
  for (const std::uint64_t sequence : alarms::outdated(history, item.alarm, item.at)) {
    state.journal.touch(EntityKind::AlarmHistory, std::to_string(sequence));
    std::erase_if(history, [&](const auto& old) { return old.sequence == sequence; });
  }
  item.sequence = history.empty() ? 1 : history.back().sequence + 1;
  state.journal.touch(EntityKind::AlarmHistory, std::to_string(item.sequence));
  history.push_back(std::move(item));
}

void apply_evaluation(EngineState& state,
                      alarms::Alarm& alarm,
                      const alarms::Evaluation& evaluation,
                      Instant now) {
  if (evaluation.state == alarm.state) {
    if (alarm.state_reason_data.empty()) {  // the first evaluation of a new alarm: no transition
      alarm.state_reason = evaluation.reason;
      alarm.state_reason_data = evaluation.reason_data;
      state.view_stale = true;
    }
    return;
  }
  const alarms::Alarm before = alarm;
  alarm.state = evaluation.state;
  alarm.state_reason = evaluation.reason;
  alarm.state_reason_data = evaluation.reason_data;
  alarm.state_updated = now;
  alarm.state_transitioned = now;
  state.journal.touch(EntityKind::Alarm, alarm.name.value);
  state.view_stale = true;
  if (state.settings.purpose == Purpose::Serve) {
    remember(state, alarms::state_update(before, alarm, now));
  }
  notify(state, alarm, before.state, now);
}

void evaluate_alarms(EngineState& state, Instant now) {
  if (state.settings.purpose == Purpose::Estimate) {
    return;
  }
  for (auto& [name, alarm] : state.model.alarms) {
    if (!alarm.policy_arn.empty()) {
      continue;  // a view of a policy: scaling.cc evaluates it on the policy's own samples
    }
    Instant& due = state.next_evaluation[name];
    if (now < due) {
      continue;
    }
    const Duration interval = evaluation_interval(state.model, name);
    due = now + interval;
    const Instant end{now.time_since_epoch() / interval * interval};
    if (const auto values = read_newest_first(state, alarm, end)) {
      apply_evaluation(
          state, alarm, alarms::evaluate(alarm, *values, end - alarm.period, now), now);
    }
  }
}

}  // namespace tidegate::engine
