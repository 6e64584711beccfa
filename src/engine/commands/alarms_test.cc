// Alarms made and changed by calls: what is kept of one, what is written, and how many there may
// be.
#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using alarms::AlarmName;
using alarms::StateValue;
using std::chrono::milliseconds;
using std::chrono::seconds;

const AlarmName kBusy{"busy"};

alarms::Alarm busy(double threshold = 2) {
  alarms::Alarm alarm;
  alarm.name = kBusy;
  alarm.metric = metrics::make_metric_id("App", "Load", {});
  alarm.period = seconds{10};
  alarm.threshold = threshold;
  return alarm;
}

struct Alarmed : World {
  Alarmed() { REQUIRE(error(PutAlarm{busy()}) == "none"); }

  /// "none", or the error; what was answered is written.
  std::string error(const AlarmCommand& command) {
    const auto answer = execute(Command{command});
    CHECK(stored_form(model()) == store.contents());
    return answer ? "none" : answer.error().name + ": " + answer.error().message;
  }
  const alarms::Alarm& alarm() const { return model().alarms.at(kBusy); }
};

}  // namespace

TEST_CASE_FIXTURE(Alarmed, "PutAlarm: a new alarm has been in its state since now") {
  CHECK(alarm().state == StateValue::InsufficientData);
  CHECK(alarm().state_updated == clock.now());
  CHECK(alarm().state_transitioned == clock.now());
  CHECK(alarm().configuration_updated == clock.now());
  const Instant created = clock.now();
  clock.advance_to(created + seconds{3});
  REQUIRE(error(SetAlarmState{kBusy, StateValue::Ok, "quiet", R"({"by":"hand"})"}) == "none");
  REQUIRE(alarm().state_transitioned > created);
  const alarms::Alarm before = alarm();
  CHECK(before.state_reason == "quiet");
  clock.advance_to(clock.now() + seconds{1});
  REQUIRE(error(PutAlarm{busy(3)}) == "none");
  alarms::Alarm wanted = before;  // an update leaves its state alone
  wanted.threshold = 3;
  wanted.configuration_updated = clock.now();
  CHECK(alarm() == wanted);
}

TEST_CASE_FIXTURE(Alarmed, "PutAlarm: one made again after its deletion is looked at at once") {
  run_for(milliseconds{100});
  REQUIRE_FALSE(alarm().state_reason_data.empty());
  REQUIRE(error(DeleteAlarms{{kBusy}}) == "none");
  CHECK(model().alarms.empty());
  REQUIRE(error(PutAlarm{busy()}) == "none");
  REQUIRE(alarm().state_reason_data.empty());
  run_for(milliseconds{300});
  CHECK_FALSE(alarm().state_reason_data.empty());
}

TEST_CASE_FIXTURE(Alarmed, "SwitchAlarmActions: what is so already is not changed once more") {
  using To = SwitchAlarmActions::To;
  const Instant created = clock.now();
  clock.advance_to(created + seconds{2});
  const std::size_t told = model().alarm_history.size();
  REQUIRE(error(SwitchAlarmActions{{kBusy}, To::Enabled}) == "none");
  CHECK(alarm().configuration_updated == created);
  CHECK(model().alarm_history.size() == told);
  REQUIRE(error(SwitchAlarmActions{{AlarmName{"nobody"}, kBusy}, To::Disabled}) == "none");
  CHECK_FALSE(alarm().actions_enabled);
  CHECK(alarm().configuration_updated == clock.now());
  REQUIRE(model().alarm_history.size() == told + 1);
  CHECK(model().alarm_history.back().summary == "Alarm \"busy\" updated");
  CHECK(model().alarm_history.back().at == clock.now());
}

TEST_CASE_FIXTURE(Alarmed, "alarm commands: each of them is written, also its tags") {
  REQUIRE(error(TagAlarm{alarm().arn, {{"a", "b"}}, {}}) == "none");
  REQUIRE(error(PutAlarm{busy(5)}) == "none");
  CHECK(alarm().tags == std::map<std::string, std::string>{{"a", "b"}});
  const auto before = alarm();
  start();
  REQUIRE(recovered.has_value());
  CHECK(alarm() == before);
}

TEST_CASE_FIXTURE(Alarmed, "PutAlarm: five thousand alarms, and not one more") {
  const std::string made = store.contents().at("alarm/busy");
  const std::string name = "\"busy\"";
  REQUIRE(made.find(name) != std::string::npos);
  for (std::size_t i = 1; i + 1 < kMaxAlarms; ++i) {
    std::string another = made;
    another.replace(another.find(name), name.size(), "\"busy-" + std::to_string(i) + "\"");
    REQUIRE(store.append({{"alarm/busy-" + std::to_string(i), another}}, starts, store.revision())
                .has_value());
  }
  start();
  REQUIRE(model().alarms.size() == kMaxAlarms - 1);
  alarms::Alarm last = busy();
  last.name.value = "last";
  CHECK(execute(AlarmCommand{PutAlarm{last}}).has_value());
  last.name.value = "one more";
  const auto answer = execute(AlarmCommand{PutAlarm{last}});
  CHECK(refused(answer) == "LimitExceeded: there are 5000 alarms, as many as may be");
  CHECK(execute(AlarmCommand{PutAlarm{busy(9)}}).has_value());  // a change makes no more of them
  CHECK(model().alarms.size() == kMaxAlarms);
}

}  // namespace tidegate::engine
