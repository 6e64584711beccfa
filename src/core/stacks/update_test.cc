#include <array>

#include <doctest/doctest.h>

#include "base/text.h"
#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

using Kind = ResourceChange::Kind;

/// A context in which the resources of `plan` exist.
StackContext context_after(const StackPlan& plan) {
  StackContext context = context_of_test();
  context.now += std::chrono::hours{1};
  for (const PlannedResource& resource : plan.resources) {
    context.physical_ids[resource.logical_id] = resource.physical_id;
    if (const auto* existing = std::get_if<groups::LaunchTemplate>(&resource.properties)) {
      context.launch_templates[resource.logical_id] = *existing;
    }
  }
  return context;
}

Result<std::vector<ResourceChange>> update(const std::string& from, const std::string& to) {
  const StackPlan created = planned(from);
  const StackContext context = context_after(created);
  return plan_update(planned(from, context), planned(to, context));
}

/// "modify AutoScalingGroup MaxSize; add X": the changes, or the refusal.
std::string changes(const std::string& from, const std::string& to) {
  const auto result = update(from, to);
  if (!result) {
    return result.error().message;
  }
  std::vector<std::string> shown;
  for (const ResourceChange& change : *result) {
    const char* kind = change.kind == Kind::Add      ? "add "
                       : change.kind == Kind::Modify ? "modify "
                                                     : "remove ";
    std::string line = kind + change.resource.logical_id.value;
    for (const std::string& property : change.changed_properties) {
      line += " " + property;
    }
    shown.push_back(line);
  }
  return join(shown, "; ");
}

std::string edited(const std::string& from, const std::string& to) {
  return changes(reference(), replaced(reference(), from, to));
}

TEST_CASE("update: the same template changes nothing, and keeps every id") {
  CHECK(edited("Timing: fast", "Timing: fast") == "");
  const StackPlan created = planned(reference());
  const StackPlan again = planned(reference(), context_after(created));
  for (std::size_t i = 0; i < created.resources.size(); ++i) {
    CHECK(again.resources[i].physical_id == created.resources[i].physical_id);
  }
  CHECK(the<groups::AutoScalingGroup>(again).arn == the<groups::AutoScalingGroup>(created).arn);
  CHECK(the<scaling::TargetTrackingPolicy>(again) == the<scaling::TargetTrackingPolicy>(created));
}

TEST_CASE("update: a stack without names keeps the generated ones") {
  const std::string text =
      replaced(replaced(replaced(reference(), "      Name: cnt-backend-alb\n", ""),
                        "      Name: cnt-backend-tg\n",
                        ""),
               "      LaunchTemplateName: cnt-backend-launch-template\n",
               "");
  CHECK(changes(text, text) == "");
}

TEST_CASE("update: what may change in place") {
  struct Case {
    const char* from;
    const char* to;
    const char* want;
  };
  const auto cases = std::to_array<Case>({
      {"MinSize: { Type: Number, Default: 1 }",
       "MinSize: { Type: Number, Default: 0 }",
       "modify AutoScalingGroup MinSize"},
      {"MaxSize: { Type: Number, Default: 3 }",
       "MaxSize: { Type: Number, Default: 5 }",
       "modify AutoScalingGroup MaxSize"},
      {"DesiredCapacity: \"1\"",
       "DesiredCapacity: \"2\"",
       "modify AutoScalingGroup DesiredCapacity"},
      {"      DesiredCapacity: \"1\"\n", "", ""},
      {"TargetCpu: { Type: Number, Default: 70 }",
       "TargetCpu: { Type: Number, Default: 50 }",
       "modify ScalingPolicy TargetTrackingConfiguration.TargetValue"},
      {"Value: \"30\" }", "Value: \"31\" }", "modify TargetGroup TargetGroupAttributes"},
      {"Threshold: 70\n", "Threshold: 71\n", "modify CpuHigh Threshold"},
      {"EvaluationPeriods: 2\n      Threshold: 70",
       "EvaluationPeriods: 3\n      Threshold: 70",
       "modify CpuHigh EvaluationPeriods"},
      {"AlarmDescription: The group's",
       "AlarmDescription: A group's",
       "modify CpuHigh AlarmDescription"},
      {"set -euo pipefail",
       "set -eu",
       "modify LaunchTemplate LaunchTemplateData; modify AutoScalingGroup LaunchTemplate.Version"},
      {"    Type: AWS::CloudWatch::Alarm\n",
       "    Type: AWS::CloudWatch::Alarm\n    DeletionPolicy: Retain\n",
       "modify CpuHigh DeletionPolicy"},
      {"LoadBalancer: 16.00", "LoadBalancer: 17.00", ""},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.to});
    CHECK(edited(c.from, c.to) == c.want);
  }
}

