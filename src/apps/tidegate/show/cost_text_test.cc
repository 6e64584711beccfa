#include "apps/tidegate/show/cost_text.h"

#include <doctest/doctest.h>

namespace tidegate::apps {
namespace {

Json cost_of_documents() {
  auto cost = Json::parse(R"({"Now":136,"NowServices":16,"Spent":1.239,"SpentServices":0.3,
    "Since":"2026-01-03T12:04:31.250Z","MonthSoFar":1.239,"MonthAtThisRate":120.5,
    "Services":31,"BaseInstances":68,"Base":99,"PeakInstances":204,"Peak":235,
    "Parts":[{"Name":"cnt-backend-asg","Kind":"Instances","InstanceType":"t3.large",
      "MonthlyPrice":68,"Running":2,"MinSize":1,"MaxSize":3,"MonthlyNow":136},
      {"Name":"LoadBalancer","Kind":"Service","MonthlyPrice":16,"Running":1,"MonthlyNow":16},
      {"Name":"RDS","Kind":"Service","MonthlyPrice":15,"Running":0,"MonthlyNow":0,
       "Note":"does not run here; the base counts it"}]})");
  REQUIRE(cost.has_value());
  return *cost;
}

Json status_of_documents() {
  return Json::object(
      {{"Stacks",
        Json::array({Json::object({{"StackName", "cnt"}, {"Cost", cost_of_documents()}})})}});
}

}  // namespace

TEST_CASE("cost line: now, spent, the base by its parts, the peak") {
  CHECK(cost_line(cost_of_documents()) ==
        "now $136/mo (2 × $68), spent $1.24, base $99 = 68 + 31 (RDS, ALB), peak $204 instances "
        "($235 all)");
}

TEST_CASE("cost line: a stack without priced services has a base of instances alone") {
  const auto cost = Json::parse(
      R"({"Now":10.5,"Base":10.5,"BaseInstances":10.5,"PeakInstances":21,"Peak":21,"Parts":[
        {"Kind":"Instances","Running":1,"MonthlyPrice":10.5},
        {"Kind":"Instances","Running":0,"MonthlyPrice":7}]})");
  REQUIRE(cost.has_value());
  CHECK(cost_line(*cost) ==
        "now $10.50/mo (1 × $10.50 + 0 × $7), base $10.50, peak $21 instances ($21 all)");
}

TEST_CASE("cost text: each part in a line, and what does not run here says so") {
  CHECK(cost_text(status_of_documents(), Paint::Plain) ==
        "cnt  since 2026-01-03 12:04:31Z\n"
        "PART             RUNNING    EACH    NOW      NOTE\n"
        "cnt-backend-asg  2 of 1..3  $68/mo  $136/mo  t3.large\n"
        "LoadBalancer     1          $16/mo  $16/mo\n"
        "RDS              0          $15/mo  $0/mo    does not run here; the base counts it\n"
        "Now       $136/mo instances, $16/mo services that run here\n"
        "Spent     $1.24 instances, $0.30 services\n"
        "Month     $1.24 instances so far, $120.50 by its end at this rate\n"
        "Base      $99 = 68 + 31 (RDS, ALB)\n"
        "Peak      $204 instances ($235 all)\n");
}

TEST_CASE("cost text: without a stack it says what to do") {
  CHECK(cost_text(Json::object(), Paint::Plain) == "no stack; create one: tidegate up TEMPLATE\n");
}

}  // namespace tidegate::apps
