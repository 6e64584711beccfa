// An instance's life through the engine: launch failures, health, draining, un-draining.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using groups::TerminationStage;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string with(std::string body, const std::string& before, const std::string& text) {
  body.insert(body.find(before), text);
  return body;
}

TEST_CASE("life: failing user data fails the launch with its line, and launches back off") {
  World world;
  world.cloud.boot_model().fail_user_data = 1;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{120});
  CHECK(world.serving().empty());
  CHECK(world.cloud.launches() == 5);
  REQUIRE_FALSE(world.group().blockers.empty());
  CHECK(world.group().blockers[0].what == "launch");
  std::size_t failed = 0;
  for (const auto& activity : world.group().activities) {
    if (activity.status == groups::ActivityStatus::Failed) {
      ++failed;
      CHECK(activity.status_message.find("line 3") != std::string::npos);
    }
  }
  CHECK(failed == 5);
  world.cloud.boot_model().fail_user_data = 0;
  world.run_for(std::chrono::minutes{10});
  CHECK(world.serving().size() == 1);
  CHECK(world.group().blockers.empty());
}

TEST_CASE("life: what never answers is never in service, and its launch fails at LaunchTimeout") {
  World world;
  world.cloud.boot_model().never_serves = 1;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{19});
  CHECK(world.in_state(groups::LifecycleState::Pending).size() == 1);
  CHECK(world.group().activities.size() == 1);
  world.run_for(seconds{2});
  CHECK(world.group().activities.front().status == groups::ActivityStatus::Failed);
  CHECK(world.group().activities.front().status_message.find("within 20 s") != std::string::npos);
  CHECK(world.serving().empty());
  world.run_for(seconds{60});
  CHECK(world.group().activities.size() >= 2);  // tried again, after a while
  CHECK(world.serving().empty());
}

TEST_CASE("life: a group in a zone the load balancer does not serve never gets into service") {
  World world;
  std::string body = kTemplate;
  const std::string group = "VPCZoneIdentifier: [subnet-a, subnet-b]";
  body.replace(body.find(group), group.size(), "VPCZoneIdentifier: [subnet-c]");
  body = with(body, "subnet-b: { Zone", "subnet-c: { Zone: eu-west-2c }, ");
  REQUIRE(world.create(body).has_value());
  world.run_for(seconds{10});
  CHECK(world.serving().empty());
  const auto& target_group = world.model().target_groups.begin()->second;
  REQUIRE(target_group.target_group.targets.size() == 1);
  const auto health =
      target_health(world.model(), target_group, target_group.target_group.targets[0]);
  CHECK(health.state == balancing::TargetHealthState::Unused);
  CHECK(health.description ==
        "Target is in an Availability Zone that is not enabled for the load balancer");
}

TEST_CASE("life: a draining instance waits for its requests, then SIGTERM, then its end") {
  World world;
  world.cloud.boot_model().stop_min = seconds{2};
  world.cloud.boot_model().stop_max = seconds{2};
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  for (const auto& id : world.serving()) {
    world.door.traffic(id.value).websockets = 1;
  }
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 1}).has_value());
  world.run_for(seconds{8});
  const auto leaving = world.in_state(groups::LifecycleState::Terminating);
  REQUIRE(leaving.size() == 1);
  const auto& id = leaving[0];
  CHECK(world.group().instances.at(id).stage == TerminationStage::Draining);
  CHECK_FALSE(world.cloud.find(id)->stopped_at);
  CHECK(world.group().activities.front().status ==
        groups::ActivityStatus::WaitingForELBConnectionDraining);
  world.door.traffic(id.value).websockets = 0;
  world.run_for(milliseconds{400});
  REQUIRE(world.cloud.find(id) != nullptr);
  CHECK(world.cloud.find(id)->stopped_at);
  world.run_for(seconds{8});
  CHECK_FALSE(world.cloud.instances().contains(id));
  CHECK(world.cloud.instances().size() == 1);
  CHECK(world.group().activities.front().status == groups::ActivityStatus::Successful);
}

TEST_CASE("life: load that comes back un-drains instead of launching") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  for (const auto& id : world.serving()) {
    world.door.traffic(id.value).in_flight = 1;
  }
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 1}).has_value());
  world.run_for(seconds{1});
  const auto leaving = world.in_state(groups::LifecycleState::Terminating);
  REQUIRE(leaving.size() == 1);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{2});
  CHECK(world.serving().size() == 2);
  CHECK(world.cloud.launches() == 2);
  CHECK(world.ledger_has("un-drain " + leaving[0].value));
  const auto& targets = world.model().target_groups.begin()->second.target_group.targets;
  for (const auto& target : targets) {
    CHECK_FALSE(target.deregistered);
  }
}

TEST_CASE("life: an unhealthy instance that still answers goes only when its replacement serves") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const auto sick = world.serving().at(0);
  world.cloud.find(sick)->frozen = true;
  world.run_for(seconds{25});
  REQUIRE(world.serving().size() == 1);
  CHECK(world.serving().at(0) != sick);
  CHECK(world.cloud.launches() == 2);
}

