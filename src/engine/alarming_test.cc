// The user's alarms: when they fire, who is told, and that it is told once.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const alarms::AlarmName kHigh{"web-cpu-high"};

TEST_CASE("alarms: a user's alarm fires over its own period and its receiver is told once") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{30});
  CHECK(world.model().alarms.at(kHigh).state == alarms::StateValue::Ok);
  CHECK(world.notifier.sent().empty());
  world.run_with_load(0.9, seconds{12});
  const auto& alarm = world.model().alarms.at(kHigh);
  CHECK(alarm.state == alarms::StateValue::Alarm);
  CHECK(alarm.state_reason.starts_with("Threshold Crossed: 1 out of the last 1 datapoints ["));
  REQUIRE(world.notifier.sent().size() == 1);
  const auto& sent = world.notifier.sent()[0];
  CHECK(sent.receiver.name == "on-call");
  CHECK(sent.receiver.command == "/templates/on-call.sh");
  const auto message = Json::parse(sent.message);
  REQUIRE(message.has_value());
  CHECK((*message)["AlarmName"].string_or("") == "web-cpu-high");
  CHECK((*message)["NewStateValue"].string_or("") == "ALARM");
  CHECK((*message)["OldStateValue"].string_or("") == "OK");
  CHECK((*message)["Trigger"]["Threshold"].number_or(0) == 70);
  world.run_with_load(0.9, seconds{30});
  CHECK(world.notifier.sent().size() == 1);
}

TEST_CASE("alarms: a new alarm says why it is in its first state, and nobody is told") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{2});
  const auto& alarm = world.model().alarms.at(kHigh);
  CHECK(alarm.state == alarms::StateValue::InsufficientData);
  CHECK(alarm.state_reason.starts_with("Insufficient Data: "));
  CHECK(alarm.state_reason_data.starts_with("{\"version\":\"1.0\""));
  CHECK(world.notifier.sent().empty());
}

TEST_CASE("alarms: one that fired while the control plane was away is acted on when it is back") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{30});
  world.engine.reset();
  for (int i = 0; i < 100; ++i) {  // nobody watches, but the load is there
    for (const auto& [id, instance] : world.cloud.instances()) {
      world.cloud.set_load(id, 1.0);
    }
    world.clock.advance_to(world.clock.now() + milliseconds{100});
  }
  world.start();
  world.run_with_load(1.0, seconds{12});
  CHECK(world.model().alarms.at(kHigh).state == alarms::StateValue::Alarm);
  CHECK(world.notifier.sent().size() == 1);
  CHECK(world.group().group.desired_capacity >= 2);
}

TEST_CASE("alarms: a transition that was journalled and not handed over is told after a restart") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{20});
  ports::Notification pending{"n-1", {"on-call", "/x"}, "subject", "{}"};
  REQUIRE(
      world.store
          .append(
              {{"notification/n-1",
                R"({"Id":"n-1","Receiver":{"Name":"on-call","Command":"/x"},"Subject":"subject","Message":"{}"})"}},
              world.starts,
              world.store.revision())
          .has_value());
  world.start();
  world.run_for(seconds{2});
  REQUIRE(world.notifier.sent().size() == 1);
  CHECK(world.notifier.sent()[0].id == "n-1");
  CHECK_FALSE(world.store.contents().contains("notification/n-1"));
}

TEST_CASE(
    "alarms: the views of a policy are alarms too, with the documented names and their own "
    "states") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.6, seconds{30});
  const auto& policy = world.model().policies.begin()->second.policy;
  CHECK(policy.high_alarm.value.starts_with("TargetTracking-web-asg-AlarmHigh-"));
  CHECK(policy.low_alarm.value.starts_with("TargetTracking-web-asg-AlarmLow-"));
  CHECK(world.model().alarms.at(policy.high_alarm).state == alarms::StateValue::Ok);
  world.run_with_load(0.95, seconds{5});
  CHECK(world.model().alarms.at(policy.high_alarm).state == alarms::StateValue::Alarm);
}

}  // namespace
}  // namespace tidegate::engine
