#include "core/groups/auto_scaling_group.h"

#include <array>

#include <doctest/doctest.h>

#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;

namespace {

AutoScalingGroup sized(std::int32_t min, std::int32_t desired, std::int32_t max) {
  AutoScalingGroup group = Town{desired}.group;
  group.min_size = min;
  group.max_size = max;
  return group;
}

TEST_CASE("group: names of health check types, stages, reasons, phases and health") {
  CHECK(to_string(HealthCheckType::Ec2) == "EC2");
  CHECK(to_string(HealthCheckType::Elb) == "ELB");
  CHECK(to_string(HealthStatus::Healthy) == "Healthy");
  CHECK(to_string(HealthStatus::Unhealthy) == "Unhealthy");
  const auto stages =
      std::to_array<const char*>({"None", "Draining", "Stopping", "Closing", "Killing"});
  for (std::size_t i = 0; i < stages.size(); ++i) {
    CHECK(to_string(static_cast<TerminationStage>(i)) == stages[i]);
    CHECK(parse_termination_stage(stages[i]) == static_cast<TerminationStage>(i));
  }
  CHECK_FALSE(parse_termination_stage("draining").has_value());
  const auto reasons = std::to_array<const char*>(
      {"None", "ScaleIn", "Unhealthy", "UserRequest", "LaunchFailed", "GroupDeleted", "Replaced"});
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    CHECK(to_string(static_cast<TerminationReason>(i)) == reasons[i]);
    CHECK(parse_termination_reason(reasons[i]) == static_cast<TerminationReason>(i));
  }
  CHECK_FALSE(parse_termination_reason("").has_value());
  const auto phases =
      std::to_array<const char*>({"Launching", "Running", "Stopping", "Exited", "Lost", "Failed"});
  for (std::size_t i = 0; i < phases.size(); ++i) {
    CHECK(to_string(static_cast<InstancePhase>(i)) == phases[i]);
  }
}

TEST_CASE("group: what is valid") {
  struct Case {
    const char* name;
    void (*change)(AutoScalingGroup&);
    const char* part;  // of the sentence; empty: valid
  };
  for (const Case& c : std::to_array<Case>({
           {"as it is", [](AutoScalingGroup&) {}, ""},
           {"all zero",
            [](AutoScalingGroup& g) { g.min_size = g.desired_capacity = g.max_size = 0; },
            ""},
           {"all equal", [](AutoScalingGroup& g) { g.min_size = g.max_size = 2; }, ""},
           {"min below 0",
            [](AutoScalingGroup& g) { g.min_size = -1; },
            "MinSize -1 of group 'web' is below 0"},
           {"min above max",
            [](AutoScalingGroup& g) {
              g.min_size = 3;
              g.max_size = 2;
            },
            "MinSize 3 is above MaxSize 2 of group 'web'"},
           {"desired below min",
            [](AutoScalingGroup& g) { g.min_size = 3; },
            "Desired capacity:2 must be between the specified min size:3 and max size:4 of group "
            "'web'"},
           {"desired above max",
            [](AutoScalingGroup& g) { g.desired_capacity = 5; },
            "Desired capacity:5 must be between"},
           {"grace 0", [](AutoScalingGroup& g) { g.health_check_grace_period = Duration{}; }, ""},
           {"grace below 0",
            [](AutoScalingGroup& g) { g.health_check_grace_period = -Duration{1}; },
            "HealthCheckGracePeriod of group 'web' is below 0"},
           {"cooldown 0", [](AutoScalingGroup& g) { g.default_cooldown = Duration{}; }, ""},
           {"cooldown below 0",
            [](AutoScalingGroup& g) { g.default_cooldown = -Duration{1}; },
            "Cooldown of group 'web' is below 0"},
           {"warmup 0", [](AutoScalingGroup& g) { g.default_instance_warmup = Duration{}; }, ""},
           {"warmup 3600",
            [](AutoScalingGroup& g) { g.default_instance_warmup = seconds{3600}; },
            ""},
           {"warmup above",
            [](AutoScalingGroup& g) { g.default_instance_warmup = seconds{3600} + Duration{1}; },
            "DefaultInstanceWarmup of group 'web' is outside 0..3600 seconds"},
           {"warmup below 0",
            [](AutoScalingGroup& g) { g.default_instance_warmup = -Duration{1}; },
            "DefaultInstanceWarmup"},
           {"launch timeout 0",
            [](AutoScalingGroup& g) { g.launch_timeout = Duration{}; },
            "LaunchTimeout of group 'web' is not above 0 seconds"},
           {"launch timeout above 0",
            [](AutoScalingGroup& g) { g.launch_timeout = Duration{1}; },
            ""},
           {"stop timeout 0", [](AutoScalingGroup& g) { g.stop_timeout = Duration{}; }, ""},
           {"stop timeout below 0",
            [](AutoScalingGroup& g) { g.stop_timeout = -Duration{1}; },
            "StopTimeout of group 'web' is below 0 seconds"},
           {"known policies",
            [](AutoScalingGroup& g) {
              g.termination_policies = {"AllocationStrategy",
                                        "OldestLaunchTemplate",
                                        "OldestLaunchConfiguration",
                                        "ClosestToNextInstanceHour",
                                        "NewestInstance",
                                        "OldestInstance",
                                        "Default"};
            },
            ""},
           {"unknown policy",
            [](AutoScalingGroup& g) { g.termination_policies = {"Oldest"}; },
            "Termination policy 'Oldest' of group 'web' is not known; valid are Default,"},
           {"Default not last",
            [](AutoScalingGroup& g) { g.termination_policies = {"Default", "OldestInstance"}; },
            "Termination policy 'Default' of group 'web' must be the last"},
           {"no zone", [](AutoScalingGroup& g) { g.zones.clear(); }, "Group 'web' has no zone"},
           {"liveness", [](AutoScalingGroup& g) { g.liveness = Liveness{}; }, ""},
           {"liveness without path",
            [](AutoScalingGroup& g) { g.liveness = Liveness{.path = ""}; },
            "Liveness Path ''"},
           {"liveness path",
            [](AutoScalingGroup& g) { g.liveness = Liveness{.path = "x/"}; },
            "Liveness Path 'x/' of group 'web' does not begin with '/'"},
           {"liveness interval",
            [](AutoScalingGroup& g) { g.liveness = Liveness{.interval = Duration{}}; },
            "Liveness Interval and Timeout of group 'web' must be above 0 seconds"},
           {"liveness timeout",
            [](AutoScalingGroup& g) { g.liveness = Liveness{.timeout = Duration{}}; },
            "Liveness Interval and Timeout"},
           {"liveness threshold",
            [](AutoScalingGroup& g) { g.liveness = Liveness{.unhealthy_threshold = 0}; },
            "Liveness UnhealthyThreshold of group 'web' is below 1"},
           {"liveness threshold 1",
            [](AutoScalingGroup& g) { g.liveness = Liveness{.unhealthy_threshold = 1}; },
            ""},
       })) {
    CAPTURE(c.name);
    AutoScalingGroup group = sized(1, 2, 4);
    c.change(group);
    const std::string error = validation_error(group);
    CAPTURE(error);
    CHECK(error.empty() == std::string_view{c.part}.empty());
    CHECK(error.substr(0, std::string_view{c.part}.size()) == c.part);
  }
}

