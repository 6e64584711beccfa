// Alarms that CloudWatch's API makes and changes.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using alarms::AlarmName;
using alarms::StateValue;
using std::chrono::seconds;

const AlarmName kSlow{"slow"};
const std::string kArn = "arn:aws:cloudwatch:eu-west-2:000000000000:alarm:slow";

alarms::Alarm slow() {
  alarms::Alarm alarm;
  alarm.name = kSlow;
  alarm.metric = metrics::make_metric_id("App", "Latency", {{"Room", "7"}});
  alarm.extended_statistic = "p90";
  alarm.period = seconds{10};
  alarm.threshold = 2;
  alarm.alarm_actions = {"arn:aws:sns:eu-west-2:000000000000:on-call"};
  alarm.tags = {{"team", "rooms"}};
  return alarm;
}

std::string error_of(World& world, const AlarmCommand& command) {
  const auto answer = world.execute(command);
  return answer.has_value() ? "" : answer.error().name;
}

void put_latency(World& world, double value, int count) {
  for (int i = 0; i < count; ++i) {
    const metrics::MetricSample sample{
        slow().metric, world.clock.now(), metrics::statistic_set_of(value), "Seconds", 1};
    world.metrics.put({&sample, 1});
  }
}

std::vector<std::string> summaries(const World& world) {
  std::vector<std::string> found;
  for (const auto& item : world.model().alarm_history) {
    if (item.alarm == kSlow) {
      found.push_back(item.summary);
    }
  }
  return found;
}

