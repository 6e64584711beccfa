// What happened to alarms, as DescribeAlarmHistory tells it. Values; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/alarms/alarm.h"

namespace tidegate::alarms {

enum class HistoryItemType { ConfigurationUpdate, StateUpdate, Action };
std::string_view to_string(HistoryItemType type);

struct HistoryItem {
  std::uint64_t sequence = 0;  // from 1, ascending over all alarms of this home
  AlarmName alarm;
  Instant at;
  HistoryItemType type = HistoryItemType::ConfigurationUpdate;
  std::string summary;  // "Alarm updated from OK to ALARM"
  std::string data;     // JSON, CloudWatch's version "1.0"
  bool operator==(const HistoryItem&) const = default;
};

inline constexpr Duration kHistoryKept = std::chrono::hours{24 * 30};  // CloudWatch: 30 days
inline constexpr std::size_t kMaxHistoryOfAlarm = 100;  // ours: a flapping alarm fills no disk
inline constexpr std::size_t kMaxHistory = 1000;        // ours, of all alarms

/// The item of a transition: `before` as it was, `after` as it is now.
HistoryItem state_update(const Alarm& before, const Alarm& after, Instant now);
enum class Configuration { Created, Updated, Deleted };
HistoryItem configuration_update(const Alarm& alarm, Configuration what, Instant now);
HistoryItem action_taken(const Alarm& alarm, const std::string& action, Instant now);

/// What has to go before another item of `alarm` comes at `now`: too old, or beyond the limits.
/// history: oldest first.
std::deque<std::uint64_t> outdated(const std::deque<HistoryItem>& history,
                                   const AlarmName& alarm,
                                   Instant now);

}  // namespace tidegate::alarms