TEST_CASE("life: with Liveness an unready instance is not replaced, a dead one is") {
  World world;
  std::string body = kTemplate;
  const std::string settings = "LaunchTimeout: 20, ";
  body.insert(body.find(settings), "Liveness: { Path: /live }, ");
  REQUIRE(world.create(body).has_value());
  world.run_for(seconds{8});
  REQUIRE(world.serving().size() == 1);
  const auto& config = world.door.config();
  REQUIRE(config.target_groups.size() == 2);
  const auto& liveness = config.target_groups.back();
  CHECK(liveness.arn.value == "liveness/web-asg");
  CHECK(liveness.health_check.path == "/live");
  REQUIRE(liveness.targets.size() == 1);
  CHECK(liveness.targets[0].port == 8000);
  const auto sick = world.serving().at(0);
  world.cloud.find(sick)->frozen = true;  // neither /health nor /live answers
  world.run_for(seconds{40});
  CHECK(world.serving().at(0) != sick);
}

TEST_CASE("life: while no balancer is connected nobody is judged") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  world.door.set_connected(false);
  world.cloud.find(world.serving().at(0))->frozen = true;
  world.run_for(seconds{60});
  CHECK(world.cloud.launches() == 1);
  world.door.set_connected(true);
  world.run_for(seconds{40});
  CHECK(world.cloud.launches() == 2);
}

TEST_CASE("life: a new target is probed densely in fast timing, at the group's interval in aws") {
  World fast;
  REQUIRE(fast.create().has_value());
  fast.run_for(seconds{1});
  CHECK(fast.door.config().target_groups.at(0).initial_probe_interval == milliseconds{100});
  CHECK(fast.door.config().target_groups.at(0).initial_probe_timeout == seconds{2});
  World aws;
  std::string body = kTemplate;
  body.replace(body.find("Timing: fast"), 12, "Timing: aws");
  REQUIRE(aws.create(body).has_value());
  aws.run_for(seconds{1});
  CHECK(aws.door.config().target_groups.at(0).initial_probe_interval == seconds{5});
  CHECK(aws.door.config().target_groups.at(0).initial_probe_timeout == seconds{2});
}

TEST_CASE("life: the launch spec carries what the template and the group say") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{2});
  const auto& spec = world.cloud.instances().begin()->second.spec;
  CHECK(spec.user_data == "exec serve");
  CHECK(spec.port == 8000);
  CHECK(spec.size.vcpus == 0.5);
  CHECK(spec.size.memory_mib == 256);
  CHECK(spec.image.layers == std::vector<std::string>{"host"});
  CHECK(spec.environment.at("DRAIN_DEADLINE_S") == "5");
  CHECK(spec.environment.at("LB_IDLE_TIMEOUT_S") == "60");
  CHECK(spec.zone == "eu-west-2a");
  const auto document = Json::parse(spec.metadata_document);
  REQUIRE(document.has_value());
  CHECK((*document)["instance-id"].string_or("") == spec.id.value);
  CHECK((*document)["availability-zone"].string_or("") == "eu-west-2a");
  CHECK((*document)["target-lifecycle-state"].string_or("") == "InService");
  CHECK((*document)["pending-time"].string_or("").ends_with("Z"));
}

TEST_CASE("life: an instance's metadata follows its lifecycle, told once per state") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  const auto id = world.cloud.instances().begin()->first;
  CHECK(world.cloud.find(id)->target_lifecycle_state == "InService");
  REQUIRE(world.execute(TerminateInstance{id}).has_value());
  const auto terminating = [&] {
    const auto* instance = world.cloud.find(id);
    return instance == nullptr || instance->target_lifecycle_state == "Terminated";
  };
  for (int i = 0; i < 200 && !terminating(); ++i) {
    world.run_for(milliseconds{100});
  }
  REQUIRE(world.cloud.find(id) != nullptr);
  CHECK(world.cloud.find(id)->target_lifecycle_state == "Terminated");
}

TEST_CASE("life: what the host complains of is seen, and gone when it is over") {
  World world;
  REQUIRE(world.create().has_value());
  world.cloud.set_troubles({"no metadata"});
  world.run_for(seconds{2});
  CHECK(world.engine->view()->host_troubles == std::vector<std::string>{"no metadata"});
  world.cloud.set_troubles({});
  world.run_for(seconds{2});
  CHECK(world.engine->view()->host_troubles.empty());
}

TEST_CASE("life: only as many instances are launched as fit the host") {
  World world;
  std::string body = kTemplate;
  body.replace(body.find("VCpus: 0.5"), 10, "VCpus: 4.0");
  REQUIRE(world.create(body).has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_for(seconds{10});
  CHECK(world.cloud.launches() == 2);
  CHECK(world.serving().size() == 2);
  REQUIRE_FALSE(world.group().blockers.empty());
  CHECK(world.group().blockers[0].why.find("host") != std::string::npos);
  const groups::Activity shown = world.group().activities.front();
  CHECK(shown.status == groups::ActivityStatus::Failed);
  CHECK_FALSE(shown.instance.has_value());
  CHECK(shown.description ==
        "Launching a new EC2 instance.  Status Reason: InsufficientInstanceCapacity: the host has "
        "no room for another instance. Launching EC2 instance failed.");
  CHECK(shown.cause.ends_with("increasing the capacity from 2 to 3."));
  world.start();
  world.run_for(seconds{5});
  CHECK(world.group().activities.front().id == shown.id);  // said once, also across a restart
}

TEST_CASE("life: a launch that waits for Launch to be resumed is no failed activity") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  const std::size_t before = world.group().activities.size();
  REQUIRE(world.execute(FleetCommand{SuspendProcesses{kGroup, {"Launch"}}}).has_value());
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{30});
  REQUIRE_FALSE(world.group().blockers.empty());
  CHECK(world.group().activities.size() == before);
}

}  // namespace
}  // namespace tidegate::engine
