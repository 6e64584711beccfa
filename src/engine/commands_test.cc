#include "engine/commands.h"

#include <set>

#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string refused(const Result<Answer>& answer) {
  REQUIRE_FALSE(answer.has_value());
  return answer.error().name + ": " + answer.error().message;
}

balancing::TargetGroupArn target_group(const World& world) {
  return world.model().target_groups.begin()->first;
}

TEST_CASE(
    "CreateStack: refuses a name that exists and a template that cannot be, and creates nothing "
    "then") {
  World world;
  REQUIRE(world.create().has_value());
  CHECK(refused(world.create()) == "AlreadyExistsException: Stack [web] already exists");
  const auto bad = world.execute(CreateStack{
      stacks::StackName{"bad"}, "Resources: {A: {Type: AWS::Nothing::Here}}", "/", {}, {}});
  CHECK(refused(bad).starts_with("ValidationError: "));
  CHECK(world.model().stacks.size() == 1);
}

TEST_CASE("CreateStack: names that another stack has fail the resource and roll everything back") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(CreateStack{stacks::StackName{"again"}, kTemplate, "/templates", {}, {}})
              .has_value());
  world.run_for(seconds{2});
  const auto& stack = world.model().stacks.at(stacks::StackName{"again"});
  CHECK(stack.status == stacks::Status::RollbackComplete);
  CHECK(world.model().launch_templates.size() == 1);
  CHECK(world.model().load_balancers.size() == 1);
  CHECK(world.serving().size() == 1);
  bool failed = false;
  for (const auto& event : stack.events) {
    failed = failed || (event.status == stacks::Status::CreateFailed &&
                        event.status_reason.find("already exists") != std::string::npos);
  }
  CHECK(failed);
}

TEST_CASE("CreateStack: a taken port becomes port + 8000, with StrictPort the stack rolls back") {
  World world;
  world.door.take_port(80);
  REQUIRE(world.create().has_value());
  world.run_for(seconds{3});
  CHECK(world.stack().status == stacks::Status::CreateComplete);
  const auto& listener = world.model().listeners.begin()->second;
  CHECK(listener.bound_port == 8080);
  CHECK(listener.bind_note == "port 80 is taken by another program");

  World strict;
  strict.door.take_port(80);
  std::string body = kTemplate;
  body.insert(body.find("    Receivers:"),
              "    LoadBalancers: { web-alb: { StrictPort: true } }\n");
  REQUIRE(strict.create(body).has_value());
  strict.run_for(seconds{3});
  CHECK(strict.stack().status == stacks::Status::RollbackComplete);
  CHECK_FALSE(strict.stack().deleted.has_value());
  CHECK(strict.model().listeners.empty());
}

TEST_CASE(
    "UpdateStack: changes sizes, target and alarms in place, keeps what runs, and refuses the "
    "rest") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.3, seconds{15});
  const auto before = world.serving();
  REQUIRE(world.update({{"Max", "2"}, {"Target", "50"}}).has_value());
  CHECK(world.stack().status == stacks::Status::UpdateComplete);
  CHECK(world.group().group.max_size == 2);
  CHECK(world.group().group.desired_capacity == 1);
  const auto& policy = world.model().policies.begin()->second.policy;
  CHECK(policy.target_value == 50);
  CHECK(world.model().alarms.at(policy.high_alarm).threshold == 50);
  CHECK(world.model().alarms.at(policy.low_alarm).threshold == doctest::Approx(35));
  world.run_with_load(0.3, seconds{10});
  CHECK(world.serving() == before);
  CHECK(world.cloud.launches() == 1);
  CHECK(refused(world.update({{"Max", "2"}, {"Target", "50"}})) ==
        "ValidationError: No updates are to be performed.");
  std::string other = kTemplate;
  other.replace(other.find("Port: 8000"), 10, "Port: 8001");
  CHECK(refused(world.update({{"Max", "2"}, {"Target", "50"}}, other)).find("Targets") !=
        std::string::npos);
  CHECK(refused(world.execute(UpdateStack{stacks::StackName{"none"}, kTemplate, "/", {}})) ==
        "ValidationError: Stack [none] does not exist");
}

TEST_CASE("UpdateStack: a lower MaxSize takes desired capacity down with it") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_for(seconds{5});
  REQUIRE(world.serving().size() == 3);
  REQUIRE(world.update({{"Max", "2"}}).has_value());
  CHECK(world.group().group.desired_capacity == 2);
  world.run_for(seconds{10});
  CHECK(world.serving().size() == 2);
}

