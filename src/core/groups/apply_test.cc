#include "core/groups/apply.h"

#include <doctest/doctest.h>

#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;

namespace {

const std::string kZone = R"({"Availability Zone":"b"})";

TEST_CASE("apply: a launch makes a Pending instance of the version, and its activity") {
  Town town{1};
  town.group.launch_template = {LaunchTemplateId{"lt-1"}, "web", "$Latest"};
  const Applied applied = town.apply_one(LaunchInstance{"b", InstanceId{"i-old"}, "Because."});
  Instance expected;
  expected.id = InstanceId{"i-001"};
  expected.group = GroupName{"web"};
  expected.zone = "b";
  expected.image_id = "ami-1";
  expected.instance_type = "t3.large";
  expected.launch_template = {LaunchTemplateId{"lt-1"}, "web", "2"};
  expected.launched = kStart;
  expected.port = 8000;
  expected.launch_activity = ActivityId{"a-1"};
  expected.replaces = InstanceId{"i-old"};
  CHECK(applied.instance == expected);
  Activity activity;
  activity.id = ActivityId{"a-1"};
  activity.group = GroupName{"web"};
  activity.instance = InstanceId{"i-001"};
  activity.description = "Launching a new EC2 instance: i-001";
  activity.cause = "Because.";
  activity.start = kStart;
  activity.status = ActivityStatus::PreInService;
  activity.progress = 30;
  activity.details = kZone;
  CHECK(applied.activities == std::vector{activity});
  CHECK_FALSE(applied.group.capacity_changed.has_value());
}

TEST_CASE("apply: entering service ends the launch activity and changes the capacity") {
  Town town{1};
  town.group.launch_failures = {kStart};
  town.add_pending(1);
  town.now = kStart + seconds{3};
  const Applied applied = town.apply_one(EnterService{InstanceId{"i-001"}});
  CHECK(applied.instance->lifecycle_state == LifecycleState::InService);
  CHECK(applied.instance->in_service_since == town.now);
  CHECK_FALSE(applied.instance->protected_from_scale_in);
  REQUIRE(applied.activities.size() == 1);
  CHECK(applied.activities[0].status == ActivityStatus::Successful);
  CHECK(applied.activities[0].end == town.now);
  CHECK(applied.activities[0].progress == 100);
  CHECK(applied.group.capacity_changed == town.now);
  CHECK(applied.group.launch_failures.empty());
}

TEST_CASE("apply: a failed launch goes straight to Killing and is counted") {
  Town town{1};
  town.add_pending(1);
  town.now = kStart + minutes{10};
  town.group.launch_failures = {kStart, kStart + Duration{1}};
  const Applied applied = town.apply_one(FailLaunch{InstanceId{"i-001"}, "It broke."});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Terminating);
  CHECK(applied.instance->stage == TerminationStage::Killing);
  CHECK(applied.instance->stage_since == town.now);
  CHECK(applied.instance->termination_reason == TerminationReason::LaunchFailed);
  CHECK(applied.instance->termination_activity.empty());
  REQUIRE(applied.activities.size() == 1);
  CHECK(applied.activities[0].status == ActivityStatus::Failed);
  CHECK(applied.activities[0].status_message == "It broke.");
  CHECK(applied.activities[0].end == town.now);
  CHECK(applied.group.launch_failures == std::vector{kStart + Duration{1}, town.now});
  CHECK_FALSE(applied.group.capacity_changed.has_value());
  const Applied gone = town.apply_one(FinishTermination{InstanceId{"i-001"}});
  CHECK(gone.instance->lifecycle_state == LifecycleState::Terminated);
  CHECK(gone.activities.empty());
}

TEST_CASE("apply: health marks of an instance in service") {
  Town town{1};
  town.add_serving(1);
  Applied applied = town.apply_one(MarkUnhealthy{InstanceId{"i-001"}, "It ails."});
  CHECK(applied.instance->health_status == HealthStatus::Unhealthy);
  CHECK(applied.instance->health_reason == "It ails.");
  CHECK(applied.activities.empty());
  applied = town.apply_one(MarkHealthy{InstanceId{"i-001"}});
  CHECK(applied.instance->health_status == HealthStatus::Healthy);
  CHECK(applied.instance->health_reason.empty());
  CHECK(check_invariants(town.group, town.instances).empty());
}

