// Instances of groups moved by users: standby, detached, attached, protected, set unhealthy.
#include <array>

#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using groups::HealthStatus;
using groups::InstanceId;
using groups::LifecycleState;
using std::chrono::seconds;
using Desired = TerminateInstance::Desired;

const InstanceId kNobody{"i-0"};

std::string causes_of(const FleetWorld& world, const InstanceId& id) {
  std::string causes;
  for (const auto& activity : world.fleet().activities) {
    if (activity.instance == id) {
      causes += activity.description + " | " + activity.cause + "\n";
    }
  }
  return causes;
}

TEST_CASE("EnterStandby: out of service, with desired capacity kept or one less, and back again") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  const auto id = world.in(LifecycleState::InService).at(0);
  const auto entered = world.ask(EnterStandby{kFleet, {id}, Desired::Decrement});
  REQUIRE(entered.has_value());
  const auto& activities = std::get<ActivitiesAnswer>(*entered).activities;
  REQUIRE(activities.size() == 1);
  CHECK(activities[0].description == "Moving EC2 instance to Standby: " + id.value);
  CHECK(activities[0].cause.ends_with("instance " + id.value +
                                      " was moved to standby in response to a user request, "
                                      "shrinking the capacity from 2 to 1."));
  CHECK(world.state_of(id) == LifecycleState::EnteringStandby);
  world.run_for(seconds{5});
  CHECK(world.state_of(id) == LifecycleState::Standby);
  CHECK(world.fleet().group.desired_capacity == 1);
  CHECK(world.fleet().instances.size() == 2);
  world.cloud.exit(id);  // nobody checks the health of one in Standby
  world.run_for(seconds{20});
  CHECK(world.state_of(id) == LifecycleState::Standby);

  const auto other = world.in(LifecycleState::InService).at(0);
  REQUIRE(world.ask(EnterStandby{kFleet, {other}, Desired::Keep}).has_value());
  world.run_for(seconds{10});
  CHECK(world.state_of(other) == LifecycleState::Standby);
  CHECK(world.in(LifecycleState::InService).size() == 1);  // a new one took its place
  const auto left = world.ask(ExitStandby{kFleet, {other}});
  REQUIRE(left.has_value());
  CHECK(std::get<ActivitiesAnswer>(*left).activities.at(0).cause.ends_with(
      "was moved out of standby in response to a user request, increasing the capacity from 1 to "
      "2."));
  CHECK(world.state_of(other) == LifecycleState::Pending);
  world.run_for(seconds{5});
  CHECK(world.state_of(other) == LifecycleState::InService);
  CHECK(world.fleet().group.desired_capacity == 2);
  CHECK(world.cloud.launches() == 3);
  for (const auto& activity : world.fleet().activities) {
    CHECK(activity.status == groups::ActivityStatus::Successful);
  }
}

TEST_CASE("standby and detach: what the sizes forbid, and who is not there, is refused") {
  FleetWorld world;
  world.make_group(1, 2, 1);
  const auto id = world.in(LifecycleState::InService).at(0);
  const auto check = [&](FleetCommand command, const std::string& part) {
    const std::string error = refused(world.ask(std::move(command)));
    CAPTURE(error);
    CHECK(error.starts_with("ValidationError: "));
    CHECK(error.find(part) != std::string::npos);
  };
  const std::string sizes = "has min-size=1, max-size=2, and desired-size=";
  check(EnterStandby{kFleet, {id}, Desired::Decrement}, sizes + "1. To place into standby 1");
  check(DetachInstances{kFleet, {id}, Desired::Decrement}, sizes + "1. To detach 1");
  check(EnterStandby{kFleet, {kNobody}, Desired::Keep},
        "The instance i-0 is not part of Auto Scaling group fleet.");
  check(DetachInstances{kFleet, {kNobody}, Desired::Keep}, "i-0 is not part of");
  check(ExitStandby{kFleet, {id}}, "The instance " + id.value + " is not in Standby.");
  check(EnterStandby{kFleet, {}, Desired::Keep}, "The number of instances, 0, must be between 1");
  check(ExitStandby{kFleet, std::vector<InstanceId>(21, id)}, "The number of instances, 21, must");
  check(EnterStandby{groups::GroupName{"no"}, {id}, Desired::Keep}, "not found");
  REQUIRE(world.ask(EnterStandby{kFleet, {id}, Desired::Keep}).has_value());
  check(EnterStandby{kFleet, {id}, Desired::Keep}, "is not in InService.");
  world.run_for(seconds{10});
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 2}).has_value());
  check(ExitStandby{kFleet, {id}}, sizes + "2. To remove from standby 1");
}

