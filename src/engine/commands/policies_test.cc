#include <array>

#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::seconds;

scaling::TargetTrackingPolicy policy_of(const std::string& name, double target) {
  scaling::TargetTrackingPolicy policy;
  policy.name.value = name;
  policy.group_name = kFleet.value;
  policy.target_value = target;
  return policy;
}

TEST_CASE("PutScalingPolicy: makes the policy with its two alarms, and it scales the group") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  const auto made = world.ask(PutScalingPolicy{policy_of("cpu", 50)});
  REQUIRE(made.has_value());
  const auto& answer = std::get<PolicyAnswer>(*made);
  CHECK(answer.policy.arn.ends_with(":autoScalingGroupName/fleet:policyName/cpu"));
  REQUIRE(answer.alarms.size() == 2);
  CHECK(answer.alarms[0].first.starts_with("TargetTracking-fleet-AlarmHigh-"));
  CHECK(answer.alarms[1].first.starts_with("TargetTracking-fleet-AlarmLow-"));
  CHECK(world.model().alarms.contains(alarms::AlarmName{answer.alarms[0].first}));
  world.run_with_load(0.9, seconds{30});
  CHECK(world.fleet().group.desired_capacity > 1);
}

TEST_CASE("PutScalingPolicy: a second time it changes the policy and keeps its ARN") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  REQUIRE(world.ask(PutScalingPolicy{policy_of("cpu", 50)}).has_value());
  const auto arn = world.model().policies.begin()->second.policy.arn;
  auto changed = policy_of("cpu", 60);
  changed.disable_scale_in = true;
  const auto made = world.ask(PutScalingPolicy{changed});
  REQUIRE(made.has_value());
  CHECK(std::get<PolicyAnswer>(*made).policy.arn == arn);
  CHECK(std::get<PolicyAnswer>(*made).alarms.size() == 1);
  CHECK(world.model().alarms.size() == 1);
  CHECK(world.model().policies.begin()->second.policy.target_value == 60);
}

TEST_CASE("PutScalingPolicy: what cannot be is refused in AWS's words") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  REQUIRE(world.ask(PutScalingPolicy{policy_of("cpu", 50)}).has_value());
  struct Case {
    const char* name;
    void (*change)(scaling::TargetTrackingPolicy& policy);
    const char* error;
  };
  const auto cases = std::to_array<Case>({
      {"no group",
       [](auto& p) { p.group_name = "no"; },
       "ValidationError: AutoScalingGroup name not found - AutoScalingGroup 'no' not found"},
      {"same metric",
       [](auto&) {},
       "ValidationError: Only one TargetTrackingScaling policy for a given metric specification "
       "is allowed"},
      {"zero", [](auto& p) { p.target_value = 0; }, "TargetValue 0 must be above 0."},
      {"over 100",
       [](auto& p) { p.target_value = 100.5; },
       "TargetValue 100.5 percent of CPU can never be reached; at most 100."},
      {"label",
       [](auto& p) { p.resource_label = "app/a/1/targetgroup/b/2"; },
       "ResourceLabel is for ALBRequestCountPerTarget only."},
      {"no label",
       [](auto& p) { p.metric = scaling::PredefinedMetric::AlbRequestCountPerTarget; },
       "must name a load balancer and a target group that exist"},
      {"label of nothing",
       [](auto& p) {
         p.metric = scaling::PredefinedMetric::AlbRequestCountPerTarget;
         p.resource_label = "app/a/1/targetgroup/b/2";
       },
       "must name a load balancer and a target group that exist"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    auto policy = policy_of("second", 50);
    c.change(policy);
    const std::string error = refused(world.ask(PutScalingPolicy{policy}));
    CAPTURE(error);
    CHECK(error.find(c.error) != std::string::npos);
  }
  CHECK(world.model().policies.size() == 1);
  auto whole = policy_of("second", 100);
  whole.metric = scaling::PredefinedMetric::AsgAverageNetworkIn;
  CHECK(world.ask(PutScalingPolicy{whole}).has_value());
}

TEST_CASE("PutScalingPolicy: two groups may have policies of one name") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  auto other = world.group_command(0, 1, 0);
  other.group.name.value = "other";
  REQUIRE(world.ask(other).has_value());
  REQUIRE(world.ask(PutScalingPolicy{policy_of("cpu", 50)}).has_value());
  auto second = policy_of("cpu", 70);
  second.group_name = "other";
  REQUIRE(world.ask(PutScalingPolicy{second}).has_value());
  CHECK(world.model().policies.size() == 2);
  world.start();
  CHECK(world.model().policies.size() == 2);
  REQUIRE(world.ask(DeletePolicy{kFleet, "cpu"}).has_value());
  REQUIRE(world.model().policies.size() == 1);
  CHECK(world.model().policies.begin()->second.policy.group_name == "other");
}

