// Commands on alarms: what CloudWatch's API changes.
#include "engine/commands/alarms.h"

#include "core/alarms/history.h"
#include "engine/commands/execution.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

Error invalid(std::string message) {
  return Error{ErrorCode::InvalidArgument, "InvalidParameterValue", std::move(message)};
}

/// An alarm of a target tracking policy is the policy's own.
Status check_own(const alarms::Alarm& alarm) {
  if (alarm.policy_arn.empty()) {
    return Ok{};
  }
  return invalid("alarm '" + alarm.name.value + "' belongs to the target tracking policy " +
                 alarm.policy_arn + ": change the policy instead");
}

/// Nothing is stored and inert: an action without anybody behind it would tell nobody.
Status check_actions(const Model& model, const alarms::Alarm& alarm) {
  for (const auto* actions :
       {&alarm.alarm_actions, &alarm.ok_actions, &alarm.insufficient_data_actions}) {
    for (const std::string& action : *actions) {
      if (!find_receiver(model, action).has_value()) {
        return invalid("the action '" + action +
                       "' is nobody here; what works: arn:aws:sns:<region>:<account>:<name>, a "
                       "receiver with Exec in some stack's Metadata.Tidegate.Receivers");
      }
    }
  }
  return Ok{};
}

struct ExecuteAlarm {
  EngineState& state;
  Instant now;

  std::map<alarms::AlarmName, alarms::Alarm>& all() const { return state.model.alarms; }

  Status operator()(const PutAlarm& command) const {
    alarms::Alarm alarm = command.alarm;
    if (const std::string wrong = alarms::validation_error(alarm); !wrong.empty()) {
      return invalid(wrong);
    }
    TG_RETURN_IF_ERROR(check_actions(state.model, alarm));
    const auto old = all().find(alarm.name);
    const bool exists = old != all().end();
    if (exists) {
      TG_RETURN_IF_ERROR(check_own(old->second));
    } else if (all().size() >= kMaxAlarms) {
      return Error{ErrorCode::ResourceExhausted,
                   "LimitExceeded",
                   "there are " + std::to_string(all().size()) + " alarms, as many as may be"};
    }
    if (exists) {
      keep(alarm, old->second);
    } else {
      alarm.arn = "arn:aws:cloudwatch:" + state.settings.region + ":" + state.settings.account_id +
                  ":alarm:" + alarm.name.value;
      alarm.state_updated = alarm.state_transitioned = now;
    }
    alarm.configuration_updated = now;
    changed(alarm, exists ? alarms::Configuration::Updated : alarms::Configuration::Created);
    all().insert_or_assign(alarm.name, std::move(alarm));
    return Ok{};
  }

  /// "When you update an existing alarm, its state is left unchanged" (PutMetricAlarm); tags too.
  static void keep(alarms::Alarm& alarm, const alarms::Alarm& old) {
    alarm.arn = old.arn;
    alarm.tags = old.tags;
    alarm.state = old.state;
    alarm.state_reason = old.state_reason;
    alarm.state_reason_data = old.state_reason_data;
    alarm.state_updated = old.state_updated;
    alarm.state_transitioned = old.state_transitioned;
  }

  Status operator()(const DeleteAlarms& command) const {
    for (const alarms::AlarmName& name : command.names) {
      TG_ASSIGN_OR_RETURN(const alarms::Alarm* alarm, find(name));
      TG_RETURN_IF_ERROR(check_own(*alarm));
    }
    for (const alarms::AlarmName& name : command.names) {
      const auto found = all().find(name);
      if (found == all().end()) {
        continue;  // named twice
      }
      changed(found->second, alarms::Configuration::Deleted);
      state.next_evaluation.erase(name);
      all().erase(found);
    }
    return Ok{};
  }

  Status operator()(const SetAlarmState& command) const {
    TG_ASSIGN_OR_RETURN(alarms::Alarm * alarm, find(command.name));
    apply_evaluation(state, *alarm, {command.state, command.reason, command.reason_data}, now);
    return Ok{};
  }

  Status operator()(const SwitchAlarmActions& command) const {
    const bool enabled = command.to == SwitchAlarmActions::To::Enabled;
    for (const alarms::AlarmName& name : command.names) {
      const auto found = all().find(name);
      if (found != all().end() && found->second.actions_enabled != enabled) {
        found->second.actions_enabled = enabled;
        found->second.configuration_updated = now;
        changed(found->second, alarms::Configuration::Updated);
      }
    }
    return Ok{};
  }

  Status operator()(const TagAlarm& command) const {
    for (auto& [name, alarm] : all()) {
      if (alarm.arn == command.arn) {
        return tag(alarm, command);
      }
    }
    return Error{ErrorCode::NotFound,
                 "ResourceNotFoundException",
                 "there is no alarm " + command.arn + " to tag"};
  }

  Status tag(alarms::Alarm& alarm, const TagAlarm& command) const {
    auto tags = alarm.tags;
    for (const auto& [key, value] : command.set) {
      tags.insert_or_assign(key, value);
    }
    for (const std::string& key : command.remove) {
      tags.erase(key);
    }
    if (tags.size() > kMaxAlarmTags) {
      return invalid("alarm '" + alarm.name.value + "' would have " + std::to_string(tags.size()) +
                     " tags; at most " + std::to_string(kMaxAlarmTags) + " are allowed");
    }
    alarm.tags = std::move(tags);
    state.journal.touch(EntityKind::Alarm, alarm.name.value);
    return Ok{};
  }

  Result<alarms::Alarm*> find(const alarms::AlarmName& name) const {
    const auto found = all().find(name);
    if (found == all().end()) {
      return Error{
          ErrorCode::NotFound, "ResourceNotFound", "there is no alarm '" + name.value + "'"};
    }
    return &found->second;
  }

  void changed(const alarms::Alarm& alarm, alarms::Configuration how) const {
    state.journal.touch(EntityKind::Alarm, alarm.name.value);
    remember(state, alarms::configuration_update(alarm, how, now));
  }
};

}  // namespace

Result<Answer> run(const Execution& on, const AlarmCommand& command) {
  TG_RETURN_IF_ERROR(std::visit(ExecuteAlarm{on.state, on.now}, command));
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
