// What a plan takes over of the properties given, up to the last that a limit allows.
#include <array>

#include <doctest/doctest.h>

#include "core/stacks/refusals_fixture.h"

namespace tidegate::stacks {
namespace {

bool is_refused(const std::string& from, const std::string& to) {
  return refusal(replaced(kBase, from, to)) != "none";
}

std::string dimensions(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    list += (i > 0 ? ", " : "") + ("{ Name: n" + std::to_string(i)) + ", Value: v }";
  }
  return "Namespace: AWS/EC2\n      Dimensions: [" + list + "]";
}

std::string path_condition(int values) {
  std::string list = "/a";
  for (int i = 1; i < values; ++i) {
    list += ", /" + std::to_string(i);
  }
  return "Values: [" + list + "]";
}

std::string named_group(std::size_t length) {
  return "AutoScalingGroupName: " + std::string(length, 'g') + "\n      MinSize: !Ref Size";
}

TEST_CASE("plan: a metric has 30 dimensions, a rule's condition 5 values, a group's name 255") {
  CHECK_FALSE(is_refused("Namespace: AWS/EC2", dimensions(30)));
  CHECK(is_refused("Namespace: AWS/EC2", dimensions(31)));
  CHECK_FALSE(is_refused("Values: [/a/*]", path_condition(5)));
  CHECK(is_refused("Values: [/a/*]", path_condition(6)));
  CHECK_FALSE(is_refused("MinSize: !Ref Size", named_group(255)));
  CHECK(is_refused("MinSize: !Ref Size", named_group(256)));
}

TEST_CASE("plan: unknown members are refused inside attributes and LaunchTemplate too") {
  CHECK(refusal(replaced(kBase, "Name: lb\n", R"(Name: lb
      LoadBalancerAttributes: [{ Key: idle_timeout.timeout_seconds, Value: "9", Valeu: "9" }]
)"))
            .find("'Valeu'") != std::string::npos);
  CHECK(
      refusal(replaced(kBase, "LaunchTemplateId: !Ref Lt,", "LaunchTemplateId: !Ref Lt, Vrsn: 1,"))
          .find("'Vrsn'") != std::string::npos);
}

TEST_CASE("plan: a target group's IpAddressType is ipv4, and its stickiness as given") {
  const std::string port = "Port: 8000";
  CHECK_FALSE(is_refused(port, "IpAddressType: ipv4\n      Port: 8000"));
  CHECK(is_refused(port, "IpAddressType: ipv6\n      Port: 8000"));
  for (const std::string given : {"true", "false"}) {
    const StackPlan plan =
        planned(replaced(kBase,
                         port,
                         port + "\n      TargetGroupAttributes: [{ Key: stickiness.enabled, " +
                             "Value: \"" + given + "\" }]"));
    CHECK(the<balancing::TargetGroup>(plan).stickiness.enabled == (given == "true"));
  }
}

TEST_CASE("plan: a load balancer's security groups are kept, and said to be without effect") {
  const StackPlan plan =
      planned(replaced(kBase, "Name: lb\n", "Name: lb\n      SecurityGroups: [sg-1, sg-2]\n"));
  CHECK(the<balancing::LoadBalancer>(plan).security_groups ==
        std::vector<std::string>{"sg-1", "sg-2"});
  CHECK(std::count(plan.metadata.unused.begin(),
                   plan.metadata.unused.end(),
                   "Resources.Lb.Properties.SecurityGroups") == 1);
}

TEST_CASE("plan: what is made is of the time of the plan") {
  const StackPlan plan = planned(kBase);
  const Instant now = context_of_test().now;
  CHECK(the<balancing::LoadBalancer>(plan).created == now);
  CHECK(the<groups::LaunchTemplate>(plan).created == now);
  const auto& alarm = the<alarms::Alarm>(plan);
  CHECK(alarm.configuration_updated == now);
  CHECK(alarm.state_updated == now);
  CHECK(alarm.state_transitioned == now);
}

TEST_CASE("plan: a launch template that the stack had and lost keeps its id") {
  StackContext context = context_of_test();
  context.physical_ids[LogicalId{"Lt"}] = "lt-0123";
  CHECK(the<groups::LaunchTemplate>(planned(kBase, context)).id.value == "lt-0123");
}

TEST_CASE("plan: an output that its condition leaves out may still not name what is not there") {
  const std::string outputs = R"(Conditions:
  Never: !Equals [a, b]
Outputs:
  Lost: { Condition: Never, Value: !Ref Nowhere }
)";
  CHECK(refusal(kBase + outputs).find("'Nowhere'") != std::string::npos);
}

TEST_CASE("plan: metadata that gives only a price sizes nothing for calls") {
  const auto types = [](const std::string& given) {
    return planned(replaced(
                       kBase, "    Subnets:\n", "    InstanceTypes: " + given + "\n    Subnets:\n"))
        .metadata.instance_types;
  };
  CHECK_FALSE(types("{ t3.large: { MonthlyPrice: 5 } }").contains("t3.large"));
  CHECK(types("{ t3.large: { VCpus: 1, MemoryMiB: 64 } }").contains("t3.large"));
  CHECK(types("{ own.large: { VCpus: 1, MemoryMiB: 64 } }").contains("own.large"));
}

}  // namespace
}  // namespace tidegate::stacks
