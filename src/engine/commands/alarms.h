// Commands about alarms: what CloudWatch's API changes. Part of commands.h, which edge includes.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/alarms/alarm.h"

namespace tidegate::engine {

/// Creates the alarm, or replaces what an alarm of that name is, all but its state and its tags.
struct PutAlarm {
  alarms::Alarm alarm;  // as asked for: without ARN, state and times
};
/// All of them or, when one is not there, none.
struct DeleteAlarms {
  std::vector<alarms::AlarmName> names;
};
/// Until the next evaluation says otherwise. Actions are taken as for any transition.
struct SetAlarmState {
  alarms::AlarmName name;
  alarms::StateValue state = alarms::StateValue::Ok;
  std::string reason;
  std::string reason_data;  // JSON, or empty
};
struct SwitchAlarmActions {
  enum class To { Enabled, Disabled };
  std::vector<alarms::AlarmName> names;  // unknown ones are passed over
  To to = To::Enabled;
};
struct TagAlarm {
  std::string arn;
  std::map<std::string, std::string> set;
  std::vector<std::string> remove;
};
/// Errors: InvalidParameterValue, LimitExceeded, ResourceNotFound, ResourceNotFoundException.
using AlarmCommand =
    std::variant<PutAlarm, DeleteAlarms, SetAlarmState, SwitchAlarmActions, TagAlarm>;

inline constexpr std::size_t kMaxAlarms = 5000;   // CloudWatch's quota per region
inline constexpr std::size_t kMaxAlarmTags = 50;  // CloudWatch's, per alarm

}  // namespace tidegate::engine