TEST_CASE("group: desired capacity moves within MinSize..MaxSize, else AWS's words") {
  const AutoScalingGroup group = sized(1, 2, 4);
  for (const std::int32_t capacity : {1, 4}) {
    const auto changed = with_desired_capacity(group, capacity, "Because.");
    REQUIRE(changed.has_value());
    CHECK(changed->desired_capacity == capacity);
    CHECK(changed->capacity_cause == "Because.");
  }
  CHECK(with_desired_capacity(group, 2, "Because.")->capacity_cause.empty());
  const auto above = with_desired_capacity(group, 5, "");
  REQUIRE_FALSE(above.has_value());
  CHECK(above.error() ==
        Error{ErrorCode::InvalidArgument,
              "ValidationError",
              "New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup."});
  const auto below = with_desired_capacity(group, 0, "");
  REQUIRE_FALSE(below.has_value());
  CHECK(below.error() ==
        Error{ErrorCode::InvalidArgument,
              "ValidationError",
              "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."});
}

TEST_CASE("group: warm-up is the policy's, else the group's, else the timing's") {
  AutoScalingGroup group = sized(1, 2, 4);
  group.default_cooldown = seconds{77};
  scaling::TargetTrackingPolicy policy;
  CHECK(warmup_of(group, nullptr) == seconds{10});
  CHECK(warmup_of(group, &policy) == seconds{10});
  group.timing = scaling::TimingProfile::Aws;
  CHECK(warmup_of(group, &policy) == seconds{77});
  group.default_instance_warmup = seconds{5};
  CHECK(warmup_of(group, &policy) == seconds{5});
  policy.estimated_instance_warmup = seconds{3};
  CHECK(warmup_of(group, &policy) == seconds{3});
  CHECK(warmup_of(group, nullptr) == seconds{5});
}

TEST_CASE("group: an instance is warm after its warm-up in service") {
  Instance instance;
  instance.lifecycle_state = LifecycleState::InService;
  CHECK_FALSE(is_warm(instance, Duration{}, kStart));
  instance.in_service_since = kStart;
  CHECK_FALSE(is_warm(instance, seconds{10}, kStart + seconds{10} - Duration{1}));
  CHECK(is_warm(instance, seconds{10}, kStart + seconds{10}));
  instance.lifecycle_state = LifecycleState::Terminating;
  CHECK_FALSE(is_warm(instance, seconds{10}, kStart + seconds{10}));
}

