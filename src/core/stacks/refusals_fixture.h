// The template that the tests of refusals start from: each case changes one thing of it.
#pragma once

#include <span>
#include <string>

#include <doctest/doctest.h>

#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {

inline constexpr const char* kBase = R"(Metadata:
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

/// `from` replaced by `to` is refused with the sentence `want`.
struct Refused {
  const char* from;
  const char* to;
  const char* want;
};

inline void check_refusals(std::span<const Refused> cases) {
  for (const Refused& c : cases) {
    CAPTURE(std::string{c.to});
    CHECK(refusal(replaced(kBase, c.from, c.to)) == c.want);
  }
}

}  // namespace tidegate::stacks
