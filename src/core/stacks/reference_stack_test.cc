// The project's own examples, as plans.
#include <array>
#include <chrono>

#include <doctest/doctest.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

using std::chrono::seconds;

constexpr const char* kElb = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:";

TEST_CASE("reference stack: resources in creation order, dependencies first") {
  std::vector<std::string> order;
  for (const PlannedResource& resource : planned(reference()).resources) {
    order.push_back(resource.logical_id.value);
  }
  CHECK(join(order, " ") ==
        "LoadBalancer TargetGroup Listener Redis LaunchTemplate AutoScalingGroup ScalingPolicy "
        "CpuHigh "
        "CpuLow UnhealthyHosts ResponseTimeHigh");
}

TEST_CASE("reference stack: load balancer, target group and listener") {
  const StackPlan plan = planned(reference());
  const auto& balancer = the<balancing::LoadBalancer>(plan);
  const std::string lb_id = "cnt-backend-alb/00000001aaaa4bbb";
  CHECK(balancer.name == "cnt-backend-alb");
  CHECK(balancer.arn.value == kElb + ("loadbalancer/app/" + lb_id));
  CHECK(balancer.zones == std::vector<std::string>{"eu-west-2a", "eu-west-2b", "eu-west-2c"});
  CHECK(balancer.subnets == std::vector<std::string>{"subnet-0a", "subnet-0b", "subnet-0c"});
  CHECK(balancer.idle_timeout == seconds{60});
  CHECK(balancer.dns_name.empty());
  const auto& group = the<balancing::TargetGroup>(plan);
  CHECK(group.arn.value == kElb + std::string{"targetgroup/cnt-backend-tg/00000002aaaa4bbb"});
  CHECK(group.port == 8000);
  CHECK(group.health_check.path == "/health");
  CHECK(group.health_check.interval == seconds{30});
  CHECK(group.health_check.timeout == seconds{5});
  CHECK(group.health_check.healthy_threshold == 5);
  CHECK(group.health_check.unhealthy_threshold == 2);
  CHECK(group.health_check.matcher == "200");
  CHECK(group.deregistration_delay == seconds{30});
  const auto& listener = the<balancing::Listener>(plan);
  CHECK(listener.arn.value == kElb + ("listener/app/" + lb_id + "/00000003aaaa4bbb"));
  CHECK(listener.load_balancer == balancer.arn);
  CHECK(listener.port == 80);
  CHECK(listener.bound_port == 0);
  CHECK(listener.default_action.target_group == group.arn);
}

TEST_CASE("reference stack: launch template and group") {
  const StackPlan plan = planned(reference());
  const auto& launch_template = the<groups::LaunchTemplate>(plan);
  CHECK(launch_template.id.value == "lt-00000000000000004");
  CHECK(launch_template.name == "cnt-backend-launch-template");
  REQUIRE(launch_template.versions.size() == 1);
  const groups::LaunchTemplateVersion& version = launch_template.versions[0];
  CHECK(version.number == 1);
  CHECK(version.created == context_of_test().now);
  CHECK(launch_template.created == context_of_test().now);
  CHECK(version.image_id == "ami-013fb36a0ba6d426f");
  CHECK(version.instance_type == "t3.large");
  CHECK(version.user_data.starts_with("#!/bin/bash\n"));
  const auto& group = the<groups::AutoScalingGroup>(plan);
  CHECK(group.name.value == "cnt-backend-asg");
  CHECK(group.arn.starts_with("arn:aws:autoscaling:eu-west-2:000000000000:autoScalingGroup:"));
  CHECK(group.arn.ends_with(":autoScalingGroupName/cnt-backend-asg"));
  CHECK(group.min_size == 1);
  CHECK(group.max_size == 3);
  CHECK(group.desired_capacity == 1);
  CHECK(group.launch_template.id == launch_template.id);
  CHECK(group.launch_template.version == "1");
  CHECK(group.zones == std::vector<std::string>{"eu-west-2a", "eu-west-2b", "eu-west-2c"});
  CHECK(group.target_groups == std::vector{the<balancing::TargetGroup>(plan).arn});
  CHECK(group.health_check_type == groups::HealthCheckType::Elb);
  CHECK(group.health_check_grace_period == seconds{60});
  CHECK(group.default_cooldown == seconds{300});
  CHECK(!group.default_instance_warmup.has_value());
  CHECK(group.timing == scaling::TimingProfile::Fast);
  CHECK(group.launch_timeout == seconds{60});
  CHECK(group.stop_timeout == seconds{30});
  REQUIRE(group.liveness.has_value());
  CHECK(group.liveness->path == "/health/live");
  CHECK(group.created == context_of_test().now);
}

