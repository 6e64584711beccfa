// Load balancers by calls alone, over a real engine: each operation, and each error it has.
#include <array>

#include <doctest/doctest.h>

#include "edge/api/front/elbv2_fixture.h"

namespace tidegate::api {

using std::chrono::seconds;

TEST_CASE("elbv2 calls: a balancer made by calls serves, and is gone when it is deleted") {
  Elb elb;
  elb.call("RegisterTargets&TargetGroupArn=" + elb.group +
           "&Targets.member.1.Id=10.9.8.7&Targets.member.2.Id=10.9.8.7&Targets.member.2.Port=81");
  elb.desk.world.run_for(seconds{2});
  const Json shown = elb.call("DescribeLoadBalancers")["LoadBalancers"].items()[0];
  CHECK(shown["State"]["Code"].string_or("") == "active");
  CHECK_FALSE(shown["DNSName"].string_or("").empty());
  CHECK(shown["VpcId"].string_or("") == stacks::default_vpc("eu-west-2"));
  CHECK(shown["AvailabilityZones"].items().size() == 2);
  for (const Json& zone : shown["AvailabilityZones"].items()) {
    CHECK(stacks::default_subnets("eu-west-2").at(zone["SubnetId"].string_or("")) ==
          zone["ZoneName"].string_or(""));
  }
  const auto& config = elb.desk.world.door.config();
  REQUIRE(config.listeners.size() == 1);
  CHECK(config.listeners[0].arn.value == elb.listener);
  CHECK(config.listeners[0].default_target_group.value == elb.group);
  REQUIRE(config.target_groups.size() == 1);
  CHECK(config.target_groups[0].targets.size() == 2);
  CHECK(elb.desk.world.model().listeners.begin()->second.bound_port == 80);
  const Json groups = elb.call("DescribeTargetGroups&LoadBalancerArn=" + elb.balancer);
  CHECK(groups["TargetGroups"].items()[0]["LoadBalancerArns"].items()[0].string_or("") ==
        elb.balancer);
  const std::string rule = elb.make_rule(7);
  elb.call("DeleteLoadBalancer&LoadBalancerArn=" + elb.balancer);
  CHECK(elb.desk.world.model().listeners.empty());
  CHECK(elb.desk.world.model().rules.empty());
  elb.desk.world.run_for(seconds{1});
  CHECK(elb.desk.world.door.config().listeners.empty());
  elb.call("DeleteLoadBalancer&LoadBalancerArn=" + elb.balancer);  // again
  elb.call("DeleteTargetGroup&TargetGroupArn=" + elb.group);
  elb.call("DeleteTargetGroup&TargetGroupArn=" + elb.group);
  CHECK(elb.desk.world.model().target_groups.empty());
}

TEST_CASE("elbv2 calls: what calls made is there after a restart") {
  Elb elb;
  elb.call("AddTags&ResourceArns.member.1=" + elb.balancer +
           "&Tags.member.1.Key=a&Tags.member.1.Value=b");
  elb.call("ModifyLoadBalancerAttributes&LoadBalancerArn=" + elb.balancer +
           "&Attributes.member.1.Key=deletion_protection.enabled&Attributes.member.1.Value=true");
  const std::string rule = elb.make_rule(7);
  const auto before = elb.desk.world.model();
  elb.desk.world.start();
  CHECK(elb.desk.world.model().load_balancers == before.load_balancers);
  CHECK(elb.desk.world.model().listeners == before.listeners);
  CHECK(elb.desk.world.model().rules == before.rules);
  CHECK(elb.desk.world.model().target_groups.begin()->second.target_group ==
        before.target_groups.begin()->second.target_group);
}

TEST_CASE("elbv2 calls: the same again answers what is there, the same name otherwise is refused") {
  Elb elb;
  CHECK(elb.make_balancer("web") == elb.balancer);
  CHECK(elb.make_group("web") == elb.group);
  CHECK(elb.make_listener(elb.balancer, 80, elb.group) == elb.listener);
  const std::string other = elb.make_group("other");
  elb.refuses({
      {"CreateLoadBalancer&Name=web&Scheme=internal" + elb.subnets, "DuplicateLoadBalancerName: "},
      {"CreateTargetGroup&Name=web&Protocol=HTTP&Port=8001&TargetType=ip",
       "DuplicateTargetGroupName: "},
      {"CreateListener&LoadBalancerArn=" + elb.balancer + "&Protocol=HTTP&Port=80" +
           Elb::forward(other),
       "DuplicateListener: "},
  });
}

TEST_CASE("elbv2 calls: CreateLoadBalancer refuses in AWS's words") {
  Elb elb;
  const std::string base = "CreateLoadBalancer&Name=other";
  const auto ids = stacks::default_subnets("eu-west-2");
  const std::string one = ids.begin()->first;
  std::string tags;
  for (int i = 1; i <= 51; ++i) {
    tags += "&Tags.member." + std::to_string(i) + ".Key=k" + std::to_string(i);
  }
  elb.refuses({
      {base, "ValidationError: At least two subnets"},
      {base + "&Subnets.member.1=" + one, "ValidationError: At least two subnets"},
      {base + "&Subnets.member.1=" + one + "&Subnets.member.2=subnet-none",
       "SubnetNotFound: The subnet ID 'subnet-none' does not exist"},
      {base + "&Subnets.member.1=" + one + "&Subnets.member.2=vpc-1", "InvalidSubnet: "},
      {base + "&Subnets.member.1=" + one + "&Subnets.member.2=" + one,
       "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets"},
      {base + "&SubnetMappings.member.1.SubnetId=" + one +
           "&SubnetMappings.member.1.AllocationId=eipalloc-1",
       "AllocationIdNotFound: "},
      {base + elb.subnets + "&SubnetMappings.member.1.SubnetId=" + one, "ValidationError: "},
      {base + elb.subnets + "&SecurityGroups.member.1=x", "InvalidSecurityGroup: "},
      {base + elb.subnets + "&Scheme=private", "ValidationError: "},
      {base + elb.subnets + "&Type=network", "InvalidConfigurationRequest: Type 'network'"},
      {base + elb.subnets + "&IpAddressType=dualstack",
       "InvalidConfigurationRequest: IpAddressType 'dualstack'"},
      {base + elb.subnets + tags, "TooManyTags: "},
      {base + elb.subnets + "&Tags.member.1.Key=a&Tags.member.2.Key=a", "DuplicateTagKeys: "},
      {base + elb.subnets + "&Tags.member.1.Key=aws:a", "ValidationError: "},
      {"CreateLoadBalancer&Name=-x" + elb.subnets, "ValidationError: Load balancer name '-x'"},
      {"CreateLoadBalancer&Name=x-" + elb.subnets, "ValidationError: "},
      {"CreateLoadBalancer&Name=internal-x" + elb.subnets, "ValidationError: "},
      {"CreateLoadBalancer&Name=a_b" + elb.subnets, "ValidationError: "},
      {"CreateLoadBalancer&Name=" + std::string(33, 'a') + elb.subnets, "ValidationError: "},
  });
  for (std::size_t i = 1; i < engine::kMaxLoadBalancers; ++i) {
    elb.make_balancer("b" + std::to_string(i));
  }
  CHECK(elb.refusal("CreateLoadBalancer&Name=more" + elb.subnets)
            .starts_with("TooManyLoadBalancers: "));
}

TEST_CASE("elbv2 calls: the 3001st target group is over the limit") {
  Elb elb;
  auto& world = elb.desk.world;
  const std::string stored = world.store.contents().at("target_group/" + elb.group);
  const std::size_t at = stored.find(elb.group) + elb.group.size();
  std::vector<ports::StoreOperation> batch;  // more of the one that is stored, each its own ARN
  for (std::size_t i = 2; i < engine::kMaxTargetGroups; ++i) {
    const std::string number = std::to_string(i);
    batch.push_back(
        {"target_group/" + elb.group + number, stored.substr(0, at) + number + stored.substr(at)});
    if (batch.size() == ports::kMaxBatch || i + 1 == engine::kMaxTargetGroups) {
      REQUIRE(world.store.append(batch, world.starts, world.store.revision()).has_value());
      batch.clear();
    }
  }
  world.start();
  REQUIRE(world.recovered.has_value());
  CHECK_FALSE(elb.make_group("last").empty());
  CHECK(world.model().target_groups.size() == engine::kMaxTargetGroups);
  CHECK(elb.refusal("CreateTargetGroup&Name=more&Protocol=HTTP&Port=80&TargetType=ip")
            .starts_with("TooManyTargetGroups: "));
}

TEST_CASE("elbv2 calls: attributes are honoured or refused, and read back") {
  Elb elb;
  const std::string balancer = "LoadBalancerArn=" + elb.balancer;
  const std::string group = "TargetGroupArn=" + elb.group;
  const auto set = [](const char* key, const char* value) {
    return std::string{"&Attributes.member.1.Key="} + key + "&Attributes.member.1.Value=" + value;
  };
  const std::string modify = "ModifyLoadBalancerAttributes&" + balancer;
  elb.call(modify + set("idle_timeout.timeout_seconds", "4000"));
  CHECK(elb.attribute("DescribeLoadBalancerAttributes", balancer, "idle_timeout.timeout_seconds") ==
        "4000");
  elb.desk.world.run_for(seconds{1});
  CHECK(elb.desk.world.door.config().listeners[0].idle_timeout == seconds{4000});
  elb.call(modify + set("deletion_protection.enabled", "true"));
  CHECK(elb.refusal("DeleteLoadBalancer&" + balancer).starts_with("OperationNotPermitted: "));
  elb.call(modify + set("deletion_protection.enabled", "false"));
  elb.call(modify + set("routing.http2.enabled", "true"));
  const std::string modify_group = "ModifyTargetGroupAttributes&" + group;
  elb.call(modify_group + set("deregistration_delay.timeout_seconds", "0"));
  CHECK(elb.attribute(
            "DescribeTargetGroupAttributes", group, "deregistration_delay.timeout_seconds") == "0");
  CHECK(elb.attribute("DescribeTargetGroupAttributes", group, "load_balancing.algorithm.type") ==
        "round_robin");
  elb.call(modify_group + set("stickiness.enabled", "true"));
  elb.call(modify_group + set("stickiness.lb_cookie.duration_seconds", "60"));
  elb.call(modify_group + set("stickiness.type", "lb_cookie"));
  CHECK(elb.attribute("DescribeTargetGroupAttributes", group, "stickiness.enabled") == "true");
  elb.desk.world.run_for(seconds{1});
  CHECK(elb.desk.world.door.config().target_groups[0].stickiness ==
        balancing::Stickiness{true, seconds{60}});
  elb.refuses({
      {modify + set("idle_timeout.timeout_seconds", "0"), "ValidationError: "},
      {modify + set("idle_timeout.timeout_seconds", "4001"), "ValidationError: "},
      {modify + set("idle_timeout.timeout_seconds", "x"), "ValidationError: "},
      {modify + set("deletion_protection.enabled", "yes"), "ValidationError: "},
      {modify + set("access_logs.s3.enabled", "true"), "InvalidConfigurationRequest: "},
      {modify + set("colour", "red"), "ValidationError: Load balancer attribute key 'colour'"},
      {modify_group + set("deregistration_delay.timeout_seconds", "3601"), "ValidationError: "},
      {modify_group + set("slow_start.duration_seconds", "30"), "InvalidConfigurationRequest: "},
      {modify_group + set("colour", "red"), "ValidationError: Target group attribute key"},
      {modify_group + set("stickiness.type", "app_cookie"), "InvalidConfigurationRequest: "},
      {modify_group + set("stickiness.lb_cookie.duration_seconds", "0"), "ValidationError: "},
      {"DescribeLoadBalancerAttributes&" + balancer + "0", "LoadBalancerNotFound: "},
      {"DescribeLoadBalancerAttributes&LoadBalancerArn=x", "ValidationError: 'x' is not a valid"},
      {"DescribeTargetGroupAttributes&" + group + "0", "TargetGroupNotFound: "},
      {"ModifyLoadBalancerAttributes&" + balancer + "0" + set("a", "b"), "LoadBalancerNotFound: "},
      {"ModifyTargetGroupAttributes&" + group + "0" + set("a", "b"), "TargetGroupNotFound: "},
  });
}

TEST_CASE("elbv2 calls: subnets, security groups and the address type of a balancer") {
  Elb elb;
  const std::string balancer = "&LoadBalancerArn=" + elb.balancer;
  const auto ids = stacks::default_subnets("eu-west-2");
  std::string all;
  int n = 0;
  for (const auto& [id, zone] : ids) {
    all += "&Subnets.member." + std::to_string(++n) + "=" + id;
  }
  const Json set = elb.call("SetSubnets" + balancer + all);
  CHECK(set["AvailabilityZones"].items().size() == 3);
  CHECK(elb.desk.world.model().load_balancers.begin()->second.zones.size() == 3);
  const Json groups = elb.call("SetSecurityGroups" + balancer + "&SecurityGroups.member.1=sg-0a");
  CHECK(groups["SecurityGroupIds"].items()[0].string_or("") == "sg-0a");
  CHECK(elb.call("SetIpAddressType" + balancer + "&IpAddressType=ipv4")["IpAddressType"].string_or(
            "") == "ipv4");
  const std::string none = balancer + "0";
  elb.refuses({
      {"SetSubnets" + none + all, "LoadBalancerNotFound: "},
      {"SetSubnets" + balancer, "ValidationError: "},
      {"SetSubnets" + balancer + "&Subnets.member.1=subnet-a&Subnets.member.2=subnet-b",
       "SubnetNotFound: "},
      {"SetSubnets" + balancer + "&Subnets.member.1=x&Subnets.member.2=y", "InvalidSubnet: "},
      {"SetSubnets" + balancer + "&SubnetMappings.member.1.AllocationId=e",
       "AllocationIdNotFound: "},
      {"SetSubnets" + balancer + all + "&IpAddressType=dualstack", "InvalidConfigurationRequest: "},
      {"SetSecurityGroups" + none + "&SecurityGroups.member.1=sg-0a", "LoadBalancerNotFound: "},
      {"SetSecurityGroups" + balancer + "&SecurityGroups.member.1=sg-", "InvalidSecurityGroup: "},
      {"SetSecurityGroups" + balancer + "&SecurityGroups=", "InvalidConfigurationRequest: "},
      {"SetIpAddressType" + none + "&IpAddressType=ipv4", "LoadBalancerNotFound: "},
      {"SetIpAddressType" + balancer + "&IpAddressType=dualstack", "InvalidConfigurationRequest: "},
  });
}

}  // namespace tidegate::api
