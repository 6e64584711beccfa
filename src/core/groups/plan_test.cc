#include "core/groups/plan.h"

#include <doctest/doctest.h>

#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;
using balancing::TargetHealthState;
using balancing::TargetIntent;

namespace {

TEST_CASE("plan: closes the gap between desired and counted in one call") {
  struct Case {
    const char* name;
    std::int32_t desired, serving, pending;
    std::size_t launches, terminations;
  };
  for (const Case& c : std::to_array<Case>({
           {"nothing to do", 2, 2, 0, 0, 0},
           {"pending ones count", 3, 1, 2, 0, 0},
           {"one is missing", 3, 2, 0, 1, 0},
           {"all are missing", 3, 0, 0, 3, 0},
           {"one too many", 2, 3, 0, 0, 1},
           {"two too many, one of them launching", 1, 2, 1, 0, 2},
           {"none wanted", 0, 2, 1, 0, 3},
       })) {
    CAPTURE(c.name);
    Town town{c.desired};
    town.add_serving(c.serving);
    town.add_pending(c.pending);
    const Plan plan = town.step();
    CHECK(actions_of<LaunchInstance>(plan).size() == c.launches);
    CHECK(actions_of<BeginTermination>(plan).size() == c.terminations);
    CHECK(plan.actions.size() == c.launches + c.terminations);
    CHECK(plan.blockers.empty());
    CHECK(counted_capacity(town.instances) == c.desired);
    CHECK(town.planned().actions.empty());
  }
}

TEST_CASE("plan: launches go to the zone with the fewest counted instances, ties by name") {
  Town town{7};
  town.add_serving(2, "a");
  town.add_pending(1, "c");
  CHECK(zones_of(town.step()) == Strings{"b", "b", "c", "a"});
}

TEST_CASE("plan: an instance that is being replaced or terminates does not fill its zone") {
  Town town{3};
  town.group.zones = {"a", "b"};
  town.add_serving(1, "a");
  town.add_serving(2, "b");
  town.set_target("i-001", TargetHealthState::Unhealthy);
  CHECK(zones_of(town.step()) == Strings{"a"});
  town.group.desired_capacity = 4;
  CHECK(zones_of(town.step()) == Strings{"a"});
}

TEST_CASE("plan: the cause of a launch is the change of desired and the difference") {
  Town town{3};
  town.add_serving(1);
  town.group.capacity_cause = "At noon it happened.";
  const Plan plan = town.planned();
  REQUIRE(actions_of<LaunchInstance>(plan).size() == 2);
  CHECK(actions_of<LaunchInstance>(plan)[1].cause ==
        "At noon it happened. " + cause_instance_started(kStart, 1, 3));
  town.group.capacity_cause.clear();
  CHECK(actions_of<LaunchInstance>(town.planned())[0].cause ==
        cause_instance_started(kStart, 1, 3));
}

TEST_CASE("plan: InService only when every target group reports healthy through a balancer") {
  struct Case {
    const char* name;
    void (*change)(Town&);
    bool serves;
  };
  for (const Case& c : std::to_array<Case>({
           {"both healthy", [](Town&) {}, true},
           {"one initial",
            [](Town& t) { t.target("i-001").health.state = TargetHealthState::Initial; },
            false},
           {"one unused",
            [](Town& t) { t.target("i-001").health.state = TargetHealthState::Unused; },
            false},
           {"one unavailable",
            [](Town& t) { t.target("i-001").health.state = TargetHealthState::Unavailable; },
            false},
           {"no report of one", [](Town& t) { t.facts_of("i-001").targets.pop_back(); }, false},
           {"a stale report",
            [](Town& t) { t.facts_of("i-001").data_plane_connected = false; },
            false},
           {"not seen by the driver",
            [](Town& t) { t.facts_of("i-001").observation.reset(); },
            false},
           {"still launching",
            [](Town& t) { t.seen("i-001").phase = InstancePhase::Launching; },
            false},
           {"no facts at all", [](Town& t) { t.facts.clear(); }, false},
       })) {
    CAPTURE(c.name);
    Town town{1};
    town.group.target_groups = {kTargets, kOtherTargets};
    town.add_pending(1);
    town.set_target("i-001", TargetHealthState::Healthy);
    c.change(town);
    const Plan plan = town.step();
    CHECK((ids_of<EnterService>(plan) == Strings{"i-001"}) == c.serves);
    CHECK(plan.actions.size() == (c.serves ? 1 : 0));
    CHECK(town.planned().actions.empty());
  }
}

TEST_CASE("plan: without target groups an instance is in service when it runs") {
  struct Case {
    const char* name;
    InstancePhase phase;
    bool alive;
    std::optional<std::int32_t> exit_status;
    bool serves, fails;
  };
  for (const Case& c : std::to_array<Case>({
           {"runs", InstancePhase::Running, true, std::nullopt, true, false},
           {"user data done, it left processes", InstancePhase::Running, true, 0, true, false},
           {"user data done, nothing left", InstancePhase::Running, false, 0, true, false},
           {"not alive yet", InstancePhase::Running, false, std::nullopt, false, false},
           {"user data failed", InstancePhase::Running, false, 1, false, true},
           {"launching", InstancePhase::Launching, true, std::nullopt, false, false},
           {"could not be started", InstancePhase::Failed, false, std::nullopt, false, true},
       })) {
    CAPTURE(c.name);
    Town town{1};
    town.group.target_groups.clear();
    town.add_pending(1);
    town.facts_of("i-001").data_plane_connected = false;
    town.seen("i-001").phase = c.phase;
    town.seen("i-001").process_alive = c.alive;
    town.seen("i-001").user_data_exit_status = c.exit_status;
    const Plan plan = town.planned();
    CHECK(actions_of<EnterService>(plan).size() == (c.serves ? 1 : 0));
    CHECK(actions_of<FailLaunch>(plan).size() == (c.fails ? 1 : 0));
  }
}

TEST_CASE("plan: a launch fails at LaunchTimeout, not before") {
  Town town{1};
  town.add_pending(1);
  town.now = kStart + seconds{60} - Duration{1};
  Plan plan = town.planned();
  CHECK(plan.actions.empty());
  CHECK(plan.next_due == kStart + seconds{60});
  town.now = kStart + seconds{60};
  plan = town.step();
  CHECK(ids_of<FailLaunch>(plan) == Strings{"i-001"});
  CHECK(town.at("i-001").stage == TerminationStage::Killing);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("plan: an answer at the last moment is in time, and so is one after it") {
  Town town{1};
  town.add_pending(1);
  town.set_target("i-001", TargetHealthState::Healthy);
  town.now = kStart + seconds{90};
  CHECK(ids_of<EnterService>(town.planned()) == Strings{"i-001"});
}

TEST_CASE("plan: while no balancer is connected LaunchTimeout fails nothing, and says so") {
  Town town{1};
  town.add_pending(1);
  town.facts_of("i-001").data_plane_connected = false;
  town.now = kStart + seconds{61};
  const Plan plan = town.planned();
  CHECK(plan.actions.empty());
  REQUIRE(plan.blockers.size() == 1);
  CHECK(plan.blockers[0].what == "enter service i-001");
  CHECK(plan.blockers[0].until == "the balancer is connected");
  town.facts_of("i-001").observation.reset();
  CHECK(ids_of<FailLaunch>(town.planned()) == Strings{"i-001"});
}

TEST_CASE("plan: a launch gets time to be probed after the balancer came back") {
  Town town{1};
  town.add_pending(1);
  town.connected_since = kStart + seconds{55};
  town.now = kStart + seconds{65} - Duration{1};
  CHECK(town.planned().actions.empty());
  CHECK(town.planned().next_due == kStart + seconds{65});
  town.now += Duration{1};
  CHECK(ids_of<FailLaunch>(town.planned()) == Strings{"i-001"});
  town.connected_since = kStart + seconds{5};
  town.now = kStart + seconds{60};
  CHECK(ids_of<FailLaunch>(town.planned()) == Strings{"i-001"});
  town.group.target_groups.clear();
  town.connected_since = kStart + seconds{59};
  town.seen("i-001").phase = InstancePhase::Launching;
  CHECK(ids_of<FailLaunch>(town.planned()) == Strings{"i-001"});
}

TEST_CASE("plan: user data that fails before the first health fails the launch at once") {
  struct Case {
    const char* name;
    std::optional<std::int32_t> exit_status;
    bool alive;
    std::int32_t restarts;
    bool ever_healthy, fails;
  };
  for (const Case& c : std::to_array<Case>({
           {"still in the foreground", std::nullopt, true, 0, false, false},
           {"ended, processes left", 0, true, 0, false, false},
           {"ended, nothing left", 0, false, 0, false, true},
           {"failed", 1, false, 0, false, true},
           {"failed, but left something", 1, true, 0, false, true},
           {"runs again after a failure", std::nullopt, true, 1, false, true},
           {"failed after it was healthy once", 1, false, 0, true, false},
           {"restarted after it was healthy once", std::nullopt, true, 1, true, false},
           {"not started yet", std::nullopt, false, 0, false, false},
       })) {
    CAPTURE(c.name);
    Town town{1};
    town.add_pending(1);
    town.seen("i-001").user_data_exit_status = c.exit_status;
    town.seen("i-001").process_alive = c.alive;
    town.seen("i-001").restarts = c.restarts;
    town.target("i-001").ever_healthy = c.ever_healthy;
    CHECK(actions_of<FailLaunch>(town.planned()).size() == (c.fails ? 1 : 0));
  }
}

TEST_CASE("plan: a Pending instance that no snapshot shows is waited for until LaunchTimeout") {
  Town town{1};
  town.add_pending(1);
  town.facts.clear();
  town.now = kStart + seconds{59};
  CHECK(town.planned().actions.empty());
  town.now = kStart + seconds{60};
  const Plan plan = town.step();
  CHECK(ids_of<FailLaunch>(plan) == Strings{"i-001"});
  CHECK(ids_of<FinishTermination>(plan) == Strings{"i-001"});
  CHECK(town.instances.empty());
  CHECK(town.planned().actions.empty());
}

TEST_CASE("plan: an instance that served and is unseen for the grace is Lost, not earlier") {
  Town town{1};
  town.add_serving(1);
  town.facts.clear();
  town.now = kStart + kUnseenGrace - Duration{1};
  CHECK(town.planned().actions.empty());
  town.now = kStart + kUnseenGrace;
  const Plan plan = town.step();
  CHECK(ids_of<MarkUnhealthy>(plan) == Strings{"i-001"});
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-001"});
  CHECK(actions_of<LaunchInstance>(plan).size() == 1);
  CHECK(ids_of<FinishTermination>(plan) == Strings{"i-001"});
  CHECK(town.planned().actions.empty());
}

}  // namespace
