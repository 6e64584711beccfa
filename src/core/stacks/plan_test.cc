#include <chrono>

#include <doctest/doctest.h>

#include "core/stacks/plan_fixture.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

using std::chrono::seconds;

/// A load balancer, a target group, a launch template and a group without names; `tidegate` are
/// lines of the metadata, `more` further resources.
std::string unnamed(const std::string& tidegate = "", const std::string& more = "") {
  return "Metadata:\n  Tidegate:\n    Images: { ami-1: { Process: { Layers: [/opt/root] } } }\n" +
         tidegate + R"(Resources:
  Lb: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer }
  Tg:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    DeletionPolicy: Retain
    Properties: { Port: 8000, Protocol: HTTP }
  Lt:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: { ImageId: ami-1, InstanceType: t3.micro }
  Asg:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: 1
      MaxSize: 2
      AvailabilityZones: !GetAZs ""
      Tags: [{ Key: k, Value: v, PropagateAtLaunch: true }]
      LaunchTemplate: { LaunchTemplateId: !Ref Lt, Version: $Latest }
  Policy:
    Type: AWS::AutoScaling::ScalingPolicy
    Properties:
      AutoScalingGroupName: !Ref Asg
      PolicyType: TargetTrackingScaling
      TargetTrackingConfiguration:
        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }
        TargetValue: 50
)" + more;
}

TEST_CASE("plan: defaults of what a template leaves out") {
  const StackPlan plan = planned(unnamed());
  const auto& balancer = the<balancing::LoadBalancer>(plan);
  CHECK(balancer.name == "cnt-Lb-SSSSSSSSSSS1");
  CHECK(balancer.scheme == "internet-facing");
  CHECK(balancer.zones == std::vector<std::string>{"eu-west-2a", "eu-west-2b", "eu-west-2c"});
  CHECK(balancer.idle_timeout == seconds{60});
  CHECK(balancer.listen_address.empty());
  CHECK(!balancer.strict_port);
  const auto& target_group = the<balancing::TargetGroup>(plan);
  CHECK(target_group.deregistration_delay == seconds{300});
  CHECK(target_group.health_check == balancing::HealthCheck{});
  CHECK(target_group.target_type == balancing::TargetType::Instance);
  const auto& group = the<groups::AutoScalingGroup>(plan);
  CHECK(group.desired_capacity == 1);
  CHECK(group.health_check_type == groups::HealthCheckType::Ec2);
  CHECK(group.health_check_grace_period == seconds{0});
  CHECK(group.termination_policies == std::vector<std::string>{"Default"});
  CHECK(group.tags == std::map<std::string, std::string>{{"k", "v"}});
  CHECK(group.launch_timeout == seconds{60});
  CHECK(group.stop_timeout == seconds{30});
  CHECK(group.drain_signal == groups::DrainSignal::End);
  CHECK(!group.liveness.has_value());
  CHECK(group.launch_template.version == "$Latest");
  CHECK(the<groups::LaunchTemplate>(plan).versions[0].user_data.empty());
  CHECK(plan.resources[1].retain);
  CHECK(!plan.resources[0].retain);
  CHECK(plan.resources[1].given == std::vector<std::string>{"Port", "Protocol"});
}

TEST_CASE("plan: TagSpecifications of launch template data are the instances' tags") {
  const std::string data = "InstanceType: t3.micro";
  const std::string tags =
      ", TagSpecifications: [{ ResourceType: instance, Tags: [{ Key: a, Value: b }] }, "
      "{ ResourceType: volume, Tags: [{ Key: c, Value: d }] }]";
  const StackPlan plan = planned(replaced(unnamed(), data, data + tags));
  const auto& version = the<groups::LaunchTemplate>(plan).versions[0];
  CHECK(version.instance_tags == std::map<std::string, std::string>{{"a", "b"}});
  auto other = version;
  other.instance_tags["a"] = "c";
  CHECK_FALSE(same_data(version, other));
}

TEST_CASE("plan: long names are cut before their suffix") {
  StackContext context = context_of_test();
  context.stack_name.value = "a-stack-with-a-rather-long-name";
  const auto name = the<balancing::LoadBalancer>(planned(unnamed(), context)).name;
  CHECK(name == "a-stack-with-a-rath-SSSSSSSSSSS1");
  CHECK(name.size() == 32);
}

TEST_CASE("plan: metadata of load balancers, by logical id where there is no name") {
  const StackPlan plan = planned(
      unnamed("    LoadBalancers: { Lb: { Listen: 0.0.0.0, Name: media.example.org, StrictPort: "
              "true } }\n",
              "Outputs: { Url: { Value: !Sub \"http://${Lb.DNSName}/\", Description: d } }\n"));
  const auto& balancer = the<balancing::LoadBalancer>(plan);
  CHECK(balancer.listen_address == "0.0.0.0");
  CHECK(balancer.public_name == "media.example.org");
  CHECK(balancer.dns_name == "media.example.org");
  CHECK(balancer.strict_port);
  CHECK(plan.outputs == std::vector<Output>{{"Url", "http://media.example.org/", "d"}});
}

