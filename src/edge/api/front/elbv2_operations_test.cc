// Elastic Load Balancing's operations: their own errors and the choices of the reads, at the front.
#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/elbv2.h"

namespace tidegate::api {

TEST_CASE("elbv2: what is wrong is refused in AWS's words") {
  Desk desk;
  const std::string group = "&TargetGroupArn=" + sample::target_group_arn().value;
  const char* elb = "elasticloadbalancing";
  check_refusals(
      desk,
      {
          {elb,
           "Action=DescribeLoadBalancers&Names.member.1=x",
           "LoadBalancerNotFound",
           "Load balancers '[x]' not found"},
          {elb,
           "Action=DescribeLoadBalancers&LoadBalancerArns.member.1=x",
           "LoadBalancerNotFound",
           "x"},
          {elb,
           "Action=DescribeLoadBalancers&Names.member.1=x&LoadBalancerArns.member.1=x",
           "ValidationError",
           "cannot both be specified"},
          {elb, "Action=DescribeListeners", "ValidationError", "either listener ARNs"},
          {elb, "Action=DescribeListeners&LoadBalancerArn=x", "LoadBalancerNotFound", "x"},
          {elb, "Action=DescribeListeners&ListenerArns.member.1=x", "ListenerNotFound", ""},
          {elb, "Action=DescribeRules", "ValidationError", "listener ARN"},
          {elb, "Action=DescribeRules&ListenerArn=x", "ListenerNotFound", ""},
          {elb, "Action=DescribeRules&RuleArns.member.1=x", "RuleNotFound", ""},
          {elb, "Action=DescribeTargetGroups&Names.member.1=x", "TargetGroupNotFound", ""},
          {elb, "Action=DescribeTargetGroups&LoadBalancerArn=x", "LoadBalancerNotFound", ""},
          {elb,
           "Action=DescribeTargetGroups&Names.member.1=x&TargetGroupArns.member.1=x",
           "ValidationError",
           "Only one of"},
          {elb,
           "Action=DescribeTargetHealth&TargetGroupArn=x",
           "TargetGroupNotFound",
           "Target groups 'x' not found"},
          {elb,
           "Action=RegisterTargets&TargetGroupArn=x&Targets.member.1.Id=i-1",
           "TargetGroupNotFound",
           ""},
          {elb, "Action=RegisterTargets" + group, "ValidationError", "Value null at 'targets'"},
          {elb,
           "Action=RegisterTargets" + group + "&Targets=",
           "ValidationError",
           "At least one target"},
          {elb,
           "Action=RegisterTargets" + group + "&Targets.member.1.Id=i-1&Targets.member.1.Port=0",
           "ValidationError",
           "greater than or equal to 1"},
          {elb,
           "Action=RegisterTargets" + group +
               "&Targets.member.1.Id=i-1&Targets.member.1.Port=65536",
           "ValidationError",
           "less than or equal to 65535"},
          {elb,
           "Action=RegisterTargets" + group +
               "&Targets.member.1.Id=i-1&Targets.member.1.AvailabilityZone=all",
           "ValidationError",
           "what works: Id, Port"},
      });
}

TEST_CASE("elbv2: rules come by priority, the default one last, found by their ARNs again") {
  engine::Model model = sample::model();
  balancing::Rule first = model.rules.at(sample::rule_arn());
  first.arn.value += "x";  // behind the other one by ARN
  first.priority = 5;
  model.rules[first.arn] = first;
  Desk desk{model};
  const char* elb = "elasticloadbalancing";
  const Json rules = read(desk,
                          elb,
                          elbv2::service(),
                          "Action=DescribeRules&ListenerArn=" + sample::listener_arn().value);
  CHECK(texts(rules["Rules"], "Priority") == Names{"5", "10", "default"});
  const std::string arn = rules["Rules"].items()[2]["RuleArn"].string_or("");
  CHECK(arn.find(":listener-rule/app/cnt-backend-alb/") != std::string::npos);
  const Json again =
      read(desk, elb, elbv2::service(), "Action=DescribeRules&RuleArns.member.1=" + arn);
  CHECK(texts(again["Rules"], "Priority") == Names{"default"});
}

TEST_CASE("elbv2: target health of those asked for, registered or not") {
  Desk desk;
  const char* elb = "elasticloadbalancing";
  const std::string action =
      "Action=DescribeTargetHealth&TargetGroupArn=" + sample::target_group_arn().value;
  const auto states = [&](const std::string& more) {
    Names found;
    const Json health = read(desk, elb, elbv2::service(), action + more);
    for (const Json& item : health["TargetHealthDescriptions"].items()) {
      found.push_back(item["Target"]["Id"].string_or("") + " " +
                      std::to_string(item["Target"]["Port"].int_or(0)) + " " +
                      item["TargetHealth"]["State"].string_or("") + " " +
                      item["TargetHealth"]["Reason"].string_or(""));
    }
    return found;
  };
  const std::string own = "i-03c688b8cb17b7070 8000 healthy ";
  CHECK(states("") == Names{own});
  CHECK(states("&Targets.member.1.Id=i-03c688b8cb17b7070") == Names{own});
  CHECK(states("&Targets.member.1.Id=i-03c688b8cb17b7070&Targets.member.1.Port=81") ==
        Names{"i-03c688b8cb17b7070 81 unused Target.NotRegistered"});
  CHECK(code_of(desk.form(elb, action + "&Targets.member.1.Id=i-0")) == "InvalidTarget");
}

}  // namespace tidegate::api