TEST_CASE("DetachInstances: the instance runs on outside, and its group may take it back") {
  FleetWorld world;
  world.make_group(0, 2, 1);
  const auto id = world.in(LifecycleState::InService).at(0);
  const auto detached = world.ask(DetachInstances{kFleet, {id}, Desired::Decrement});
  REQUIRE(detached.has_value());
  CHECK(std::get<ActivitiesAnswer>(*detached).activities.at(0).description ==
        "Detaching EC2 instance: " + id.value);
  world.run_for(seconds{5});
  CHECK(world.fleet().instances.empty());
  CHECK(world.fleet().group.desired_capacity == 0);
  REQUIRE(world.model().standalone.contains(id));
  CHECK(world.cloud.is_alive(world.cloud.instances().at(id)));
  world.start();  // what is outside survives, too
  world.run_for(seconds{5});
  CHECK(world.cloud.is_alive(world.cloud.instances().at(id)));
  CHECK(world.cloud.kills() == 0);

  REQUIRE(world.ask(AttachInstances{kFleet, {id}}).has_value());
  CHECK(world.state_of(id) == LifecycleState::Pending);
  CHECK_FALSE(world.model().standalone.contains(id));
  world.run_for(seconds{5});
  CHECK(world.state_of(id) == LifecycleState::InService);
  CHECK(world.fleet().group.desired_capacity == 1);
  CHECK(world.cloud.launches() == 1);
  CHECK(causes_of(world, id).find("Attaching an existing EC2 instance: " + id.value) !=
        std::string::npos);
  CHECK(causes_of(world, id).find("was attached in response to a user request, increasing the "
                                  "capacity from 0 to 1.") != std::string::npos);
}

TEST_CASE("DetachInstances: with desired capacity kept the group launches another") {
  FleetWorld world;
  world.make_group(1, 2, 1);
  const auto id = world.in(LifecycleState::InService).at(0);
  REQUIRE(world.ask(DetachInstances{kFleet, {id}, Desired::Keep}).has_value());
  world.run_for(seconds{10});
  CHECK(world.in(LifecycleState::InService).size() == 1);
  CHECK(world.in(LifecycleState::InService).at(0) != id);
  CHECK(world.cloud.instances().size() == 2);
}

TEST_CASE("AttachInstances: what cannot join is refused in AWS's words") {
  FleetWorld world;
  world.make_group(1, 2, 1);
  const auto member = world.in(LifecycleState::InService).at(0);
  RunInstances run;
  run.launch_template = groups::LaunchTemplateSpecification{{}, "web", "$Default"};
  run.zone = "eu-west-2c";
  run.made_from.instance_type = "t3.nano";  // three fit beside the group's
  const auto made = world.ask(run);
  REQUIRE(made.has_value());
  const auto outside = std::get<InstancesAnswer>(*made).instances.at(0).instance.id;
  const auto check = [&](const InstanceId& id, const std::string& part) {
    const std::string error = refused(world.ask(AttachInstances{kFleet, {id}}));
    CAPTURE(error);
    CHECK(error.find(part) != std::string::npos);
  };
  check(member, "The instance " + member.value + " is already part of AutoScalingGroup: fleet");
  check(kNobody, "Invalid Instance ID(s): [i-0] specified");
  check(outside, "is not in correct state");
  world.run_for(seconds{10});
  check(outside, "The availability zone eu-west-2c of the instance");
  run.zone = "eu-west-2a";
  run.max_count = 2;
  const auto more = world.ask(run);
  REQUIRE(more.has_value());
  world.run_for(seconds{10});
  AttachInstances both{kFleet, {}};
  for (const auto& instance : std::get<InstancesAnswer>(*more).instances) {
    both.instances.push_back(instance.instance.id);
  }
  CHECK(refused(world.ask(both)).find("and desired-size=1. To attach 2 more") != std::string::npos);
  CHECK(world.fleet().instances.size() == 1);
}