struct Fixture {
  World world;
  Fixture() {
    REQUIRE(world.create().has_value());
    REQUIRE(world.execute(AlarmCommand{PutAlarm{slow()}}).has_value());
  }
  const alarms::Alarm& alarm() const { return world.model().alarms.at(kSlow); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "PutAlarm: it acts on a percentile, and tells its receiver once") {
  CHECK(alarm().arn == kArn);
  CHECK(alarm().state == StateValue::InsufficientData);
  put_latency(world, 0.1, 80);
  put_latency(world, 5, 20);
  world.run_for(seconds{3});
  CHECK(alarm().state == StateValue::Alarm);
  CHECK(alarm().state_reason_data.find("\"statistic\":\"p90\"") != std::string::npos);
  REQUIRE(world.notifier.sent().size() == 1);
  CHECK(world.notifier.sent()[0].message.find("\"Statistic\":\"p90\"") != std::string::npos);
  CHECK(summaries(world) ==
        std::vector<std::string>{
            "Alarm \"slow\" created",
            "Alarm updated from INSUFFICIENT_DATA to ALARM",
            "Successfully executed action arn:aws:sns:eu-west-2:000000000000:on-call"});
  world.run_for(seconds{60});
  CHECK(alarm().state == StateValue::InsufficientData);
}

TEST_CASE_FIXTURE(Fixture, "PutAlarm: nine of ten below the threshold is no alarm at p90") {
  put_latency(world, 0.1, 90);
  put_latency(world, 5, 10);
  world.run_for(seconds{3});
  CHECK(alarm().state == StateValue::Ok);
}

TEST_CASE_FIXTURE(Fixture,
                  "PutAlarm: too few samples for the percentile keep the state if ignored") {
  alarms::Alarm careful = slow();
  careful.low_sample_count = alarms::LowSampleCount::Ignore;
  REQUIRE(world.execute(AlarmCommand{PutAlarm{careful}}).has_value());
  put_latency(world, 5, 99);  // p90 needs 100
  world.run_for(seconds{3});
  CHECK(alarm().state == StateValue::InsufficientData);
  put_latency(world, 5, 100);
  world.run_for(seconds{3});
  CHECK(alarm().state == StateValue::Alarm);
}

TEST_CASE_FIXTURE(Fixture, "PutAlarm: an update replaces all but the state and the tags") {
  put_latency(world, 5, 1);
  world.run_for(seconds{3});
  REQUIRE(alarm().state == StateValue::Alarm);
  alarms::Alarm changed = slow();
  changed.threshold = 9;
  changed.description = "new";
  changed.tags = {{"other", "x"}};
  REQUIRE(world.execute(AlarmCommand{PutAlarm{changed}}).has_value());
  CHECK(alarm().state == StateValue::Alarm);
  CHECK(alarm().threshold == 9);
  CHECK(alarm().description == "new");
  CHECK(alarm().arn == kArn);
  CHECK(alarm().tags == slow().tags);
  CHECK(alarm().configuration_updated == world.clock.now());
  CHECK(summaries(world).back() == "Alarm \"slow\" updated");
}

TEST_CASE_FIXTURE(Fixture, "PutAlarm: what cannot be is refused and changes nothing") {
  alarms::Alarm wrong = slow();
  wrong.threshold = 3;
  SUBCASE("nobody behind an action") {
    wrong.ok_actions = {"arn:aws:sns:eu-west-2:000000000000:nobody"};
  }
  SUBCASE("an action of another kind") {
    wrong.alarm_actions = {"arn:aws:automate:eu-west-2:ec2:recover"};
  }
  SUBCASE("a definition that does not hold") {
    wrong.datapoints_to_alarm = 2;
  }
  SUBCASE("no percentile") {
    wrong.extended_statistic = "tm90";
  }
  CHECK(error_of(world, PutAlarm{wrong}) == "InvalidParameterValue");
  CHECK(alarm().threshold == 2);
}

TEST_CASE_FIXTURE(Fixture, "alarm commands: a policy's own alarms are the policy's") {
  world.run_for(seconds{5});
  REQUIRE(!world.model().policies.empty());
  const AlarmName high = world.model().policies.begin()->second.policy.high_alarm;
  alarms::Alarm taken = slow();
  taken.name = high;
  CHECK(error_of(world, PutAlarm{taken}) == "InvalidParameterValue");
  CHECK(error_of(world, DeleteAlarms{{kSlow, high}}) == "InvalidParameterValue");
  CHECK(world.model().alarms.contains(high));
  CHECK(world.model().alarms.contains(kSlow));
}

TEST_CASE_FIXTURE(Fixture, "DeleteAlarms: all of them, or none when one is not there") {
  CHECK(error_of(world, DeleteAlarms{{kSlow, AlarmName{"nope"}}}) == "ResourceNotFound");
  CHECK(world.model().alarms.contains(kSlow));
  CHECK(error_of(world, DeleteAlarms{{kSlow, kSlow}}).empty());
  CHECK(!world.model().alarms.contains(kSlow));
  CHECK(summaries(world).back() == "Alarm \"slow\" deleted");
  world.run_for(seconds{3});
  CHECK(!world.store.contents().contains("alarm/slow"));
}

TEST_CASE_FIXTURE(Fixture, "SetAlarmState: it acts, and the next evaluation says what is") {
  put_latency(world, 0.1, 1);
  world.run_for(seconds{2});
  REQUIRE(alarm().state == StateValue::Ok);
  REQUIRE(error_of(world, SetAlarmState{kSlow, StateValue::Alarm, "a drill", ""}).empty());
  CHECK(alarm().state == StateValue::Alarm);
  CHECK(alarm().state_reason == "a drill");
  put_latency(world, 0.1, 1);
  world.run_for(seconds{2});
  CHECK(alarm().state == StateValue::Ok);
  CHECK(world.notifier.sent().size() == 1);
  CHECK(error_of(world, SetAlarmState{AlarmName{"nope"}, StateValue::Ok, "", ""}) ==
        "ResourceNotFound");
}

TEST_CASE_FIXTURE(Fixture, "SwitchAlarmActions: without actions nobody is told") {
  using To = SwitchAlarmActions::To;
  CHECK(error_of(world, SwitchAlarmActions{{kSlow, AlarmName{"nope"}}, To::Disabled}).empty());
  CHECK(!alarm().actions_enabled);
  put_latency(world, 5, 1);
  world.run_for(seconds{2});
  CHECK(alarm().state == StateValue::Alarm);
  CHECK(world.notifier.sent().empty());
  CHECK(error_of(world, SwitchAlarmActions{{kSlow}, To::Enabled}).empty());
  CHECK(alarm().actions_enabled);
}

TEST_CASE_FIXTURE(Fixture, "TagAlarm: tags come and go, at most fifty") {
  CHECK(error_of(world, TagAlarm{kArn, {{"a", "1"}, {"team", "web"}}, {}}).empty());
  CHECK(alarm().tags == std::map<std::string, std::string>{{"a", "1"}, {"team", "web"}});
  CHECK(error_of(world, TagAlarm{kArn, {}, {"a", "never"}}).empty());
  CHECK(alarm().tags == std::map<std::string, std::string>{{"team", "web"}});
  std::map<std::string, std::string> many;
  for (std::size_t i = 0; i < kMaxAlarmTags; ++i) {
    many["k" + std::to_string(i)] = "v";
  }
  CHECK(error_of(world, TagAlarm{kArn, many, {}}) == "InvalidParameterValue");
  CHECK(alarm().tags.size() == 1);
  CHECK(error_of(world, TagAlarm{kArn, many, {"team"}}).empty());
  CHECK(alarm().tags.size() == kMaxAlarmTags);
  CHECK(error_of(world, TagAlarm{kArn + "x", {}, {}}) == "ResourceNotFoundException");
}

TEST_CASE_FIXTURE(Fixture, "alarms of the API: all of it is there after a restart") {
  put_latency(world, 5, 1);
  world.run_for(seconds{2});
  const alarms::Alarm before = alarm();
  const auto history = world.model().alarm_history;
  REQUIRE(history.size() >= 3);
  world.start();
  REQUIRE(world.recovered.has_value());
  CHECK(alarm() == before);
  CHECK(world.model().alarm_history == history);
}

TEST_CASE_FIXTURE(Fixture, "alarm history: a flapping alarm keeps its newest hundred") {
  for (int i = 0; i < 120; ++i) {
    const StateValue state = i % 2 == 0 ? StateValue::Alarm : StateValue::Ok;
    REQUIRE(error_of(world, SetAlarmState{kSlow, state, "drill " + std::to_string(i), ""}).empty());
  }
  const auto left = summaries(world);
  CHECK(left.size() == alarms::kMaxHistoryOfAlarm);
  CHECK(left.front() != "Alarm \"slow\" created");
  std::ptrdiff_t stored = 0;
  for (const auto& [key, value] : world.store.contents()) {
    stored += key.starts_with("alarm_history/") ? 1 : 0;
  }
  CHECK(stored == std::ssize(world.model().alarm_history));
}

}  // namespace tidegate::engine
