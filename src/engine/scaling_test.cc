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

}  // namespace
}  // namespace tidegate::engine
