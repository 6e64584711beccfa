// What is refused, by line and sentence. Each case changes one thing of a template that works.
#include <array>

#include <doctest/doctest.h>

#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

constexpr const char* kBase = R"(Metadata:
  Tidegate:
    Images:
      ami-1: { Process: { Layers: [host] } }
    Subnets:
      subnet-a: { Zone: eu-west-2a }
      subnet-b: { Zone: eu-west-2b }
    Receivers:
      on-call: { Exec: on-call.sh }
Parameters:
  Size: { Type: Number, Default: 1 }
Resources:
  Lb:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Name: lb
      Subnets: [subnet-a]
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Lb
      Port: 80
      Protocol: HTTP
      DefaultActions: [{ Type: forward, TargetGroupArn: !Ref Tg }]
  Tg:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Name: tg
      Port: 8000
      Protocol: HTTP
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 10
      Conditions: [{ Field: path-pattern, Values: [/a/*] }]
      Actions: [{ Type: forward, TargetGroupArn: !Ref Tg }]
  Lt:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-1
        InstanceType: t3.micro
  Asg:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: !Ref Size
      MaxSize: 3
      VPCZoneIdentifier: [subnet-a]
      TargetGroupARNs: [!Ref Tg]
      LaunchTemplate: { LaunchTemplateId: !Ref Lt, Version: !GetAtt Lt.LatestVersionNumber }
  Policy:
    Type: AWS::AutoScaling::ScalingPolicy
    Properties:
      AutoScalingGroupName: !Ref Asg
      PolicyType: TargetTrackingScaling
      TargetTrackingConfiguration:
        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }
        TargetValue: 70
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/EC2
      MetricName: CPUUtilization
      Statistic: Average
      Period: 60
      EvaluationPeriods: 3
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Sub "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:on-call"]
)";

struct Case {
  const char* from;
  const char* to;
  const char* want;
};

void check_refusals(std::span<const Case> cases) {
  for (const Case& c : cases) {
    CAPTURE(std::string{c.to});
    CHECK(refusal(replaced(kBase, c.from, c.to)) == c.want);
  }
}

TEST_CASE("refusals: the template they start from works") {
  CHECK(refusal(kBase) == "none");
}

TEST_CASE("refusals: the template as a whole") {
  const auto cases = std::to_array<Case>({
      {"Metadata:\n", "Metadate:\n", "line 1: unknown key 'Metadate'; did you mean 'Metadata'?"},
      {"Resources:",
       "Transform: AWS::Serverless-2016-10-31\nResources:",
       "line 12: Transform (macros) is not built: write the result out"},
      {"Resources:",
       "AWSTemplateFormatVersion: 2010-09-08\nResources:",
       "line 12, AWSTemplateFormatVersion: must be 2010-09-09"},
      {"  Lb:\n",
       "  L-b:\n",
       "line 13, Resources: the name 'L-b' must have 1 to 255 letters and digits only"},
      {"    Type: AWS::EC2::LaunchTemplate\n", "", "line 38, Resources.Lt: Type is missing"},
      {"AWS::EC2::LaunchTemplate",
       "AWS::EC2::LaunchTemplates",
       "line 39, Resources.Lt: the type AWS::EC2::LaunchTemplates is not built; the nearest that "
       "works is AWS::EC2::LaunchTemplate"},
      {"AWS::EC2::LaunchTemplate",
       "AWS::AutoScaling::LaunchConfiguration",
       "line 39, Resources.Lt: the type AWS::AutoScaling::LaunchConfiguration is not built; use "
       "AWS::EC2::LaunchTemplate"},
      {"  Lt:\n",
       "  Lt:\n    CreationPolicy: {}\n",
       "line 39, Resources.Lt: CreationPolicy is not built: an instance is in service only when it "
       "answers, and Metadata.Tidegate.AutoScalingGroups has LaunchTimeout; remove it"},
      {"  Lt:\n",
       "  Lt:\n    UpdatePolicy: {}\n",
       "line 39, Resources.Lt: UpdatePolicy is not built: an update changes no running instance; "
       "remove it"},
      {"  Lt:\n",
       "  Lt:\n    DeletionPolicy: Snapshot\n",
       "line 39, Resources.Lt.DeletionPolicy: 'Snapshot' is not built; Delete and Retain are"},
      {"  Lt:\n",
       "  Lt:\n    Dependson: Tg\n",
       "line 39, Resources.Lt: unknown key 'Dependson'; did you mean 'DependsOn'?"},
      {"  Lt:\n",
       "  Lt:\n    DependsOn: [Tg, Lbb]\n",
       "line 39, Resources.Lt.DependsOn: 'Lbb' is no resource of this template; did you mean "
       "'Lb'?"},
      {"  Lt:\n",
       "  Lt:\n    DependsOn: Asg\n",
       "line 38, Resources: circular reference: Lt -> Asg -> Lt"},
      {"  Lt:\n",
       "  Lt:\n    Condition: IsBig\n",
       "line 39, Resources.Lt: 'IsBig' is no condition of this template"},
      {"      Name: tg\n",
       "      Name: !ImportValue x\n",
       "line 28: Fn::ImportValue is not built; pass the value as a parameter"},
      {"      Name: tg\n",
       "      Name: !Sup x\n",
       "line 28: unknown function Fn::Sup; did you mean 'Fn::Sub'?"},
      {"      Name: tg\n",
       "      Name:\n",
       "line 28: a null (an empty value) is not allowed in a template"},
      {"      Name: tg\n",
       "      Name: { Ref: Size, x: y }\n",
       "line 28: Ref must be the only key of its mapping"},
      {"!Ref Tg]",
       "!Ref Tgg]",
       "line 50, Resources.Asg.Properties: 'Tgg' is no parameter and no resource of this template; "
       "did you mean 'Tg'?"},
      {"Lt.LatestVersionNumber",
       "Lt.LatestVersion",
       "line 51, Resources.Asg.Properties: Fn::GetAtt Lt.LatestVersion: unknown attribute; valid: "
       "LatestVersionNumber, DefaultVersionNumber, LaunchTemplateId"},
      {"Lt.LatestVersionNumber",
       "Lte.LatestVersionNumber",
       "line 51, Resources.Asg.Properties: 'Lte' is no resource of this template; did you mean "
       "'Lt'?"},
      {"  Lb:\n", "  Lb: 1\n  Lb2:\n", "line 13, Resources.Lb: must be a mapping with a Type"},
      {"Default: 1", "Default: x", "line 11, Parameters.Size: the value 'x' is no number"},
      {", Default: 1",
       "",
       "line 11, Parameters.Size: Parameters: [Size] must have values: it has no Default and none "
       "was given"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: syntax errors have their line") {
  CHECK(refusal("Resources:\n  A: [1\n").starts_with("line 3, column 1: "));
  CHECK(refusal("Resources:\n  A: 1\n A: 2\n").starts_with("line 3, column "));
  CHECK(refusal("").starts_with("line 1: a template is a mapping"));
  CHECK(refusal("Description: x") ==
        "line 1: the section Resources must have at least one resource");
  CHECK(refusal("Resources: {}") ==
        "line 1: the section Resources must have at least one resource");
  CHECK(refusal("#" + std::string(kMaxTemplateBytes, 'x')) ==
        "line 1: the template has more than 1048576 bytes");
  CHECK(refusal(kBase + std::string(kMaxTemplateBytes - std::string{kBase}.size(), '\n')) ==
        "none");
}

TEST_CASE("refusals: load balancers and listeners") {
  const auto cases = std::to_array<Case>({
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
  const auto cases = std::to_array<Case>({
      {"Priority: 10",
       "Priority: 0",
       "line 35, Resources.Rule.Properties.Priority: 0: must be 1 to 50000"},
      {"Priority: 10",
       "Priority: 50001",
       "line 35, Resources.Rule.Properties.Priority: 50001: must be 1 to 50000"},
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
       "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: true }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes: stickiness.enabled: 'true' is not "
       "built; only false is"},
      {"Name: tg", "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: false }]", "none"},
      {"Name: tg",
       "TargetGroupAttributes: [{ Key: stickiness.enabled, Value: false }, { Key: "
       "stickiness.enabled, Value: false }]",
       "line 28, Resources.Tg.Properties.TargetGroupAttributes.Key: 'stickiness.enabled' is there "
       "twice"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: launch templates and groups") {
  const auto cases = std::to_array<Case>({
      {"ImageId: ami-1",
       "ImageId: ami-2",
       "line 42, Resources.Lt.Properties.LaunchTemplateData.ImageId: unknown image 'ami-2': "
       "Metadata.Tidegate.Images must say what it is; did you mean 'ami-1'?"},
      {"        ImageId: ami-1\n",
       "",
       "line 41, Resources.Lt.Properties.LaunchTemplateData: ImageId is missing"},
      {"InstanceType: t3.micro",
       "InstanceType: t3.mikro",
       "line 43, Resources.Lt.Properties.LaunchTemplateData.InstanceType: unknown instance type "
       "'t3.mikro'; did you mean 't3.micro'? (Metadata.Tidegate.InstanceTypes may give its VCpus "
       "and "
       "MemoryMiB)"},
      {"InstanceType: t3.micro",
       "InstanceType: t3.micro\n        UserData: \"#!/bin/bash\"",
       "line 44, Resources.Lt.Properties.LaunchTemplateData.UserData: is not base64: write "
       "UserData: { Fn::Base64: … }"},
      {"InstanceType: t3.micro",
       "InstanceType: t3.micro\n        KeyName: k",
       "line 44, Resources.Lt.Properties.LaunchTemplateData: KeyName is not acted on here: "
       "instances have no SSH server of ours"},
      {"MinSize: !Ref Size",
       "MinSize: 4",
       "line 47, Resources.Asg.Properties.MinSize: 4 is above MaxSize 3"},
      {"MinSize: !Ref Size", "MinSize: 3", "none"},
      {"MinSize: !Ref Size",
       "MinSize: -1",
       "line 47, Resources.Asg.Properties.MinSize: -1: must be 0 to 10000"},
      {"MaxSize: 3",
       "MaxSize: 10001",
       "line 48, Resources.Asg.Properties.MaxSize: 10001: must be 0 to 10000"},
      {"MaxSize: 3",
       "MaxSize: 3\n      DesiredCapacity: 0",
       "line 49, Resources.Asg.Properties.DesiredCapacity: 0 is outside 1..3 (MinSize..MaxSize)"},
      {"MaxSize: 3",
       "MaxSize: 3\n      DesiredCapacity: 4",
       "line 49, Resources.Asg.Properties.DesiredCapacity: 4 is outside 1..3 (MinSize..MaxSize)"},
      {"MaxSize: 3", "MaxSize: 3\n      DesiredCapacity: 3", "none"},
      {"      MaxSize: 3\n", "", "line 44, Resources.Asg.Properties: MaxSize is missing"},
      {"VPCZoneIdentifier: [subnet-a]\n",
       "Tags: []\n",
       "line 44, Resources.Asg.Properties.AvailabilityZones: is missing: give VPCZoneIdentifier, "
       "or "
       "AvailabilityZones: !GetAZs \"\""},
      {"VPCZoneIdentifier: [subnet-a]\n", "AvailabilityZones: !GetAZs \"\"\n", "none"},
      {"VPCZoneIdentifier: [subnet-a]\n",
       "AvailabilityZones: [eu-west-1a]\n",
       "line 49, Resources.Asg.Properties.AvailabilityZones: 'eu-west-1a' is no zone of eu-west-2; "
       "write !GetAZs \"\""},
      {"VPCZoneIdentifier: [subnet-a]\n",
       "VPCZoneIdentifier: [subnet-a]\n      AvailabilityZones: [eu-west-2b]\n",
       "line 50, Resources.Asg.Properties.AvailabilityZones: are not the zones of "
       "VPCZoneIdentifier; give one of both"},
      {"VPCZoneIdentifier: [subnet-a]\n",
       "VPCZoneIdentifier: [subnet-a]\n      AvailabilityZones: [eu-west-2a]\n",
       "none"},
      {"Version: !GetAtt Lt.LatestVersionNumber",
       "Version: 2",
       "line 51, Resources.Asg.Properties.LaunchTemplate.Version: '2' is no version of "
       "cnt-Lt-SSSSSSSSSSS6; write !GetAtt <its logical id>.LatestVersionNumber"},
      {"Version: !GetAtt Lt.LatestVersionNumber", "Version: $Latest", "none"},
      {", Version: !GetAtt Lt.LatestVersionNumber",
       "",
       "line 51, Resources.Asg.Properties.LaunchTemplate: Version is missing"},
      {"LaunchTemplateId: !Ref Lt,",
       "LaunchTemplateId: lt-1,",
       "line 51, Resources.Asg.Properties.LaunchTemplate.LaunchTemplateId: 'lt-1' is no launch "
       "template of this template; write !Ref and its logical id"},
      {"MaxSize: 3",
       "MaxSize: 3\n      HealthCheckType: EBS",
       "line 49, Resources.Asg.Properties.HealthCheckType: 'EBS' is none of EC2, ELB"},
      {"MaxSize: 3",
       "MaxSize: 3\n      DefaultInstanceWarmup: 3601",
       "line 49, Resources.Asg.Properties.DefaultInstanceWarmup: 3601: must be -1 to 3600"},
      {"MaxSize: 3",
       "MaxSize: 3\n      TerminationPolicies: [Default, OldestInstance]",
       "line 49, Resources.Asg.Properties.TerminationPolicies: Default must be the last one"},
      {"MaxSize: 3", "MaxSize: 3\n      TerminationPolicies: [OldestInstance, Default]", "none"},
      {"MaxSize: 3",
       "MaxSize: 3\n      TerminationPolicies: [OldestInstances]",
       "line 49, Resources.Asg.Properties.TerminationPolicies: unknown policy 'OldestInstances'; "
       "did you mean 'OldestInstance'?"},
      {"MaxSize: 3",
       "MaxSize: 3\n      LaunchConfigurationName: x",
       "line 49, Resources.Asg.Properties: LaunchConfigurationName is not acted on here: use "
       "LaunchTemplate"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: policies and alarms") {
  const auto cases = std::to_array<Case>({
      {"PolicyType: TargetTrackingScaling",
       "PolicyType: StepScaling",
       "line 56, Resources.Policy.Properties.PolicyType: 'StepScaling' is not built; only "
       "TargetTrackingScaling is"},
      {"AutoScalingGroupName: !Ref Asg",
       "AutoScalingGroupName: other",
       "line 55, Resources.Policy.Properties.AutoScalingGroupName: 'other' is no group of this "
       "template; write !Ref and its logical id"},
      {"TargetValue: 70",
       "TargetValue: 0",
       "line 59, Resources.Policy.Properties.TargetTrackingConfiguration.TargetValue: must be "
       "above "
       "0"},
      {"TargetValue: 70", "TargetValue: 100", "none"},
      {"TargetValue: 70",
       "TargetValue: 100.5",
       "line 59, Resources.Policy.Properties.TargetTrackingConfiguration.TargetValue: 100.5 "
       "percent "
       "of CPU can never be reached; at most 100"},
      {"ASGAverageCPUUtilization }",
       "ASGAverageNetworkIn }\n        DisableScaleIn: maybe",
       "line 59, Resources.Policy.Properties.TargetTrackingConfiguration.DisableScaleIn: 'maybe' "
       "must be true or false"},
      {"ASGAverageCPUUtilization }",
       "ALBRequestCountPerTarget }",
       "line 58, "
       "Resources.Policy.Properties.TargetTrackingConfiguration.PredefinedMetricSpecification."
       "ResourceLabel: must name a load balancer and a target group of this template: !Sub "
       "\"${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}\""},
      {"ASGAverageCPUUtilization }",
       "ALBRequestCountPerTarget, ResourceLabel: !Sub "
       "\"${Lb.LoadBalancerFullName}/${Tg.TargetGroupFullName}\" }",
       "none"},
      {"ASGAverageCPUUtilization }",
       "ASGAverageCPUUtilization, ResourceLabel: x }",
       "line 58, "
       "Resources.Policy.Properties.TargetTrackingConfiguration.PredefinedMetricSpecification."
       "ResourceLabel: is for ALBRequestCountPerTarget only"},
      {"Namespace: AWS/EC2",
       "Namespace: AWS/RDS",
       "line 63, Resources.Alarm.Properties.Namespace: nothing is published in AWS/RDS here; "
       "AWS/EC2, AWS/ApplicationELB and AWS/AutoScaling are, and names of your own by "
       "PutMetricData"},
      {"Namespace: AWS/EC2", "Namespace: My/App", "none"},
      {"Statistic: Average",
       "ExtendedStatistic: p99",
       "line 65, Resources.Alarm.Properties: ExtendedStatistic is not acted on here: percentiles "
       "are "
       "not built; use Statistic"},
      {"Statistic: Average",
       "Statistic: Mean",
       "line 65, Resources.Alarm.Properties.Statistic: 'Mean' is none of Average, Sum, Minimum, "
       "Maximum, SampleCount"},
      {"      Threshold: 1\n", "", "line 60, Resources.Alarm.Properties: Threshold is missing"},
      {":on-call\"]",
       ":on-cal\"]",
       "line 70, Resources.Alarm.Properties.AlarmActions: unknown receiver 'on-cal': "
       "Metadata.Tidegate.Receivers must have it; did you mean 'on-call'?"},
      {"!Sub \"arn:aws:sns:${AWS::Region}:${AWS::AccountId}:on-call\"",
       "!Ref Policy",
       "line 70, Resources.Alarm.Properties.AlarmActions: "
       "'arn:aws:autoscaling:eu-west-2:000000000000:scalingPolicy:3cfc7a0e-6a87-4e0c-ae6e-"
       "0c6659abb7ed:autoScalingGroupName/cnt-Asg-SSSSSSSSSSS7:policyName/cnt-Policy-SSSSSSSSSSS8' "
       "must be arn:aws:sns:eu-west-2:000000000000:<a receiver of Metadata.Tidegate>"},
      {"      Period: 60",
       "      Dimensions: [{ Name: A, Value: b }, { Name: A, Value: c }]\n"
       "      Period: 60",
       "line 66, Resources.Alarm.Properties.Dimensions.Name: the dimension 'A' is there twice"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: Metadata.Tidegate") {
  const auto cases = std::to_array<Case>({
      {"  Tidegate:", "  TideGate:", "line 2, Metadata: 'TideGate' must be written 'Tidegate'"},
      {"    Images:",
       "    Image:",
       "line 3, Metadata.Tidegate: unknown property 'Image'; did you mean 'Images'?"},
      {"    Images:",
       "    Timing: slow\n    Images:",
       "line 3, Metadata.Tidegate.Timing: 'slow' is none of fast, aws"},
      {"Layers: [host]",
       "Layer: [host]",
       "line 4, Metadata.Tidegate.Images.ami-1.Process: unknown property 'Layer'; did you mean "
       "'Layers'?"},
      {"Layers: [host]",
       "Layers: []",
       "line 4, Metadata.Tidegate.Images.ami-1.Process.Layers: must have at least one layer: host, "
       "or a folder"},
      {"Layers: [host]",
       "Layers: [image, host]",
       "line 4, Metadata.Tidegate.Images.ami-1.Process.Layers: host must be the first layer: "
       "others "
       "are laid over it"},
      {"{ Process: { Layers: [host] } }",
       "{ Container: { Image: x } }",
       "line 42, Resources.Lt.Properties.LaunchTemplateData.ImageId: the image 'ami-1' has no "
       "Process variant, the only one that is built"},
      {"{ Process: {",
       "{ Proces: {",
       "line 4, Metadata.Tidegate.Images.ami-1: unknown property 'Proces'; did you mean "
       "'Process'?"},
      {"Zone: eu-west-2a",
       "Zone: eu-west-1a",
       "line 6, Metadata.Tidegate.Subnets.subnet-a.Zone: 'eu-west-1a' is no zone of this region; "
       "valid: eu-west-2a, eu-west-2b, eu-west-2c"},
      {"Zone: eu-west-2a",
       "Zone: eu-west-2A",
       "line 6, Metadata.Tidegate.Subnets.subnet-a.Zone: 'eu-west-2A' is no zone of this region; "
       "valid: eu-west-2a, eu-west-2b, eu-west-2c"},
      {"Exec: on-call.sh",
       "Exc: on-call.sh",
       "line 9, Metadata.Tidegate.Receivers.on-call: unknown property 'Exc'; did you mean 'Exec'?"},
      {"Exec: on-call.sh",
       "Url: http://x",
       "line 70, Resources.Alarm.Properties.AlarmActions: the receiver 'on-call' has only a Url, "
       "which is not built; give it Exec"},
      {"    Images:",
       "    InstanceTypes: { t3.micro: { VCpus: 1 } }\n    Images:",
       "line 3, Metadata.Tidegate.InstanceTypes.t3.micro.VCpus: VCpus and MemoryMiB must be given "
       "together"},
      {"    Images:",
       "    InstanceTypes: { t3.micro: { VCpus: 0, MemoryMiB: 64 } }\n    Images:",
       "line 3, Metadata.Tidegate.InstanceTypes.t3.micro.VCpus: 0: must be 0.01 to 1024"},
      {"    Images:",
       "    Prices: { LoadBalancers: 1 }\n    Images:",
       "line 3, Metadata.Tidegate.Prices: unknown property 'LoadBalancers'; did you mean "
       "'LoadBalancer'?"},
      {"    Images:",
       "    LoadBalancers: { Lb: {} }\n    Images:",
       "line 3, Metadata.Tidegate.LoadBalancers: 'Lb' is no resource here; did you mean 'lb'?"},
      {"    Images:",
       "    LoadBalancers: { lb: { Listen: 10.0.0.256 } }\n    Images:",
       "line 3, Metadata.Tidegate.LoadBalancers.lb.Listen: '10.0.0.256' is no IPv4 address"},
      {"    Images:",
       "    TargetGroups: { other: {} }\n    Images:",
       "line 3, Metadata.Tidegate.TargetGroups: 'other' is no resource here; valid: tg"},
      {"    Images:",
       "    AutoScalingGroups: { Asgg: {} }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups: 'Asgg' is no resource here; did you mean "
       "'Asg'?"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { LaunchTimeOut: 9 } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg: unknown property 'LaunchTimeOut'; did you "
       "mean 'LaunchTimeout'?"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { LaunchTimeout: 0 } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg.LaunchTimeout: 0: must be 1 to 86400"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { Drain: { Signal: now } } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg.Drain.Signal: 'now' is none of end, start"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { Liveness: { Path: x } } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg.Liveness.Path: 'x' must begin with /"},
      {"    Images:",
       "    ScalingPolicies: { Policy: { LowRatio: 1 } }\n    Images:",
       "line 3, Metadata.Tidegate.ScalingPolicies.Policy.LowRatio: 1: must be 0.01 to 0.99"},
      {"    Images:",
       "    Simulation: { Worker: 1 }\n    Images:",
       "line 3, Metadata.Tidegate.Simulation: unknown property 'Worker'; did you mean 'Workers'?"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: a relative path needs the template's folder") {
  StackContext context = context_of_test();
  context.template_folder.clear();
  CHECK(refusal(kBase, context) ==
        "line 9, Metadata.Tidegate.Receivers.on-call.Exec: 'on-call.sh' is relative, and the "
        "folder of this template is not known: write an absolute path, or use tidegate up");
  CHECK(refusal(replaced(kBase, "on-call.sh", "/bin/true"), context) == "none");
}

TEST_CASE("refusals: a parameter that the template does not declare") {
  StackContext context = context_of_test();
  context.parameters = {{"Sise", "1"}};
  CHECK(refusal(kBase, context) ==
        "Parameters: [Sise] do not exist in the template; did you mean 'Size'?");
}

}  // namespace
}  // namespace tidegate::stacks