TEST_CASE("SetInstanceHealth: replaces at once, honours the grace period unless told not to") {
  FleetWorld world;
  world.make_template();
  auto command = world.group_command(1, 4, 2);
  command.group.health_check_grace_period = seconds{60};
  REQUIRE(world.ask(command).has_value());
  world.run_for(seconds{10});
  const auto ids = world.in(LifecycleState::InService);
  REQUIRE(ids.size() == 2);
  using Grace = SetInstanceHealth::Grace;
  REQUIRE(
      world.ask(SetInstanceHealth{ids[0], HealthStatus::Unhealthy, Grace::Respect}).has_value());
  CHECK(world.fleet().instances.at(ids[0]).health_status == HealthStatus::Healthy);
  REQUIRE(world.ask(SetInstanceHealth{ids[0], HealthStatus::Unhealthy, Grace::Ignore}).has_value());
  CHECK(world.fleet().instances.at(ids[0]).health_status == HealthStatus::Unhealthy);
  REQUIRE(world.ask(SetInstanceHealth{ids[0], HealthStatus::Healthy}).has_value());
  world.run_for(seconds{10});
  CHECK(world.in(LifecycleState::InService) == ids);
  const auto end = *world.fleet().instances.at(ids[1]).in_service_since + seconds{60};
  world.run_until(end);
  REQUIRE(world.ask(SetInstanceHealth{ids[1], HealthStatus::Unhealthy}).has_value());
  world.run_for(seconds{20});
  CHECK_FALSE(world.fleet().instances.contains(ids[1]));
  CHECK(world.in(LifecycleState::InService).size() == 2);
  CHECK(causes_of(world, ids[1])
            .find("an instance was taken out of service in response to a user health-check.") !=
        std::string::npos);
  CHECK(refused(world.ask(SetInstanceHealth{kNobody})).starts_with("ValidationError: "));
}

TEST_CASE("SetInstanceProtection: keeps an instance from scale-in, and only instances in service") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  const auto ids = world.in(LifecycleState::InService);
  using Protection = SetInstanceProtection::Protection;
  REQUIRE(world.ask(SetInstanceProtection{kFleet, ids, Protection::On}).has_value());
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 1}).has_value());
  world.run_for(seconds{20});
  CHECK(world.in(LifecycleState::InService) == ids);
  CHECK(world.blocked("scale in", "all remaining instances are protected from scale-in"));
  REQUIRE(world.ask(SetInstanceProtection{kFleet, {ids[1]}, Protection::Off}).has_value());
  world.run_for(seconds{40});
  CHECK(world.in(LifecycleState::InService) == std::vector<InstanceId>{ids[0]});
  CHECK(refused(world.ask(SetInstanceProtection{kFleet, {kNobody}, Protection::On}))
            .starts_with("ValidationError: "));
}

TEST_CASE("Standby: a deleted group's instances in Standby end with it") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{20});
  const auto id = world.serving().at(0);
  REQUIRE(world.execute(FleetCommand{EnterStandby{kGroup, {id}, Desired::Keep}}).has_value());
  world.run_for(seconds{30});
  REQUIRE(world.in_state(LifecycleState::Standby) == std::vector<InstanceId>{id});
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(seconds{60});
  CHECK(world.model().groups.empty());
  CHECK(world.cloud.instances().empty());
}

TEST_CASE("TerminateInstance: one in Standby ends, and desired capacity has nothing to give") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  const auto id = world.in(LifecycleState::InService).at(0);
  REQUIRE(world.ask(EnterStandby{kFleet, {id}, Desired::Decrement}).has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(TerminateInstance{id, Desired::Decrement}).has_value());
  CHECK(world.fleet().group.desired_capacity == 1);
  CHECK(refused(world.execute(TerminateInstance{id})).starts_with("ScalingActivityInProgress: "));
  world.run_for(seconds{40});
  CHECK_FALSE(world.fleet().instances.contains(id));
  CHECK(world.in(LifecycleState::InService).size() == 1);
}

/// The causes' ends of the activities that a call answers with, one line each.
std::vector<std::string> changes_of(const Result<Answer>& answer) {
  REQUIRE(answer.has_value());
  std::vector<std::string> changes;
  for (const auto& activity : std::get<ActivitiesAnswer>(*answer).activities) {
    const auto begin = activity.cause.find("was ");
    REQUIRE(begin != std::string::npos);
    changes.push_back(activity.instance->value + " " + activity.cause.substr(begin));
  }
  return changes;
}

