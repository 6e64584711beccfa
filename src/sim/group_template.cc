#include "sim/group_template.h"

#include <array>

#include "base/text.h"

namespace tidegate::sim {
namespace {

struct Number {
  const char* name;
  std::int32_t GroupOptions::* member;
};
constexpr auto kNumbers = std::to_array<Number>({
    {"min", &GroupOptions::min},
    {"max", &GroupOptions::max},
    {"target", &GroupOptions::target},
    {"grace", &GroupOptions::grace},
    {"delay", &GroupOptions::delay},
    {"launch-timeout", &GroupOptions::launch_timeout},
    {"stop-timeout", &GroupOptions::stop_timeout},
    {"warmup", &GroupOptions::warmup},
    {"zones", &GroupOptions::zones},
    {"balancer-zones", &GroupOptions::balancer_zones},
    {"target-groups", &GroupOptions::target_groups},
});

struct Word {
  const char* name;
  std::string GroupOptions::* member;
};
constexpr auto kWords = std::to_array<Word>({
    {"health", &GroupOptions::health},
    {"drain", &GroupOptions::drain},
    {"timing", &GroupOptions::timing},
    {"policy", &GroupOptions::policy},
    {"protected", &GroupOptions::is_protected},
    {"liveness", &GroupOptions::liveness},
    {"image", &GroupOptions::image},
});

std::string zone_list(std::int32_t count) {
  std::string list;
  for (std::int32_t i = 0; i < count; ++i) {
    list += (i > 0 ? ", " : "") + std::string{"subnet-"} + "abc"[i % 3];
  }
  return "[" + list + "]";
}

std::string metadata(const GroupOptions& options) {
  std::string text = R"(
Metadata:
  Tidegate:
    Timing: )" + options.timing +
                     R"(
    Images: { ami-1: { Process: { Layers: [host] } }, ami-2: { Process: { Layers: [host] } } }
    InstanceTypes: { t3.large: { VCpus: 0.5, MemoryMiB: 256, MonthlyPrice: 68.0 } }
    Subnets:
      subnet-a: { Zone: eu-west-2a }
      subnet-b: { Zone: eu-west-2b }
      subnet-c: { Zone: eu-west-2c }
    AutoScalingGroups:
      web-asg:
        LaunchTimeout: )" +
                     std::to_string(options.launch_timeout) + R"(
        StopTimeout: )" +
                     std::to_string(options.stop_timeout) + R"(
        Drain: { Signal: )" +
                     options.drain + " }\n";
  if (options.liveness == "yes") {
    text += "        Liveness: { Path: /live, Interval: 1, Timeout: 1, UnhealthyThreshold: 3 }\n";
  }
  return text;
}

std::string balancing(const GroupOptions& options) {
  const bool is_used = options.balancer_zones > 0;
  std::string text = R"(  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: { Name: web-alb, Subnets: )" +
                     zone_list(is_used ? options.balancer_zones : 1) + R"( }
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Name: web-tg
      Port: 8000
      Protocol: HTTP
      VpcId: vpc-1
      HealthCheckPath: /health
      HealthCheckIntervalSeconds: 5
      HealthCheckTimeoutSeconds: 2
      TargetGroupAttributes: [{ Key: deregistration_delay.timeout_seconds, Value: ")" +
                     std::to_string(options.delay) + R"(" }]
)";
  if (!is_used) {
    return text;
  }
  return text + R"(  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Port: 80
      Protocol: HTTP
      DefaultActions: [{ Type: forward, TargetGroupArn: !Ref Targets }]
)";
}

std::string group(const GroupOptions& options) {
  std::string text = R"(  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      AutoScalingGroupName: web-asg
      MinSize: ")" + std::to_string(options.min) +
                     R"("
      MaxSize: ")" + std::to_string(options.max) +
                     "\"\n";
  if (options.desired) {
    text += "      DesiredCapacity: \"" + std::to_string(*options.desired) + "\"\n";
  }
  text += "      HealthCheckType: " + options.health + "\n" +
          "      HealthCheckGracePeriod: " + std::to_string(options.grace) + "\n" +
          "      DefaultInstanceWarmup: " + std::to_string(options.warmup) + "\n" +
          "      VPCZoneIdentifier: " + zone_list(options.zones) + "\n" +
          "      TerminationPolicies: [" + join(split(options.policy, '+'), ", ") + "]\n" +
          "      LaunchTemplate: { LaunchTemplateId: !Ref Template, Version: !GetAtt "
          "Template.LatestVersionNumber }\n";
  if (options.is_protected == "yes") {
    text += "      NewInstancesProtectedFromScaleIn: true\n";
  }
  if (options.target_groups > 0) {
    text += "      TargetGroupARNs: [!Ref Targets]\n";
  }
  if (options.target <= 0) {
    return text;
  }
  return text + R"(  Policy:
    Type: AWS::AutoScaling::ScalingPolicy
    Properties:
      AutoScalingGroupName: !Ref Group
      PolicyType: TargetTrackingScaling
      TargetTrackingConfiguration:
        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }
        TargetValue: )" +
         std::to_string(options.target) + "\n";
}

}  // namespace

Status set_option(GroupOptions& options, std::string_view assignment) {
  const auto equals = assignment.find('=');
  const std::string name{assignment.substr(0, equals)};
  const std::string value{equals == std::string_view::npos ? std::string_view{}
                                                           : assignment.substr(equals + 1)};
  std::vector<std::string> known = {"desired"};
  for (const Word& word : kWords) {
    known.emplace_back(word.name);
    if (name == word.name && !value.empty()) {
      options.*(word.member) = value;
      return Ok{};
    }
  }
  const auto number = parse_int(value);
  for (const Number& candidate : kNumbers) {
    known.emplace_back(candidate.name);
    if (name == candidate.name && number) {
      options.*(candidate.member) = static_cast<std::int32_t>(*number);
      return Ok{};
    }
  }
  if (name == "desired" && number) {
    options.desired = static_cast<std::int32_t>(*number);
    return Ok{};
  }
  const auto meant = nearest(name, known);
  return Error{ErrorCode::InvalidArgument,
               "ValidationError",
               "'" + std::string{assignment} + "' is no option of a group; " +
                   (meant && *meant != name ? "did you mean '" + *meant + "'? " : "") +
                   "valid are " + join(known, ", ") + ", each with =VALUE"};
}

std::string make_template(const GroupOptions& options) {
  return "AWSTemplateFormatVersion: \"2010-09-09\"" + metadata(options) + R"(Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: web-template
      LaunchTemplateData: { ImageId: )" +
         options.image + R"(, InstanceType: t3.large, UserData: !Base64 "exec serve" }
)" + balancing(options) +
         group(options);
}

}  // namespace tidegate::sim
