// Auto Scaling's operations: their own errors, and the choices of the reads, through the front.
#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/autoscaling.h"

namespace tidegate::api {

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

}  // namespace tidegate::api
