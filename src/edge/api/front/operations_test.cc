// Every operation's own errors, and the choices of the reads, through the front.
#include <array>

#include <doctest/doctest.h>

#include "edge/api/models/autoscaling.h"
#include "edge/api/models/cloudformation.h"
#include "edge/api/models/cloudwatch.h"
#include "edge/api/models/ec2.h"
#include "edge/api/models/elbv2.h"
#include "sample/desk.h"

namespace tidegate::api {
namespace {

using sample::code_of;
using sample::Desk;
using sample::message_of;

struct Refusal {
  const char* service;
  std::string body;
  const char* code;
  const char* part;  // of the message
};

void check_refusals(Desk& desk, const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.body);
    const HttpResponse response = desk.form(refusal.service, refusal.body);
    CAPTURE(response.body);
    CHECK(response.status == 400);
    CHECK(code_of(response) == refusal.code);
    CHECK(message_of(response).find(refusal.part) != std::string::npos);
  }
  CHECK(desk.commands.posted().empty());
}

/// A successful read as JSON, by the model's names.
Json read(Desk& desk, const char* service, const Service& model, const std::string& body) {
  const HttpResponse response = desk.form(service, body);
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  const std::string action =
      body.substr(7, body.find('&') == std::string::npos ? std::string::npos : body.find('&') - 7);
  return decode_answer(model, *find_operation(model, action), *parse_xml(response.body));
}

std::vector<std::string> texts(const Json& list, const char* member) {
  std::vector<std::string> found;
  for (const Json& item : list.items()) {
    found.push_back(item[member].string_or(""));
  }
  return found;
}

using Names = std::vector<std::string>;

Json put_metrics(Desk& desk, const std::string& data) {
  const HttpResponse response =
      desk.form("monitoring",
                R"({"Namespace":"App","MetricData":)" + data + "}",
                {{"X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"}});
  return *Json::parse(response.body);
}

}  // namespace

TEST_CASE("autoscaling: what is wrong is refused in AWS's words") {
  Desk desk;
  check_refusals(
      desk,
      {
          {"autoscaling",
           "Action=SetDesiredCapacity&AutoScalingGroupName=x&DesiredCapacity=1",
           "ValidationError",
           "AutoScalingGroup 'x' not found"},
          {"autoscaling",
           "Action=SetDesiredCapacity&AutoScalingGroupName=cnt-backend-asg",
           "ValidationError",
           "Value null at 'desiredCapacity'"},
          {"autoscaling",
           "Action=SetDesiredCapacity&AutoScalingGroupName=cnt-backend-asg&DesiredCapacity=-1",
           "ValidationError",
           "DesiredCapacity -1"},
          {"autoscaling",
           "Action=DescribeScalingActivities&AutoScalingGroupName=x",
           "ValidationError",
           "not found"},
          {"autoscaling",
           "Action=DescribePolicies&AutoScalingGroupName=x",
           "ValidationError",
           "not found"},
          {"autoscaling", "Action=DescribeAutoScalingGroups&NextToken=x", "InvalidNextToken", "x"},
          {"autoscaling",
           "Action=DescribeAutoScalingGroups&MaxRecords=101",
           "ValidationError",
           "between 1 and 100"},
          {"autoscaling",
           "Action=DescribeAutoScalingGroups&MaxRecords=0",
           "ValidationError",
           "between 1 and 100"},
          {"autoscaling",
           "Action=DescribeAutoScalingGroups&Filters.member.1.Name=colour&"
           "Filters.member.1.Values.member.1=x",
           "ValidationError",
           "tag:<key>"},
          {"autoscaling",
           "Action=DescribeScalingActivities&IncludeDeletedGroups=true",
           "InvalidParameterValue",
           "IncludeDeletedGroups is not built"},
      });
}

