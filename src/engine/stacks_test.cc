// Stacks beside each other, in the middle of their work, and what stays of them.
#include <doctest/doctest.h>

#include "engine/stack_context.h"
#include "engine/state_fixture.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string replaced(std::string body, const std::string& from, const std::string& to) {
  const auto at = body.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, "no such text: ", from);
  return body.replace(at, from.size(), to);
}

/// The template with names of its own, but for one.
std::string other_template(const std::string& kept) {
  std::string body = kTemplate;
  for (const std::string name : {"web-template", "web-alb", "web-tg", "web-asg", "web-cpu-high"}) {
    for (std::size_t at = body.find(name); name != kept && at != std::string::npos;
         at = body.find(name, at + 1)) {
      body.replace(at + name.size() - 3, 3, "xyz");
    }
  }
  return body;
}

const stacks::StackName kOther{"other"};

TEST_CASE(
    "stacks: a name that another stack has fails the resource, and leaves the other's alone") {
  struct Case {
    const char* name;
    const char* logical_id;
    const char* reason;
  };
  for (const Case& c : std::to_array<Case>(
           {{"web-template",
             "Template",
             "Launch template 'web-template' already exists in this home; choose another name"},
            {"web-alb",
             "Balancer",
             "Load balancer 'web-alb' already exists in this home; choose another name"},
            {"web-tg",
             "Targets",
             "Target group 'web-tg' already exists in this home; choose another name"},
            {"web-asg",
             "Group",
             "Auto Scaling group 'web-asg' already exists in this home; choose another name"},
            {"web-cpu-high",
             "CpuHigh",
             "Alarm 'web-cpu-high' already exists in this home; choose another name"}})) {
    CAPTURE(c.name);
    World world;
    REQUIRE(world.create().has_value());
    world.run_for(seconds{5});
    const Model before = world.model();
    REQUIRE(world.execute(CreateStack{kOther, other_template(c.name), "/templates", {}, {}})
                .has_value());
    world.run_for(seconds{10});
    const auto& other = world.model().stacks.at(kOther);
    CHECK(other.status == stacks::Status::RollbackComplete);
    std::string failed;
    for (const auto& event : other.events) {
      if (event.status == stacks::Status::CreateFailed) {
        failed += event.logical_id + ": " + event.status_reason;
      }
    }
    CHECK(failed == std::string{c.logical_id} + ": " + c.reason);
    CHECK(world.stack().status == stacks::Status::CreateComplete);
    CHECK(world.group().group == before.groups.at(kGroup).group);
    CHECK(world.serving().size() == 1);
    CHECK(world.cloud.instances().size() == 1);
    CHECK(world.model().groups.size() == 1);
    CHECK(world.model().launch_templates == before.launch_templates);
    CHECK(world.model().load_balancers == before.load_balancers);
    CHECK(world.model().target_groups.size() == 1);
    CHECK(world.model().listeners.size() == 1);
    CHECK(world.model().policies.size() == 1);
    CHECK(world.model().alarms.size() == 3);
    CHECK(world.model().alarms.contains(alarms::AlarmName{"web-cpu-high"}));
    REQUIRE(world.execute(DeleteStack{kOther}).has_value());
    world.run_for(seconds{2});
    CHECK(world.model().stacks.at(kOther).status == stacks::Status::DeleteComplete);
    CHECK(world.serving().size() == 1);
    CHECK(world.model().alarms.size() == 3);
  }
}

