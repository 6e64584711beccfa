// A policy that tracks requests per target, through the engine.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string requests_template() {
  std::string body = kTemplate;
  const std::string cpu =
      "PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }";
  const std::string requests = R"(PredefinedMetricSpecification:
          PredefinedMetricType: ALBRequestCountPerTarget
          ResourceLabel:
            !Sub "${Balancer.LoadBalancerFullName}/${Targets.TargetGroupFullName}")";
  return body.replace(body.find(cpu), cpu.size(), requests);
}

/// So many requests per second for each instance that serves.
void run_with_requests(World& world, std::uint64_t per_second, Duration duration) {
  const Instant end = world.clock.now() + duration;
  while (world.clock.now() < end) {
    if (world.model().groups.empty()) {
      world.run_for(seconds{1});
    }
    for (const auto& id : world.serving()) {
      world.door.traffic(id.value).requests += per_second / 5;
    }
    world.run_for(milliseconds{200});
  }
}

TEST_CASE("requests: a target of 300 per minute holds at 5 per second and target") {
  World world;
  REQUIRE(world.create(requests_template(), {{"Target", "300"}}).has_value());
  run_with_requests(world, 5, seconds{40});
  const auto& policy = world.model().policies.begin()->second;
  CHECK(world.group().group.desired_capacity == 1);
  REQUIRE(policy.last_vote.has_value());
  CHECK(policy.last_vote->kind == scaling::VoteKind::Hold);
  CHECK(world.model().alarms.at(policy.policy.high_alarm).state == alarms::StateValue::Ok);
}

TEST_CASE("requests: twice the target doubles the group, and the load is that of each target") {
  World world;
  REQUIRE(world.create(requests_template(), {{"Target", "300"}}).has_value());
  run_with_requests(world, 5, seconds{20});
  run_with_requests(world, 10, seconds{5});
  CHECK(world.group().group.desired_capacity == 2);
  const auto& vote = world.model().policies.begin()->second.last_vote;
  CHECK(vote->metric.value_or(0) == doctest::Approx(600).epsilon(0.01));
  run_with_requests(world, 5, seconds{30});
  CHECK(world.group().group.desired_capacity == 2);
  CHECK(vote->kind == scaling::VoteKind::Hold);
}

TEST_CASE("requests: a balancer that counts from zero again makes no load of it") {
  World world;
  REQUIRE(world.create(requests_template(), {{"Target", "300"}}).has_value());
  run_with_requests(world, 5, seconds{20});
  for (const auto& id : world.serving()) {
    world.door.traffic(id.value).requests = 0;
  }
  run_with_requests(world, 5, seconds{10});
  CHECK(world.group().group.desired_capacity == 1);
}

TEST_CASE("requests: while the balancer is away there is no vote, and no rush when it is back") {
  World world;
  REQUIRE(world.create(requests_template(), {{"Target", "300"}}).has_value());
  run_with_requests(world, 5, seconds{20});
  run_with_requests(world, 10, seconds{5});
  REQUIRE(world.group().group.desired_capacity == 2);
  run_with_requests(world, 5, seconds{10});
  world.door.set_connected(false);
  run_with_requests(world, 5, seconds{150});
  CHECK(world.group().group.desired_capacity == 2);
  const auto& vote = world.model().policies.begin()->second.last_vote;
  CHECK(vote->kind == scaling::VoteKind::NoData);
  world.door.set_connected(true);
  run_with_requests(world, 5, seconds{10});
  CHECK(world.group().group.desired_capacity == 2);
  CHECK(vote->kind == scaling::VoteKind::Hold);
}

}  // namespace
}  // namespace tidegate::engine