TEST_CASE("apply: a termination has an activity that follows its stages to the end") {
  struct Case {
    TerminationStage stage;
    ActivityStatus status;
    std::int32_t progress;
  };
  Town town{1};
  town.add_serving(1, "b");
  town.now = kStart + seconds{1};
  Applied applied = town.apply_one(BeginTermination{
      InstanceId{"i-001"}, TerminationReason::ScaleIn, TerminationStage::Draining, "Because."});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Terminating);
  CHECK(applied.instance->stage == TerminationStage::Draining);
  CHECK(applied.instance->stage_since == town.now);
  CHECK(applied.instance->termination_reason == TerminationReason::ScaleIn);
  CHECK(applied.instance->termination_activity == ActivityId{"a-2"});
  CHECK(applied.group.capacity_changed == town.now);
  REQUIRE(applied.activities.size() == 1);
  Activity activity;
  activity.id = ActivityId{"a-2"};
  activity.group = GroupName{"web"};
  activity.instance = InstanceId{"i-001"};
  activity.description = "Terminating EC2 instance: i-001";
  activity.cause = "Because.";
  activity.start = town.now;
  activity.status = ActivityStatus::WaitingForELBConnectionDraining;
  activity.progress = 50;
  activity.details = kZone;
  CHECK(applied.activities[0] == activity);
  for (const Case& c : std::to_array<Case>({
           {TerminationStage::Stopping, ActivityStatus::InProgress, 60},
           {TerminationStage::Closing, ActivityStatus::InProgress, 80},
           {TerminationStage::Killing, ActivityStatus::InProgress, 90},
       })) {
    town.now += seconds{1};
    applied = town.apply_one(AdvanceTermination{InstanceId{"i-001"}, c.stage});
    CHECK(applied.instance->stage == c.stage);
    CHECK(applied.instance->stage_since == town.now);
    REQUIRE(applied.activities.size() == 1);
    CHECK(applied.activities[0].status == c.status);
    CHECK(applied.activities[0].progress == c.progress);
    CHECK_FALSE(applied.activities[0].end.has_value());
    CHECK_FALSE(
        town.apply_one(AdvanceTermination{InstanceId{"i-001"}, c.stage}).instance.has_value());
  }
  applied = town.apply_one(FinishTermination{InstanceId{"i-001"}});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Terminated);
  CHECK(applied.instance->stage == TerminationStage::None);
  CHECK_FALSE(applied.instance->stage_since.has_value());
  REQUIRE(applied.activities.size() == 1);
  CHECK(applied.activities[0].id == ActivityId{"a-2"});
  CHECK(applied.activities[0].status == ActivityStatus::Successful);
  CHECK(applied.activities[0].end == town.now);
}

TEST_CASE("apply: a first stage after Draining waits for no draining") {
  Town town{1};
  town.add_serving(1);
  const Applied applied = town.apply_one(BeginTermination{
      InstanceId{"i-001"}, TerminationReason::Unhealthy, TerminationStage::Killing, "x"});
  CHECK(applied.activities[0].status == ActivityStatus::InProgress);
  CHECK(applied.activities[0].progress == 90);
}

TEST_CASE("apply: the termination of a Pending one cancels its launch and changes no capacity") {
  Town town{1};
  town.add_pending(1);
  const Applied applied = town.apply_one(BeginTermination{
      InstanceId{"i-001"}, TerminationReason::ScaleIn, TerminationStage::Killing, "x"});
  REQUIRE(applied.activities.size() == 2);
  CHECK(applied.activities[0].id == ActivityId{"a-1"});
  CHECK(applied.activities[0].status == ActivityStatus::Cancelled);
  CHECK(applied.activities[0].end == kStart);
  CHECK(applied.activities[0].status_message == "The instance is not wanted any more.");
  CHECK(applied.activities[1].id == ActivityId{"a-2"});
  CHECK_FALSE(applied.activities[1].end.has_value());
  CHECK_FALSE(applied.group.capacity_changed.has_value());
}

TEST_CASE("apply: an un-drained instance is as it was, once") {
  Town town{1};
  town.add_serving(1);
  const Action drain = BeginTermination{
      InstanceId{"i-001"}, TerminationReason::ScaleIn, TerminationStage::Draining, "x"};
  town.apply_one(drain);
  town.now = kStart + seconds{1};
  const Applied applied = town.apply_one(Undrain{InstanceId{"i-001"}, "Load is back."});
  CHECK(applied.instance->lifecycle_state == LifecycleState::InService);
  CHECK(applied.instance->in_service_since == kStart);
  CHECK(applied.instance->stage == TerminationStage::None);
  CHECK_FALSE(applied.instance->stage_since.has_value());
  CHECK(applied.instance->termination_reason == TerminationReason::None);
  CHECK(applied.instance->termination_activity.empty());
  CHECK(applied.instance->undrained);
  CHECK(applied.group.capacity_changed == town.now);
  REQUIRE(applied.activities.size() == 1);
  CHECK(applied.activities[0].status == ActivityStatus::Cancelled);
  CHECK(applied.activities[0].status_message == "Load is back.");
  town.apply_one(drain);
  CHECK_FALSE(town.apply_one(Undrain{InstanceId{"i-001"}, "Again."}).instance.has_value());
}

