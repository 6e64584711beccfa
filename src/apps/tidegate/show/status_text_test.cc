#include "apps/tidegate/show/status_text.h"

#include <doctest/doctest.h>

namespace tidegate::apps {
namespace {

Json answer(const char* text) {
  auto parsed = Json::parse(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

const char* const kReady = R"({"Region":"eu-west-2","Now":"2026-01-03T12:04:31.250Z","Stacks":[{
  "StackName":"cnt","StackStatus":"CREATE_COMPLETE","Url":"http://10.79.255.1/",
  "Verdict":"READY","VerdictText":"1 of 1 serving",
  "CacheClusters":[{"CacheClusterId":"cnt-redis-cluster","CacheClusterStatus":"available",
    "EngineVersion":"7.0.15","EngineVersionAsked":"7.1.0","CacheNodeType":"cache.t3.micro",
    "Endpoint":"cnt-redis-cluster.x.cache.amazonaws.com:6379","Ping":"ok",
    "InstancesConnected":1,"Instances":1}],
  "Cost":{"Now":68,"Services":31,"BaseInstances":68,"Base":99,"PeakInstances":204,"Peak":235,
    "Spent":0.001,"Parts":[{"Name":"cnt-backend-asg","Kind":"Instances","MonthlyPrice":68,
    "Running":1},{"Name":"LoadBalancer","Kind":"Service","MonthlyPrice":16,"Running":1},
    {"Name":"RDS","Kind":"Service","MonthlyPrice":15,"Running":0}]},
  "AutoScalingGroups":[{"AutoScalingGroupName":"cnt-backend-asg","MinSize":1,"MaxSize":3,
    "DesiredCapacity":1,"HealthCheckType":"ELB","AvailabilityZones":["eu-west-2a","eu-west-2b"],
    "Template":{"LaunchTemplateName":"cnt-lt","LaunchTemplateId":"lt-1","Version":1,
      "InstanceType":"t3.large","VCpus":2,"MemoryMiB":8192,"HereVCpus":0.5,"HereMemoryMiB":256,
      "UserData":"exit 0, 3.1 s","ImageId":"ami-1","ImageState":"available"},
    "Policies":[{"PolicyName":"p","PolicyType":"TargetTrackingScaling","CpuPercent":4.04,
      "TargetValue":70,"Out":"> 70 % for 3 s","In":"< 49 % for 120 s"}],
    "TargetGroups":[{"TargetGroupName":"tg","Protocol":"HTTP","Port":8000,
      "HealthCheckPath":"/health","Healthy":1,"Unhealthy":0,"Unused":0,"Listeners":[":80"],
      "Zones":["eu-west-2a"]}],
    "Instances":[{"InstanceId":"i-03","LifecycleState":"InService","AvailabilityZone":"eu-west-2a",
      "PrivateIpAddress":"10.64.0.2","TargetHealth":{"State":"healthy"},"TrafficShare":1,
      "CpuPercent":4,"LaunchTemplateVersion":"1","Why":"agree"}],
    "LastActivity":{"StartTime":"2026-01-03T12:03:29Z","StatusCode":"Successful",
      "Description":"Launching a new EC2 instance: i-03"},"HostFits":3}],
  "Alarms":[
    {"AlarmName":"high","StateValue":"OK","MetricName":"CPUUtilization","Value":4,"Threshold":70,
     "ComparisonOperator":"GreaterThanThreshold","Origin":"user","Receivers":["on-call.sh"]},
    {"AlarmName":"TargetTracking-x-AlarmLow-1","StateValue":"ALARM","MetricName":"CPUUtilization",
     "Value":4,"Threshold":49,"ComparisonOperator":"LessThanThreshold","Origin":"policy",
     "Note":"expected at min 1, nothing to do"}]}]})";

