// What is refused of load balancers and target groups, by line and sentence.
#include <array>

#include <doctest/doctest.h>

#include "core/stacks/refusals_fixture.h"

namespace tidegate::stacks {

TEST_CASE("refusals: stickiness") {
  const auto cases = std::to_array<Refused>({
      {"Name: tg", "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: true }]", "none"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.type, Value: app_cookie }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes: stickiness.type: 'app_cookie' is "
       "not built; only lb_cookie is"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.lb_cookie.duration_seconds, Value: 0 }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes: "
       "stickiness.lb_cookie.duration_seconds must be 1 to 604800 seconds, not '0'"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.lb_cookie.duration_seconds, Value: 604801 }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes: "
       "stickiness.lb_cookie.duration_seconds must be 1 to 604800 seconds, not '604801'"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.lb_cookie.duration_seconds, Value: 604800 }]",
       "none"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: load balancers and listeners") {
  const auto cases = std::to_array<Refused>({
      {"Name: lb",
       "Nmae: lb",
       "line 16, Resources.Lb.Properties: unknown property 'Nmae'; did you mean 'Name'?"},
      {"Name: lb",
       "Name: l_b",
       "line 16, Resources.Lb.Properties.Name: 'l_b' must have letters, digits and inner hyphens "
       "only"},
      {"Name: lb",
       "Name: -lb",
       "line 16, Resources.Lb.Properties.Name: '-lb' must have letters, digits and inner hyphens "
       "only"},
      {"Name: lb",
       "Name: internal-lb",
       "line 16, Resources.Lb.Properties.Name: must not begin with internal-"},
      {"Name: lb",
       "Name: a2345678901234567890123456789012x",
       "line 16, Resources.Lb.Properties.Name: has more than 32 characters"},
      {"Name: lb", "Name: a2345678901234567890123456789012", "none"},
      {"Name: lb", "Name: \"\"", "line 16, Resources.Lb.Properties.Name: must not be empty"},
      {"Name: lb", "Name: [lb]", "line 16, Resources.Lb.Properties.Name: must be text"},
      {"Name: lb",
       "Type: network",
       "line 16, Resources.Lb.Properties.Type: 'network' is not built; only application is"},
      {"Name: lb", "Type: application", "none"},
      {"Name: lb",
       "IpAddressType: dualstack",
       "line 16, Resources.Lb.Properties.IpAddressType: 'dualstack' is not built; only ipv4 is"},
      {"Name: lb",
       "Scheme: open",
       "line 16, Resources.Lb.Properties.Scheme: 'open' is none of internet-facing, internal"},
      {"Name: lb",
       "SubnetMappings: []",
       "line 16, Resources.Lb.Properties: SubnetMappings is not acted on here: use Subnets"},
      {"Subnets: [subnet-a]",
       "Subnets: [subnet-x]",
       "line 17, Resources.Lb.Properties.Subnets: unknown subnet 'subnet-x': "
       "Metadata.Tidegate.Subnets must give its Zone; did you mean 'subnet-a'?"},
      {"Subnets: [subnet-a]",
       "Subnets: [subnet-a, subnet-a]",
       "line 17, Resources.Lb.Properties.Subnets: two subnets are in the zone eu-west-2a; one per "
       "zone"},
      {"Subnets: [subnet-a]",
       "Subnets: subnet-a",
       "line 17, Resources.Lb.Properties.Subnets: must be a list"},
      {"Name: lb",
       "LoadBalancerAttributes: [{ Key: idle_timeout.timeout_seconds, Value: 0 }]",
       "line 16, Resources.Lb.Properties.LoadBalancerAttributes: idle_timeout.timeout_seconds must "
       "be 1 to 4000 seconds, not '0'"},
      {"Name: lb",
       "LoadBalancerAttributes: [{ Key: idle_timeout.timeout_seconds, Value: 4001 }]",
       "line 16, Resources.Lb.Properties.LoadBalancerAttributes: idle_timeout.timeout_seconds must "
       "be 1 to 4000 seconds, not '4001'"},
      {"Name: lb",
       "LoadBalancerAttributes: [{ Key: idle_timeout.timeout_seconds, Value: 4000 }]",
       "none"},
      {"Name: lb",
       "LoadBalancerAttributes: [{ Key: idle_timeout, Value: 4 }]",
       "line 16, Resources.Lb.Properties.LoadBalancerAttributes: attribute 'idle_timeout' is not "
       "acted on here; valid: idle_timeout.timeout_seconds, deletion_protection.enabled, "
       "access_logs.s3.enabled, connection_logs.s3.enabled"},
      {"Name: lb",
       "LoadBalancerAttributes: [{ Key: deletion_protection.enabled, Value: true }]",
       "line 16, Resources.Lb.Properties.LoadBalancerAttributes: deletion_protection.enabled: "
       "'true' is not built; only false is"},
      {"LoadBalancerArn: !Ref Lb",
       "LoadBalancerArn: !Ref Tg",
       "line 21, Resources.Listener.Properties.LoadBalancerArn: "
       "'arn:aws:elasticloadbalancing:eu-west-2:000000000000:targetgroup/tg/00000002aaaa4bbb' is "
       "no load balancer of this template; write !Ref and its logical id"},
      {"Port: 80\n",
       "Port: 0\n",
       "line 22, Resources.Listener.Properties.Port: 0: must be 1 to 65535"},
      {"Port: 80\n",
       "Port: 65536\n",
       "line 22, Resources.Listener.Properties.Port: 65536: must be 1 to 65535"},
      {"Port: 80\n", "Port: 65535\n", "none"},
      {"Port: 80\n",
       "Port: http\n",
       "line 22, Resources.Listener.Properties.Port: 'http' is no whole number"},
      {"Port: 80\n      Protocol: HTTP",
       "Port: 80\n      Protocol: HTTPS",
       "line 23, Resources.Listener.Properties.Protocol: 'HTTPS' is not built; only HTTP is"},
      {"Port: 80\n      Protocol: HTTP\n",
       "Port: 80\n",
       "line 18, Resources.Listener.Properties: Protocol is missing"},
      {"DefaultActions: [{ Type: forward,",
       "DefaultActions: [{ Type: redirect,",
       "line 24, Resources.Listener.Properties.DefaultActions.Type: 'redirect' is not built; only "
       "forward is"},
      {"DefaultActions: [{ Type: forward, TargetGroupArn: !Ref Tg }]",
       "DefaultActions: []",
       "line 24, Resources.Listener.Properties.DefaultActions: must have exactly one action, of "
       "the "
       "Type forward"},
      {"DefaultActions: [{ Type: forward, TargetGroupArn: !Ref Tg }]",
       "DefaultActions: [{ Type: forward }]",
       "line 24, Resources.Listener.Properties.DefaultActions.TargetGroupArn: is missing: the "
       "target group to forward to"},
      {"  Tg:\n",
       "  Second:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n"
       "      LoadBalancerArn: !Ref Lb\n      Port: 80\n      Protocol: HTTP\n"
       "      DefaultActions: [{ Type: forward, TargetGroupArn: !Ref Tg }]\n  Tg:\n",
       "line 29, Resources.Second.Properties.Port: port 80 is that of Listener already"},
      {"  Tg:\n",
       "  Second:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n    Properties:\n"
       "      Name: lb\n  Tg:\n",
       "line 28, Resources.Second.Properties.Name: the name is that of Lb already"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: rules and target groups") {
  const auto cases = std::to_array<Refused>({
      {"Priority: 10",
       "Priority: 0",
       "line 35, Resources.Rule.Properties.Priority: 0: must be 1 to 50000"},
      {"Priority: 10",
       "Priority: 50001",
       "line 35, Resources.Rule.Properties.Priority: 50001: must be 1 to 50000"},
      {"      Priority: 10\n",
       "      Conditions: [{ Field: path-pattern, Values: [/b] }]\n"
       "      Actions: [{ Type: forward, TargetGroupArn: !Ref Tg }]\n  Two:\n"
       "    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n"
       "      ListenerArn: !Ref Listener\n",
       "line 31, Resources.Rule.Properties: Priority is missing"},
      {"Priority: 10", "Priority: 50000", "none"},
      {"Field: path-pattern",
       "Field: source-ip",
       "line 36, Resources.Rule.Properties.Conditions.Field: 'source-ip' is none of host-header, "
       "path-pattern"},
      {"Values: [/a/*]",
       "Values: [1, 2, 3, 4, 5, 6]",
       "line 36, Resources.Rule.Properties.Conditions: 6 values; a rule may have 5 over all "
       "conditions"},
      {"Values: [/a/*]", "Values: [1, 2, 3, 4, 5]", "none"},
      {"Values: [/a/*]",
       "Values: []",
       "line 36, Resources.Rule.Properties.Conditions.Values: is missing: at least one value, with "
       "* and ? as wildcards"},
      {"Values: [/a/*]", "PathPatternConfig: { Values: [/b] }", "none"},
      {"Values: [/a/*]",
       "HostHeaderConfig: { Values: [b] }",
       "line 36, Resources.Rule.Properties.Conditions.Values: is missing: at least one value, with "
       "* and ? as wildcards"},
      {"[{ Field: path-pattern, Values: [/a/*] }]",
       "[{ Field: path-pattern, Values: [/a] }, { Field: path-pattern, Values: [/b] }]",
       "line 36, Resources.Rule.Properties.Conditions.Field: a rule has one condition of each "
       "field; give it several Values"},
      {"[{ Field: path-pattern, Values: [/a/*] }]",
       "[]",
       "line 36, Resources.Rule.Properties.Conditions: must have at least one condition"},
      {"  Lt:\n",
       "  Two:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n"
       "      ListenerArn: !Ref Listener\n      Priority: 10\n"
       "      Conditions: [{ Field: host-header, Values: [b] }]\n"
       "      Actions: [{ Type: forward, TargetGroupArn: !Ref Tg }]\n  Lt:\n",
       "line 42, Resources.Two.Properties.Priority: priority 10 is that of Rule already"},
      {"Port: 8000",
       "Port: 70000",
       "line 29, Resources.Tg.Properties.Port: 70000: must be 1 to 65535"},
      {"Name: tg",
       "TargetType: lambda",
       "line 28, Resources.Tg.Properties.TargetType: 'lambda' is none of instance, ip"},
      {"Name: tg",
       "TargetType: ip",
       "line 50, Resources.Asg.Properties.TargetGroupARNs: 'cnt-Tg-SSSSSSSSSSS2' has TargetType "
       "ip; "
       "a group needs TargetType instance"},
      {"Name: tg",
       "HealthCheckIntervalSeconds: 4",
       "line 28, Resources.Tg.Properties.HealthCheckIntervalSeconds: 4: must be 5 to 300"},
      {"Name: tg",
       "HealthCheckIntervalSeconds: 301",
       "line 28, Resources.Tg.Properties.HealthCheckIntervalSeconds: 301: must be 5 to 300"},
      {"Name: tg",
       "HealthCheckIntervalSeconds: 5",
       "line 28, Resources.Tg.Properties.HealthCheckIntervalSeconds: Health check interval must be "
       "greater than the timeout: 5 s and 5 s"},
      {"Name: tg", "HealthCheckIntervalSeconds: 6", "none"},
      {"Name: tg",
       "HealthCheckTimeoutSeconds: 30",
       "line 28, Resources.Tg.Properties.HealthCheckTimeoutSeconds: Health check interval must be "
       "greater than the timeout: 30 s and 30 s"},
      {"Name: tg", "HealthCheckTimeoutSeconds: 29", "none"},
      {"Name: tg",
       "HealthCheckTimeoutSeconds: 1",
       "line 28, Resources.Tg.Properties.HealthCheckTimeoutSeconds: 1: must be 2 to 120"},
      {"Name: tg",
       "HealthyThresholdCount: 1",
       "line 28, Resources.Tg.Properties.HealthyThresholdCount: 1: must be 2 to 10"},
      {"Name: tg",
       "UnhealthyThresholdCount: 11",
       "line 28, Resources.Tg.Properties.UnhealthyThresholdCount: 11: must be 2 to 10"},
      {"Name: tg",
       "HealthCheckPath: health",
       "line 28, Resources.Tg.Properties.HealthCheckPath: must begin with / and have at most 1024 "
       "characters"},
      {"Name: tg",
       "HealthCheckPort: 0",
       "line 28, Resources.Tg.Properties.HealthCheckPort: '0' must be traffic-port or 1 to 65535"},
      {"Name: tg", "HealthCheckPort: 65535", "none"},
      {"Name: tg",
       "HealthCheckPort: 65536",
       "line 28, Resources.Tg.Properties.HealthCheckPort: '65536' must be traffic-port or 1 to "
       "65535"},
      {"Name: tg",
       "Matcher: { GrpcCode: 12 }",
       "line 28, Resources.Tg.Properties.Matcher: GrpcCode is not acted on here: gRPC is not "
       "built"},
      {"Name: tg",
       "Targets: [{ Id: 10.0.0.1 }]",
       "line 28, Resources.Tg.Properties.Targets: are for TargetType ip: instances are registered "
       "by their group, or by RegisterTargets"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: deregistration_delay.timeout_seconds, Value: 3601 }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes: "
       "deregistration_delay.timeout_seconds must be 0 to 3600 seconds, not '3601'"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: maybe }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes: stickiness.enabled must be true or "
       "false, not 'maybe'"},
      {"Name: tg", "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: false }]", "none"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: false }, { Key: "
       "stickiness.enabled, Value: false }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes.Key: 'stickiness.enabled' is there "
       "twice"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: a forward by ForwardConfig, and what a rule may not point at") {
  const std::string forward = "\n      Actions: [{ Type: forward, TargetGroupArn: !Ref Tg }]";
  const std::string many(129, 'a');
  const std::string most(128, 'a');
  struct Row {
    std::string from, to, want;
  };
  const auto rows = std::to_array<Row>({
      {forward,
       "\n      Actions: [{ Type: forward, ForwardConfig: { TargetGroups: [{ TargetGroupArn: !Ref "
       "Tg, "
       "Weight: 999 }] } }]",
       "none"},
      {forward,
       "\n      Actions: [{ Type: forward, ForwardConfig: { TargetGroups: [{ TargetGroupArn: !Ref "
       "Tg }, { "
       "TargetGroupArn: !Ref Tg }] } }]",
       "line 37, Resources.Rule.Properties.Actions.ForwardConfig: must have one target group, and "
       "no TargetGroupArn with it"},
      {forward,
       "\n      Actions: [{ Type: forward, TargetGroupArn: !Ref Tg, ForwardConfig: { TargetGroups: "
       "[{ "
       "TargetGroupArn: !Ref Tg }] } }]",
       "line 37, Resources.Rule.Properties.Actions.ForwardConfig: must have one target group, and "
       "no TargetGroupArn with it"},
      {forward,
       "\n      Actions: [{ Type: forward, TargetGroupArn: lost }]",
       "line 37, Resources.Rule.Properties.Actions.TargetGroupArn: 'lost' is no target group of "
       "this template; write !Ref and its logical id"},
      {"ListenerArn: !Ref Listener",
       "ListenerArn: lost",
       "line 34, Resources.Rule.Properties.ListenerArn: 'lost' is no listener of this template; "
       "write !Ref and its logical id"},
      {"[/a/*]", "[/" + most.substr(1) + "]", "none"},
      {"[/a/*]",
       "[/" + many.substr(1) + "]",
       "line 36, Resources.Rule.Properties.Conditions.Values: a value has more than 128 "
       "characters"},
  });
  for (const Row& row : rows) {
    CAPTURE(row.to);
    CHECK(refusal(replaced(kBase, row.from.c_str(), row.to.c_str())) == row.want);
  }
}

TEST_CASE("refusals: a listener has at most 100 rules") {
  const auto with_rules = [](int count) {
    std::string body = kBase;
    for (int i = 1; i < count; ++i) {
      body += "  Rule" + std::to_string(i) +
              ":\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n"
              "      ListenerArn: !Ref Listener\n      Priority: " +
              std::to_string(100 + i) +
              "\n      Conditions: [{ Field: path-pattern, Values: [/b] }]\n"
              "      Actions: [{ Type: forward, TargetGroupArn: !Ref Tg }]\n";
    }
    return refusal(body);
  };
  CHECK(with_rules(100) == "none");
  CHECK(with_rules(101).find("the listener has more than 100 rules") != std::string::npos);
}

}  // namespace tidegate::stacks