/// So many that run outside groups, in zone a.
std::vector<InstanceId> run_outside(FleetWorld& world, std::int32_t count) {
  RunInstances run;
  run.launch_template = groups::LaunchTemplateSpecification{{}, "web", "$Default"};
  run.zone = "eu-west-2a";
  run.made_from.instance_type = "t3.nano";
  run.min_count = run.max_count = count;
  const auto made = world.ask(run);
  REQUIRE(made.has_value());
  world.run_for(seconds{10});
  std::vector<InstanceId> ids;
  for (const auto& one : std::get<InstancesAnswer>(*made).instances) {
    ids.push_back(one.instance.id);
  }
  return ids;
}

TEST_CASE("instances moved together: capacity changes one by one, from MinSize to MaxSize") {
  FleetWorld world;
  world.make_group(1, 3, 1);
  const auto old = world.in(LifecycleState::InService).at(0);
  const auto ids = run_outside(world, 2);
  const auto facts = world.model().standalone.at(ids[0]).facts;
  REQUIRE(facts.observation.has_value());
  REQUIRE(world.ask(AttachInstances{kFleet, ids}).has_value());
  CHECK(world.fleet().group.desired_capacity == 3);  // as many as may be
  CHECK(world.fleet().facts.at(ids[0]) == facts);    // nothing of it is forgotten
  const std::string user = " in response to a user request, ";
  CHECK(causes_of(world, ids[0]).find("attached" + user + "increasing the capacity from 1 to 2.") !=
        std::string::npos);
  CHECK(causes_of(world, ids[1]).find("attached" + user + "increasing the capacity from 2 to 3.") !=
        std::string::npos);
  world.run_for(seconds{10});
  CHECK(changes_of(world.ask(EnterStandby{kFleet, ids, Desired::Decrement})) ==
        std::vector<std::string>{
            ids[0].value + " was moved to standby" + user + "shrinking the capacity from 3 to 2.",
            ids[1].value + " was moved to standby" + user + "shrinking the capacity from 2 to 1."});
  CHECK(world.fleet().group.desired_capacity == 1);  // as few as may be
  world.run_for(seconds{10});
  CHECK(changes_of(world.ask(ExitStandby{kFleet, ids})) ==
        std::vector<std::string>{ids[0].value + " was moved out of standby" + user +
                                     "increasing the capacity from 1 to 2.",
                                 ids[1].value + " was moved out of standby" + user +
                                     "increasing the capacity from 2 to 3."});
  world.run_for(seconds{10});
  CHECK(changes_of(world.ask(EnterStandby{kFleet, {ids[0]}, Desired::Keep})) ==
        std::vector<std::string>{ids[0].value +
                                 " was moved to standby in response to a user request."});
  world.run_for(seconds{1});
  CHECK(changes_of(world.ask(DetachInstances{kFleet, {ids[1], old}, Desired::Decrement})) ==
        std::vector<std::string>{
            ids[1].value + " was detached" + user + "shrinking the capacity from 3 to 2.",
            old.value + " was detached" + user + "shrinking the capacity from 2 to 1."});
}

TEST_CASE("instances moved together: twenty in one call, fifty protected, and never none") {
  FleetWorld world;
  world.make_group(0, 4, 1);
  const auto id = world.in(LifecycleState::InService).at(0);
  const auto times = [&id](std::size_t count) { return std::vector<InstanceId>(count, id); };
  const auto error = [&world](FleetCommand command) {
    const auto answer = world.ask(std::move(command));
    return answer ? std::string{"none"} : answer.error().message;
  };
  const auto limit = [](std::size_t count, int most) {
    return "The number of instances, " + std::to_string(count) + ", must be between 1 and " +
           std::to_string(most) + ".";
  };
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{21}}) {
    CHECK(error(EnterStandby{kFleet, times(wrong), Desired::Keep}) == limit(wrong, 20));
    CHECK(error(ExitStandby{kFleet, times(wrong)}) == limit(wrong, 20));
    CHECK(error(DetachInstances{kFleet, times(wrong), Desired::Keep}) == limit(wrong, 20));
    CHECK(error(AttachInstances{kFleet, times(wrong)}) == limit(wrong, 20));
  }
  using Protection = SetInstanceProtection::Protection;
  CHECK(error(SetInstanceProtection{kFleet, times(0), Protection::On}) == limit(0, 50));
  CHECK(refused(world.ask(SetInstanceProtection{kFleet, times(51), Protection::On})) ==
        "LimitExceeded: At most 50 instances in one call, not 51.");
  CHECK(error(SetInstanceProtection{kFleet, times(50), Protection::On}) == "none");
  // One that is named twice is meant once.
  CHECK(error(EnterStandby{kFleet, times(20), Desired::Decrement}) == "none");
  CHECK(world.fleet().group.desired_capacity == 0);
  world.run_for(seconds{5});
  CHECK(error(ExitStandby{kFleet, times(20)}) == "none");
  CHECK(world.fleet().group.desired_capacity == 1);
  world.run_for(seconds{5});
  CHECK(error(DetachInstances{kFleet, times(20), Desired::Decrement}) == "none");
  CHECK(world.fleet().group.desired_capacity == 0);
  world.run_for(seconds{5});
  REQUIRE(world.model().standalone.contains(id));
  CHECK(error(AttachInstances{kFleet, times(20)}) == "none");
  CHECK(world.fleet().group.desired_capacity == 1);
  CHECK(world.fleet().instances.size() == 1);
}