TEST_CASE("apply: no un-drain after Draining") {
  Town town{1};
  town.add_serving(1);
  town.apply_one(BeginTermination{
      InstanceId{"i-001"}, TerminationReason::ScaleIn, TerminationStage::Stopping, "x"});
  CHECK_FALSE(town.apply_one(Undrain{InstanceId{"i-001"}, "x"}).instance.has_value());
}

TEST_CASE("apply: an action that does not fit the state changes nothing") {
  Town town{3};
  town.add_serving(1);
  town.add_pending(1);
  town.add_serving(1);
  town.apply_one(BeginTermination{
      InstanceId{"i-003"}, TerminationReason::ScaleIn, TerminationStage::Draining, "x"});
  const AutoScalingGroup before = town.group;
  for (const char* id : {"i-001", "i-002", "i-003", "i-none"}) {
    CAPTURE(id);
    const InstanceId instance{id};
    const bool serving = instance.value == "i-001";
    const bool pending = instance.value == "i-002";
    const bool terminating = instance.value == "i-003";
    struct Case {
      Action action;
      bool fits;
    };
    for (const Case& c : std::to_array<Case>({
             {EnterService{instance}, pending},
             {FailLaunch{instance, "x"}, pending},
             {MarkUnhealthy{instance, "x"}, serving},
             {MarkHealthy{instance}, serving},
             {ending(instance), serving || pending},
             {Undrain{instance, "x"}, terminating},
             {AdvanceTermination{instance, TerminationStage::Stopping}, terminating},
             {FinishTermination{instance}, terminating},
         })) {
      CAPTURE(c.action.index());
      Town copy = town;
      const Applied applied = copy.apply_one(c.action);
      CHECK(applied.instance.has_value() == c.fits);
      if (!c.fits) {
        CHECK(applied.activities.empty());
        CHECK(applied.group == before);
      }
    }
  }
}

TEST_CASE("apply: an instance goes to Standby, and comes back as a healthy one that launches") {
  Town town{2};
  town.add_serving(2, "b");
  town.at("i-001").termination_reason = TerminationReason::UserRequest;
  town.now = kStart + seconds{5};
  const InstanceId id{"i-001"};
  Applied applied = town.apply_one(BeginStandby{id, "Because."});
  CHECK(applied.instance->lifecycle_state == LifecycleState::EnteringStandby);
  CHECK(applied.instance->stage_since == town.now);
  CHECK(applied.instance->termination_reason == TerminationReason::None);  // it lives on
  CHECK(applied.instance->termination_activity == ActivityId{"a-3"});
  CHECK(applied.group.capacity_changed == town.now);
  Activity leaving;
  leaving.id = ActivityId{"a-3"};
  leaving.group = GroupName{"web"};
  leaving.instance = id;
  leaving.description = "Moving EC2 instance to Standby: i-001";
  leaving.cause = "Because.";
  leaving.start = town.now;
  leaving.status = ActivityStatus::InProgress;
  leaving.progress = 50;
  leaving.details = kZone;
  CHECK(applied.activities == std::vector{leaving});
  CHECK_FALSE(town.apply_one(FinishDetach{id}).instance.has_value());  // it is not on that way
  CHECK(town.activity(ActivityId{"a-3"}) == leaving);

  town.now += seconds{1};
  applied = town.apply_one(FinishStandby{id});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Standby);
  CHECK_FALSE(applied.instance->stage_since.has_value());
  CHECK_FALSE(applied.instance->in_service_since.has_value());
  CHECK(applied.instance->termination_activity.empty());
  leaving.status = ActivityStatus::Successful;
  leaving.progress = 100;
  leaving.end = town.now;
  CHECK(applied.activities == std::vector{leaving});

  town.at("i-001").health_status = HealthStatus::Unhealthy;
  town.at("i-001").health_reason = "A user set it Unhealthy.";
  town.at("i-001").unhealthy_by_request = true;
  town.now += seconds{1};
  applied = town.apply_one(EndStandby{id, "Enough."});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Pending);
  CHECK(applied.instance->joined == town.now);
  CHECK(applied.instance->health_status == HealthStatus::Healthy);
  CHECK(applied.instance->health_reason.empty());
  CHECK_FALSE(applied.instance->unhealthy_by_request);
  CHECK(applied.instance->launch_activity == ActivityId{"a-4"});
  REQUIRE(applied.activities.size() == 1);
  CHECK(applied.activities[0].description == "Moving EC2 instance out of Standby: i-001");
  CHECK(applied.activities[0].cause == "Enough.");
  CHECK(applied.activities[0].status == ActivityStatus::PreInService);
  CHECK(applied.activities[0].progress == 30);
}

