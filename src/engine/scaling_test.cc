#include <algorithm>

#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::seconds;

TEST_CASE("scaling: a standing low alarm lets what a user asked for come and be measured") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{200});
  const auto& policy = world.model().policies.begin()->second.policy;
  REQUIRE(world.model().alarms.at(policy.low_alarm).state == alarms::StateValue::Alarm);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.1, seconds{5});
  CHECK(world.serving().size() == 3);
  CHECK(world.group().group.desired_capacity == 3);
  world.run_with_load(0.1, seconds{200});  // and then the policy has its say
  CHECK(world.group().group.desired_capacity == 1);
}

TEST_CASE("scaling: a standing low alarm does not wait for launches that fail") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{200});
  world.cloud.boot_model().fail_user_data = 1;
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.1, seconds{200});
  CHECK(world.group().group.desired_capacity == 1);
  CHECK(world.serving().size() == 1);
}

/// Ledger lines of decisions that were not made, by what kept them: "why | blocked_by of the vote".
std::vector<std::string> held_back(const World& world) {
  std::vector<std::string> all;
  for (const auto& entry : world.model().ledger) {
    if (entry.what.starts_with("desired stays ")) {
      all.push_back(entry.why + " | " + entry.votes.items().at(0)["blocked_by"].string_or("-"));
    }
  }
  return all;
}

TEST_CASE("scaling: what keeps a vote back is in the ledger, beside the vote") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{200});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.1, seconds{5});
  const auto held = held_back(world);
  CHECK(std::any_of(held.begin(), held.end(), [](const std::string& each) {
    return each.ends_with("; instances are warming up | instances are warming up");
  }));
}

TEST_CASE("scaling: with AlarmNotification suspended the ledger says that this is why") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{20});
  REQUIRE(world.execute(FleetCommand{SuspendProcesses{kGroup, {"AlarmNotification"}}}).has_value());
  world.run_with_load(1.0, seconds{20});
  CHECK(world.group().group.desired_capacity == 1);
  const auto held = held_back(world);
  REQUIRE_FALSE(held.empty());
  CHECK(held.back().ends_with("; the process AlarmNotification is suspended | -"));
}

}  // namespace
}  // namespace tidegate::engine