TEST_CASE("stacks: one that is being created cannot be updated, and can be deleted") {
  World world;
  REQUIRE(world.create().has_value());
  const auto refused = world.update({{"Max", "2"}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message ==
        "Stack:" + world.stack().id + " is in CREATE_IN_PROGRESS state and can not be updated.");
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  for (const auto& resource : world.stack().resources) {
    CHECK(resource.status == stacks::Status::DeleteComplete);  // none of them was begun
  }
  world.run_for(seconds{1});
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
  CHECK(world.stack().deleted.has_value());
  CHECK(world.cloud.launches() == 0);
}

TEST_CASE("stacks: what DeletionPolicy retains stays, and goes on working") {
  World world;
  const std::string body = replaced(kTemplate,
                                    "    Type: AWS::CloudWatch::Alarm",
                                    "    DeletionPolicy: Retain\n    Type: AWS::CloudWatch::Alarm");
  REQUIRE(world.create(body).has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(seconds{20});
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
  REQUIRE(world.model().alarms.size() == 1);
  CHECK(world.model().alarms.begin()->first.value == "web-cpu-high");
  for (const auto& resource : world.stack().resources) {
    CHECK(resource.status == (resource.logical_id.value == "CpuHigh"
                                  ? stacks::Status::DeleteSkipped
                                  : stacks::Status::DeleteComplete));
  }
}

TEST_CASE("stacks: DeleteStack Now also ends what is draining already") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  for (const auto& id : world.serving()) {
    world.door.traffic(id.value).websockets = 1;
  }
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(seconds{2});
  REQUIRE(world.in_state(groups::LifecycleState::Terminating).size() == 2);
  REQUIRE(world.execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  world.run_for(seconds{1});
  CHECK(world.cloud.instances().empty());
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
}

TEST_CASE("stacks: the newest events are kept, as many as kMaxEventsKept") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  for (int i = 0; world.stack().events.size() < stacks::kMaxEventsKept; ++i) {
    REQUIRE(i < 1000);
    REQUIRE(world.update({{"Max", i % 2 == 0 ? "2" : "3"}}).has_value());
  }
  REQUIRE(world.update({{"Max", "4"}}).has_value());
  CHECK(world.stack().events.size() == stacks::kMaxEventsKept);
  CHECK(world.stack().events.front().logical_id != "web");
  CHECK(world.stack().events.back().status == stacks::Status::UpdateComplete);
}

TEST_CASE("stacks: a group keeps its newest finished activities, in memory and in the store") {
  World world;
  world.cloud.boot_model().stop_min = world.cloud.boot_model().stop_max = milliseconds{50};
  REQUIRE(world.create().has_value());
  world.run_for(seconds{3});
  for (std::size_t i = 0; i < groups::kMaxActivitiesKept / 2 + 5; ++i) {
    REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
    world.run_for(milliseconds{200});
    REQUIRE(world.execute(SetDesiredCapacity{kGroup, 1}).has_value());
    world.run_for(milliseconds{800});
  }
  const auto& kept = world.group().activities;
  CHECK(kept.size() == groups::kMaxActivitiesKept);
  CHECK(kept.front().start > kept.back().start);
  std::size_t stored = 0;
  for (const auto& [key, value] : world.store.contents()) {
    stored += key.starts_with("activity/") ? 1U : 0U;
  }
  CHECK(stored == groups::kMaxActivitiesKept);
}

TEST_CASE("stacks: a protected load balancer refuses its deletion, and the stack says so") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const std::string arn = world.model().load_balancers.begin()->first.value;
  const std::map<std::string, std::string> protect{{"deletion_protection.enabled", "true"}};
  REQUIRE(world
              .execute(BalancerCommand{
                  ChangeLoadBalancer{balancing::LoadBalancerArn{arn}, protect, {}, {}}})
              .has_value());
  REQUIRE(world.execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  world.run_for(seconds{5});
  CHECK(world.stack().status == stacks::Status::DeleteFailed);
  CHECK(world.stack().status_reason ==
        "One or more resources could not be deleted; see their events");
  CHECK_FALSE(world.stack().deleted.has_value());
  CHECK(world.model().load_balancers.size() == 1);
  CHECK(world.model().groups.empty());  // what comes before it is gone
  const auto& events = world.stack().events;
  const auto& refused = events.at(events.size() - 2);
  CHECK(refused.logical_id == "Balancer");
  CHECK(refused.status == stacks::Status::DeleteFailed);
  CHECK(refused.status_reason ==
        "Load balancer '" + arn + "' cannot be deleted because deletion protection is enabled");
}

TEST_CASE_FIXTURE(StateBench, "stacks: one whose template cannot be planned any more has failed") {
  auto& stack = model.stacks[kStack];
  stack.name = kStack;
  stack.id = "arn:1";
  stack.template_body = "Resources: {";
  stack.token = "console-1";
  state.due = now() + seconds{9};
  CHECK(shows([this] { advance_stacks(state, now()); }));
  CHECK(stack.status == stacks::Status::CreateFailed);
  CHECK_FALSE(stack.status_reason.empty());
  REQUIRE(stack.events.size() == 1);
  CHECK(stack.events[0].status_reason == stack.status_reason);
  CHECK(stack.events[0].timestamp == now());
  CHECK(stack.events[0].token == "console-1");
  CHECK(stack.events[0].physical_id == "arn:1");
  CHECK(stack.events[0].type == "AWS::CloudFormation::Stack");
  CHECK(state.work.empty());
  CHECK(state.due == now() + kSampleInterval);
  flush();
  CHECK(is_stored("stack/web"));
  state.due = now() + seconds{9};
  CHECK_FALSE(shows([this] { advance_stacks(state, now()); }));
  CHECK(state.due == now() + seconds{9});  // it is at rest
}

TEST_CASE_FIXTURE(StateBench, "stacks: a resource's event is its status, its reason and its time") {
  auto& stack = model.stacks[kStack];
  stack.name = kStack;
  auto& resource = stack.resources.emplace_back();
  resource.logical_id.value = "Group";
  resource.physical_id = "web-asg";
  resource.type = "AWS::AutoScaling::AutoScalingGroup";
  add_event(state, stack, &resource, stacks::Status::CreateFailed, "because", now());
  CHECK(resource.status == stacks::Status::CreateFailed);
  CHECK(resource.status_reason == "because");
  CHECK(resource.updated == now());
  const auto& event = stack.events.at(0);
  CHECK(event.logical_id == "Group");
  CHECK(event.physical_id == "web-asg");
  CHECK(event.type == "AWS::AutoScaling::AutoScalingGroup");
  CHECK(event.status_reason == "because");
  flush();
  CHECK(is_stored("stack/web"));
}

}  // namespace
}  // namespace tidegate::engine
