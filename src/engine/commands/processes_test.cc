// What each suspended process stops, and that resuming it goes on.
#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using groups::HealthStatus;
using groups::LifecycleState;
using std::chrono::seconds;

struct Suspended : FleetWorld {
  explicit Suspended(std::int32_t desired = 2) { make_group(1, 4, desired); }
  void suspend(const std::string& process) {
    REQUIRE(ask(SuspendProcesses{kFleet, {process}}).has_value());
  }
  void resume(const std::string& process) {
    REQUIRE(ask(ResumeProcesses{kFleet, {process}}).has_value());
    run_for(seconds{10});
  }
  void set_unhealthy(const groups::InstanceId& id) {
    REQUIRE(ask(SetInstanceHealth{id, HealthStatus::Unhealthy, SetInstanceHealth::Grace::Ignore})
                .has_value());
    run_for(seconds{10});
  }
  void want(std::int32_t desired) {
    REQUIRE(execute(SetDesiredCapacity{kFleet, desired}).has_value());
    run_for(seconds{10});
  }
  std::size_t serving() const { return in(LifecycleState::InService).size(); }
};

TEST_CASE("SuspendProcesses: unknown ones are refused, none given means all, twice is once") {
  Suspended world{1};
  CHECK(refused(world.ask(SuspendProcesses{kFleet, {"Lunch"}}))
            .starts_with("ValidationError: Process(es) [Lunch] not supported"));
  CHECK(refused(world.ask(ResumeProcesses{kFleet, {"Lunch"}})).starts_with("ValidationError: "));
  CHECK(refused(world.ask(SuspendProcesses{groups::GroupName{"no"}, {}}))
            .starts_with("ValidationError: "));
  REQUIRE(world.ask(SuspendProcesses{kFleet, {}}).has_value());
  CHECK(world.fleet().group.suspended.size() == 9);
  const auto reason = world.fleet().group.suspended.at("Launch");
  CHECK(reason.starts_with("User suspended at 2026-"));
  world.run_for(seconds{5});
  world.suspend("Launch");
  CHECK(world.fleet().group.suspended.at("Launch") == reason);
  world.start();
  CHECK(world.fleet().group.suspended.size() == 9);
  world.resume("Launch");
  CHECK(world.fleet().group.suspended.size() == 8);
  REQUIRE(world.ask(ResumeProcesses{kFleet, {}}).has_value());
  CHECK(world.fleet().group.suspended.empty());
}

TEST_CASE("Launch suspended: nothing is launched until it is resumed") {
  Suspended world;
  world.suspend("Launch");
  world.want(3);
  CHECK(world.serving() == 2);
  CHECK(world.blocked("launch", "The process Launch is suspended."));
  world.resume("Launch");
  CHECK(world.serving() == 3);
}

TEST_CASE("Launch suspended: an unhealthy instance is terminated all the same") {
  Suspended world;
  world.suspend("Launch");
  const auto id = world.in(LifecycleState::InService).at(0);
  world.set_unhealthy(id);
  CHECK_FALSE(world.fleet().instances.contains(id));
  CHECK(world.serving() == 1);
  CHECK(world.cloud.launches() == 2);
}

TEST_CASE("Launch suspended: the last one that a user terminates goes without a replacement") {
  Suspended world{1};
  world.suspend("Launch");
  const auto id = world.in(LifecycleState::InService).at(0);
  REQUIRE(world.execute(TerminateInstance{id}).has_value());
  world.run_for(seconds{10});
  CHECK(world.fleet().instances.empty());
}

TEST_CASE("Terminate suspended: neither scale-in nor replacement ends an instance") {
  Suspended world;
  world.suspend("Terminate");
  world.want(1);
  CHECK(world.serving() == 2);
  CHECK(world.blocked("scale in", "The process Terminate is suspended."));
  world.want(2);
  const auto id = world.in(LifecycleState::InService).at(0);
  world.set_unhealthy(id);
  CHECK(world.state_of(id) == LifecycleState::InService);
  CHECK(world.cloud.launches() == 2);
  CHECK(world.blocked("replace", "The process Terminate is suspended."));
  world.resume("Terminate");
  CHECK_FALSE(world.fleet().instances.contains(id));
  CHECK(world.serving() == 2);
}