TEST_CASE("update: what is refused, by resource and property") {
  struct Case {
    const char* from;
    const char* to;
    const char* want;
  };
  const auto cases = std::to_array<Case>({
      {"Scheme: internet-facing", "Scheme: internal", "Resources.LoadBalancer: changing Scheme ("},
      {"Name: cnt-backend-alb",
       "Name: cnt-other-alb",
       "Resources.LoadBalancer: changing the name from arn:aws:"},
      {"      Subnets: [subnet-0a, subnet-0b, subnet-0c]",
       "      Subnets: [subnet-0a, subnet-0b]",
       "Resources.LoadBalancer: changing Subnets ("},
      {"Port: 80\n", "Port: 81\n", "Resources.Listener: changing Port ("},
      {"Port: 8000\n", "Port: 8001\n", "Resources.TargetGroup: changing Port ("},
      {"HealthCheckPath: /health",
       "HealthCheckPath: /",
       "Resources.TargetGroup: changing HealthCheck… ("},
      {"HealthCheckType: ELB",
       "HealthCheckType: EC2",
       "Resources.AutoScalingGroup: changing HealthCheckType ("},
      {"HealthCheckGracePeriod: 60",
       "HealthCheckGracePeriod: 61",
       "Resources.AutoScalingGroup: changing HealthCheckGracePeriod ("},
      {"VPCZoneIdentifier: [subnet-0a, subnet-0b, subnet-0c]",
       "VPCZoneIdentifier: [subnet-0a, subnet-0b]",
       "Resources.AutoScalingGroup: changing VPCZoneIdentifier ("},
      {"TargetGroupARNs: [!Ref TargetGroup]",
       "TargetGroupARNs: []",
       "Resources.AutoScalingGroup: changing TargetGroupARNs ("},
      {"Timing: fast",
       "Timing: aws",
       "Resources.AutoScalingGroup: changing Metadata.Tidegate Timing ("},
      {"LaunchTimeout: 60",
       "LaunchTimeout: 61",
       "Resources.AutoScalingGroup: changing Metadata.Tidegate LaunchTimeout ("},
      {"StopTimeout: 30",
       "StopTimeout: 31",
       "Resources.AutoScalingGroup: changing Metadata.Tidegate StopTimeout ("},
      {"Path: /health/live",
       "Path: /health",
       "Resources.AutoScalingGroup: changing Metadata.Tidegate Liveness ("},
      {"ASGAverageCPUUtilization",
       "ASGAverageNetworkIn",
       "Resources.ScalingPolicy: changing "
       "TargetTrackingConfiguration.PredefinedMetricSpecification "
       "("},
      {"PolicyType: TargetTrackingScaling",
       "PolicyType: TargetTrackingScaling\n      EstimatedInstanceWarmup: 1",
       "Resources.ScalingPolicy: changing EstimatedInstanceWarmup ("},
      {"AlarmName: cnt-ec2-cpu-high",
       "AlarmName: cnt-cpu-high",
       "Resources.CpuHigh: changing the name from cnt-ec2-cpu-high to cnt-cpu-high ("},
      {"  ScalingPolicy:\n", "  Scaling:\n", "Resources.Scaling: adding a resource ("},
      {"LaunchTemplateName: cnt-backend-launch-template",
       "LaunchTemplateName: other",
       "Resources.LaunchTemplate: changing LaunchTemplateName ("},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.to});
    const std::string message = edited(c.from, c.to);
    const std::size_t colon = message.find(", ") + 2;
    CHECK(message.substr(colon, std::string{c.want}.size()) == std::string{c.want});
    CHECK(message.starts_with("line "));
  }
}