TEST_CASE("plan: an address that is not known yet serves Outputs only") {
  const std::string more = R"(  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: !GetAtt Lb.DNSName
)";
  CHECK(refusal(unnamed("", more)) ==
        "line 33, Resources.Alarm.Properties: Fn::GetAtt Lb.DNSName: the address is known only "
        "once the load balancer exists: use it in Outputs, or give the load balancer a Name in "
        "Metadata.Tidegate.LoadBalancers");
}

TEST_CASE("plan: the pseudo parameters of a stack are what it is") {
  const std::string outputs =
      "Outputs:\n  Id: { Value: !Ref AWS::StackId }\n  Name: { Value: !Ref AWS::StackName }\n"
      "  At: { Value: !Sub \"${AWS::Partition} ${AWS::Region} ${AWS::URLSuffix}\" }\n";
  CHECK(planned(unnamed("", outputs)).outputs ==
        std::vector<Output>{{"Id", context_of_test().stack_id, ""},
                            {"Name", "cnt", ""},
                            {"At", "aws eu-west-2 amazonaws.com", ""}});
  CHECK(refusal(unnamed("", "Outputs: { Id: { Value: !Ref Nobody } }\n")).find("Nobody") !=
        std::string::npos);
}

TEST_CASE("plan: a policy that never scales in, a health check's only protocol") {
  const std::string metric = "        PredefinedMetricSpecification";
  const auto policy = the<scaling::TargetTrackingPolicy>(
      planned(replaced(unnamed(), metric, "        DisableScaleIn: true\n" + metric)));
  CHECK(policy.disable_scale_in);
  CHECK_FALSE(the<scaling::TargetTrackingPolicy>(planned(unnamed())).disable_scale_in);
  const std::string protocol = "Protocol: HTTP }";
  const auto checked = [&](const std::string& word) {
    return refusal(replaced(unnamed(), protocol, "HealthCheckProtocol: " + word + ", " + protocol));
  };
  CHECK(checked("HTTP") == "none");
  CHECK(checked("TCP").find("HealthCheckProtocol: 'TCP'") != std::string::npos);
}

TEST_CASE("plan: how long a simulated boot takes, always or in a range") {
  const auto boot = [](const std::string& text) {
    return planned(unnamed("    Simulation: { BootSeconds: " + text + " }\n")).simulation.boot;
  };
  CHECK(boot("7") == BootTime{BootTime::Shape::Fixed, 7, 0});
  CHECK(boot("{ Min: 2, Max: 5 }") == BootTime{BootTime::Shape::Uniform, 2, 3});
  CHECK(boot("{ Min: 2, Max: 2 }") == BootTime{BootTime::Shape::Uniform, 2, 0});
  CHECK(boot("{ Median: 4, Sigma: 0.5 }") == BootTime{BootTime::Shape::LogNormal, 4, 0.5});
  CHECK(refusal(unnamed("    Simulation: { BootSeconds: { Min: 3, Max: 2 } }\n"))
            .find("2 is less than Min 3") != std::string::npos);
}

TEST_CASE("plan: timing and settings of groups") {
  const auto aws = the<groups::AutoScalingGroup>(planned(unnamed("    Timing: aws\n")));
  CHECK(aws.timing == scaling::TimingProfile::Aws);
  CHECK(planned(unnamed("    Timing: aws\n")).metadata.timing == scaling::TimingProfile::Aws);
  CHECK(aws.launch_timeout == seconds{600});
  const StackPlan plan = planned(unnamed(
      "    AutoScalingGroups: { Asg: { Timing: aws, LaunchTimeout: 7, StopTimeout: 0, Drain: { "
      "Signal: start }, Liveness: { Path: /l, Interval: 2, Timeout: 1, UnhealthyThreshold: 4 } } "
      "}\n"));
  const auto& group = the<groups::AutoScalingGroup>(plan);
  CHECK(group.timing == scaling::TimingProfile::Aws);
  CHECK(group.launch_timeout == seconds{7});
  CHECK(group.stop_timeout == seconds{0});
  CHECK(group.drain_signal == groups::DrainSignal::Start);
  CHECK(group.liveness == groups::Liveness{"/l", seconds{2}, seconds{1}, 4});
  CHECK(plan.metadata.timing == scaling::TimingProfile::Fast);
  CHECK(the<scaling::TargetTrackingPolicy>(plan).timing ==
        scaling::timing_of(scaling::TimingProfile::Aws));
}