TEST_CASE("ReplaceUnhealthy suspended: unhealthy instances stay, scale-in goes on") {
  Suspended world;
  world.suspend("ReplaceUnhealthy");
  const auto id = world.in(LifecycleState::InService).at(0);
  world.set_unhealthy(id);
  CHECK(world.state_of(id) == LifecycleState::InService);
  CHECK(world.fleet().instances.at(id).health_status == HealthStatus::Unhealthy);
  CHECK(world.blocked("replace", "The process ReplaceUnhealthy is suspended."));
  world.want(1);
  CHECK(world.serving() == 1);
}

TEST_CASE("HealthCheck suspended: a dead instance is not noticed, one set unhealthy is replaced") {
  Suspended world;
  world.suspend("HealthCheck");
  const auto ids = world.in(LifecycleState::InService);
  world.cloud.exit(ids[0]);
  world.run_for(seconds{20});
  CHECK(world.fleet().instances.at(ids[0]).health_status == HealthStatus::Healthy);
  world.set_unhealthy(ids[1]);
  CHECK_FALSE(world.fleet().instances.contains(ids[1]));
  world.resume("HealthCheck");
  world.run_for(seconds{20});
  CHECK_FALSE(world.fleet().instances.contains(ids[0]));
}

TEST_CASE("AlarmNotification suspended: a policy in ALARM changes nothing until it is resumed") {
  Suspended world{1};
  scaling::TargetTrackingPolicy policy;
  policy.name.value = "cpu";
  policy.group_name = kFleet.value;
  policy.target_value = 50;
  REQUIRE(world.ask(PutScalingPolicy{policy}).has_value());
  world.suspend("AlarmNotification");
  world.run_with_load(0.9, seconds{30});
  CHECK(world.fleet().group.desired_capacity == 1);
  REQUIRE(world.ask(ResumeProcesses{kFleet, {"AlarmNotification"}}).has_value());
  world.run_with_load(0.9, seconds{5});
  CHECK(world.fleet().group.desired_capacity > 1);
}

/// The stack's group, which has a target group.
struct Balanced : World {
  Balanced() {
    REQUIRE(create().has_value());
    run_for(seconds{20});
    REQUIRE(serving().size() == 1);
  }
  const balancing::TargetGroup& targets() const {
    return model().target_groups.begin()->second.target_group;
  }
  bool is_target(const groups::InstanceId& id) const {
    for (const auto& target : targets().targets) {
      if (target.id == id.value && !target.deregistered) {
        return true;
      }
    }
    return false;
  }
};

TEST_CASE("AddToLoadBalancer suspended: what is launched meanwhile is never registered") {
  Balanced world;
  REQUIRE(world.execute(FleetCommand{SuspendProcesses{kGroup, {"AddToLoadBalancer"}}}).has_value());
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{20});
  REQUIRE(world.serving().size() == 2);  // in service though no target group has it
  CHECK(world.targets().targets.size() == 1);
  REQUIRE(world.execute(FleetCommand{ResumeProcesses{kGroup, {}}}).has_value());
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_for(seconds{20});
  REQUIRE(world.serving().size() == 3);
  CHECK(world.targets().targets.size() == 2);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 1}).has_value());
  world.run_for(seconds{60});
  CHECK(world.serving().size() == 1);
}

TEST_CASE("target groups: a detached one drains its targets, an attached one gets all of them") {
  Balanced world;
  const auto id = world.serving().at(0);
  const auto arn = world.targets().arn;
  const auto ask = [&](FleetCommand command) { return world.execute(Command{std::move(command)}); };
  REQUIRE(ask(DetachTargetGroups{kGroup, {arn}}).has_value());
  CHECK_FALSE(world.is_target(id));
  CHECK(world.group().group.target_groups.empty());
  const auto again = ask(DetachTargetGroups{kGroup, {arn}});
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().name == "ValidationError");
  world.run_for(seconds{30});
  CHECK(world.targets().targets.empty());
  CHECK(world.serving().size() == 1);
  REQUIRE(ask(AttachTargetGroups{kGroup, {arn, arn}}).has_value());
  CHECK(world.group().group.target_groups == std::vector<balancing::TargetGroupArn>{arn});
  CHECK(world.is_target(id));
  const auto unknown = ask(AttachTargetGroups{kGroup, {balancing::TargetGroupArn{"arn:x"}}});
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().message.starts_with("Provided Target Groups may not be valid."));
}

}  // namespace
}  // namespace tidegate::engine
