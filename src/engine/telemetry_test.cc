// What is measured, and under which names it is published.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using metrics::make_metric_id;
using metrics::Statistic;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The metric over the last ten seconds.
std::optional<double> recent(World& world, const metrics::MetricId& id, Statistic statistic) {
  const Instant end = std::chrono::floor<seconds>(world.clock.now());
  return value_of(world.metrics.read(id, end - seconds{10}, end, seconds{10}).at(0).values,
                  statistic);
}

TEST_CASE(
    "telemetry: CPU of an instance and of its group, as a share of the instance's own quota") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.4, seconds{30});
  const auto id = world.serving().at(0).value;
  CHECK(recent(world,
               make_metric_id("AWS/EC2", "CPUUtilization", {{"InstanceId", id}}),
               Statistic::Average) == doctest::Approx(40).epsilon(0.01));
  CHECK(recent(world,
               make_metric_id("AWS/EC2", "CPUUtilization", {{"AutoScalingGroupName", "web-asg"}}),
               Statistic::Average) == doctest::Approx(40).epsilon(0.01));
  CHECK(world.group().use.at(groups::InstanceId{id}).cpu_percent.value() ==
        doctest::Approx(40).epsilon(0.01));
  CHECK(world.group().cpu_percent.value() == doctest::Approx(40).epsilon(0.01));
}

TEST_CASE("telemetry: an instance that is not warm is in no group metric") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.4, seconds{5});
  REQUIRE(world.serving().size() == 1);
  CHECK_FALSE(world.group().cpu_percent.has_value());
}

TEST_CASE("telemetry: group sizes every second, under AWS's names") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{20});
  const auto by_group = [&](const char* name) {
    return recent(world,
                  make_metric_id("AWS/AutoScaling", name, {{"AutoScalingGroupName", "web-asg"}}),
                  Statistic::Maximum);
  };
  CHECK(by_group("GroupMinSize") == 1.0);
  CHECK(by_group("GroupMaxSize") == 3.0);
  CHECK(by_group("GroupDesiredCapacity") == 1.0);
  CHECK(by_group("GroupInServiceInstances") == 1.0);
  CHECK(by_group("GroupPendingInstances") == 0.0);
  CHECK(by_group("GroupTerminatingInstances") == 0.0);
  CHECK(by_group("GroupTotalInstances") == 1.0);
}

TEST_CASE("telemetry: requests by load balancer and target group, zeros when there are none") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{15});
  const auto& arn = world.model().target_groups.begin()->first.value;
  const metrics::Dimension by_group{"TargetGroup", arn.substr(arn.find("targetgroup/"))};
  const auto& lb_arn = world.model().load_balancers.begin()->first.value;
  const metrics::Dimension by_lb{"LoadBalancer", lb_arn.substr(lb_arn.find("loadbalancer/") + 13)};
  const auto requests = make_metric_id("AWS/ApplicationELB", "RequestCount", {by_lb});
  CHECK(recent(world, requests, Statistic::Sum) == 0.0);
  CHECK(recent(world,
               make_metric_id("AWS/ApplicationELB", "TargetResponseTime", {by_lb}),
               Statistic::Average) == 0.0);
  auto& traffic = world.door.traffic(world.serving().at(0).value);
  for (int i = 0; i < 100; ++i) {
    traffic.requests += 5;
    world.run_for(milliseconds{100});
  }
  world.run_for(milliseconds{900});
  CHECK(recent(world, requests, Statistic::Sum).value() == doctest::Approx(500).epsilon(0.1));
  CHECK(recent(world,
               make_metric_id("AWS/ApplicationELB", "RequestCount", {by_group, by_lb}),
               Statistic::Sum)
            .value() == doctest::Approx(500).epsilon(0.1));
  CHECK(recent(world,
               make_metric_id("AWS/ApplicationELB", "HealthyHostCount", {by_group, by_lb}),
               Statistic::Minimum) == 1.0);
  CHECK(recent(world,
               make_metric_id("AWS/ApplicationELB", "UnHealthyHostCount", {by_group, by_lb}),
               Statistic::Maximum) == 0.0);
}