TEST_CASE("status text: draws the reference picture") {
  const std::string want =
      "cnt  eu-west-2  2026-01-03 12:04:31Z     READY: 1 of 1 serving\n"
      "URL       http://10.79.255.1/\n"
      "Group     cnt-backend-asg Active  min 1 max 3 desired 1, in service 1  health ELB  zones 2a "
      "2b\n"
      "Template  cnt-lt lt-1 v1  t3.large (2 vCPU/8 GiB, here 0.5/256 MiB)  user data exit 0, 3.1 "
      "s\n"
      "          ami-1 available\n"
      "Policy    p Active  TargetTrackingScaling  CPU 4 % of 70 %  out > 70 % for 3 s, in < 49 % "
      "for 120 s\n"
      "Targets   tg HTTP:8000 /health  1 healthy 0 unhealthy 0 unused  listener :80, zones enabled "
      "2a\n"
      "Redis     cnt-redis-cluster available  7.0.15 (asked 7.1.0)  cache.t3.micro  "
      "cnt-redis-cluster.x.cache.amazonaws.com:6379  PING ok, 1/1 instances connected\n"
      "INSTANCE  ZONE  ADDRESS    VER  GROUP      BALANCER  CPU  TRAFFIC  WHY\n"
      "i-03      2a    10.64.0.2  1    InService  healthy   4 %  100 %    agree\n"
      "outside the group    none\n"
      "Alarms    2: 1 yours, 1 of the policy; alerts go to: on-call.sh\n"
      "  OK     high 4 % > 70\n"
      "  ALARM  AlarmLow 4 % < 49      expected at min 1, nothing to do\n"
      "Last      12:03:29 Successful: Launching a new EC2 instance: i-03\n"
      "Cost      now $68/mo (1 × $68), spent $0.00, base $99 = 68 + 31 (RDS, ALB), peak $204 "
      "instances ($235 all)\n"
      "Capacity  now 1, peak 3; this host fits 3\n"
      "Next      tidegate rehearse scale-up | tidegate explain group cnt-backend-asg | eval "
      "\"$(tidegate env)\"\n";
  CHECK(status_text(answer(kReady), Paint::Plain) == want);
}

TEST_CASE("status text: colours only where they are asked for") {
  CHECK(status_text(answer(kReady), Paint::Plain).find('\x1b') == std::string::npos);
  CHECK(status_text(answer(kReady), Paint::Colours).find("\x1b[32mREADY\x1b[0m") !=
        std::string::npos);
}

TEST_CASE("status text: problems, targets outside of the group and troubles are named") {
  const std::string text =
      status_text(answer(R"({"Troubles":["state store: disk full"],"Region":"eu-west-2","Stacks":[{
        "StackName":"s","StackStatus":"ROLLBACK_COMPLETE","StackStatusReason":"no such image",
        "Verdict":"DEGRADED","Problems":["all load is on i-9"],
        "AutoScalingGroups":[{"AutoScalingGroupName":"g","Outside":[{"TargetId":"i-9",
          "TargetGroupName":"tg","TargetHealth":{"State":"healthy"},"TrafficShare":0.995,
          "Why":"the policy does not see it"}]}]}]})"),
                  Paint::Plain);
  CHECK(text.starts_with("Trouble   state store: disk full\n"));
  CHECK(text.find("DEGRADED  ROLLBACK_COMPLETE: no such image\n") != std::string::npos);
  CHECK(text.find("Problem   all load is on i-9\n") != std::string::npos);
  CHECK(text.find("outside the group    i-9 in tg  healthy  takes 100 %  the policy does not see "
                  "it\n") != std::string::npos);
}

TEST_CASE("status text: what belongs to no stack is shown after the stacks, and counts") {
  const Json alone = answer(R"({"Region":"eu-west-2","Stacks":[],"WithoutStack":{
    "Verdict":"DOWN","VerdictText":"0 of 1 serving","Problems":["it fails"],
    "AutoScalingGroups":[{"AutoScalingGroupName":"g"}],"Alarms":[]}})");
  const std::string text = status_text(alone, Paint::Plain);
  CHECK(text.starts_with("(no stack)  eu-west-2"));
  CHECK(text.find("DOWN: 0 of 1 serving\nProblem   it fails\nGroup     g Active") !=
        std::string::npos);
  CHECK(text.ends_with("Next      tidegate explain group g | eval \"$(tidegate env)\"\n"));
  CHECK_FALSE(all_ready(alone));
}

TEST_CASE("status text: no stack says what to do, and is ready") {
  const Json none = answer(R"({"Stacks":[]})");
  CHECK(status_text(none, Paint::Plain) == "no stack; create one: tidegate up TEMPLATE\n");
  CHECK(all_ready(none));
  CHECK(all_ready(answer(kReady)));
  CHECK_FALSE(all_ready(answer(R"({"Stacks":[{"Verdict":"READY"},{"Verdict":"DOWN"}]})")));
}

}  // namespace
}  // namespace tidegate::apps