TEST_CASE("reference stack: policy, alarms, outputs and metadata") {
  const StackPlan plan = planned(reference());
  const auto& policy = the<scaling::TargetTrackingPolicy>(plan);
  CHECK(policy.name.value == "cnt-target-tracking-cpu");
  CHECK(policy.group_name == "cnt-backend-asg");
  CHECK(policy.target_value == 70);
  CHECK(policy.timing == scaling::timing_of(scaling::TimingProfile::Fast));
  CHECK(policy.high_alarm.value.starts_with("TargetTracking-cnt-backend-asg-AlarmHigh-"));
  CHECK(policy.low_alarm.value.starts_with("TargetTracking-cnt-backend-asg-AlarmLow-"));
  const auto& unhealthy = the<alarms::Alarm>(plan, "UnhealthyHosts");
  CHECK(unhealthy.name.value == "cnt-alb-unhealthy-hosts");
  CHECK(unhealthy.metric ==
        metrics::make_metric_id("AWS/ApplicationELB",
                                "UnHealthyHostCount",
                                {{"LoadBalancer", "app/cnt-backend-alb/00000001aaaa4bbb"},
                                 {"TargetGroup", "targetgroup/cnt-backend-tg/00000002aaaa4bbb"}}));
  CHECK(unhealthy.statistic == metrics::Statistic::Maximum);
  CHECK(unhealthy.alarm_actions ==
        std::vector<std::string>{"arn:aws:sns:eu-west-2:000000000000:on-call"});
  CHECK(the<alarms::Alarm>(plan, "CpuLow").comparison ==
        alarms::ComparisonOperator::LessThanThreshold);
  CHECK(needed_datapoints(the<alarms::Alarm>(plan, "CpuLow")) == 2);
  CHECK(the<alarms::Alarm>(plan, "ResponseTimeHigh").treat_missing_data ==
        alarms::TreatMissingData::NotBreaching);
  REQUIRE(plan.outputs.size() == 1);
  CHECK(plan.outputs[0].value ==
        "http://{{DNSName:" + the<balancing::LoadBalancer>(plan).arn.value + "}}/");
  CHECK(plan.description == "CNT media platform, backend");
  CHECK(plan.parameters == std::map<std::string, std::string>{
                               {"MaxSize", "3"}, {"MinSize", "1"}, {"TargetCpu", "70"}});
  const InstanceType& type = plan.metadata.instance_types.at("t3.large");
  CHECK(type == InstanceType{0.5, 256, 68.0, 2, 8192});
  CHECK(plan.metadata.prices == std::map<std::string, double>{{"LoadBalancer", 16}, {"RDS", 15}});
  CHECK(plan.metadata.images.at("ami-013fb36a0ba6d426f").layers ==
        std::vector<std::string>{"host", "/srv/cnt/image"});
  CHECK(plan.metadata.receivers.at("on-call") == Receiver{"on-call", "/srv/cnt/on-call.sh"});
  CHECK(plan.metadata.instance_scale == 1);
  CHECK(plan.metadata.unused.empty());
}

Json json_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return Json{};
    case YamlNode::Kind::Scalar:
      return Json{node.text};
    case YamlNode::Kind::Sequence:
      break;
    case YamlNode::Kind::Mapping: {
      Json object = Json::object();
      for (const YamlNode::Member& member : node.members) {
        object.set(member.key, json_of(member.value));
      }
      return object;
    }
  }
  Json array = Json::array();
  for (const YamlNode& item : node.items) {
    array.push(json_of(item));
  }
  return array;
}

/// Short forms as JSON has to write them.
YamlNode long_forms(YamlNode node) {
  for (YamlNode& item : node.items) {
    item = long_forms(item);
  }
  for (YamlNode::Member& member : node.members) {
    member.value = long_forms(member.value);
  }
  if (node.tag.empty()) {
    return node;
  }
  const std::string name = node.tag == "!Ref" ? "Ref" : "Fn::" + node.tag.substr(1);
  node.tag.clear();
  YamlNode call;
  call.kind = YamlNode::Kind::Mapping;
  call.members.push_back({name, node.line, node});
  return call;
}

TEST_CASE("reference stack: the same plan from YAML, from JSON and from indented JSON") {
  const auto tree = parse_yaml(reference());
  REQUIRE(tree.has_value());
  const Json json = json_of(long_forms(*tree));
  const auto without_lines = [](StackPlan plan) {
    for (PlannedResource& resource : plan.resources) {
      resource.line = 0;
    }
    return plan;
  };
  const StackPlan expected = without_lines(planned(reference()));
  CHECK(without_lines(planned(json.dump())) == expected);
  CHECK(without_lines(planned(json.dump(2))) == expected);
}

TEST_CASE("reference stack: parameters take the place of defaults") {
  StackContext context = context_of_test();
  context.parameters = {{"MaxSize", "5"}, {"TargetCpu", "40.5"}};
  const StackPlan plan = planned(reference(), context);
  CHECK(the<groups::AutoScalingGroup>(plan).max_size == 5);
  CHECK(the<scaling::TargetTrackingPolicy>(plan).target_value == 40.5);
  CHECK(plan.parameters.at("MaxSize") == "5");
}

TEST_CASE("examples: every one of the documents' failures is a template that plans") {
  for (const char* name : {"answers-500",
                           "no-user-data",
                           "outside-target",
                           "single-thread",
                           "unserved-zone",
                           "unused-target-group",
                           "user-data-fails",
                           "wrong-port"}) {
    CAPTURE(name);
    CHECK(refusal(file_text("examples/cnt/broken/" + std::string{name} + ".yaml")) == "none");
  }
}

TEST_CASE("docs/reference/template.md: its template plans, with two groups behind one balancer") {
  const std::string text = file_text("docs/reference/template.md");
  const std::size_t start = text.find("```yaml\n") + 8;
  const StackPlan plan = planned(text.substr(start, text.find("```", start) - start));
  CHECK(plan.resources.size() == 10);
  CHECK(the<groups::AutoScalingGroup>(plan, "WebGroup").target_groups.front() ==
        the<balancing::Listener>(plan).default_action.target_group);
  CHECK(the<groups::AutoScalingGroup>(plan, "ApiGroup").target_groups.front() ==
        the<balancing::Rule>(plan).action.target_group);
}

}  // namespace
}  // namespace tidegate::stacks