TEST_CASE("autoscaling: groups are found by name, ARN and tag") {
  Desk desk;
  const auto names = [&](const std::string& more) {
    return texts(read(desk,
                      "autoscaling",
                      autoscaling::service(),
                      "Action=DescribeAutoScalingGroups" + more)["AutoScalingGroups"],
                 "AutoScalingGroupName");
  };
  const Names one{"cnt-backend-asg"};
  CHECK(names("") == one);
  CHECK(names("&AutoScalingGroupNames.member.1=cnt-backend-asg") == one);
  CHECK(names("&AutoScalingGroupNames.member.1=" +
              desk.queries.view()->groups.at(sample::kGroup).group.arn) == one);
  CHECK(names("&AutoScalingGroupNames.member.1=other").empty());
  const std::string filter = "&Filters.member.1.Name=";
  const std::string value = "&Filters.member.1.Values.member.1=";
  CHECK(names(filter + "tag%3AName" + value + "cnt-backend") == one);
  CHECK(names(filter + "tag%3AName" + value + "other").empty());
  CHECK(names(filter + "tag-key" + value + "Name") == one);
  CHECK(names(filter + "tag-value" + value + "cnt-backend") == one);
  CHECK(names(filter + "tag-value" + value + "Name").empty());
}

TEST_CASE("autoscaling: running activities come first, then the newest") {
  engine::Model model = sample::model();
  auto& activities = sample::group(model).activities;
  groups::Activity running = activities.front();
  running.id.value = "running";
  running.start -= std::chrono::hours{1};
  running.status = groups::ActivityStatus::PreInService;
  groups::Activity newest = activities.front();
  newest.id.value = "newest";
  newest.start += std::chrono::hours{1};
  activities.push_back(running);
  activities.push_front(newest);
  Desk desk{model};
  const std::string action = "Action=DescribeScalingActivities";
  Json answer = read(desk, "autoscaling", autoscaling::service(), action);
  const Names all{"running", "newest", "5a2b6c7d-0000-4000-8000-000000000004"};
  CHECK(texts(answer["Activities"], "ActivityId") == all);
  answer = read(desk, "autoscaling", autoscaling::service(), action + "&MaxRecords=2");
  CHECK(answer["Activities"].items().size() == 2);
  answer = read(desk,
                "autoscaling",
                autoscaling::service(),
                action + "&NextToken=" + percent_encode(answer["NextToken"].string_or("")));
  CHECK(texts(answer["Activities"], "ActivityId") == Names{all[2]});
  answer =
      read(desk, "autoscaling", autoscaling::service(), action + "&ActivityIds.member.1=newest");
  CHECK(texts(answer["Activities"], "ActivityId") == Names{"newest"});
}

TEST_CASE("cloudformation: what is wrong is refused in AWS's words") {
  Desk desk;
  check_refusals(
      desk,
      {
          {"cloudformation",
           "Action=CreateStack&StackName=1a&TemplateBody=a",
           "ValidationError",
           "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"},
          {"cloudformation",
           "Action=CreateStack&StackName=a_b&TemplateBody=a",
           "ValidationError",
           "'a_b'"},
          {"cloudformation",
           "Action=CreateStack&StackName=a",
           "ValidationError",
           "Either Template URL or Template Body must be specified."},
          {"cloudformation",
           "Action=CreateStack&TemplateBody=a",
           "ValidationError",
           "Value null at 'stackName'"},
          {"cloudformation",
           "Action=CreateStack&StackName=a&TemplateBody=a&OnFailure=DELETE",
           "InvalidParameterValue",
           "OnFailure is not built"},
          {"cloudformation",
           "Action=CreateStack&StackName=a&TemplateBody=a&Parameters.member.1.ParameterKey=K&"
           "Parameters.member.1.UsePreviousValue=true",
           "ValidationError",
           "usePreviousValue"},
          {"cloudformation",
           "Action=CreateStack&StackName=a&TemplateBody=a&Parameters.member.1.ParameterKey=K",
           "ValidationError",
           "must have a value"},
          {"cloudformation",
           "Action=UpdateStack&StackName=x&TemplateBody=a",
           "ValidationError",
           "Stack [x] does not exist"},
          {"cloudformation",
           "Action=UpdateStack&StackName=cnt",
           "ValidationError",
           "Exactly one of Template Body and Use Previous Template"},
          {"cloudformation",
           "Action=UpdateStack&StackName=cnt&TemplateBody=a&UsePreviousTemplate=true",
           "ValidationError",
           "Exactly one"},
          {"cloudformation",
           "Action=DescribeStacks&StackName=x",
           "ValidationError",
           "Stack with id x does not exist"},
          {"cloudformation",
           "Action=DescribeStackEvents&StackName=x",
           "ValidationError",
           "Stack [x] does not exist"},
          {"cloudformation",
           "Action=DescribeStackResources",
           "ValidationError",
           "Either StackName or PhysicalResourceId"},
          {"cloudformation",
           "Action=DescribeStackResources&StackName=cnt&LogicalResourceId=X",
           "ValidationError",
           "Resource X does not exist for stack cnt"},
          {"cloudformation",
           "Action=DescribeStackResources&PhysicalResourceId=x",
           "ValidationError",
           "Stack for x does not exist"},
      });
}

