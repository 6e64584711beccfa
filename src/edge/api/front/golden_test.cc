// The answers of every operation over the sample, to the last field. The files are in golden/.
#include "sample/golden.h"

#include <array>

#include <doctest/doctest.h>

#include "sample/desk.h"

namespace tidegate::api {
namespace {

struct Golden {
  const char* name;
  const char* service;
  std::string body;
  const char* target;
};

/// One element or member per line, so that a diff can be read.
std::string as_read(const std::string& body) {
  if (body.starts_with("{")) {
    return Json::parse(body)->dump(1) + "\n";
  }
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    out.push_back(body[i]);
    if (body[i] == '>' && i + 1 < body.size() && body[i + 1] == '<') {
      out.push_back('\n');
    }
  }
  return out + "\n";
}

const char* const kCloudWatch = "GraniteServiceVersion20100801.";

}  // namespace

TEST_CASE("golden: the answer of every operation is as it was when last looked at") {
  const std::string target_group = "&TargetGroupArn=" + sample::target_group_arn().value;
  const auto cases = std::to_array<Golden>({
      {"sts.GetCallerIdentity", "sts", "Action=GetCallerIdentity", ""},
      {"autoscaling.DescribeAutoScalingGroups",
       "autoscaling",
       "Action=DescribeAutoScalingGroups",
       ""},
      {"autoscaling.DescribeScalingActivities",
       "autoscaling",
       "Action=DescribeScalingActivities",
       ""},
      {"autoscaling.DescribePolicies", "autoscaling", "Action=DescribePolicies", ""},
      {"autoscaling.SetDesiredCapacity",
       "autoscaling",
       "Action=SetDesiredCapacity&AutoScalingGroupName=cnt-backend-asg&DesiredCapacity=2",
       ""},
      {"autoscaling.TerminateInstanceInAutoScalingGroup",
       "autoscaling",
       "Action=TerminateInstanceInAutoScalingGroup&InstanceId=i-03c688b8cb17b7070&"
       "ShouldDecrementDesiredCapacity=false",
       ""},
      {"cloudformation.CreateStack",
       "cloudformation",
       "Action=CreateStack&StackName=new&TemplateBody=a",
       ""},
      {"cloudformation.UpdateStack",
       "cloudformation",
       "Action=UpdateStack&StackName=cnt&TemplateBody=a",
       ""},
      {"cloudformation.DeleteStack", "cloudformation", "Action=DeleteStack&StackName=cnt", ""},
      {"cloudformation.DescribeStacks", "cloudformation", "Action=DescribeStacks", ""},
      {"cloudformation.DescribeStackEvents",
       "cloudformation",
       "Action=DescribeStackEvents&StackName=cnt",
       ""},
      {"cloudformation.DescribeStackResources",
       "cloudformation",
       "Action=DescribeStackResources&StackName=cnt",
       ""},
      {"elbv2.DescribeLoadBalancers", "elasticloadbalancing", "Action=DescribeLoadBalancers", ""},
      {"elbv2.DescribeListeners",
       "elasticloadbalancing",
       "Action=DescribeListeners&LoadBalancerArn=" + sample::load_balancer_arn().value,
       ""},
      {"elbv2.DescribeRules",
       "elasticloadbalancing",
       "Action=DescribeRules&ListenerArn=" + sample::listener_arn().value,
       ""},
      {"elbv2.DescribeTargetGroups", "elasticloadbalancing", "Action=DescribeTargetGroups", ""},
      {"elbv2.DescribeTargetHealth",
       "elasticloadbalancing",
       "Action=DescribeTargetHealth" + target_group,
       ""},
      {"elbv2.RegisterTargets",
       "elasticloadbalancing",
       "Action=RegisterTargets&Targets.member.1.Id=i-03c688b8cb17b7070" + target_group,
       ""},
      {"elbv2.DeregisterTargets",
       "elasticloadbalancing",
       "Action=DeregisterTargets&Targets.member.1.Id=i-03c688b8cb17b7070" + target_group,
       ""},
      {"cloudwatch.DescribeAlarms.json", "monitoring", "{}", "DescribeAlarms"},
      {"cloudwatch.DescribeAlarms.query",
       "monitoring",
       "Action=DescribeAlarms&AlarmNamePrefix=cnt",
       ""},
      {"cloudwatch.PutMetricData.query",
       "monitoring",
       "Action=PutMetricData&Namespace=N&MetricData.member.1.MetricName=M&"
       "MetricData.member.1.Value=1",
       ""},
      {"cloudwatch.GetMetricStatistics.json",
       "monitoring",
       R"({"Namespace":"N","MetricName":"M","StartTime":1767441600,"EndTime":1767442200,)"
       R"("Period":60,"Statistics":["Sum"]})",
       "GetMetricStatistics"},
      {"ec2.DescribeInstances", "ec2", "Action=DescribeInstances", ""},
      {"ec2.DescribeLaunchTemplates", "ec2", "Action=DescribeLaunchTemplates", ""},
      {"ec2.GetConsoleOutput", "ec2", "Action=GetConsoleOutput&InstanceId=i-03c688b8cb17b7070", ""},
      {"tidegate.GetStatus", "tidegate", "{}", "GetStatus"},
      {"tidegate.Explain.group",
       "tidegate",
       R"({"Kind":"group","Name":"cnt-backend-asg"})",
       "Explain"},
      {"tidegate.Explain.instance",
       "tidegate",
       R"({"Kind":"instance","Name":"i-03c688b8cb17b7070"})",
       "Explain"},
      {"tidegate.Explain.activity",
       "tidegate",
       R"({"Kind":"activity","Name":"5a2b6c7d-0000-4000-8000-000000000004"})",
       "Explain"},
      {"tidegate.GetConsole", "tidegate", R"({"InstanceId":"i-03c688b8cb17b7070"})", "GetConsole"},
      {"tidegate.GetLedger", "tidegate", R"({"GroupName":"cnt-backend-asg"})", "GetLedger"},
  });
  sample::Desk desk;
  const groups::Activity leaving = desk.queries.view()->groups.at(sample::kGroup).activities[0];
  desk.commands.answer_with([&](const engine::Command& command) -> Result<engine::Answer> {
    if (std::holds_alternative<engine::TerminateInstance>(command)) {
      return engine::Answer{engine::ActivityAnswer{leaving}};
    }
    return std::holds_alternative<engine::CreateStack>(command)
               ? engine::Answer{engine::StackIdAnswer{"arn:new"}}
               : engine::Answer{Ok{}};
  });
  for (const Golden& golden : cases) {
    CAPTURE(golden.name);
    std::vector<HttpHeader> headers;
    if (*golden.target != '\0') {
      const bool own = std::string_view{golden.service} == "tidegate";
      headers.emplace_back("X-Amz-Target",
                           std::string{own ? "Tidegate." : kCloudWatch} + golden.target);
    }
    const HttpResponse response = desk.form(golden.service, golden.body, headers);
    REQUIRE_MESSAGE(response.status == 200, response.body);
    sample::check_golden("src/edge/api/front/golden/" + std::string{golden.name} + ".txt",
                         as_read(response.body));
  }
}

}  // namespace tidegate::api
