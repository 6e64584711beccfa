#include "core/stacks/network.h"

#include <set>

#include <doctest/doctest.h>

#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {

TEST_CASE("network: one default subnet a zone, by ids that stay") {
  const auto subnets = default_subnets("eu-west-2");
  std::set<std::string> zones;
  for (const auto& [id, zone] : subnets) {
    CHECK(id.starts_with("subnet-0"));
    CHECK(id.size() == 24);
    zones.insert(zone);
  }
  CHECK(zones == std::set<std::string>{"eu-west-2a", "eu-west-2b", "eu-west-2c"});
  CHECK(subnets == default_subnets("eu-west-2"));
  CHECK(subnets != default_subnets("eu-west-1"));
  CHECK(default_vpc("eu-west-2").starts_with("vpc-0"));
  CHECK(default_vpc("eu-west-2").size() == 21);
  CHECK(default_vpc("eu-west-2") != default_vpc("eu-west-1"));
}

TEST_CASE("network: a template may name a default subnet without Metadata") {
  const auto subnets = default_subnets("eu-west-2");
  const std::string id = subnets.begin()->first;
  const auto plan = planned(
      "Resources:\n  Balancer:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n"
      "    Properties: { Subnets: [" +
      id + "] }\n");
  CHECK(the<balancing::LoadBalancer>(plan).zones ==
        std::vector<std::string>{subnets.begin()->second});
}

}  // namespace tidegate::stacks
