// What is refused of launch templates, groups, policies and alarms, by line and sentence.
#include <array>

#include <doctest/doctest.h>

#include "core/stacks/refusals_fixture.h"

namespace tidegate::stacks {

TEST_CASE("refusals: launch templates and groups") {
  const auto cases = std::to_array<Refused>({
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
      {"InstanceType: t3.micro",
       "InstanceType: t3.micro\n        Monitoring: { Enabled: true }\n        EbsOptimized: "
       "false\n"
       "        MetadataOptions: { HttpTokens: required, HttpPutResponseHopLimit: 2 }",
       "none"},
      {"InstanceType: t3.micro",
       "InstanceType: t3.micro\n        MetadataOptions: { HttpTokens: optional }",
       "line 44, Resources.Lt.Properties.LaunchTemplateData.MetadataOptions.HttpTokens: "
       "'optional' is not what is the case here; valid: required"},
      {"InstanceType: t3.micro",
       "InstanceType: t3.micro\n        EbsOptimized: true",
       "line 44, Resources.Lt.Properties.LaunchTemplateData.EbsOptimized: 'true' is not "
       "what is the case here; valid: false"},
      {"InstanceType: t3.micro",
       "InstanceType: t3.micro\n        TagSpecifications: [{ ResourceType: key-pair, Tags: [] }]",
       "line 44, Resources.Lt.Properties.LaunchTemplateData.TagSpecifications.ResourceType: "
       "'key-pair' is none of instance, network-interface, volume"},
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
  const auto cases = std::to_array<Refused>({
      {"PolicyType: TargetTrackingScaling",
       "PolicyType: StepScaling",
       "line 56, Resources.Policy.Properties.PolicyType: 'StepScaling' is not built; only "
       "TargetTrackingScaling is"},
      {"AutoScalingGroupName: !Ref Asg",
       "AutoScalingGroupName: other",
       "line 55, Resources.Policy.Properties.AutoScalingGroupName: 'other' is no group of this "
       "template; write !Ref and its logical id"},
      {"  Policy:\n    Type: AWS::AutoScaling::ScalingPolicy\n    Properties:\n",
       "  Other:\n    Type: AWS::AutoScaling::ScalingPolicy\n    Properties:\n"
       "      PolicyName: p\n      AutoScalingGroupName: !Ref Asg\n"
       "      PolicyType: TargetTrackingScaling\n      TargetTrackingConfiguration:\n"
       "        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageNetworkIn }\n"
       "        TargetValue: 70\n"
       "  Policy:\n    Type: AWS::AutoScaling::ScalingPolicy\n    Properties:\n"
       "      PolicyName: p\n",
       "line 64, Resources.Policy.Properties.PolicyName: the name is that of Other already"},
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
       "AWS/EC2, AWS/ApplicationELB, AWS/AutoScaling and AWS/ElastiCache are, and names of your "
       "own by PutMetricData"},
      {"Namespace: AWS/EC2", "Namespace: AWS/ElastiCache", "none"},
      {"Namespace: AWS/EC2", "Namespace: My/App", "none"},
      {"Statistic: Average",
       "ExtendedStatistic: p99\n      EvaluateLowSampleCountPercentile: ignore",
       "none"},
      {"Statistic: Average",
       "ExtendedStatistic: tm99",
       "line 65, Resources.Alarm.Properties.ExtendedStatistic: 'tm99' is not built; percentiles "
       "are, p0 to p100 (p99, p99.9)"},
      {"Statistic: Average",
       "Statistic: Average\n      ExtendedStatistic: p99",
       "line 65, Resources.Alarm.Properties.Statistic: there is an ExtendedStatistic already"},
      {"Statistic: Average",
       "Statistic: Average\n      EvaluateLowSampleCountPercentile: ignore",
       "line 66, Resources.Alarm.Properties: EvaluateLowSampleCountPercentile is not acted on "
       "here: "
       "it belongs to an ExtendedStatistic"},
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

}  // namespace tidegate::stacks