TEST_CASE("telemetry: a target that fails its health check is counted as unhealthy") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  const auto& arn = world.model().target_groups.begin()->first.value;
  const metrics::Dimension by_group{"TargetGroup", arn.substr(arn.find("targetgroup/"))};
  const auto unhealthy = make_metric_id("AWS/ApplicationELB", "UnHealthyHostCount", {by_group});
  CHECK(recent(world, unhealthy, Statistic::Maximum) == 0.0);
  world.cloud.find(world.serving().at(0))->ailing = true;
  world.run_for(seconds{12});
  CHECK(recent(world, unhealthy, Statistic::Maximum) == 1.0);
}

TEST_CASE("telemetry: the share of the traffic of each instance over the last minute") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  const auto ids = world.serving();
  REQUIRE(ids.size() == 2);
  for (int i = 0; i < 50; ++i) {
    world.door.traffic(ids[0].value).requests += 3;
    world.door.traffic(ids[1].value).requests += 1;
    world.run_for(milliseconds{100});
  }
  world.run_for(seconds{2});
  CHECK(world.group().use.at(ids[0]).traffic_share.value() == doctest::Approx(0.75).epsilon(0.02));
  CHECK(world.group().use.at(ids[1]).traffic_share.value() == doctest::Approx(0.25).epsilon(0.02));
}

TEST_CASE("telemetry: a metric gap is missing data, and no scaling comes of it") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{20});
  world.cloud.set_metric_gap(true);
  world.run_with_load(1.0, seconds{10});
  CHECK(world.group().group.desired_capacity == 1);
  world.cloud.set_metric_gap(false);
  world.run_with_load(1.0, seconds{6});
  CHECK(world.group().group.desired_capacity == 2);
}

TEST_CASE("telemetry: the first sample after a gap is no value: it is that of the gap") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{20});
  const auto cpu =
      make_metric_id("AWS/EC2", "CPUUtilization", {{"InstanceId", world.serving().at(0).value}});
  world.cloud.set_metric_gap(true);
  world.run_with_load(1.0, seconds{4});
  CHECK_FALSE(world.group().use.at(world.serving().at(0)).cpu_percent.has_value());
  world.cloud.set_metric_gap(false);
  world.run_with_load(0.2, seconds{4});
  CHECK(recent(world, cpu, Statistic::Maximum).value() == doctest::Approx(20).epsilon(0.01));
}

TEST_CASE("telemetry: percentiles of CPU are over its seconds") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{30});
  world.run_with_load(0.6, seconds{10});
  const auto id = world.serving().at(0).value;
  const Instant end = std::chrono::floor<std::chrono::seconds>(world.clock.now());
  const auto points = world.metrics.read_distributions(
      make_metric_id("AWS/EC2", "CPUUtilization", {{"InstanceId", id}}),
      end - seconds{20},
      end,
      seconds{20});
  REQUIRE(points.size() == 1);
  CHECK(metrics::percentile_of(points[0].values, 25).value() == doctest::Approx(20).epsilon(0.02));
  CHECK(metrics::percentile_of(points[0].values, 90).value() == doctest::Approx(60).epsilon(0.02));
}

TEST_CASE(
    "telemetry: RequestCountPerTarget is per healthy target, without one per registered one") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{20});
  const auto& [arn, group] = *world.model().target_groups.begin();
  const std::string name = arn.value.substr(arn.value.find("targetgroup/"));
  const auto per_target =
      make_metric_id("AWS/ApplicationELB", "RequestCountPerTarget", {{"TargetGroup", name}});
  const auto id = world.serving().at(0);
  world.door.traffic(id.value).requests += 600;
  world.run_for(seconds{2});
  const Instant end = std::chrono::floor<seconds>(world.clock.now());
  const auto sums = world.metrics.read(per_target, end - seconds{10}, end, seconds{10});
  CHECK(sums.at(0).values.sum == 600);  // one healthy target: a count, whatever the period
}

}  // namespace
}  // namespace tidegate::engine
