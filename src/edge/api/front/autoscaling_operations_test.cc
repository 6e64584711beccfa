// Auto Scaling's operations: their own errors, and the choices of the reads, through the front.
#include <algorithm>

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
           "Action=DescribeScalingActivities&IncludeDeletedGroups=true&AutoScalingGroupName=x",
           "ValidationError",
           "not found"},
          {"autoscaling",
           "Action=DescribeScalingActivities&Filters.member.1.Name=Status&"
           "Filters.member.1.Values.member.1=Successful",
           "ValidationError",
           "The filter Status needs AutoScalingGroupName"},
          {"autoscaling",
           "Action=DescribeScalingActivities&Filters.member.1.Name=Colour&"
           "Filters.member.1.Values.member.1=red",
           "ValidationError",
           "Allowed Filter types are: StartTimeLowerBound StartTimeUpperBound Status"},
          {"autoscaling",
           "Action=DescribeScalingActivities&Filters.member.1.Name=StartTimeLowerBound&"
           "Filters.member.1.Values.member.1=yesterday",
           "ValidationError",
           "StartTimeLowerBound must have one value"},
          {"autoscaling",
           "Action=DescribeScalingActivities&Filters.member.1.Name=StartTimeUpperBound",
           "ValidationError",
           "StartTimeUpperBound must have one value"},
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

TEST_CASE("autoscaling: activities of deleted groups are shown where they are asked for") {
  engine::Model model = sample::model();
  groups::PastActivity past{sample::group(model).activities.front(), "arn:old", sample::kNow};
  past.activity.id.value = "past";
  model.past_activities.push_back(past);
  past.activity.id.value = "other";
  past.activity.group.value = "gone";
  model.past_activities.push_back(past);
  past.activity.id.value = "too old";
  past.activity.start = sample::kNow - groups::kActivitiesShown - Duration{1};
  model.past_activities.push_back(past);
  Desk desk{model};
  const auto ids = [&](const std::string& more) {
    const Json answer = read(
        desk, "autoscaling", autoscaling::service(), "Action=DescribeScalingActivities" + more);
    auto found = texts(answer["Activities"], "ActivityId");
    std::sort(found.begin(), found.end());
    return found;
  };
  const std::string present = "5a2b6c7d-0000-4000-8000-000000000004";
  const std::string name = "&AutoScalingGroupName=";
  const std::string deleted = "&IncludeDeletedGroups=true";
  CHECK(ids("") == Names{present});
  CHECK(ids(deleted) == Names{present, "other", "past"});
  CHECK(ids(deleted + name + "cnt-backend-asg") == Names{present, "past"});
  CHECK(ids(deleted + name + "gone") == Names{"other"});
  CHECK(ids(deleted + name + "arn%3Aold") == Names{"other", "past"});
  const Json answer = read(desk,
                           "autoscaling",
                           autoscaling::service(),
                           "Action=DescribeScalingActivities&ActivityIds.member.1=past" + deleted);
  const Json& shown = answer["Activities"].items().at(0);
  CHECK(shown["AutoScalingGroupState"].string_or("") == "Deleted");
  CHECK(shown["AutoScalingGroupARN"].string_or("") == "arn:old");
}

TEST_CASE("autoscaling: activities are filtered by start and status") {
  engine::Model model = sample::model();
  auto& activities = sample::group(model).activities;
  activities.front().id.value = "first";
  activities.front().start = *parse_iso8601("2026-01-03T10:00:00Z");
  groups::Activity failed = activities.front();
  failed.id.value = "failed";
  failed.start += std::chrono::hours{1};
  failed.status = groups::ActivityStatus::Failed;
  activities.push_front(failed);
  Desk desk{model};
  const auto ids = [&](const char* filter, const std::string& values) {
    return texts(read(desk,
                      "autoscaling",
                      autoscaling::service(),
                      std::string{"Action=DescribeScalingActivities&AutoScalingGroupName="
                                  "cnt-backend-asg&Filters.member.1.Name="} +
                          filter + "&Filters.member.1.Values.member.1=" + values)["Activities"],
                 "ActivityId");
  };
  const Names both{"failed", "first"};
  CHECK(ids("StartTimeLowerBound", "2026-01-03T10:00:00Z") == both);
  CHECK(ids("StartTimeLowerBound", "2026-01-03T10:00:01Z") == Names{"failed"});
  CHECK(ids("StartTimeLowerBound", "2026-01-03T12:00:01%2B01:00") == Names{});
  CHECK(ids("StartTimeUpperBound", "2026-01-03T11:00:00") == both);
  CHECK(ids("StartTimeUpperBound", "2026-01-03T10:59:59") == Names{"first"});
  CHECK(ids("Status", "Failed") == Names{"failed"});
  CHECK(ids("Status", "Failed&Filters.member.1.Values.member.2=Successful") == both);
}

}  // namespace tidegate::api
