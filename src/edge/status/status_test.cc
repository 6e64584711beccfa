#include "edge/status/status.h"

#include <array>
#include <functional>

#include <doctest/doctest.h>

#include "edge/status/explain.h"
#include "edge/status/problems.h"
#include "edge/status/seen.h"
#include "edge/status/verdict.h"
#include "edge/status/why.h"
#include "sample/sample_model.h"

namespace tidegate::status {
namespace {

using balancing::TargetHealthState;
using groups::LifecycleState;

const balancing::TargetHealth kUnhealthy{TargetHealthState::Unhealthy,
                                         "Target.ResponseCodeMismatch",
                                         "Health checks failed with these codes: [500]"};

const stacks::Stack& stack_of(const engine::Model& model) {
  return model.stacks.at(sample::kStack);
}

groups::Instance& own_instance(engine::Model& model) {
  return sample::group(model).instances.at(sample::kInstance);
}

std::string why_of(const engine::Model& model) {
  const engine::GroupModel& group = model.groups.at(sample::kGroup);
  return why(model, group, group.instances.at(sample::kInstance));
}

/// A target that no group has launched, taking all the traffic.
void add_outside_target(engine::Model& model) {
  auto& group = sample::target_group(model);
  group.target_group.targets.push_back(
      {"i-0", 8000, "52.56.78.203", "eu-west-2a", sample::kNow, std::nullopt});
  group.traffic_share["i-0"] = 1.0;
}

/// 2 vCPUs of which one thread uses one.
void make_single_threaded(engine::Model& model, double vcpus, double busiest, double cpu) {
  model.stacks.at(sample::kStack).metadata.instance_types.at("t3.large").vcpus = vcpus;
  engine::InstanceUse& use = sample::group(model).use.at(sample::kInstance);
  use.busiest_thread = busiest;
  use.cpu_percent = cpu;
}

std::vector<std::string> stack_problems(const engine::Model& model) {
  return problems_of(model, stack_of(model));
}

Url first_url(const engine::Model& model) {
  return url_of(model, load_balancers_of_stack(model, stack_of(model)));
}

}  // namespace

TEST_CASE("verdict: READY exactly when MinSize serve in each group") {
  struct Case {
    const char* name;
    std::function<void(engine::Model&)> change;
    Verdict verdict;
  };
  const auto cases = std::to_array<Case>({
      {"one of one", [](engine::Model&) {}, Verdict::Ready},
      {"unhealthy",
       [](engine::Model& m) {
         sample::set_health(m, sample::kInstance.value, kUnhealthy, "HTTP 500");
       },
       Verdict::Down},
      {"one of two",
       [](engine::Model& m) { sample::group(m).group.min_size = 2; },
       Verdict::Degraded},
      {"scaling out",
       [](engine::Model& m) {
         sample::group(m).group.desired_capacity = 2;
         sample::add_instance(m, "i-0b", "eu-west-2b").lifecycle_state = LifecycleState::Pending;
       },
       Verdict::Ready},
      {"the first launch",
       [](engine::Model& m) {
         own_instance(m).lifecycle_state = LifecycleState::Pending;
         sample::group(m).activities.clear();
       },
       Verdict::Creating},
      {"the first launch failed",
       [](engine::Model& m) {
         own_instance(m).lifecycle_state = LifecycleState::Pending;
         sample::group(m).activities.clear();
         sample::group(m).group.launch_failures = {sample::kNow};
       },
       Verdict::Down},
      {"no instance, none wanted",
       [](engine::Model& m) {
         sample::group(m).instances.clear();
         sample::group(m).group.min_size = 0;
       },
       Verdict::Ready},
      {"in service without target groups",
       [](engine::Model& m) { sample::group(m).group.target_groups.clear(); },
       Verdict::Ready},
      {"in service, registered nowhere",
       [](engine::Model& m) { sample::target_group(m).target_group.targets.clear(); },
       Verdict::Down},
      {"health checks disabled",
       [](engine::Model& m) {
         sample::set_health(m,
                            sample::kInstance.value,
                            {TargetHealthState::Unavailable, "Target.HealthCheckDisabled", ""},
                            "");
       },
       Verdict::Ready},
      {"the stack is being made",
       [](engine::Model& m) {
         m.stacks.at(sample::kStack).status = stacks::Status::CreateInProgress;
       },
       Verdict::Creating},
      {"the stack is being updated",
       [](engine::Model& m) {
         m.stacks.at(sample::kStack).status = stacks::Status::UpdateInProgress;
       },
       Verdict::Ready},
      {"the stack was rolled back",
       [](engine::Model& m) {
         m.stacks.at(sample::kStack).status = stacks::Status::RollbackComplete;
       },
       Verdict::Down},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    engine::Model model = sample::model();
    c.change(model);
    CHECK(to_string(verdict_of(model, stack_of(model))) == to_string(c.verdict));
  }
}

TEST_CASE("verdict: its text counts what serves of what is desired") {
  engine::Model model = sample::model();
  sample::group(model).group.desired_capacity = 3;
  CHECK(verdict_text(model, groups_of(model, stack_of(model))) == "1 of 3 serving");
}

TEST_CASE("url: what one opens, with what its port became") {
  engine::Model model = sample::model();
  CHECK(first_url(model).url == "http://10.79.255.1/");
  CHECK(first_url(model).note.empty());
  balancing::Listener& listener = model.listeners.at(sample::listener_arn());
  listener.bound_port = 8080;
  listener.bind_note = "port 80 is taken by nginx";
  CHECK(first_url(model).url == "http://10.79.255.1:8080/");
  CHECK(first_url(model).note == "port 80 is taken by nginx");
  listener.bound_port = 0;
  CHECK(first_url(model).url.empty());
  CHECK(
      stack_problems(model) ==
      std::vector<std::string>{"listener :80 of cnt-backend-alb is not bound: port 80 is taken by "
                               "nginx"});
}

TEST_CASE("why: one sentence for each place an instance can be in") {
  struct Case {
    std::string why;
    std::function<void(engine::Model&)> change;
  };
  const auto seen = [](engine::Model& m) -> groups::InstanceObservation& {
    return *sample::group(m).facts.at(sample::kInstance).observation;
  };
  const auto pending = [](engine::Model& m) {
    own_instance(m).lifecycle_state = LifecycleState::Pending;
  };
  const auto leaving = [](groups::TerminationStage stage) {
    return [stage](engine::Model& m) {
      own_instance(m).lifecycle_state = LifecycleState::Terminating;
      own_instance(m).stage = stage;
      groups::TargetFacts facts;
      facts.in_flight = 1;
      facts.websockets = 50;
      sample::group(m).facts.at(sample::kInstance).targets = {facts};
    };
  };
  const std::vector<Case> cases = {
      {"agree", [](engine::Model&) {}},
      {"is being started",
       [&](engine::Model& m) {
         pending(m);
         seen(m).phase = groups::InstancePhase::Launching;
       }},
      {"user data exit 1 in line 3: npm instal",
       [&](engine::Model& m) {
         pending(m);
         seen(m).user_data_exit_status = 1;
         seen(m).failing_line = groups::FailingLine{1, 3, "npm instal"};
       }},
      {"no overlay here",
       [&](engine::Model& m) {
         pending(m);
         seen(m).failure = "no overlay here";
       }},
      {"does not answer yet: connection refused",
       [&](engine::Model& m) {
         pending(m);
         sample::set_health(m,
                            sample::kInstance.value,
                            {TargetHealthState::Initial, "Elb.InitialHealthChecking", "x"},
                            "connection refused");
       }},
      {"Health checks failed with these codes: [500] (HTTP 500)",
       [](engine::Model& m) {
         sample::set_health(m, sample::kInstance.value, kUnhealthy, "HTTP 500");
       }},
      {"failed an ELB health check",
       [](engine::Model& m) {
         own_instance(m).health_status = groups::HealthStatus::Unhealthy;
         own_instance(m).health_reason = "failed an ELB health check";
       }},
      {"its zone eu-west-2a is not enabled for the load balancer (eu-west-2b)",
       [](engine::Model& m) {
         m.load_balancers.at(sample::load_balancer_arn()).zones = {"eu-west-2b"};
       }},
      {"no listener uses cnt-backend-tg",
       [](engine::Model& m) {
         m.listeners.clear();
         m.rules.clear();
       }},
      {"one thread at its limit: CPU ends near 50 %",
       [](engine::Model& m) { make_single_threaded(m, 2, 0.97, 49); }},
      {"agree; restarted in place, 2 times", [&](engine::Model& m) { seen(m).restarts = 2; }},
      {"draining: 1 request in flight, 50 WebSockets", leaving(groups::TerminationStage::Draining)},
      {"stopping: SIGTERM sent, at most 30 s", leaving(groups::TerminationStage::Stopping)},
      {"closing what is left, paced", leaving(groups::TerminationStage::Closing)},
      {"is being removed", leaving(groups::TerminationStage::Killing)},
  };
  for (const Case& c : cases) {
    CAPTURE(c.why);
    engine::Model model = sample::model();
    c.change(model);
    CHECK(why_of(model) == c.why);
  }
}

TEST_CASE("problems: a stack that is well has none") {
  CHECK(stack_problems(sample::model()).empty());
}

TEST_CASE("problems: a target outside the group is named, with its traffic and the blind policy") {
  engine::Model model = sample::model();
  add_outside_target(model);
  CHECK(stack_problems(model) ==
        std::vector<std::string>{
            "i-0 in cnt-backend-tg is not in cnt-backend-asg and takes 100 % of the traffic: "
            "cnt-target-tracking-cpu does not see its CPU and will not scale for it; deregister it "
            "(aws elbv2 deregister-targets --targets Id=i-0)"});
  engine::GroupModel other = sample::group(model);
  other.group.name.value = "other";
  other.group.target_groups.clear();
  other.instances = {{groups::InstanceId{"i-0"}, {}}};
  model.groups[other.group.name] = other;
  CHECK(stack_problems(model)[0].find("(it is of other)") != std::string::npos);
  const Json document = status_document(model, "cnt", [](const auto&) { return std::nullopt; });
  const Json& outside = document["Stacks"].items()[0]["AutoScalingGroups"].items()[0]["Outside"];
  REQUIRE(outside.items().size() == 1);
  CHECK(outside.items()[0]["TrafficShare"].number_or(0) == 1.0);
  CHECK(outside.items()[0]["Why"].string_or("").find("of group other") == 0);
  sample::target_group(model).target_group.targets.back().deregistered = sample::kNow;
  CHECK(stack_problems(model).empty());  // a draining one is on its way out
}

TEST_CASE("problems: a zone that the load balancer does not serve is named, with what to do") {
  engine::Model model = sample::model();
  model.load_balancers.at(sample::load_balancer_arn()).zones = {"eu-west-2a"};
  REQUIRE(stack_problems(model).size() == 1);
  CHECK(stack_problems(model)[0].find("does not serve eu-west-2b and eu-west-2c, a zone of "
                                      "cnt-backend-asg") != std::string::npos);
  CHECK(stack_problems(model)[0].find("add a subnet of that zone") != std::string::npos);
  model.listeners.clear();
  model.rules.clear();
  REQUIRE(stack_problems(model).size() == 1);
  CHECK(stack_problems(model)[0].find("no listener and no rule forwards to cnt-backend-tg") == 0);
}

TEST_CASE("problems: one thread at its limit matters only where CPU cannot reach the target") {
  struct Case {
    double vcpus, busiest, cpu;
    bool said;
  };
  const auto cases = std::to_array<Case>({
      {2, 0.97, 49, true},
      {2, 0.90, 49, true},
      {2, 0.89, 49, false},     // not at its limit
      {2, 0.97, 95, false},     // other threads work too
      {1, 0.97, 97, false},     // one thread can use it all
      {1.25, 0.97, 78, false},  // ends near 80 %, above the target
  });
  for (const Case& c : cases) {
    CAPTURE(c.vcpus);
    CAPTURE(c.busiest);
    engine::Model model = sample::model();
    make_single_threaded(model, c.vcpus, c.busiest, c.cpu);
    CHECK(stack_problems(model).size() == (c.said ? 1 : 0));
    if (c.said) {
      CHECK(stack_problems(model)[0].find("ends near 50 % and never reaches the 70 % of "
                                          "cnt-target-tracking-cpu") != std::string::npos);
    }
  }
}

TEST_CASE("problems: failing launches are said with their message until one succeeds") {
  engine::Model model = sample::model();
  auto& group = sample::group(model);
  groups::Activity failed = group.activities.front();
  failed.status = groups::ActivityStatus::Failed;
  failed.status_message = "user data exit 1 in line 3: npm instal";
  group.activities.push_front(failed);
  group.group.launch_failures = {sample::kNow, sample::kNow};
  REQUIRE(stack_problems(model).size() == 1);
  CHECK(stack_problems(model)[0] ==
        "launches of cnt-backend-asg fail (2 in the last 10 min): user data exit 1 in line 3: npm "
        "instal; mend the user data or the application and run `tidegate up` again, `tidegate "
        "explain instance i-03c688b8cb17b7070` has the evidence");
  failed.status = groups::ActivityStatus::Successful;
  group.activities.push_front(failed);
  CHECK(stack_problems(model).empty());
}

TEST_CASE("problems: what is held back is said with what would free it") {
  engine::Model model = sample::model();
  sample::group(model).blockers = {{"launch", "The host is full.", "an instance ends"}};
  CHECK(stack_problems(model) ==
        std::vector<std::string>{
            "cnt-backend-asg: launch is held back: The host is full; until an instance ends"});
}

TEST_CASE("status: troubles of the control plane and the balancer stand on top") {
  engine::Model model = sample::model();
  model.troubles = {"state store: disk full"};
  model.host_troubles = {"no metadata"};
  model.data_plane_connected = false;
  const Json document = status_document(model, "", [](const auto&) { return 4.5; });
  REQUIRE(document["Troubles"].items().size() == 3);
  CHECK(document["Troubles"].items()[0].string_or("") == "state store: disk full");
  CHECK(document["Troubles"].items()[1].string_or("") == "no metadata");
  CHECK(document["Stacks"].items()[0]["Alarms"].items()[0]["Value"].number_or(0) == 4.5);
}

TEST_CASE("status: one stack by name or ARN, none that is deleted") {
  engine::Model model = sample::model();
  const auto count = [&](const std::string& name) {
    return status_document(model, name, [](const auto&) { return std::nullopt; })["Stacks"]
        .items()
        .size();
  };
  CHECK(count("") == 1);
  CHECK(count("cnt") == 1);
  CHECK(count(sample::stack_id()) == 1);
  CHECK(count("other") == 0);
  model.stacks.at(sample::kStack).status = stacks::Status::DeleteComplete;
  CHECK(count("cnt") == 0);
}

TEST_CASE("status: what belongs to no stack is shown beside them, with a verdict of its own") {
  engine::Model model = sample::model();
  const auto document = [&](const std::string& name = "") {
    return status_document(model, name, [](const auto&) { return std::nullopt; });
  };
  CHECK(document().find("WithoutStack") == nullptr);
  engine::GroupModel alone;
  alone.group.name.value = "alone";
  alone.group.min_size = 1;
  alone.group.desired_capacity = 2;
  model.groups[alone.group.name] = alone;
  alarms::Alarm alarm = model.alarms.begin()->second;
  alarm.name.value = "jobs";
  alarm.policy_arn.clear();
  model.alarms[alarm.name] = alarm;
  const Json others = document()["WithoutStack"];
  CHECK(others["Verdict"].string_or("") == "CREATING");
  CHECK(others["VerdictText"].string_or("") == "0 of 2 serving");
  REQUIRE(others["AutoScalingGroups"].items().size() == 1);
  CHECK(others["AutoScalingGroups"].items()[0]["AutoScalingGroupName"].string_or("") == "alone");
  REQUIRE(others["Alarms"].items().size() == 1);
  CHECK(others["Alarms"].items()[0]["AlarmName"].string_or("") == "jobs");
  CHECK(others.find("Url") == nullptr);
  CHECK(document()["Stacks"].items().size() == 1);
  CHECK(document("cnt").find("WithoutStack") == nullptr);
  model.stacks.at(sample::kStack).status = stacks::Status::DeleteComplete;
  const Json kept = document()["WithoutStack"];
  CHECK(kept["AutoScalingGroups"].items().size() == 2);
  CHECK(kept["Alarms"].items().size() == model.alarms.size());
  CHECK(kept["Url"].string_or("") == "http://10.79.255.1/");
  CHECK(problems_without_stack(model).empty());
}

TEST_CASE("explain: an unknown name is answered with the names there are") {
  const engine::Model model = sample::model();
  const auto group = explain(model, Subject::Group, "x");
  REQUIRE_FALSE(group.has_value());
  CHECK(group.error().message == "there is no Auto Scaling group 'x'; there are: cnt-backend-asg");
  CHECK(explain(model, Subject::Instance, "i-0").error().message ==
        "there is no instance 'i-0'; there are: i-03c688b8cb17b7070");
  CHECK_FALSE(explain(model, Subject::Activity, "x").has_value());
}

TEST_CASE("explain: an instance that is gone still has its activities and decisions") {
  engine::Model model = sample::model();
  sample::group(model).instances.clear();
  const auto gone = explain(model, Subject::Instance, sample::kInstance.value);
  REQUIRE(gone.has_value());
  const std::string text = (*gone)["Text"].string_or("");
  CHECK(text.starts_with("i-03c688b8cb17b7070 of cnt-backend-asg is gone\n"));
  CHECK(text.find("desired is 1, 0 are there") != std::string::npos);
}

TEST_CASE("explain: an instance shows what was seen of its process, to the console's tail") {
  engine::Model model = sample::model();
  auto& seen = *sample::group(model).facts.at(sample::kInstance).observation;
  seen.user_data_exit_status = 1;
  seen.failing_line = groups::FailingLine{1, 3, "npm instal"};
  seen.console_tail = "line a\nline b\n";
  seen.oom_kills = 2;
  const auto told = explain(model, Subject::Instance, sample::kInstance.value);
  const std::string text = (*told)["Text"].string_or("");
  for (const char* part : {"failing line 3: npm instal",
                           "killed for memory 2 times",
                           "| line a",
                           "| line b",
                           "cnt-backend-tg: healthy"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("explain: a group without a policy says what else would change it") {
  engine::Model model = sample::model();
  model.policies.clear();
  const auto told = explain(model, Subject::Group, sample::kGroup.value);
  CHECK((*told)["Text"].string_or("").find("no policy: only SetDesiredCapacity") !=
        std::string::npos);
}

}  // namespace tidegate::status