TEST_CASE("AttachInstances: it listens at the port of the group's first target group from then") {
  FleetWorld world;
  world.make_group(0, 4, 0);
  const auto id = run_outside(world, 1).at(0);
  balancing::TargetGroup wanted;
  wanted.name = "web";
  wanted.port = 8123;
  const auto made = world.execute(Command{BalancerCommand{CreateTargetGroup{wanted}}});
  REQUIRE(made.has_value());
  const auto arn = std::get<balancing::TargetGroup>(std::get<BalancerAnswer>(*made)).arn;
  REQUIRE(world.ask(AttachTargetGroups{kFleet, {arn}}).has_value());
  REQUIRE(world.ask(AttachInstances{kFleet, {id}}).has_value());
  CHECK(world.fleet().instances.at(id).port == 8123);
}

TEST_CASE("SetInstanceHealth: says who it was, and is forgotten with the next good word") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  const auto id = world.in(LifecycleState::InService).at(0);
  using Grace = SetInstanceHealth::Grace;
  REQUIRE(world.ask(SetInstanceHealth{id, HealthStatus::Unhealthy, Grace::Ignore}).has_value());
  CHECK(world.fleet().instances.at(id).health_reason == "A user set it Unhealthy.");
  CHECK(world.fleet().instances.at(id).unhealthy_by_request);
  REQUIRE(world.ask(SetInstanceHealth{id, HealthStatus::Healthy, Grace::Ignore}).has_value());
  CHECK(world.fleet().instances.at(id).health_reason.empty());
  CHECK_FALSE(world.fleet().instances.at(id).unhealthy_by_request);
}

TEST_CASE("TerminateInstance: the last one that serves is answered with what its end will be") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  const auto id = world.in(LifecycleState::InService).at(0);
  const auto answer = world.execute(TerminateInstance{id});
  REQUIRE(answer.has_value());
  const auto& activity = std::get<ActivityAnswer>(*answer).activity;
  CHECK(activity.id.value.size() == 36);
  CHECK(activity.group == kFleet);
  CHECK(activity.instance == id);
  CHECK(activity.description == "Terminating EC2 instance: " + id.value);
  CHECK(activity.cause == groups::cause_user_terminated(world.clock.now(), id));
  CHECK(activity.start == world.clock.now());
  CHECK(world.state_of(id) == LifecycleState::InService);
  CHECK(stored_form(world.model()) == world.store.contents());  // a restart asks no second time
}

TEST_CASE("TerminateInstance: one that serves drains, one that never served is killed") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  const auto serving = world.in(LifecycleState::InService);
  const auto drained = world.execute(TerminateInstance{serving.at(1)});
  REQUIRE(drained.has_value());  // another one serves: at once
  CHECK(std::get<ActivityAnswer>(*drained).activity.instance == serving[1]);
  CHECK(world.fleet().instances.at(serving[1]).stage == groups::TerminationStage::Draining);
  for (int step = 0; world.in(LifecycleState::Pending).empty(); ++step) {
    REQUIRE(step < 100);
    world.run_for(std::chrono::milliseconds{1});
  }
  const auto pending = world.in(LifecycleState::Pending).at(0);
  const auto ended = world.execute(TerminateInstance{pending});
  REQUIRE(ended.has_value());
  CHECK(std::get<ActivityAnswer>(*ended).activity.instance == pending);
  CHECK(world.fleet().instances.at(pending).stage == groups::TerminationStage::Killing);
}

}  // namespace
}  // namespace tidegate::engine