TEST_CASE("cloudformation: a deleted stack is found by its ARN only") {
  engine::Model model = sample::model();
  model.stacks.at(sample::kStack).status = stacks::Status::DeleteComplete;
  Desk desk{model};
  CHECK(code_of(desk.form("cloudformation", "Action=DescribeStacks&StackName=cnt")) ==
        "ValidationError");
  const Json none =
      read(desk, "cloudformation", cloudformation::service(), "Action=DescribeStacks");
  CHECK(none["Stacks"].items().empty());
  const Json one = read(desk,
                        "cloudformation",
                        cloudformation::service(),
                        "Action=DescribeStacks&StackName=" + percent_encode(sample::stack_id()));
  CHECK(texts(one["Stacks"], "StackStatus") == Names{"DELETE_COMPLETE"});
}

TEST_CASE("cloudformation: events come newest first, resources by logical and physical id") {
  Desk desk;
  const Json events = read(desk,
                           "cloudformation",
                           cloudformation::service(),
                           "Action=DescribeStackEvents&StackName=cnt");
  CHECK(texts(events["StackEvents"], "LogicalResourceId").front() == "CpuHigh");
  CHECK(texts(events["StackEvents"], "LogicalResourceId").back() == "LoadBalancer");
  const auto logical = [&](const std::string& more) {
    return texts(read(desk,
                      "cloudformation",
                      cloudformation::service(),
                      "Action=DescribeStackResources&" + more)["StackResources"],
                 "LogicalResourceId");
  };
  CHECK(logical("StackName=cnt").size() == 7);
  CHECK(logical("StackName=cnt&LogicalResourceId=Group") == Names{"Group"});
  CHECK(logical("PhysicalResourceId=cnt-backend-asg").size() == 7);
}

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
  CHECK(states("&Targets.member.1.Id=i-0") == Names{"i-0 8000 unused Target.NotRegistered"});
}

