#include "core/alarms/history.h"

#include <algorithm>

#include "base/json.h"

namespace tidegate::alarms {
namespace {

Json state_json(const Alarm& alarm) {
  Json json =
      Json::object({{"stateValue", to_string(alarm.state)}, {"stateReason", alarm.state_reason}});
  if (const auto data = Json::parse(alarm.state_reason_data)) {
    json.set("stateReasonData", *data);
  }
  return json;
}

HistoryItem item_of(const Alarm& alarm, HistoryItemType type, std::string summary, Instant now) {
  HistoryItem item;
  item.alarm = alarm.name;
  item.at = now;
  item.type = type;
  item.summary = std::move(summary);
  return item;
}

}  // namespace

std::string_view to_string(HistoryItemType type) {
  switch (type) {
    case HistoryItemType::ConfigurationUpdate:
      return "ConfigurationUpdate";
    case HistoryItemType::StateUpdate:
      return "StateUpdate";
    case HistoryItemType::Action:
      return "Action";
  }
  return {};
}

HistoryItem state_update(const Alarm& before, const Alarm& after, Instant now) {
  HistoryItem item = item_of(after,
                             HistoryItemType::StateUpdate,
                             "Alarm updated from " + std::string{to_string(before.state)} + " to " +
                                 std::string{to_string(after.state)},
                             now);
  item.data =
      Json::object(
          {{"version", "1.0"}, {"oldState", state_json(before)}, {"newState", state_json(after)}})
          .dump();
  return item;
}

HistoryItem configuration_update(const Alarm& alarm, Configuration what, Instant now) {
  struct Words {
    const char* type;
    const char* summary;
  };
  const Words words = what == Configuration::Created   ? Words{"Create", "created"}
                      : what == Configuration::Updated ? Words{"Update", "updated"}
                                                       : Words{"Delete", "deleted"};
  HistoryItem item = item_of(alarm,
                             HistoryItemType::ConfigurationUpdate,
                             "Alarm \"" + alarm.name.value + "\" " + words.summary,
                             now);
  item.data = Json::object({{"version", "1.0"}, {"type", words.type}}).dump();
  return item;
}

HistoryItem action_taken(const Alarm& alarm, const std::string& action, Instant now) {
  HistoryItem item =
      item_of(alarm, HistoryItemType::Action, "Successfully executed action " + action, now);
  item.data = Json::object({{"version", "1.0"},
                            {"actionState", "Succeeded"},
                            {"stateUpdateTimestamp", now.time_since_epoch().count() / 1000},
                            {"notificationResource", action}})
                  .dump();
  return item;
}

std::deque<std::uint64_t> outdated(const std::deque<HistoryItem>& history,
                                   const AlarmName& alarm,
                                   Instant now) {
  std::size_t all = history.size();
  auto own = static_cast<std::size_t>(std::count_if(
      history.begin(), history.end(), [&](const auto& item) { return item.alarm == alarm; }));
  std::deque<std::uint64_t> gone;
  for (const HistoryItem& item : history) {
    const bool of_it = item.alarm == alarm;
    if (now - item.at > kHistoryKept || all >= kMaxHistory ||
        (of_it && own >= kMaxHistoryOfAlarm)) {
      gone.push_back(item.sequence);
      --all;
      own -= of_it ? 1 : 0;
    }
  }
  return gone;
}

}  // namespace tidegate::alarms
