// Target groups, listeners, rules, tags and targets by calls alone, over a real engine.
#include <array>

#include <doctest/doctest.h>

#include "edge/api/front/elbv2_fixture.h"

namespace tidegate::api {

using std::chrono::seconds;

TEST_CASE("elbv2 calls: target groups are checked, changed and kept while they are in use") {
  Elb elb;
  const std::string base = "CreateTargetGroup&Name=other&Protocol=HTTP&Port=80";
  elb.refuses({
      {"CreateTargetGroup&Name=other&Port=80", "ValidationError: Protocol and port"},
      {"CreateTargetGroup&Name=other&Protocol=HTTPS&Port=80", "InvalidConfigurationRequest: "},
      {base + "&TargetType=lambda", "InvalidConfigurationRequest: Target type"},
      {base + "&ProtocolVersion=GRPC", "InvalidConfigurationRequest: Protocol version"},
      {base + "&IpAddressType=ipv6", "InvalidConfigurationRequest: IpAddressType"},
      {base + "&VpcId=vpc-1", "ValidationError: The VPC ID 'vpc-1' is not found"},
      {base + "&HealthCheckPath=x", "ValidationError: Health check path"},
      {base + "&HealthCheckPort=0", "ValidationError: Health check port"},
      {base + "&HealthCheckProtocol=TCP", "InvalidConfigurationRequest: Health check protocol"},
      {base + "&HealthCheckIntervalSeconds=5&HealthCheckTimeoutSeconds=5",
       "ValidationError: Health check interval must be greater"},
      {base + "&Matcher.HttpCode=600", "ValidationError: Health check matcher"},
      {base + "&Matcher.GrpcCode=0", "InvalidConfigurationRequest: GrpcCode"},
      {base + "&HealthyThresholdCount=11", "ValidationError: "},
      {"DeleteTargetGroup&TargetGroupArn=" + elb.group, "ResourceInUse: "},
      {"DeleteTargetGroup&TargetGroupArn=x", "ValidationError: "},
      {"ModifyTargetGroup&TargetGroupArn=" + elb.group + "0", "TargetGroupNotFound: "},
      {"ModifyTargetGroup&TargetGroupArn=" + elb.group + "&HealthCheckTimeoutSeconds=30",
       "ValidationError: "},
      {"ModifyTargetGroup&TargetGroupArn=" + elb.group + "&HealthCheckProtocol=TCP",
       "InvalidConfigurationRequest: "},
  });
  const Json changed =
      elb.call("ModifyTargetGroup&TargetGroupArn=" + elb.group +
               "&HealthCheckPath=/ready&Matcher.HttpCode=200-204&UnhealthyThresholdCount=3")
          ["TargetGroups"]
              .items()[0];
  CHECK(changed["HealthCheckPath"].string_or("") == "/ready");
  CHECK(changed["Matcher"]["HttpCode"].string_or("") == "200-204");
  CHECK(changed["UnhealthyThresholdCount"].int_or(0) == 3);
  CHECK(changed["HealthyThresholdCount"].int_or(0) == 5);
  CHECK(changed["LoadBalancerArns"].items().size() == 1);
  elb.desk.world.run_for(seconds{1});
  CHECK(elb.desk.world.door.config().target_groups[0].health_check.path == "/ready");
}

TEST_CASE("elbv2 calls: listeners") {
  Elb elb;
  const std::string base = "CreateListener&LoadBalancerArn=" + elb.balancer + "&Port=81";
  const std::string http = base + "&Protocol=HTTP";
  const std::string to = Elb::forward(elb.group);
  const std::string second = elb.make_balancer("second");
  std::string many;
  for (int i = 1; i <= 6; ++i) {
    const std::string n = std::to_string(i);
    many += "&DefaultActions.member." + n + ".Type=forward&DefaultActions.member." + n +
            ".TargetGroupArn=" + elb.group;
  }
  const std::string modify = "ModifyListener&ListenerArn=" + elb.listener;
  elb.refuses({
      {base + to, "ValidationError: A listener protocol and port"},
      {base + "&Protocol=HTTPS" + to, "UnsupportedProtocol: "},
      {base + "&Protocol=HTTPS&Certificates.member.1.CertificateArn=c" + to,
       "CertificateNotFound: "},
      {base +
           "&Protocol=HTTPS&Certificates.member.1.CertificateArn=c&Certificates.member.2."
           "CertificateArn=d" +
           to,
       "TooManyCertificates: "},
      {base + "&Protocol=HTTPS&SslPolicy=p" + to, "SSLPolicyNotFound: "},
      {http + "&AlpnPolicy.member.1=None" + to, "ALPNPolicyNotFound: "},
      {http + "&MutualAuthentication.TrustStoreArn=t" + to, "TrustStoreNotFound: "},
      {http + "&MutualAuthentication.Mode=verify" + to, "InvalidConfigurationRequest: "},
      {http + many, "TooManyActions: "},
      {http + "&DefaultActions.member.1.Type=redirect", "InvalidLoadBalancerAction: "},
      {http + "&DefaultActions.member.1.Type=forward", "ValidationError: A target group ARN"},
      {http + Elb::forward(elb.group + "0"), "TargetGroupNotFound: "},
      {"CreateListener&LoadBalancerArn=" + elb.balancer + "0&Port=81&Protocol=HTTP" + to,
       "LoadBalancerNotFound: "},
      {"CreateListener&LoadBalancerArn=" + second + "&Port=81&Protocol=HTTP" + to,
       "TargetGroupAssociationLimit: "},
      {"ModifyListener&ListenerArn=" + elb.listener + "0", "ListenerNotFound: "},
      {modify + "&Protocol=HTTPS", "UnsupportedProtocol: "},
      {modify + "&Protocol=HTTPS&SslPolicy=p", "SSLPolicyNotFound: "},
      {modify + Elb::forward(elb.group + "0"), "TargetGroupNotFound: "},
      {modify + many, "TooManyActions: "},
      {"DeleteListener&ListenerArn=" + elb.listener + "0", "ListenerNotFound: "},
      {"DeleteListener&ListenerArn=x", "ValidationError: "},
  });
  const std::string other = elb.make_group("other");
  const std::string another = elb.make_listener(elb.balancer, 81, elb.group);
  CHECK(elb.refusal("ModifyListener&ListenerArn=" + another + "&Port=80")
            .starts_with("DuplicateListener: "));
  const Json changed =
      elb.call("ModifyListener&ListenerArn=" + another + "&Port=82" + Elb::forward(other));
  CHECK(changed["Listeners"].items()[0]["Port"].int_or(0) == 82);
  CHECK(changed["Listeners"].items()[0]["DefaultActions"].items()[0]["TargetGroupArn"].string_or(
            "") == other);
  elb.desk.world.run_for(seconds{1});
  CHECK(elb.desk.world.model().listeners.at(balancing::ListenerArn{another}).bound_port == 82);
  elb.call("DeleteListener&ListenerArn=" + another);
  for (std::size_t i = 1; i < engine::kMaxListeners; ++i) {
    elb.make_listener(elb.balancer, 1000 + static_cast<int>(i), elb.group);
  }
  CHECK(elb.refusal(http + to).starts_with("TooManyListeners: "));
}

TEST_CASE("elbv2 calls: rules are made, changed, ordered and deleted") {
  Elb elb;
  const std::string first = elb.make_rule(10);
  const std::string second = elb.make_rule(20);
  const Json swapped =
      elb.call("SetRulePriorities&RulePriorities.member.1.RuleArn=" + first +
               "&RulePriorities.member.1.Priority=20&RulePriorities.member.2.RuleArn=" + second +
               "&RulePriorities.member.2.Priority=10");
  CHECK(swapped["Rules"].items()[0]["Priority"].string_or("") == "20");
  const Json changed = elb.call("ModifyRule&RuleArn=" + first +
                                "&Conditions.member.1.Field=host-header&Conditions.member.1."
                                "HostHeaderConfig.Values.member.1=a.example");
  CHECK(changed["Rules"].items()[0]["Conditions"].items()[0]["Field"].string_or("") ==
        "host-header");
  elb.desk.world.run_for(seconds{1});
  CHECK(elb.desk.world.door.config().listeners[0].rules.size() == 2);
  const std::string base = "CreateRule&ListenerArn=" + elb.listener + "&Priority=30";
  const std::string path =
      "&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/x";
  const std::string to = Elb::forward(elb.group, "Actions");
  const Json all = elb.call("DescribeRules&ListenerArn=" + elb.listener);
  const std::string standard = all["Rules"].items()[2]["RuleArn"].string_or("");
  elb.refuses({
      {elb.rule_body(10), "PriorityInUse: Priority '10' is currently in use"},
      {elb.rule_body(0), "ValidationError: "},
      {elb.rule_body(50001), "ValidationError: "},
      {base + to + "&Conditions=", "ValidationError: A condition must"},
      {base + to +
           "&Conditions.member.1.Field=source-ip&Conditions.member.1.SourceIpConfig.Values."
           "member.1=10.0.0.0/8",
       "InvalidConfigurationRequest: Condition field 'source-ip'"},
      {base + to + "&Conditions.member.1.Field=path-pattern", "ValidationError: A condition value"},
      {base + to + path +
           "&Conditions.member.2.Field=path-pattern&Conditions.member.2.Values."
           "member.1=/y",
       "ValidationError: A rule can only have one"},
      {base + path + Elb::forward(elb.group + "0", "Actions"), "TargetGroupNotFound: "},
      {base + path + "&Actions.member.1.Type=fixed-response", "InvalidLoadBalancerAction: "},
      {"CreateRule&ListenerArn=" + elb.listener + "0&Priority=1" + path + to, "ListenerNotFound: "},
      {"ModifyRule&RuleArn=" + first + "0" + path, "RuleNotFound: "},
      {"ModifyRule&RuleArn=" + standard + path, "OperationNotPermitted: "},
      {"ModifyRule&RuleArn=" + first + Elb::forward(elb.group + "0", "Actions"),
       "TargetGroupNotFound: "},
      {"DeleteRule&RuleArn=" + first + "0", "RuleNotFound: "},
      {"DeleteRule&RuleArn=" + standard, "OperationNotPermitted: "},
      {"SetRulePriorities&RulePriorities.member.1.RuleArn=" + first +
           "&RulePriorities.member.1.Priority=10",
       "PriorityInUse: "},
      {"SetRulePriorities&RulePriorities.member.1.RuleArn=" + first +
           "0&RulePriorities.member.1.Priority=11",
       "RuleNotFound: "},
      {"SetRulePriorities&RulePriorities.member.1.RuleArn=" + standard +
           "&RulePriorities.member.1.Priority=11",
       "OperationNotPermitted: "},
      {"SetRulePriorities&RulePriorities.member.1.RuleArn=" + first, "ValidationError: "},
  });
  elb.call("DeleteRule&RuleArn=" + first);
  CHECK(elb.desk.world.model().rules.size() == 1);
  for (int i = 1; i < static_cast<int>(engine::kMaxRules); ++i) {
    elb.make_rule(100 + i);
  }
  CHECK(elb.refusal(elb.rule_body(999)).starts_with("TooManyRules: "));
}

TEST_CASE("elbv2 calls: tags of all four kinds") {
  Elb elb;
  const std::string rule = elb.make_rule(10);
  for (const std::string& arn : {elb.balancer, elb.group, elb.listener, rule}) {
    CAPTURE(arn);
    elb.call("AddTags&ResourceArns.member.1=" + arn +
             "&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b");
    elb.call("AddTags&ResourceArns.member.1=" + arn + "&Tags.member.1.Key=a&Tags.member.1.Value=2");
    const Json tags =
        elb.call("DescribeTags&ResourceArns.member.1=" + arn)["TagDescriptions"].items()[0]["Tags"];
    REQUIRE(tags.items().size() == 2);
    CHECK(tags.items()[0]["Value"].string_or("") == "2");
    elb.call("RemoveTags&ResourceArns.member.1=" + arn +
             "&TagKeys.member.1=a&TagKeys.member.2=none");
    CHECK(elb.call("DescribeTags&ResourceArns.member.1=" + arn)["TagDescriptions"]
              .items()[0]["Tags"]
              .items()
              .size() == 1);
  }
  std::string many, keys;
  for (int i = 1; i <= 50; ++i) {
    many += "&Tags.member." + std::to_string(i) + ".Key=k" + std::to_string(i);
  }
  for (int i = 1; i <= 51; ++i) {
    keys += "&TagKeys.member." + std::to_string(i) + "=k" + std::to_string(i);
  }
  const std::string tag = "&Tags.member.1.Key=a";
  for (const auto& [arn, code] : std::to_array<std::pair<std::string, const char*>>({
           {elb.balancer + "0", "LoadBalancerNotFound: "},
           {elb.group + "0", "TargetGroupNotFound: "},
           {elb.listener + "0", "ListenerNotFound: "},
           {rule + "0", "RuleNotFound: "},
           {"arn:aws:elasticloadbalancing:eu-west-2:0:truststore/a/1", "TrustStoreNotFound: "},
           {"x", "ValidationError: "},
       })) {
    elb.refuses({{"AddTags&ResourceArns.member.1=" + arn + tag, code},
                 {"RemoveTags&ResourceArns.member.1=" + arn + "&TagKeys.member.1=a", code},
                 {"DescribeTags&ResourceArns.member.1=" + arn, code}});
  }
  elb.refuses({
      {"AddTags&ResourceArns.member.1=" + elb.group + many, "TooManyTags: "},
      {"AddTags&ResourceArns.member.1=" + elb.group + tag + "&Tags.member.2.Key=a",
       "DuplicateTagKeys: "},
      {"RemoveTags&ResourceArns.member.1=" + elb.group + keys, "TooManyTags: "},
      {"DescribeTags&ResourceArns=", "ValidationError: "},
  });
}

TEST_CASE("elbv2 calls: targets") {
  Elb elb;
  const std::string group = "&TargetGroupArn=" + elb.group;
  std::string many;
  for (int i = 1; i <= 1001; ++i) {
    many += "&Targets.member." + std::to_string(i) + ".Id=10.1." + std::to_string(i / 250) + "." +
            std::to_string(i % 250);
  }
  elb.refuses({
      {"RegisterTargets" + group + "&Targets.member.1.Id=10.0.0.300", "InvalidTarget: "},
      {"RegisterTargets" + group + "&Targets.member.1.Id=i-1", "InvalidTarget: "},
      {"RegisterTargets" + group + many, "TooManyTargets: "},
      {"RegisterTargets" + group + "0&Targets.member.1.Id=10.0.0.3", "TargetGroupNotFound: "},
      {"DeregisterTargets" + group + "&Targets.member.1.Id=10.0.0.3", "InvalidTarget: "},
      {"DeregisterTargets" + group + "0&Targets.member.1.Id=10.0.0.3", "TargetGroupNotFound: "},
      {"DescribeTargetHealth" + group + "0", "TargetGroupNotFound: "},
      {"DescribeTargetHealth" + group + "&Targets.member.1.Id=i-1", "InvalidTarget: Target 'i-1'"},
  });
  elb.call("RegisterTargets" + group + "&Targets.member.1.Id=10.0.0.3");
  const Json health = elb.call("DescribeTargetHealth" + group)["TargetHealthDescriptions"];
  REQUIRE(health.items().size() == 1);
  CHECK(health.items()[0]["Target"]["Port"].int_or(0) == 8000);
  const Json other = elb.call("DescribeTargetHealth" + group + "&Targets.member.1.Id=10.0.0.4");
  CHECK(other["TargetHealthDescriptions"].items()[0]["TargetHealth"]["Reason"].string_or("") ==
        "Target.NotRegistered");
  elb.call("DeregisterTargets" + group + "&Targets.member.1.Id=10.0.0.3");
}

TEST_CASE("elbv2 calls: the account's limits are those that are enforced") {
  Elb elb;
  const Json limits = elb.call("DescribeAccountLimits");
  std::map<std::string, std::string> found;
  for (const Json& limit : limits["Limits"].items()) {
    found[limit["Name"].string_or("")] = limit["Max"].string_or("");
  }
  CHECK(found["application-load-balancers"] == std::to_string(engine::kMaxLoadBalancers));
  CHECK(found["targets-per-target-group"] == std::to_string(engine::kMaxTargetsOfGroup));
  CHECK(found.size() == 6);
}

TEST_CASE("elbv2 calls: a load balancer forwards to 100 target groups at most") {
  Elb elb;
  for (int i = 1; i < static_cast<int>(engine::kMaxTargetGroupsOfBalancer); ++i) {
    elb.call("CreateRule&ListenerArn=" + elb.listener + "&Priority=" + std::to_string(i) +
             "&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/x" +
             Elb::forward(elb.make_group("g" + std::to_string(i)), "Actions"));
  }
  CHECK(elb.refusal("ModifyListener&ListenerArn=" + elb.listener +
                    Elb::forward(elb.make_group("last")))
            .starts_with("TooManyUniqueTargetGroupsPerLoadBalancer: "));
}

}  // namespace tidegate::api