TEST_CASE("update: alarms and rules come and go; other resources do not") {
  const std::string text = reference();
  const std::size_t from = text.find("  CpuLow:");
  const std::string without = text.substr(0, from) + text.substr(text.find("  UnhealthyHosts:"));
  CHECK(changes(text, without) == "remove CpuLow");
  CHECK(changes(without, text) == "add CpuLow");
  const std::string rule = R"(  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions: [{ Field: path-pattern, Values: [/a] }]
      Actions: [{ Type: forward, TargetGroupArn: !Ref TargetGroup }]
)";
  const std::string with_rule = replaced(text, "  TargetGroup:\n", rule + "  TargetGroup:\n");
  CHECK(changes(text, with_rule) == "add Rule");
  CHECK(changes(with_rule, text) == "remove Rule");
  CHECK(changes(with_rule, replaced(with_rule, "Priority: 1", "Priority: 2")) ==
        "modify Rule Priority");
  CHECK(changes(with_rule, replaced(with_rule, "[/a]", "[/a, /b]")) == "modify Rule Conditions");
  const std::size_t policy = text.find("  ScalingPolicy:");
  const std::string no_policy = text.substr(0, policy) + text.substr(text.find("  CpuHigh:"));
  CHECK(changes(text, no_policy).find("ScalingPolicy: removing a resource") != std::string::npos);
  CHECK(changes(no_policy, text).find("ScalingPolicy: adding a resource") != std::string::npos);
}

TEST_CASE("update: DesiredCapacity follows the template only when it gives another value") {
  const std::string none = replaced(reference(), "      DesiredCapacity: \"1\"\n", "");
  const auto min = [](const std::string& text) {
    return replaced(
        text, "MinSize: { Type: Number, Default: 1 }", "MinSize: { Type: Number, Default: 2 }");
  };
  CHECK(changes(none, min(none)) == "modify AutoScalingGroup MinSize");
  CHECK(changes(none, reference()) == "modify AutoScalingGroup DesiredCapacity");
}

TEST_CASE("update: launch template data becomes the next version, whatever versions there are") {
  const StackPlan created = planned(reference());
  StackContext context = context_after(created);
  const std::string second = replaced(reference(), "set -euo pipefail", "set -eu");
  const StackPlan updated = planned(second, context);
  const auto& launch_template = the<groups::LaunchTemplate>(updated);
  REQUIRE(launch_template.versions.size() == 2);
  CHECK(launch_template.versions[0] == the<groups::LaunchTemplate>(created).versions[0]);
  CHECK(launch_template.versions[1].number == 2);
  CHECK(launch_template.versions[1].created == context.now);
  CHECK(launch_template.default_version == 1);
  CHECK(the<groups::AutoScalingGroup>(updated).launch_template.version == "2");
  const LogicalId id{"LaunchTemplate"};
  context.launch_templates[id] = launch_template;
  const StackPlan back = planned(reference(), context);
  CHECK(the<groups::LaunchTemplate>(back).versions.back().number == 3);
  CHECK(the<groups::AutoScalingGroup>(back).launch_template.version == "3");
  CHECK(the<groups::LaunchTemplate>(planned(second, context)).versions.size() == 2);
}

TEST_CASE("DNS names of outputs: each placeholder is replaced, anything else stays") {
  const auto name = [](const balancing::LoadBalancerArn& arn) { return "<" + arn.value + ">"; };
  CHECK(resolve_dns_names("http://{{DNSName:a}}/{{DNSName:b}}", name) == "http://<a>/<b>");
  CHECK(resolve_dns_names("{{DNSName:a", name) == "{{DNSName:a");
  CHECK(resolve_dns_names("", name).empty());
  const auto echo = [](const balancing::LoadBalancerArn&) { return std::string{"{{DNSName:x}}"}; };
  CHECK(resolve_dns_names("{{DNSName:a}}", echo) == "{{DNSName:x}}");
}

TEST_CASE("update: other Targets of a target group are not built") {
  const std::string group = R"(Resources:
  Tg:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Port: 8000
      Protocol: HTTP
      TargetType: ip
      Targets: [{ Id: 10.0.0.1 }]
)";
  CHECK(changes(group, group).empty());
  CHECK(changes(group, replaced(group, "10.0.0.1", "10.0.0.2")).find("Targets") !=
        std::string::npos);
  CHECK(
      changes(group, replaced(group, "Id: 10.0.0.1", "Id: 10.0.0.1, Port: 8001")).find("Targets") !=
      std::string::npos);
}

}  // namespace
}  // namespace tidegate::stacks
