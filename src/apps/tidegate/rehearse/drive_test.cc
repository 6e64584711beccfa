#include "apps/tidegate/rehearse/drive.h"

#include <doctest/doctest.h>

#include "apps/tidegate/rehearse/seen.h"

namespace tidegate::apps {
namespace {

TEST_CASE("drive: the goal is over the target and under saturation") {
  CHECK(cpu_goal(70) == 92);
  CHECK(cpu_goal(20) == 50);
  CHECK(cpu_goal(90) == 97);
}

TEST_CASE("drive: the first rate grows with the CPUs and shrinks with a request's cost") {
  CHECK(first_rate(92, 0.5, 1, 5) == doctest::Approx(460 / 6.5));
  CHECK(first_rate(92, 0.5, 2, 5) == doctest::Approx(920 / 6.5));
  CHECK(first_rate(92, 0.5, 0, 5) == doctest::Approx(460 / 6.5));
  CHECK(first_rate(92, 0.0001, 1, 5) == 1);
}

TEST_CASE("drive: the rate is raised under the goal, kept near it and when requests pile up") {
  CHECK(next_rate(100, 46, 92, 0) == doctest::Approx(150));
  CHECK(next_rate(100, 80, 92, 0) == doctest::Approx(115));
  CHECK(next_rate(100, 89, 92, 0) == 100);
  CHECK(next_rate(100, std::nullopt, 92, 0) == 100);
  CHECK(next_rate(100, 50, 92, kPilingUp + 1) == 100);
  CHECK(next_rate(kMaxRate, 10, 92, kPilingUp) == kMaxRate);
}

TEST_CASE("seen: the group with a policy of the stack that is meant") {
  const Json status = *Json::parse(R"({"Stacks":[{"StackName":"a","Url":"http://x/",
    "AutoScalingGroups":[{"AutoScalingGroupName":"idle"},
      {"AutoScalingGroupName":"g","MinSize":1,"MaxSize":3,"DesiredCapacity":2,"CpuPercent":12.5,
       "Policies":[{"TargetValue":60}],"Template":{"HereVCpus":0.5},"Instances":[
        {"InstanceId":"i-1","LifecycleState":"InService","TargetHealth":{"State":"healthy"},
         "TrafficShare":0.61},
        {"InstanceId":"i-2","LifecycleState":"Pending","TargetHealth":{"State":"initial"}}]}]}]})");
  const auto seen = seen_in(status, "");
  REQUIRE(seen.has_value());
  CHECK(seen->group == "g");
  CHECK(seen->target_percent == 60);
  CHECK(seen->vcpus == 0.5);
  CHECK(seen->in_service() == 1);
  CHECK(seen->instances.at("i-1") == SeenInstance{true, true, 0.61});
  CHECK(seen->instances.at("i-2") == SeenInstance{false, false, std::nullopt});
  CHECK(seen->shares() == "i-1 61 %, i-2 -");
  CHECK(seen_in(status, "b").error().code == ErrorCode::NotFound);
  CHECK(seen_in(*Json::parse(R"({"Stacks":[]})"), "").error().code == ErrorCode::NotFound);
  CHECK(seen_in(*Json::parse(R"({"Stacks":[{"StackName":"a"},{"StackName":"b"}]})"), "")
            .error()
            .code == ErrorCode::InvalidArgument);
  CHECK(seen_in(*Json::parse(R"({"Stacks":[{"StackName":"a"}]})"), "").error().name == "NoPolicy");
}

}  // namespace
}  // namespace tidegate::apps
