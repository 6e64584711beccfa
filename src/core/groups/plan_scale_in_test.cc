#include <doctest/doctest.h>

#include "core/groups/plan.h"
#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;
using balancing::TargetHealthState;

namespace {

Strings order_of(const Town& town) {
  Strings ids;
  for (const InstanceId& id : scale_in_order(town.input())) {
    ids.push_back(id.value);
  }
  return ids;
}

TEST_CASE("scale in: the zone with most instances first, whatever the policy says") {
  for (const char* policy : {"Default", "OldestInstance", "NewestInstance"}) {
    CAPTURE(policy);
    Town town{0};
    town.group.termination_policies = {policy};
    town.add_serving(1, "a");
    town.add_serving(3, "b");
    town.add_serving(1, "c");
    CHECK(order_of(town) == Strings{"i-002", "i-003", "i-001", "i-004", "i-005"});
  }
}

TEST_CASE("scale in: launching instances count for their zone, replaced ones do not") {
  Town town{0};
  town.add_serving(2, "a");
  town.add_serving(1, "b");
  town.add_pending(2, "b");
  CHECK(order_of(town) == Strings{"i-003", "i-001", "i-002"});
  Town other{3};
  other.add_serving(2, "a");
  other.add_serving(1, "b");
  other.set_target("i-001", TargetHealthState::Unhealthy);
  other.group.zones = {"b"};
  other.step();  // i-004 in b replaces i-001
  CHECK(order_of(other) == Strings{"i-003", "i-002"});
}

TEST_CASE("scale in: a zone without an unprotected instance is passed over") {
  Town town{0};
  town.add_serving(3, "a");
  town.add_serving(1, "b");
  for (const char* id : {"i-001", "i-002", "i-003"}) {
    town.at(id).protected_from_scale_in = true;
  }
  CHECK(order_of(town) == Strings{"i-004"});
}

TEST_CASE("scale in: outdated template first, then oldest version, next hour, id") {
  struct Case {
    const char* name;
    std::string first_version, second_version;
    Duration first_age, second_age;
    bool second_goes_first;
  };
  for (const Case& c : std::to_array<Case>({
           {"equal: by id", "2", "2", minutes{10}, minutes{10}, false},
           {"older version", "2", "1", minutes{50}, minutes{10}, true},
           {"both outdated: the oldest", "3", "1", minutes{50}, minutes{10}, true},
           {"newer than the group's is outdated too", "2", "3", minutes{50}, minutes{10}, true},
           {"$Default is the present one", "$Default", "1", minutes{50}, minutes{10}, true},
           {"not a number is the last of the outdated", "x", "3", minutes{10}, minutes{10}, true},
           {"closest to the next hour", "2", "2", minutes{10}, minutes{50}, true},
           {"closest to the next hour, of a later hour",
            "2",
            "2",
            minutes{110},
            minutes{10},
            false},
           {"a full hour is the begin of the next", "2", "2", minutes{60}, minutes{59}, true},
           {"just begun", "2", "2", minutes{60}, minutes{61}, true},
       })) {
    CAPTURE(c.name);
    Town town{0};
    town.add_serving(2, "a");
    town.now = kStart + hours{10};
    town.at("i-001").launch_template.version = c.first_version;
    town.at("i-002").launch_template.version = c.second_version;
    town.at("i-001").launched = town.now - c.first_age;
    town.at("i-002").launched = town.now - c.second_age;
    const Strings expected =
        c.second_goes_first ? Strings{"i-002", "i-001"} : Strings{"i-001", "i-002"};
    CHECK(order_of(town) == expected);
  }
}

TEST_CASE("scale in: an instance of another launch template is outdated") {
  Town town{0};
  town.group.launch_template.id = LaunchTemplateId{"lt-2"};
  town.add_serving(2, "a");
  town.at("i-001").launch_template.version = "1";
  town.at("i-002").launch_template.id = LaunchTemplateId{"lt-1"};
  town.at("i-002").launch_template.version = "1";
  town.versions = {{"$Default", 1}};
  CHECK(order_of(town) == Strings{"i-002", "i-001"});
}

TEST_CASE("scale in: named policies order within a zone, ties by the next one, then by default") {
  struct Case {
    std::vector<std::string> policies;
    Strings order;
  };
  // i-001 oldest and of version 2, i-002 of version 1, i-003 newest; i-004 as old as i-003.
  for (const Case& c : std::to_array<Case>({
           {{"Default"}, {"i-002", "i-001", "i-003", "i-004"}},
           {{}, {"i-002", "i-001", "i-003", "i-004"}},
           {{"OldestInstance"}, {"i-001", "i-002", "i-003", "i-004"}},
           {{"NewestInstance"}, {"i-003", "i-004", "i-002", "i-001"}},
           {{"OldestLaunchTemplate"}, {"i-002", "i-001", "i-003", "i-004"}},
           {{"OldestLaunchTemplate", "NewestInstance"}, {"i-002", "i-003", "i-004", "i-001"}},
           {{"ClosestToNextInstanceHour", "Default"}, {"i-001", "i-002", "i-003", "i-004"}},
           {{"OldestLaunchConfiguration", "NewestInstance"}, {"i-003", "i-004", "i-002", "i-001"}},
       })) {
    CAPTURE(c.policies.empty() ? "none" : c.policies.front());
    Town town{0};
    town.group.termination_policies = c.policies;
    town.add_serving(4, "a");
    town.now = kStart + minutes{30};
    town.at("i-002").launch_template.version = "1";
    town.at("i-002").launched = kStart + minutes{5};
    town.at("i-003").launched = kStart + minutes{10};
    town.at("i-004").launched = kStart + minutes{10};
    CHECK(order_of(town) == c.order);
  }
}

TEST_CASE("scale in: takes the surplus, with AWS's sentences") {
  Town town{1};
  town.add_serving(3, "a");
  town.group.capacity_cause = "At noon it happened.";
  const Plan plan = town.step();
  const auto leaving = actions_of<BeginTermination>(plan);
  REQUIRE(leaving.size() == 2);
  CHECK(leaving[0] ==
        BeginTermination{InstanceId{"i-001"},
                         TerminationReason::ScaleIn,
                         TerminationStage::Draining,
                         "At noon it happened. " + cause_instance_removed(kStart, 3, 1) + " " +
                             cause_selected_for_termination(kStart, InstanceId{"i-001"})});
  CHECK(leaving[1].id.value == "i-002");
  CHECK(plan.blockers.empty());
}

TEST_CASE("scale in: protected instances stay, and the plan says it in AWS's words") {
  Town town{1};
  town.add_serving(3, "a");
  town.at("i-001").protected_from_scale_in = true;
  town.at("i-003").protected_from_scale_in = true;
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-002"});
  REQUIRE(plan.blockers.size() == 1);
  CHECK(plan.blockers[0] ==
        Blocker{"scale in",
                "Could not scale to desired capacity because all remaining instances are protected "
                "from scale-in.",
                "the protection of an instance is removed"});
  CHECK(town.planned().actions.empty());
}

TEST_CASE("scale in: protection counts from InService on") {
  Town town{1};
  town.group.new_instances_protected_from_scale_in = true;
  town.add_pending(2, "a");
  town.set_target("i-001", TargetHealthState::Healthy);
  town.set_target("i-002", TargetHealthState::Healthy);
  const Plan plan = town.step();
  CHECK(actions_of<EnterService>(plan).size() == 2);
  CHECK(actions_of<BeginTermination>(plan).empty());
  CHECK(town.at("i-001").protected_from_scale_in);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("scale in: launching ones go before serving ones, newest first, killed at once") {
  Town town{2};
  town.add_serving(2, "a");
  town.add_pending(1, "b");
  town.now += seconds{1};
  town.add_pending(2, "c");
  town.group.desired_capacity = 3;
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-004", "i-005"});
  CHECK(actions_of<BeginTermination>(plan)[0].first_stage == TerminationStage::Killing);
  town.group.desired_capacity = 1;
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-003", "i-001"});
}

TEST_CASE("scale in: of launching ones alone the newest go") {
  Town town{1};
  town.add_pending(1, "a");
  town.now += seconds{1};
  town.add_pending(1, "a");
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-002"});
}

TEST_CASE("scale in: a launching one stays where only dead ones are in service and stay") {
  Town town{1};
  town.group.suspended = {{"ReplaceUnhealthy", "by a test"}};
  town.add_serving(1, "a");
  town.set_dead("i-001");
  town.add_pending(1, "a");
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan).empty());
  CHECK(town.at("i-002").lifecycle_state == LifecycleState::Pending);
  town.set_target("i-002", TargetHealthState::Healthy);
  town.apply_one(EnterService{InstanceId{"i-002"}});
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-001"});
}

