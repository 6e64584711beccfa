// What a command writes into the ledger: who asked for what, when, of which group or instance.
#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

const std::string kAsked = "asked for by arn:aws:iam::000000000000:root";

/// "<what>|<group>|<instance>" of the decisions of this very moment, which a user asked for.
std::vector<std::string> asked_now(FleetWorld& world) {
  std::vector<std::string> found;
  for (const auto& entry : world.model().ledger) {
    if (entry.at == world.clock.now() && entry.why == kAsked && entry.decided) {
      found.push_back(entry.what + "|" + entry.group + "|" + entry.instance);
    }
  }
  return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("ledger: a group is created, resized and deleted by somebody") {
  FleetWorld world;
  world.make_template();
  REQUIRE(world.ask(world.group_command(1, 4, 2)).has_value());
  CHECK(asked_now(world) == Lines{"created, desired 2|fleet|"});
  world.run_for(std::chrono::seconds{10});
  UpdateAutoScalingGroup update;
  update.group = kFleet;
  update.max_size = 3;
  REQUIRE(world.ask(update).has_value());
  CHECK(asked_now(world).empty());
  update.min_size = 3;
  REQUIRE(world.ask(update).has_value());
  CHECK(asked_now(world) == Lines{"desired 2 -> 3|fleet|"});
  CHECK(world.fleet().group.capacity_changed == world.clock.now());
  CHECK(world.fleet().group.capacity_cause.ends_with("from 2 to 3."));
  world.run_for(std::chrono::seconds{10});
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 3}).has_value());
  CHECK(asked_now(world).empty());
  update.min_size = 1;
  REQUIRE(world.ask(update).has_value());
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 1}).has_value());
  CHECK(asked_now(world) == Lines{"desired 3 -> 1|fleet|"});
  world.run_for(std::chrono::seconds{30});
  REQUIRE(
      world.ask(DeleteAutoScalingGroup{kFleet, DeleteAutoScalingGroup::Force::Yes}).has_value());
  CHECK(asked_now(world).at(0) == "deleted|fleet|");
}

TEST_CASE("ledger: each group that loses its launch template hears of it, no other") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  auto command = world.group_command(0, 1, 0);
  command.group.name.value = "second";
  REQUIRE(world.ask(command).has_value());
  world.make_template("other");
  command.group.name.value = "third";
  command.group.launch_template.name = "other";
  REQUIRE(world.ask(command).has_value());
  world.run_for(std::chrono::seconds{1});
  REQUIRE(world.ask(DeleteLaunchTemplate{{{}, "web"}}).has_value());
  CHECK(asked_now(world) ==
        Lines{"launch template web deleted|fleet|", "launch template web deleted|second|"});
}

TEST_CASE("ledger: an instance outside groups is launched by somebody; a refused call by nobody") {
  FleetWorld world;
  RunInstances command;
  command.made_from.image_id = kHostImage;
  command.made_from.instance_type = "t3.micro";
  command.max_count = 2;
  const auto made = world.ask(command);
  REQUIRE(made.has_value());
  const auto& instances = std::get<InstancesAnswer>(*made).instances;
  REQUIRE(instances.size() == 2);
  const std::string first = instances[0].instance.id.value;
  const std::string second = instances[1].instance.id.value;
  CHECK(asked_now(world) ==
        Lines{"launch " + first + "||" + first, "launch " + second + "||" + second});
  const auto taken = world.engine->take_ledger();
  CHECK(taken.size() == 2);
  command.min_count = command.max_count = 3;
  REQUIRE_FALSE(world.ask(command).has_value());
  CHECK(asked_now(world).size() == 2);
  CHECK(world.engine->take_ledger().empty());
}

}  // namespace tidegate::engine