TEST_CASE("ec2: what is wrong is refused in AWS's words") {
  Desk desk;
  check_refusals(
      desk,
      {
          {"ec2",
           "Action=DescribeInstances&InstanceId.1=i-1",
           "InvalidInstanceID.NotFound",
           "The instance ID 'i-1' does not exist"},
          {"ec2",
           "Action=DescribeInstances&InstanceId.1=web",
           "InvalidInstanceID.Malformed",
           "Invalid id: \"web\""},
          {"ec2", "Action=DescribeInstances&InstanceId.1=i-", "InvalidInstanceID.Malformed", ""},
          {"ec2",
           "Action=DescribeInstances&Filter.1.Name=colour&Filter.1.Value.1=x",
           "InvalidParameterValue",
           "The filter 'colour' is invalid"},
          {"ec2",
           "Action=DescribeInstances&MaxResults=4",
           "InvalidParameterValue",
           "between 5 and 1000"},
          {"ec2", "Action=DescribeInstances&MaxResults=1001", "InvalidParameterValue", ""},
          {"ec2", "Action=DescribeInstances&NextToken=x", "InvalidParameterValue", ""},
          {"ec2",
           "Action=DescribeInstances&DryRun=true",
           "InvalidParameterValue",
           "DryRun is not built"},
          {"ec2",
           "Action=DescribeLaunchTemplates&LaunchTemplateId.1=lt-1",
           "InvalidLaunchTemplateId.NotFound",
           "lt-1"},
          {"ec2",
           "Action=DescribeLaunchTemplates&LaunchTemplateName.1=xyz",
           "InvalidLaunchTemplateName.NotFoundException",
           "At least one"},
          {"ec2",
           "Action=GetConsoleOutput",
           "MissingParameter",
           "The request must contain the parameter InstanceId"},
          {"ec2", "Action=GetConsoleOutput&InstanceId=i-1", "InvalidInstanceID.NotFound", ""},
      });
}

TEST_CASE("ec2: instances are filtered, by several filters at once") {
  engine::Model model = sample::model();
  sample::add_instance(model, "i-0b", "eu-west-2b");
  Desk desk{model};
  const auto ids = [&](const std::string& more) {
    Names found;
    const Json answer =
        read(desk, "ec2", ec2::service(), "Action=DescribeInstances&MaxResults=1000" + more);
    for (const Json& reservation : answer["Reservations"].items()) {
      found.push_back(reservation["Instances"].items()[0]["InstanceId"].string_or(""));
    }
    return found;
  };
  const Names first{"i-03c688b8cb17b7070"}, second{"i-0b"};
  CHECK(ids("") == Names{first[0], second[0]});
  const std::string zone = "&Filter.1.Name=availability-zone&Filter.1.Value.1=";
  CHECK(ids(zone + "eu-west-2b") == second);
  CHECK(ids(zone + "eu-west-2%3F&Filter.2.Name=instance-id&Filter.2.Value.1=i-03*") == first);
  CHECK(ids("&Filter.1.Name=instance-state-name&Filter.1.Value.1=running").size() == 2);
  CHECK(ids("&Filter.1.Name=instance-state-name&Filter.1.Value.1=stopped").empty());
  CHECK(
      ids("&Filter.1.Name=tag:aws:autoscaling:groupName&Filter.1.Value.1=cnt-backend-asg").size() ==
      2);
  CHECK(ids("&Filter.1.Name=tag-key&Filter.1.Value.1=Name").size() == 2);
  CHECK(ids("&Filter.1.Name=tag:Name&Filter.1.Value.1=x").empty());
}

TEST_CASE("ec2: an instance's state follows what the driver sees") {
  struct Case {
    std::optional<groups::InstancePhase> phase;
    groups::TerminationStage stage;
    const char* state;
  };
  using groups::InstancePhase;
  using groups::TerminationStage;
  const auto cases = std::to_array<Case>({
      {std::nullopt, TerminationStage::None, "pending"},
      {InstancePhase::Launching, TerminationStage::None, "pending"},
      {InstancePhase::Running, TerminationStage::None, "running"},
      {InstancePhase::Running, TerminationStage::Draining, "running"},
      {InstancePhase::Stopping, TerminationStage::Stopping, "shutting-down"},
      {InstancePhase::Running, TerminationStage::Killing, "shutting-down"},
      {InstancePhase::Exited, TerminationStage::None, "terminated"},
      {InstancePhase::Lost, TerminationStage::None, "terminated"},
      {InstancePhase::Failed, TerminationStage::None, "terminated"},
  });
  for (const Case& c : cases) {
    engine::Model model = sample::model();
    sample::group(model).instances.at(sample::kInstance).stage = c.stage;
    auto& seen = sample::group(model).facts.at(sample::kInstance).observation;
    if (c.phase.has_value()) {
      seen->phase = *c.phase;
    } else {
      seen.reset();
    }
    Desk desk{model};
    const Json answer = read(desk, "ec2", ec2::service(), "Action=DescribeInstances");
    CHECK(answer["Reservations"].items()[0]["Instances"].items()[0]["State"]["Name"].string_or(
              "") == c.state);
  }
}