TEST_CASE("scale in: unhealthy ones go first as long as a healthy one stays") {
  Town town{2};
  town.group.desired_capacity = 4;
  town.add_serving(4, "a");
  town.set_target("i-003", TargetHealthState::Unhealthy);
  town.set_target("i-004", TargetHealthState::Unhealthy);
  town.apply_one(MarkUnhealthy{InstanceId{"i-003"}, "x"});
  town.apply_one(MarkUnhealthy{InstanceId{"i-004"}, "x"});
  town.room = 0;
  town.group.desired_capacity = 3;
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-003"});
  town.at("i-004").protected_from_scale_in = true;  // which health ignores
  town.group.desired_capacity = 2;
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-004"});
}

TEST_CASE("scale in: an unhealthy one goes together with its launching replacement") {
  Town town{3};
  town.add_serving(3, "a");
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.step();  // i-004 replaces i-001
  town.group.desired_capacity = 2;
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-004", "i-001"});
  CHECK(actions_of<BeginTermination>(plan)[0].first_stage == TerminationStage::Killing);
  CHECK(actions_of<BeginTermination>(plan)[1].first_stage == TerminationStage::Draining);
  CHECK(counted_capacity(town.instances) == 2);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("scale in: the last that answers stays until another one serves") {
  Town town{2};
  town.add_serving(1, "a");
  town.add_pending(2, "a");
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.apply_one(MarkUnhealthy{InstanceId{"i-001"}, "x"});
  town.room = 0;
  town.group.desired_capacity = 1;
  Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-002"});  // one launching one is awaited
  REQUIRE(plan.blockers.size() >= 1);
  CHECK(plan.blockers.front() ==
        Blocker{"scale in",
                "The last instance that answers stays until another one serves.",
                "a launching instance serves"});
  CHECK(town.planned().actions.empty());
  town.set_target("i-003", TargetHealthState::Healthy);
  plan = town.step();
  CHECK(ids_of<EnterService>(plan) == Strings{"i-003"});
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-001"});
  CHECK(town.planned().actions.empty());
}

TEST_CASE("scale in: of unhealthy ones alone one that answers stays") {
  Town town{3};
  town.add_serving(3, "a");
  for (const char* id : {"i-001", "i-002", "i-003"}) {
    town.set_target(id, TargetHealthState::Unhealthy);
  }
  town.step();  // suspended
  town.group.desired_capacity = 1;
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-001", "i-002"});
  REQUIRE(town.at("i-004").replaces == InstanceId{"i-003"});  // one of one is no mass failure
  town.group.desired_capacity = 0;
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-004", "i-003"});
}

TEST_CASE("scale in: of unhealthy ones alone one that answers stays, also while one launches") {
  Town town{3};
  town.add_serving(2, "a");
  town.add_pending(1, "a");
  for (const char* id : {"i-001", "i-002"}) {
    town.set_target(id, TargetHealthState::Unhealthy);
    town.apply_one(MarkUnhealthy{InstanceId{id}, "x"});
  }
  town.room = 0;
  town.group.desired_capacity = 1;
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-001"});
  REQUIRE_FALSE(plan.blockers.empty());
  CHECK(plan.blockers.front().why ==
        "The last instance that answers stays until another one serves.");
  CHECK(town.planned().actions.empty());
}

TEST_CASE("scale in: the replacement of one that died does not let the last that answers go") {
  Town town{3};
  town.add_serving(3, "a");
  town.set_target("i-002", TargetHealthState::Unhealthy);
  town.step();  // i-004 replaces i-002
  REQUIRE(town.at("i-004").replaces == InstanceId{"i-002"});
  town.set_dead("i-002");
  town.step();
  town.facts.erase(InstanceId{"i-002"});
  town.now += seconds{10};
  town.step();
  REQUIRE(town.instances.size() == 3);
  town.apply_one(MarkUnhealthy{InstanceId{"i-003"}, "x"});
  town.set_target("i-003", TargetHealthState::Unhealthy);
  town.room = 0;
  town.group.desired_capacity = 1;
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-003"});
  REQUIRE_FALSE(plan.blockers.empty());
  CHECK(plan.blockers.front().until == "a launching instance serves");
}

TEST_CASE("scale in: two that are being replaced shrink to one that answers and its replacement") {
  Town town{20};
  town.add_serving(20, "a");
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.set_target("i-002", TargetHealthState::Unhealthy);
  town.step();
  REQUIRE(town.instances.size() == 22);
  std::erase_if(town.instances,
                [](const Instance& i) { return i.id.value > "i-002" && i.id.value < "i-021"; });
  town.group.desired_capacity = 1;
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-021", "i-001"});
  CHECK(town.planned().actions.empty());
  town.group.desired_capacity = 0;
  CHECK(ids_of<BeginTermination>(town.step()) == Strings{"i-022", "i-002"});
}

TEST_CASE("scale in: a group that is deleted ends everything") {
  Town town{0};
  town.group.deleting = true;
  town.add_serving(2, "a");
  town.add_pending(1, "a");
  const Plan plan = town.step();
  const auto leaving = actions_of<BeginTermination>(plan);
  REQUIRE(leaving.size() == 3);
  for (const BeginTermination& action : leaving) {
    CHECK(action.reason == TerminationReason::GroupDeleted);
  }
  CHECK(town.planned().actions.empty());
}

TEST_CASE("un-drain: load that comes back takes draining instances back instead of launching") {
  Town town{3};
  town.add_serving(3, "a");
  town.group.desired_capacity = 1;
  town.step();
  town.now += seconds{1};
  town.group.desired_capacity = 2;
  town.group.capacity_cause = "At noon it happened.";
  const Plan plan = town.step();
  REQUIRE(actions_of<Undrain>(plan).size() == 1);
  CHECK(actions_of<Undrain>(plan)[0] ==
        Undrain{InstanceId{"i-001"},
                "At noon it happened. At " + format_iso8601(town.now) +
                    " instance i-001 was returned to service while it was draining."});
  CHECK(plan.actions.size() == 1);
  CHECK(town.at("i-001").lifecycle_state == LifecycleState::InService);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("un-drain: the one that drains for the shortest time comes back first") {
  Town town{3};
  town.add_serving(3, "a");
  town.group.desired_capacity = 2;
  town.step();
  town.now += seconds{1};
  town.group.desired_capacity = 1;
  town.step();
  town.group.desired_capacity = 2;
  CHECK(ids_of<Undrain>(town.step()) == Strings{"i-002"});
  town.group.desired_capacity = 4;
  const Plan plan = town.step();
  CHECK(ids_of<Undrain>(plan) == Strings{"i-001"});
  CHECK(actions_of<LaunchInstance>(plan).size() == 1);
}

TEST_CASE("un-drain: only before SIGTERM, once, for scale-in, and of one that is well") {
  struct Case {
    const char* name;
    void (*change)(Town&);
    bool comes_back;
  };
  for (const Case& c : std::to_array<Case>({
           {"as it is", [](Town&) {}, true},
           {"SIGTERM was sent first",
            [](Town& t) { t.group.drain_signal = DrainSignal::Start; },
            false},
           {"stopping", [](Town& t) { t.at("i-001").stage = TerminationStage::Stopping; }, false},
           {"used up", [](Town& t) { t.at("i-001").undrained = true; }, false},
           {"a user's request",
            [](Town& t) { t.at("i-001").termination_reason = TerminationReason::UserRequest; },
            false},
           {"unhealthy",
            [](Town& t) { t.at("i-001").health_status = HealthStatus::Unhealthy; },
            false},
           {"crashed", [](Town& t) { t.seen("i-001").process_alive = false; }, false},
           {"stopping on its own",
            [](Town& t) { t.seen("i-001").phase = InstancePhase::Stopping; },
            false},
           {"dead", [](Town& t) { t.seen("i-001").status_check_failed = true; }, false},
           {"not seen", [](Town& t) { t.facts_of("i-001").observation.reset(); }, false},
           {"its target unhealthy",
            [](Town& t) { t.target("i-001").health.state = TargetHealthState::Unhealthy; },
            false},
           {"its target draining",
            [](Town& t) { t.target("i-001").health.state = TargetHealthState::Draining; },
            true},
           {"its delay just over", [](Town& t) { t.now += seconds{20}; }, true},
       })) {
    CAPTURE(c.name);
    Town town{2};
    town.add_serving(2, "a");
    town.group.desired_capacity = 1;
    town.step();
    town.group.desired_capacity = 2;
    c.change(town);
    const Plan plan = town.step();
    CHECK(actions_of<Undrain>(plan).size() == (c.comes_back ? 1 : 0));
    CHECK(actions_of<LaunchInstance>(plan).size() == (c.comes_back ? 0 : 1));
    CHECK(town.planned().actions.empty());
  }
}

}  // namespace
