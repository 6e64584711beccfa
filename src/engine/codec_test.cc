#include "engine/journal/codec.h"

#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::seconds;

template <typename T>
void check_round_trip(const T& value) {
  const auto parsed = Json::parse(to_json(value).dump());
  REQUIRE(parsed.has_value());
  CHECK(from_json<T>(*parsed) == value);
}

TEST_CASE("codec: everything a living stack stores reads back the same") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(1.0, seconds{30});
  const Model& model = world.model();
  for (const auto& [name, stack] : model.stacks) {
    check_round_trip(stack);
  }
  for (const auto& [id, value] : model.launch_templates) {
    check_round_trip(value);
  }
  for (const auto& [arn, value] : model.load_balancers) {
    check_round_trip(value);
  }
  for (const auto& [arn, value] : model.target_groups) {
    check_round_trip(value.target_group);
  }
  for (const auto& [arn, value] : model.listeners) {
    check_round_trip(value);
  }
  for (const auto& [name, value] : model.alarms) {
    check_round_trip(value);
  }
  for (const auto& [name, value] : model.policies) {
    check_round_trip(value.policy);
  }
  for (const auto& [name, group] : model.groups) {
    check_round_trip(group.group);
    for (const auto& [id, instance] : group.instances) {
      check_round_trip(instance);
    }
    for (const auto& activity : group.activities) {
      check_round_trip(activity);
    }
  }
}

TEST_CASE("codec: what only rare states hold reads back the same") {
  const Instant t{seconds{1767441871}};
  groups::Instance instance;
  instance.id = groups::InstanceId{"i-1"};
  instance.stage = groups::TerminationStage::Closing;
  instance.stage_since = t;
  instance.termination_reason = groups::TerminationReason::Replaced;
  instance.undrained = true;
  instance.replaces = groups::InstanceId{"i-0"};
  instance.protected_from_scale_in = true;
  instance.health_status = groups::HealthStatus::Unhealthy;
  instance.health_reason = "it said \"no\"\n";
  check_round_trip(instance);

  groups::AutoScalingGroup group;
  group.liveness = groups::Liveness{"/live", seconds{3}, seconds{1}, 4};
  group.launch_failures = {t, t + seconds{1}};
  group.default_instance_warmup = seconds{12};
  group.drain_signal = groups::DrainSignal::Start;
  group.tags = {{"a", "b"}};
  group.deleting = true;
  check_round_trip(group);

  balancing::Rule rule;
  rule.conditions = {{balancing::RuleCondition::Field::HostHeader, {"a.example", "*.b"}}};
  rule.priority = 50000;
  check_round_trip(rule);

  balancing::TargetGroup target_group;
  target_group.targets = {{"i-1", 8000, "10.64.0.2", "eu-west-2a", t, t + seconds{3}}};
  target_group.health_check.matcher = "200-299";
  check_round_trip(target_group);
}

TEST_CASE("codec: members of another kind, unknown and missing ones leave the default") {
  const auto json = Json::parse(R"({"Name": 5, "MinSize": "x", "MaxSize": 3, "Unheard": true})");
  REQUIRE(json.has_value());
  const auto group = from_json<groups::AutoScalingGroup>(*json);
  CHECK(group.name.empty());
  CHECK(group.min_size == 0);
  CHECK(group.max_size == 3);
}

}  // namespace
}  // namespace tidegate::engine