TEST_CASE("cloudwatch: a metric goes in by JSON and comes out by query") {
  Desk desk;
  CHECK(put_metrics(desk, R"([{"MetricName":"Load","Value":3,"Unit":"Count"},
                             {"MetricName":"Load","Values":[1,5],"Counts":[2,1],"Unit":"Count"}])")
            .members()
            .empty());
  const std::string action =
      "Action=GetMetricStatistics&Namespace=App&MetricName=Load&Period=60&"
      "StartTime=2026-01-03T12%3A00%3A30Z&EndTime=2026-01-03T12%3A10%3A00Z&"
      "Statistics.member.1=Average&Statistics.member.2=Maximum&Statistics.member.3=SampleCount&"
      "Statistics.member.4=Minimum&Statistics.member.5=Sum";
  const Json answer = read(desk, "monitoring", cloudwatch::service(), action);
  CHECK(answer["Label"].string_or("") == "Load");
  REQUIRE(answer["Datapoints"].items().size() == 1);
  CHECK(answer["Datapoints"].items()[0].dump() ==
        R"({"Timestamp":"2026-01-03T12:04:00.000Z","SampleCount":4,"Average":2.5,"Sum":10,)"
        R"("Minimum":1,"Maximum":5,"Unit":"Count"})");
  CHECK(read(desk, "monitoring", cloudwatch::service(), action + "&Unit=Percent")["Datapoints"]
            .items()
            .empty());
}

TEST_CASE("cloudwatch: bad metrics are refused, and nothing of their request is kept") {
  Desk desk;
  struct Case {
    const char* data;
    const char* type;
    const char* part;
  };
  const auto cases = std::to_array<Case>({
      {R"([{"MetricName":"M"}])", "MissingRequiredParameterException", "At least one of"},
      {R"([{"MetricName":"M","Value":1,"Values":[1]}])",
       "InvalidParameterCombinationException",
       "mutually exclusive"},
      {R"([{"MetricName":"M","Value":1e200}])", "InvalidParameterValueException", "2^360"},
      {R"([{"MetricName":"M","Values":[1,2],"Counts":[1]}])",
       "InvalidParameterValueException",
       "same number"},
      {R"([{"MetricName":"M","Values":[1],"Counts":[0]}])",
       "InvalidParameterValueException",
       "above 0"},
      {R"([{"MetricName":"M","StatisticValues":{"SampleCount":0,"Sum":1,"Minimum":1,"Maximum":1}}])",
       "InvalidParameterValueException",
       "SampleCount above 0"},
      {R"([{"MetricName":"M","StatisticValues":{"SampleCount":1,"Sum":1,"Minimum":2,"Maximum":1}}])",
       "InvalidParameterValueException",
       "Minimum not above Maximum"},
      {R"([{"MetricName":"M","StatisticValues":{"SampleCount":1}}])",
       "MissingRequiredParameterException",
       "Sum"},
      {R"([{"MetricName":"M","Value":1,"StorageResolution":2}])",
       "InvalidParameterValueException",
       "1 or 60"},
      {R"([{"MetricName":"M","Value":1,"Timestamp":"2026-01-03T14:04:32Z"}])",
       "InvalidParameterValueException",
       "two weeks"},
      {R"([{"MetricName":"M","Value":1,"Timestamp":"2025-12-20T12:04:31Z"}])",
       "InvalidParameterValueException",
       "two weeks"},
      {R"([{"MetricName":"M","Value":1,"Dimensions":[{"Name":"a","Value":"1"},{"Name":"a","Value":"2"}]}])",
       "InvalidParameterValueException",
       "given twice"},
      {R"([{"MetricName":"Good","Value":1},{"MetricName":"M"}])",
       "MissingRequiredParameterException",
       "MetricData.member.2."},
  });
  for (const Case& c : cases) {
    CAPTURE(c.data);
    const Json answer = put_metrics(desk, c.data);
    CHECK(answer["__type"].string_or("") == c.type);
    CHECK(answer["message"].string_or("").find(c.part) != std::string::npos);
  }
  CHECK(desk.metrics.list("").empty());
  // The edges of the time that is accepted.
  CHECK(put_metrics(desk, R"([{"MetricName":"M","Value":1,"Timestamp":"2026-01-03T14:04:31Z"},
                             {"MetricName":"M","Value":1,"Timestamp":"2025-12-20T12:04:32Z"}])")
            .members()
            .empty());
  CHECK(desk.metrics.list("").size() == 1);
}

