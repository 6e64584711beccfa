#include "engine/engine.h"

#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("engine: a created stack serves, and says so in its events, outputs and activity") {
  World world;
  const auto created = world.create();
  REQUIRE(created.has_value());
  const std::string id = std::get<StackIdAnswer>(*created).stack_id;
  CHECK(id.starts_with("arn:aws:cloudformation:eu-west-2:000000000000:stack/web/"));
  world.run_for(seconds{4});

  CHECK(world.stack().status == stacks::Status::CreateComplete);
  REQUIRE(world.stack().outputs.size() == 1);
  CHECK(world.stack().outputs[0].value == "http://10.64.255.254/");
  REQUIRE(world.serving().size() == 1);
  CHECK(world.cloud.launches() == 1);
  const auto& activity = world.group().activities.front();
  CHECK(activity.status == groups::ActivityStatus::Successful);
  CHECK(activity.cause ==
        "At 2026-01-03T12:04:31Z a user request created an AutoScalingGroup changing the desired "
        "capacity from 0 to 1. At "
        "2026-01-03T12:04:31Z an instance was started in response to a difference between desired "
        "and actual capacity, "
        "increasing the capacity from 0 to 1.");
  const auto& events = world.stack().events;
  CHECK(events.front().status == stacks::Status::CreateInProgress);
  CHECK(events.front().type == "AWS::CloudFormation::Stack");
  CHECK(events.back().status == stacks::Status::CreateComplete);
  CHECK(events.back().logical_id == "web");
  for (const auto& resource : world.stack().resources) {
    CAPTURE(resource.logical_id.value);
    CHECK(resource.status == stacks::Status::CreateComplete);
  }
}

TEST_CASE("engine: nothing is launched before the store holds the instance") {
  World world;
  REQUIRE(world.create().has_value());
  while (world.cloud.instances().empty()) {
    world.run_for(milliseconds{50});
  }
  for (const auto& [id, instance] : world.cloud.instances()) {
    CHECK(world.store.contents().contains("instance/web-asg/" + id.value));
  }
}

TEST_CASE(
    "engine: a load step brings the second instance within three seconds, the third once the "
    "second is warm") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{30});
  REQUIRE(world.group().group.desired_capacity == 1);
  const Instant step = world.clock.now();
  while (world.group().group.desired_capacity == 1 && world.clock.now() < step + seconds{10}) {
    world.run_with_load(1.0, milliseconds{100});
  }
  CHECK(world.clock.now() - step <= milliseconds{3400});
  CHECK(world.clock.now() - step >= milliseconds{2400});
  CHECK(world.group().group.desired_capacity == 2);
  world.run_with_load(1.0, seconds{9});
  CHECK(world.group().group.desired_capacity == 2);  // the second is not warm yet
  world.run_with_load(1.0, seconds{12});
  CHECK(world.group().group.desired_capacity == 3);
  world.run_with_load(1.0, seconds{30});
  CHECK(world.group().group.desired_capacity == 3);  // MaxSize
  CHECK(world.serving().size() == 3);
  const auto& latest = world.group().activities.front();
  CHECK(latest.cause.find("a monitor alarm TargetTracking-web-asg-AlarmHigh-") !=
        std::string::npos);
  CHECK(latest.cause.find("changing the desired capacity from 2 to 3") != std::string::npos);
}

TEST_CASE("engine: what wakes it between two samples delays no sample") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  world.clock.advance_to(world.engine->tick(world.clock.now()));
  const Instant next_sample = world.engine->tick(world.clock.now());
  REQUIRE(next_sample == world.clock.now() + milliseconds{200});
  for (const int after : {50, 150}) {
    world.clock.advance_to(next_sample - milliseconds{200 - after});
    world.engine->wake();
    CHECK(world.engine->tick(world.clock.now()) == next_sample);
  }
}

TEST_CASE(
    "engine: scale-in waits for the whole low window since the last change, drains, and stops at "
    "MinSize") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{20});
  world.run_with_load(1.0, seconds{5});
  REQUIRE(world.group().group.desired_capacity == 2);
  const Instant changed = world.clock.now();
  world.run_with_load(0.05, seconds{115});
  CHECK(world.group().group.desired_capacity == 2);
  world.run_with_load(0.05, seconds{30});
  CHECK(world.group().group.desired_capacity == 1);
  CHECK(world.clock.now() - changed >= seconds{120});
  world.run_with_load(0.05, seconds{20});
  CHECK(world.serving().size() == 1);
  CHECK(world.cloud.instances().size() == 1);
  world.run_with_load(0.01, seconds{300});
  CHECK(world.group().group.desired_capacity == 1);
  CHECK(world.serving().size() == 1);
}

TEST_CASE("engine: an instance that is gone is replaced, and nothing is launched twice") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  const auto first = world.serving().at(0);
  world.cloud.find(first)->lost = true;
  world.run_for(seconds{15});
  REQUIRE(world.serving().size() == 1);
  CHECK(world.serving().at(0) != first);
  CHECK(world.cloud.launches() == 2);
  CHECK_FALSE(world.cloud.instances().contains(first));
  CHECK(world.ledger_has("unhealthy " + first.value));
}

TEST_CASE("engine: a deleted stack leaves nothing behind but its record and what has happened") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(seconds{30});
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
  CHECK(world.cloud.instances().empty());
  CHECK(world.model().groups.empty());
  CHECK(world.model().alarms.empty());
  CHECK(world.model().policies.empty());
  CHECK(world.model().target_groups.empty());
  CHECK(world.model().load_balancers.empty());
  CHECK(world.door.config().listeners.empty());
  for (const auto& [key, value] : world.store.contents()) {
    // An ended instance is shown for an hour, an alarm's history for two weeks, activities for six.
    CAPTURE(key);
    CHECK((key == "stack/web" || key.starts_with("alarm_history/") ||
           key.starts_with("activity/") || key.starts_with("standalone/")));
  }
  CHECK(world.create().has_value());  // the name is free again
}