/// A load balancer and so many target groups.
std::string many_target_groups(int count) {
  std::string body = R"(
Metadata: { Tidegate: { Subnets: { subnet-a: { Zone: eu-west-2a } } } }
Resources:
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: { Name: web-alb, Subnets: [subnet-a] }
)";
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    body += "  T" + number + ":\n    Type: AWS::ElasticLoadBalancingV2::TargetGroup\n" +
            "    Properties: { Name: t-" + number + ", Port: 80, Protocol: HTTP, VpcId: vpc-1 }\n";
  }
  return body;
}

TEST_CASE("PutScalingPolicy: the 51st policy of a group is over the limit") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  REQUIRE(world.create(many_target_groups(51)).has_value());
  world.run_for(seconds{5});
  const std::string balancer = world.model().load_balancers.begin()->first.value;
  const auto target_groups = world.model().target_groups;
  int made = 0;
  for (const auto& [arn, group] : target_groups) {
    auto policy = policy_of("requests-" + std::to_string(made), 5);
    policy.metric = scaling::PredefinedMetric::AlbRequestCountPerTarget;
    policy.resource_label = balancer.substr(balancer.find("app/")) + "/" +
                            arn.value.substr(arn.value.find("targetgroup/"));
    const auto answer = world.ask(PutScalingPolicy{policy});
    if (made < 50) {
      REQUIRE(answer.has_value());
    } else {
      CHECK(refused(answer).starts_with("LimitExceeded: "));
    }
    ++made;
  }
  CHECK(world.model().policies.size() == 50);
}

TEST_CASE("DeletePolicy: by name or ARN, with its alarms; what is not there is deleted already") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  REQUIRE(world.ask(PutScalingPolicy{policy_of("cpu", 50)}).has_value());
  CHECK(refused(world.ask(DeletePolicy{{}, "cpu"})).starts_with("ValidationError: "));
  CHECK(refused(world.ask(DeletePolicy{groups::GroupName{"no"}, "cpu"}))
            .starts_with("ValidationError: "));
  CHECK(world.ask(DeletePolicy{kFleet, "other"}).has_value());
  CHECK(world.model().policies.size() == 1);
  const auto arn = world.model().policies.begin()->second.policy.arn;
  REQUIRE(world.ask(DeletePolicy{{}, arn}).has_value());
  CHECK(world.model().policies.empty());
  CHECK(world.model().alarms.empty());
  CHECK(world.ask(DeletePolicy{{}, arn}).has_value());
}

TEST_CASE("PutScalingPolicy: a share of CPU is above 0 and at most 100") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  REQUIRE(world.ask(PutScalingPolicy{policy_of("cpu", 100)}).has_value());
  REQUIRE(world.ask(PutScalingPolicy{policy_of("cpu", 0.5)}).has_value());
  CHECK(world.model().policies.begin()->second.policy.target_value == 0.5);
  CHECK(world.model().policies.size() == 1);
}

TEST_CASE(
    "PutScalingPolicy: a resource label names a load balancer and a target group, both here") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  balancing::LoadBalancer balancer;
  balancer.name = "web";
  balancer.subnets = {subnet_zones(world.model()).begin()->first};
  const auto made = world.execute(Command{BalancerCommand{CreateLoadBalancer{balancer}}});
  REQUIRE(made.has_value());
  balancing::TargetGroup targets;
  targets.name = "rooms";
  targets.port = 80;
  REQUIRE(world.execute(Command{BalancerCommand{CreateTargetGroup{targets}}}).has_value());
  const std::string arn = world.model().load_balancers.begin()->first.value;
  const std::string app = arn.substr(arn.find("app/"));
  const std::string group_arn = world.model().target_groups.begin()->first.value;
  const std::string group = group_arn.substr(group_arn.find("targetgroup/"));
  auto policy = policy_of("requests", 5);
  policy.metric = scaling::PredefinedMetric::AlbRequestCountPerTarget;
  const auto labels = std::to_array<std::string>({
      "net" + app.substr(3) + "/" + group,
      app + "/rule" + group.substr(group.find('/')),
      app + "/" + group + "/more",
      app + "/" + group.substr(0, group.rfind('/')),
      app + "0/" + group,
      app + "/" + group + "0",
      app,
  });
  for (const auto& label : labels) {
    policy.resource_label = label;
    CAPTURE(label);
    CHECK(refused(world.ask(PutScalingPolicy{policy}))
              .starts_with("ValidationError: ResourceLabel '" + label + "' must name"));
  }
  policy.resource_label = app + "/" + group;
  CHECK(world.ask(PutScalingPolicy{policy}).has_value());
  CHECK(world.model().policies.size() == 1);
}

}  // namespace
}  // namespace tidegate::engine