TEST_CASE("cloudwatch: what is wrong is refused in AWS's words") {
  Desk desk;
  const std::string get = "Action=GetMetricStatistics&Namespace=N&MetricName=M";
  const std::string times = "&StartTime=2026-01-03T12:00:00Z&EndTime=2026-01-04T12:00:00Z";
  const std::string average = "&Statistics.member.1=Average";
  check_refusals(
      desk,
      {
          {"monitoring",
           "Action=PutMetricData&Namespace=AWS/EC2&MetricData=",
           "InvalidParameterValue",
           "The value AWS/ for parameter Namespace is invalid"},
          {"monitoring", "Action=PutMetricData&Namespace=N", "MissingParameter", "MetricData"},
          {"monitoring", get + times + "&Period=60", "MissingParameter", "Statistics"},
          {"monitoring", get + times + average, "MissingParameter", "Period is required"},
          {"monitoring",
           get + times + average + "&Period=59",
           "InvalidParameterValue",
           "multiple of 60"},
          {"monitoring", get + times + average + "&Period=86460", "InvalidParameterValue", ""},
          {"monitoring",
           get + times + average + "&Period=30",
           "InvalidParameterCombination",
           "up to 2880 datapoints, which exceeds the limit of 1440"},
          {"monitoring",
           get + "&StartTime=2026-01-03T12:00:00Z&EndTime=2026-01-03T12:00:00Z&Period=60" + average,
           "InvalidParameterValue",
           "StartTime must be less"},
          {"monitoring",
           get + times + "&Period=60&Statistics.member.1=Mode",
           "InvalidParameterValue",
           "enum"},
          {"monitoring",
           "Action=DescribeAlarms&AlarmNames.member.1=a&AlarmNamePrefix=b",
           "InvalidParameterCombination",
           ""},
          {"monitoring", "Action=DescribeAlarms&NextToken=x", "InvalidNextToken", ""},
      });
  CHECK(desk.form("monitoring", get + times + average + "&Period=60").status == 200);  // 1440
}

TEST_CASE("cloudwatch: alarms are found by name, prefix, state, type and action") {
  Desk desk;
  const auto names = [&](const std::string& more) {
    return texts(read(desk,
                      "monitoring",
                      cloudwatch::service(),
                      "Action=DescribeAlarms" + more)["MetricAlarms"],
                 "AlarmName");
  };
  CHECK(names("").size() == 3);
  CHECK(names("&AlarmNames.member.1=cnt-ec2-cpu-high") == Names{"cnt-ec2-cpu-high"});
  CHECK(names("&AlarmNamePrefix=TargetTracking").size() == 2);
  CHECK(names("&StateValue=ALARM") == Names{sample::kLowAlarm.value});
  CHECK(names("&ActionPrefix=arn:aws:sns") == Names{"cnt-ec2-cpu-high"});
  CHECK(names("&AlarmTypes.member.1=CompositeAlarm").empty());
  CHECK(names("&AlarmTypes.member.1=MetricAlarm").size() == 3);
  CHECK(names("&MaxRecords=2").size() == 2);
}

}  // namespace tidegate::api