TEST_CASE("apply: what is launched has the version's tags, over them those that are propagated") {
  Town town{1};
  town.version.instance_tags = {{"a", "version"}, {"b", "version"}, {"c", "version"}};
  town.group.tags = {{"b", "group"}, {"c", "group"}, {"d", "group"}};
  town.group.tags_not_propagated = {"c"};
  const Applied applied = town.apply_one(LaunchInstance{"b", std::nullopt, "Because."});
  CHECK(applied.instance->tags ==
        std::map<std::string, std::string>{
            {"a", "version"}, {"b", "group"}, {"c", "version"}, {"d", "group"}});
  CHECK_FALSE(applied.instance->kept_from_load_balancers);
}

TEST_CASE("apply: what comes while AddToLoadBalancer is suspended is kept from load balancers") {
  Town town{2};
  town.group.suspended = {{"AddToLoadBalancer", "by a test"}};
  CHECK(town.apply_one(LaunchInstance{"b", std::nullopt, "x"}).instance->kept_from_load_balancers);
  Instance outside;
  outside.id = InstanceId{"i-100"};
  outside.lifecycle_state = LifecycleState::InService;
  outside.in_service_since = kStart;
  outside.zone = "b";
  town.now = kStart + seconds{5};
  const Applied joined = town.apply_one(AttachInstance{outside, "Because."});
  CHECK(joined.instance->group == GroupName{"web"});
  CHECK(joined.instance->lifecycle_state == LifecycleState::Pending);
  CHECK(joined.instance->kept_from_load_balancers);
  CHECK(joined.instance->joined == town.now);
  CHECK_FALSE(joined.instance->in_service_since.has_value());
  REQUIRE(joined.activities.size() == 1);
  CHECK(joined.activities[0].description == "Attaching an existing EC2 instance: i-100");
  CHECK(joined.activities[0].cause == "Because.");
}

TEST_CASE("apply: one that is terminated on its way to Standby has its move cancelled") {
  Town town{2};
  town.add_serving(2);
  const InstanceId id{"i-001"};
  town.apply_one(BeginStandby{id, "Because."});
  const Applied applied = town.apply_one(ending(id));
  REQUIRE(applied.activities.size() == 2);
  CHECK(applied.activities[0].status == ActivityStatus::Cancelled);
  CHECK(applied.activities[0].status_message == "It is terminated instead.");
  CHECK(applied.activities[1].id == applied.instance->termination_activity);
  CHECK(town.apply_one(ending(InstanceId{"i-002"})).activities.size() == 1);
}

TEST_CASE("apply: a detached instance leaves nothing of the group's behind") {
  Town town{1};
  town.add_serving(1);
  town.at("i-001").protected_from_scale_in = true;
  town.at("i-001").replaces = InstanceId{"i-old"};
  const InstanceId id{"i-001"};
  Applied applied = town.apply_one(BeginDetach{id, "Because."});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Detaching);
  CHECK(applied.activities.at(0).description == "Detaching EC2 instance: i-001");
  CHECK(applied.activities.at(0).status == ActivityStatus::InProgress);
  CHECK_FALSE(town.apply_one(FinishStandby{id}).instance.has_value());  // it is not on that way
  applied = town.apply_one(FinishDetach{id});
  CHECK(applied.instance->lifecycle_state == LifecycleState::Detached);
  CHECK_FALSE(applied.instance->protected_from_scale_in);
  CHECK_FALSE(applied.instance->replaces.has_value());
  CHECK_FALSE(applied.instance->in_service_since.has_value());
  CHECK_FALSE(applied.instance->stage_since.has_value());
  CHECK(applied.instance->termination_activity.empty());
  CHECK(applied.activities.at(0).status == ActivityStatus::Successful);
}

TEST_CASE("apply: a lost or finished activity is not written again") {
  Town town{1};
  town.add_pending(1);
  town.activities[0].status = ActivityStatus::Failed;
  CHECK(town.apply_one(EnterService{InstanceId{"i-001"}}).activities.empty());
  town.activities.clear();
  CHECK(town.apply_one(ending(InstanceId{"i-001"})).activities.size() == 1);
}

TEST_CASE("apply: the cause of a change of desired is forgotten when desired is reached") {
  Town town{2};
  town.group.capacity_cause = "Because.";
  town.apply_one(LaunchInstance{"a", std::nullopt, "x"});
  CHECK(town.group.capacity_cause == "Because.");
  town.apply_one(MarkHealthy{InstanceId{"i-none"}});
  CHECK(town.group.capacity_cause == "Because.");
  town.apply_one(LaunchInstance{"a", std::nullopt, "x"});
  CHECK(town.group.capacity_cause.empty());

  town.apply_one(EnterService{InstanceId{"i-001"}});
  town.group.desired_capacity = 1;
  town.group.capacity_cause = "Because.";
  town.apply_one(ending(InstanceId{"i-001"}));
  CHECK(town.group.capacity_cause.empty());
}

}  // namespace