TEST_CASE("plan: a policy's name and timing in the metadata") {
  const auto policy_of = [](const std::string& timing) {
    return the<scaling::TargetTrackingPolicy>(planned(
        unnamed(timing +
                "    ScalingPolicies: { Policy: { Name: p, Period: 2, HighEvaluationPeriods: 4, "
                "LowEvaluationPeriods: 5, LowRatio: 0.5 } }\n")));
  };
  const auto fast = policy_of("");
  CHECK(fast.name.value == "p");
  CHECK(fast.arn.ends_with(":policyName/p"));
  CHECK(fast.timing.period == seconds{2});
  CHECK(fast.timing.slide == scaling::timing_of(scaling::TimingProfile::Fast).slide);
  CHECK(fast.timing.high_evaluation_periods == 4);
  CHECK(fast.timing.low_evaluation_periods == 5);
  CHECK(fast.timing.low_ratio == 0.5);
  CHECK(policy_of("    Timing: aws\n").timing.slide == seconds{2});
}

TEST_CASE("plan: what is accepted and not used is listed") {
  const std::string text = replaced(
      unnamed("    Receivers: { r: { Url: http://x } }\n"),
      "InstanceType: t3.micro",
      "InstanceType: t3.micro, SecurityGroupIds: [sg-1], IamInstanceProfile: { Name: role }");
  const StackPlan plan = planned(replaced(text, "ami-1: { Process:", "ami-1: { Vm: {}, Process:"));
  const std::string data = "Resources.Lt.Properties.LaunchTemplateData.";
  CHECK(plan.metadata.unused == std::vector<std::string>{"Images.ami-1.Vm",
                                                         "Receivers.r.Url",
                                                         data + "IamInstanceProfile",
                                                         data + "SecurityGroupIds"});
  const auto& version = the<groups::LaunchTemplate>(plan).versions[0];
  CHECK(version.security_groups == std::vector<std::string>{"sg-1"});
  CHECK(version.iam_instance_profile == "role");
}

TEST_CASE("plan: a resource whose condition is false may be of any type, and cannot be named") {
  const std::string more =
      "  Role: { Type: AWS::IAM::Role, Condition: OnAws }\n"
      "Conditions: { OnAws: !Equals [!Ref AWS::AccountId, other] }\n";
  CHECK(planned(unnamed("", more)).resources.size() == 5);
  CHECK(refusal(unnamed("", more + "Outputs: { R: { Value: !Ref Role } }\n")) ==
        "line 32, Outputs.R: Ref Role: the resource does not exist, because its Condition is "
        "false");
  CHECK(planned(unnamed("", more + "Outputs: { R: { Value: !Ref Role, Condition: OnAws } }\n"))
            .outputs.empty());
}

TEST_CASE("plan: what a resource names must be there, also while its condition is false") {
  CHECK(refusal(unnamed("",
                        "  Role: { Type: AWS::IAM::Role, Condition: OnAws, Properties: { A: !Ref "
                        "Nothing } }\n"
                        "Conditions: { OnAws: !Equals [!Ref AWS::AccountId, other] }\n")) ==
        "line 30, Resources.Role.Properties: 'Nothing' is no parameter and no resource of this "
        "template");
}

TEST_CASE("plan: a group may name its launch template, among several") {
  const std::string other =
      "  Other:\n    Type: AWS::EC2::LaunchTemplate\n    Properties:\n"
      "      LaunchTemplateName: other\n"
      "      LaunchTemplateData: { ImageId: ami-1, InstanceType: t3.large }\n";
  std::string text =
      replaced(unnamed("", other), "LaunchTemplateId: !Ref Lt", "LaunchTemplateName: other");
  const std::string type = "    Type: AWS::AutoScaling::AutoScalingGroup\n";
  const StackPlan plan = planned(replaced(text, type, type + "    DependsOn: Other\n"));
  for (const PlannedResource& resource : plan.resources) {
    if (const auto* group = std::get_if<groups::AutoScalingGroup>(&resource.properties)) {
      CHECK(group->launch_template.name == "other");
      for (const PlannedResource& made : plan.resources) {
        CHECK((made.physical_id == group->launch_template.id.value) ==
              (made.logical_id.value == "Other"));
      }
    }
  }
}

TEST_CASE("plan: targets by address") {
  const std::string more = R"(  Ips:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Port: 9000
      Protocol: HTTP
      TargetType: ip
      HealthCheckEnabled: false
      Targets: [{ Id: 10.0.0.1 }, { Id: 10.0.0.2, Port: 9001, AvailabilityZone: all }]
)";
  const StackPlan plan = planned(unnamed("", more));
  const auto& group = the<balancing::TargetGroup>(plan, "Ips");
  CHECK(!group.health_check.enabled);
  REQUIRE(group.targets.size() == 2);
  CHECK(group.targets[0].address == "10.0.0.1");
  CHECK(group.targets[0].port == 9000);
  CHECK(group.targets[1].port == 9001);
  CHECK(group.targets[1].zone == "all");
  CHECK(refusal(unnamed("", replaced(more, "10.0.0.2", "host"))) ==
        "line 37, Resources.Ips.Properties.Targets.Id: 'host' is no IPv4 address");
}

}  // namespace
}  // namespace tidegate::stacks