TEST_CASE("launch template: what a version means") {
  LaunchTemplate launch_template;
  CHECK(resolve(launch_template, "$Latest") == nullptr);
  for (const std::int64_t number : {1, 2, 4}) {
    LaunchTemplateVersion version;
    version.number = number;
    launch_template.versions.push_back(version);
  }
  launch_template.default_version = 2;
  CHECK(resolve(launch_template, "$Latest")->number == 4);
  CHECK(resolve(launch_template, "$Default")->number == 2);
  CHECK(resolve(launch_template, "1")->number == 1);
  CHECK(resolve(launch_template, "3") == nullptr);
  CHECK(resolve(launch_template, "one") == nullptr);
  launch_template.default_version = 3;
  CHECK(resolve(launch_template, "$Default") == nullptr);
}

TEST_CASE("invariants: hold for a group at work, and each breach is named") {
  struct Case {
    const char* name;
    void (*change)(Town&);
    const char* error;  // empty: holds
  };
  for (const Case& c : std::to_array<Case>({
           {"as it is", [](Town&) {}, ""},
           {"out of order",
            [](Town& t) { std::swap(t.instances[0], t.instances[1]); },
            "i-001 is listed twice or out of order"},
           {"twice",
            [](Town& t) { t.instances[1] = t.instances[0]; },
            "i-001 is listed twice or out of order"},
           {"of another group",
            [](Town& t) { t.at("i-001").group = GroupName{"x"}; },
            "i-001 is of group x, not of web"},
           {"in a state that nothing enters",
            [](Town& t) { t.at("i-001").lifecycle_state = LifecycleState::WarmedStopped; },
            "i-001 is Warmed:Stopped, a state that nothing enters"},
           {"serving since never",
            [](Town& t) { t.at("i-001").in_service_since.reset(); },
            "i-001 is InService since no time"},
           {"pending and served",
            [](Town& t) { t.at("i-002").in_service_since = kStart; },
            "i-002 is Pending and was in service before"},
           {"serving in a stage",
            [](Town& t) { t.at("i-001").stage = TerminationStage::Draining; },
            "i-001 is InService in termination stage Draining"},
           {"terminating in no stage",
            [](Town& t) { t.at("i-003").stage = TerminationStage::None; },
            "i-003 is Terminating in termination stage None"},
           {"terminating since never",
            [](Town& t) { t.at("i-003").stage_since.reset(); },
            "i-003: the time of its termination stage and its state disagree"},
           {"terminating for nothing",
            [](Town& t) { t.at("i-003").termination_reason = TerminationReason::None; },
            "i-003 terminates for no reason"},
           {"replaced twice",
            [](Town& t) {
              t.add_pending(2);
              t.at("i-004").replaces = InstanceId{"i-001"};
              t.at("i-005").replaces = InstanceId{"i-001"};
            },
            "i-001 is replaced by both i-004 and i-005"},
           {"a terminating replacement is none",
            [](Town& t) {
              t.add_pending(1);
              t.at("i-004").replaces = InstanceId{"i-001"};
              t.at("i-003").replaces = InstanceId{"i-001"};
            },
            ""},
           {"at MaxSize", [](Town& t) { t.group.max_size = 2; }, ""},
           {"above MaxSize",
            [](Town& t) { t.group.max_size = 1; },
            "counted capacity 2 is above MaxSize 1 of group web"},
           {"above MaxSize by a protected one",
            [](Town& t) {
              t.group.max_size = 1;
              t.at("i-001").protected_from_scale_in = true;
            },
            ""},
           {"above MaxSize by an unhealthy one",
            [](Town& t) {
              t.group.max_size = 1;
              t.at("i-001").health_status = HealthStatus::Unhealthy;
            },
            ""},
       })) {
    CAPTURE(c.name);
    Town town{2};
    town.add_serving(1);
    town.add_pending(1);
    town.add_serving(1);
    town.apply_one(ending(InstanceId{"i-003"}));
    c.change(town);
    CHECK(check_invariants(town.group, town.instances) == c.error);
  }
}

TEST_CASE("counted capacity: Pending and InService, without what a live one replaces") {
  Town town{3};
  town.add_serving(2);
  town.add_pending(2);
  CHECK(counted_capacity(town.instances) == 4);
  town.at("i-003").replaces = InstanceId{"i-001"};
  CHECK(counted_capacity(town.instances) == 3);
  town.apply_one(EnterService{InstanceId{"i-003"}});
  CHECK(counted_capacity(town.instances) == 3);
  town.apply_one(ending(InstanceId{"i-001"}));
  CHECK(counted_capacity(town.instances) == 3);
  town.at("i-004").replaces = InstanceId{"i-002"};
  CHECK(counted_capacity(town.instances) == 2);
  town.apply_one(FailLaunch{InstanceId{"i-004"}, "x"});
  CHECK(counted_capacity(town.instances) == 2);
  town.apply_one(FinishTermination{InstanceId{"i-004"}});
  CHECK(counted_capacity(town.instances) == 2);
}

}  // namespace
