#include "core/alarms/history.h"

#include <doctest/doctest.h>

#include "base/json.h"

namespace tidegate::alarms {
namespace {

using std::chrono::seconds;

const Instant kNow = parse_iso8601("2026-01-03T12:00:00Z").value();

std::deque<HistoryItem> items(std::size_t count, const char* alarm, Instant at) {
  std::deque<HistoryItem> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({i + 1, AlarmName{alarm}, at, HistoryItemType::StateUpdate, "", ""});
  }
  return all;
}

}  // namespace

TEST_CASE("state_update: both states with their reasons, as JSON") {
  Alarm before;
  before.name = AlarmName{"a"};
  before.state = StateValue::Ok;
  before.state_reason = "it was fine";
  Alarm after = before;
  after.state = StateValue::Alarm;
  after.state_reason = "it is not";
  after.state_reason_data = R"({"version":"1.0"})";
  const HistoryItem item = state_update(before, after, kNow);
  CHECK(item.summary == "Alarm updated from OK to ALARM");
  CHECK(item.at == kNow);
  CHECK(to_string(item.type) == "StateUpdate");
  CHECK(item.data ==
        R"({"version":"1.0","oldState":{"stateValue":"OK","stateReason":"it was fine"},)"
        R"("newState":{"stateValue":"ALARM","stateReason":"it is not",)"
        R"("stateReasonData":{"version":"1.0"}}})");
}

TEST_CASE("configuration_update and action_taken: what was done") {
  Alarm alarm;
  alarm.name = AlarmName{"a"};
  const auto summary = [&](Configuration what) {
    return configuration_update(alarm, what, kNow).summary;
  };
  CHECK(summary(Configuration::Created) == "Alarm \"a\" created");
  CHECK(summary(Configuration::Updated) == "Alarm \"a\" updated");
  CHECK(summary(Configuration::Deleted) == "Alarm \"a\" deleted");
  CHECK(configuration_update(alarm, Configuration::Deleted, kNow).data ==
        R"({"version":"1.0","type":"Delete"})");
  const HistoryItem action = action_taken(alarm, "arn:x", kNow);
  CHECK(action.summary == "Successfully executed action arn:x");
  CHECK(to_string(action.type) == "Action");
  CHECK((*Json::parse(action.data))["notificationResource"].string_or("") == "arn:x");
  CHECK(to_string(HistoryItemType::ConfigurationUpdate) == "ConfigurationUpdate");
}

TEST_CASE("outdated: what is thirty days old goes, and not a moment earlier") {
  CHECK(outdated(items(3, "a", kNow - kHistoryKept), AlarmName{"a"}, kNow).empty());
  CHECK(outdated(items(3, "a", kNow - kHistoryKept - Duration{1}), AlarmName{"b"}, kNow) ==
        std::deque<std::uint64_t>{1, 2, 3});
}

TEST_CASE("outdated: the oldest of an alarm make room for its newest, others stay") {
  CHECK(outdated(items(kMaxHistoryOfAlarm - 1, "a", kNow), AlarmName{"a"}, kNow).empty());
  CHECK(outdated(items(kMaxHistoryOfAlarm, "a", kNow), AlarmName{"a"}, kNow) ==
        std::deque<std::uint64_t>{1});
  CHECK(outdated(items(kMaxHistoryOfAlarm, "a", kNow), AlarmName{"b"}, kNow).empty());
  CHECK(outdated(items(kMaxHistory - 1, "a", kNow), AlarmName{"b"}, kNow).empty());
  CHECK(outdated(items(kMaxHistory, "a", kNow), AlarmName{"b"}, kNow) ==
        std::deque<std::uint64_t>{1});
}

}  // namespace tidegate::alarms