TEST_CASE(
    "UpdateStack: new launch-template data is a new version, and runs only in what is launched "
    "from then on") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  std::string body = kTemplate;
  body.replace(body.find("exec serve"), 10, "exec serve2");
  REQUIRE(world.update({}, body).has_value());
  const auto& launch_template = world.model().launch_templates.begin()->second;
  REQUIRE(launch_template.versions.size() == 2);
  CHECK(launch_template.versions[1].number == 2);
  CHECK(launch_template.versions[1].user_data == "exec serve2");
  world.run_for(seconds{5});
  CHECK(world.cloud.launches() == 1);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  std::set<std::string> user_data;
  for (const auto& [id, instance] : world.cloud.instances()) {
    user_data.insert(instance.spec.user_data);
  }
  CHECK(user_data == std::set<std::string>{"exec serve", "exec serve2"});
}

TEST_CASE("SetDesiredCapacity: within MinSize..MaxSize, or refused in AWS's words") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  CHECK(refused(world.execute(SetDesiredCapacity{kGroup, 4})).starts_with("ValidationError: "));
  CHECK(refused(world.execute(SetDesiredCapacity{kGroup, 0})).starts_with("ValidationError: "));
  CHECK(refused(world.execute(SetDesiredCapacity{groups::GroupName{"none"}, 1}))
            .find("'none' not found") != std::string::npos);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_for(seconds{5});
  CHECK(world.serving().size() == 3);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 1}).has_value());
  world.run_for(seconds{15});
  CHECK(world.serving().size() == 1);
}

TEST_CASE("TerminateInstance: the last one that serves goes on until its replacement serves") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const auto last = world.serving().at(0);
  const auto answer = world.execute(TerminateInstance{last});
  REQUIRE(answer.has_value());
  CHECK(std::get<ActivityAnswer>(*answer).activity.description ==
        "Terminating EC2 instance: " + last.value);
  for (int step = 0; step < 100; ++step) {
    world.run_for(milliseconds{100});
    CHECK(world.serving().size() >= 1);
  }
  CHECK(world.serving().size() == 1);
  CHECK(world.serving().at(0) != last);
}

TEST_CASE("TerminateInstance: with Decrement the group is smaller, never below MinSize") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const auto only = world.serving().at(0);
  CHECK(refused(world.execute(TerminateInstance{only, TerminateInstance::Desired::Decrement}))
            .find("min size") != std::string::npos);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  const auto answer = world.execute(TerminateInstance{only, TerminateInstance::Desired::Decrement});
  REQUIRE(answer.has_value());
  CHECK(std::get<ActivityAnswer>(*answer).activity.instance == only);
  CHECK(world.group().group.desired_capacity == 1);
  CHECK(refused(world.execute(TerminateInstance{only})).starts_with("ScalingActivityInProgress"));
  world.run_for(seconds{15});
  CHECK(world.cloud.instances().size() == 1);
  CHECK(world.cloud.launches() == 2);
  CHECK(refused(world.execute(TerminateInstance{groups::InstanceId{"i-0"}})).find("i-0") !=
        std::string::npos);
}

TEST_CASE(
    "RegisterTargets: an instance of the home by its id; DeregisterTargets drains it to the end of "
    "its delay") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const auto arn = target_group(world);
  const auto id = world.serving().at(0).value;
  CHECK(refused(world.execute(RegisterTargets{arn, {{"i-0", 0}}})).starts_with("InvalidTarget"));
  CHECK(refused(world.execute(RegisterTargets{balancing::TargetGroupArn{"x"}, {{id, 0}}}))
            .starts_with("TargetGroupNotFound"));
  REQUIRE(world.execute(RegisterTargets{arn, {{id, 9000}}}).has_value());
  const auto& targets = world.model().target_groups.at(arn).target_group.targets;
  REQUIRE(targets.size() == 2);
  CHECK(targets[1].port == 9000);
  REQUIRE(world.execute(DeregisterTargets{arn, {{id, 9000}}}).has_value());
  CHECK(targets[1].deregistered == world.clock.now());
  CHECK_FALSE(targets[0].deregistered);
  world.run_for(seconds{9});
  CHECK(world.door.config().target_groups.at(0).targets.at(1).intent ==
        balancing::TargetIntent::Draining);
  world.run_for(milliseconds{1500});
  CHECK(world.door.config().target_groups.at(0).targets.at(1).intent ==
        balancing::TargetIntent::Closing);
  world.run_for(seconds{5});
  CHECK(world.model().target_groups.at(arn).target_group.targets.size() == 1);
  CHECK(refused(world.execute(DeregisterTargets{arn, {{id, 9000}}})).starts_with("InvalidTarget"));
}

TEST_CASE("DeleteStack: unknown stacks are no error, as in AWS") {
  World world;
  CHECK(world.execute(DeleteStack{stacks::StackName{"none"}}).has_value());
}

}  // namespace
}  // namespace tidegate::engine