TEST_CASE("engine: with DeleteStack Now nothing drains") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  const auto id = world.serving().at(0);
  world.door.traffic(id.value).websockets = 3;
  REQUIRE(world.execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  world.run_for(seconds{2});
  CHECK(world.cloud.instances().empty());
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
}

TEST_CASE(
    "engine: quiet, it is due once a second; with instances five times a second; early ticks do "
    "nothing") {
  World world;
  const Instant now = world.clock.now();
  CHECK(world.engine->tick(now) == now + seconds{1});
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const Instant later = world.clock.now();
  const Instant due = world.engine->tick(later);
  CHECK(due <= later + milliseconds{200});
  const auto version = world.engine->view()->version;
  CHECK(world.engine->tick(due - Duration{1}) == due);
  CHECK(world.engine->view()->version == version);
}

TEST_CASE("engine: each tick is of its time, and a reader can tell one view from the next") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const Instant now = world.clock.now();
  world.engine->wake();
  world.engine->tick(now);
  CHECK(world.model().now == now);
  const auto version = world.engine->view()->version;
  world.run_for(seconds{5});
  CHECK(world.engine->view()->version == version + 1);
}

TEST_CASE("engine: a receiver that could not be told is named until another trouble is newer") {
  World world;
  world.run_for(seconds{2});
  const auto shown = [&] {
    world.run_for(seconds{2});
    return world.engine->view()->troubles;
  };
  CHECK(shown().empty());
  world.notifier.fail({"on-call", "exit status 1"});
  CHECK(shown() == std::vector<std::string>{"receiver on-call: exit status 1"});
  CHECK(shown().size() == 1);
  world.notifier.fail({"pager", "timed out"});
  CHECK(shown() == std::vector<std::string>{"receiver pager: timed out"});
}

TEST_CASE("engine: a store that takes nothing is a trouble until it does, also of a quiet home") {
  World world;
  world.run_for(seconds{1});
  const auto view = world.engine->view();
  world.run_for(seconds{3});
  CHECK(world.engine->view() == view);  // nothing is new where nothing happens
  world.store.fail_with(Error{ErrorCode::ResourceExhausted, "DiskFull", "no space"});
  REQUIRE_FALSE(world.create().has_value());
  world.run_for(seconds{2});
  CHECK(world.engine->view()->troubles ==
        std::vector<std::string>{"the state store does not take changes: no space; nothing is "
                                 "launched or ended until it does"});
  world.store.fail_with(std::nullopt);
  world.run_for(seconds{2});
  CHECK(world.engine->view()->troubles.empty());
}

/// A world that is simulated for an estimate, with the same load on each instance all the time.
struct Estimated final : World, SteadyLoad {
  Estimated() {
    Settings settings;
    settings.purpose = Purpose::Estimate;
    engine =
        std::make_unique<Engine>(settings, Ports{cloud, door, store, metrics, notifier, caches});
    REQUIRE(engine->recover(clock.now()).has_value());
    REQUIRE(create().has_value());
    run_with_load(0.3, seconds{300});
  }
  void advance_to(Instant t) override {
    step = t - clock.now();
    clock.advance_to(t);
  }
  Use use_of(const groups::GroupName&) const override {
    return {std::chrono::round<Duration>(step * (0.3 * 0.5)), 0};
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& entry : model().ledger) {
      all.push_back(to_json_line(entry));
    }
    return all;
  }
  Duration step{};
};

TEST_CASE("engine: an estimate coasts through steady load, and decides as if it had not") {
  Estimated ticked;
  Estimated coasted;
  const Instant begin = coasted.clock.now();
  ticked.run_with_load(0.3, seconds{60});
  static_cast<void>(coasted.engine->tick(begin));
  CHECK(coasted.engine->coast(coasted, begin + seconds{60}) >= begin + seconds{59});
  CHECK(coasted.model().ledger.size() == ticked.model().ledger.size());
  coasted.run_until(begin + seconds{60});
  CHECK(coasted.group().group == ticked.group().group);
  for (Estimated* world : {&ticked, &coasted}) {
    world->run_with_load(1.0, seconds{30});
  }
  CHECK(ticked.group().group.desired_capacity > 1);
  CHECK(coasted.lines() == ticked.lines());
}

TEST_CASE("engine: an alarm alone is enough to be looked at five times a second") {
  World world;
  alarms::Alarm alarm;
  alarm.name.value = "a";
  alarm.metric = metrics::make_metric_id("App", "Latency", {});
  REQUIRE(world.execute(AlarmCommand{PutAlarm{alarm}}).has_value());
  CHECK(world.engine->tick(world.clock.now()) == world.clock.now() + milliseconds{200});
}

TEST_CASE("engine: the model says whose it is") {
  World world;
  Settings settings;
  settings.region = "eu-central-1";
  settings.account_id = "123456789012";
  settings.home_id = "home";
  settings.instance_scale = 0.5;
  const Engine engine{
      settings,
      Ports{world.cloud, world.door, world.store, world.metrics, world.notifier, world.caches}};
  CHECK(engine.model().region == "eu-central-1");
  CHECK(engine.model().account_id == "123456789012");
  CHECK(engine.model().home_id == "home");
  CHECK(engine.model().instance_scale == 0.5);
}

}  // namespace
}  // namespace tidegate::engine
