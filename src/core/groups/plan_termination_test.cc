#include <doctest/doctest.h>

#include "core/groups/plan.h"
#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;
using balancing::TargetHealthState;
using balancing::TargetIntent;

namespace {

/// One instance in service that drains since kStart with a request in flight; the balancer drains
/// it longer than any delay.
Town draining() {
  Town town{1};
  town.add_serving(1);
  town.target("i-001").in_flight = 1;
  town.target("i-001").draining_for = std::chrono::hours{1};
  town.group.desired_capacity = 0;
  town.step();
  return town;
}

TerminationStage stage_after(Town& town) {
  town.step();
  return town.at("i-001").stage;
}

TEST_CASE("termination: draining ends when nothing is in flight and every worker knows") {
  struct Case {
    const char* name;
    void (*change)(Town&);
    TerminationStage stage;
  };
  for (const Case& c : std::to_array<Case>({
           {"idle and known", [](Town&) {}, TerminationStage::Stopping},
           {"not known to all workers",
            [](Town& t) { t.target("i-001").applied_intent = TargetIntent::Serving; },
            TerminationStage::Draining},
           {"closing is known too",
            [](Town& t) { t.target("i-001").applied_intent = TargetIntent::Closing; },
            TerminationStage::Stopping},
           {"a request in flight",
            [](Town& t) { t.target("i-001").in_flight = 1; },
            TerminationStage::Draining},
           {"a WebSocket open",
            [](Town& t) { t.target("i-001").websockets = 1; },
            TerminationStage::Draining},
           {"stale",
            [](Town& t) { t.facts_of("i-001").data_plane_connected = false; },
            TerminationStage::Draining},
           {"no report",
            [](Town& t) { t.facts_of("i-001").targets.clear(); },
            TerminationStage::Draining},
       })) {
    CAPTURE(c.name);
    Town town = draining();
    town.now += seconds{1};
    town.target("i-001").in_flight = 0;
    town.target("i-001").applied_intent = TargetIntent::Draining;
    c.change(town);
    CHECK(stage_after(town) == c.stage);
    CHECK(town.planned().actions.empty());
  }
}

TEST_CASE("termination: draining ends at the longest deregistration delay of its target groups") {
  Town town{1};
  town.group.target_groups = {kTargets, kOtherTargets};
  town.add_serving(1);
  town.target("i-001").in_flight = 1;
  town.target("i-001").draining_for = std::chrono::hours{1};
  town.delays = {{kTargets, seconds{20}},
                 {kOtherTargets, seconds{40}},
                 {balancing::TargetGroupArn{"arn:tg/not-ours"}, seconds{90}}};
  town.group.desired_capacity = 0;
  Plan plan = town.step();
  CHECK(plan.next_due == kStart + seconds{5});  // when a vanished one would be gone
  town.now = kStart + seconds{40} - Duration{1};
  CHECK(stage_after(town) == TerminationStage::Draining);
  CHECK(town.planned().next_due == kStart + seconds{40});
  town.now += Duration{1};
  CHECK(stage_after(town) == TerminationStage::Stopping);
}

TEST_CASE(
    "termination: what is open at a target has the whole delay, from when the balancer was told") {
  struct Case {
    const char* name;
    void (*change)(Town&);
    TerminationStage stage;
  };
  for (const Case& c : std::to_array<Case>({
           {"told in time", [](Town&) {}, TerminationStage::Stopping},
           {"told late",
            [](Town& t) { t.target("i-001").draining_for = seconds{20} - Duration{1}; },
            TerminationStage::Draining},
           {"told late, a WebSocket open",
            [](Town& t) {
              t.target("i-001").draining_for = seconds{20} - Duration{1};
              t.target("i-001").in_flight = 0;
              t.target("i-001").websockets = 1;
            },
            TerminationStage::Draining},
           {"told not at all",
            [](Town& t) { t.target("i-001").draining_for = Duration{}; },
            TerminationStage::Draining},
           {"told late, nothing is open",
            [](Town& t) {
              t.target("i-001").draining_for = Duration{};
              t.target("i-001").in_flight = 0;
            },
            TerminationStage::Stopping},
           {"the balancer is away",
            [](Town& t) {
              t.target("i-001").draining_for = Duration{};
              t.facts_of("i-001").data_plane_connected = false;
            },
            TerminationStage::Stopping},
           {"one of two target groups was told late",
            [](Town& t) {
              TargetFacts other = t.target("i-001");
              other.target_group = kOtherTargets;
              other.draining_for = seconds{7} - Duration{1};
              t.delays[kOtherTargets] = seconds{7};
              t.facts_of("i-001").targets.push_back(other);
            },
            TerminationStage::Draining},
           {"each has its own delay",
            [](Town& t) {
              TargetFacts other = t.target("i-001");
              other.target_group = kOtherTargets;
              other.draining_for = seconds{7};
              t.delays[kOtherTargets] = seconds{7};
              t.facts_of("i-001").targets.push_back(other);
            },
            TerminationStage::Stopping},
       })) {
    CAPTURE(c.name);
    Town town = draining();
    town.now = kStart + seconds{20};
    town.target("i-001").draining_for = seconds{20};
    c.change(town);
    CHECK(stage_after(town) == c.stage);
  }
}

TEST_CASE("termination: AWS's 300 s stand where no delay is known") {
  Town town = draining();
  town.delays.clear();
  town.now = kStart + seconds{300} - Duration{1};
  CHECK(stage_after(town) == TerminationStage::Draining);
  town.now += Duration{1};
  CHECK(stage_after(town) == TerminationStage::Stopping);
}

TEST_CASE("termination: Stopping, Closing and Killing follow at their deadlines") {
  Town town = draining();
  town.step_at(seconds{20});
  REQUIRE(town.at("i-001").stage == TerminationStage::Stopping);
  CHECK(town.at("i-001").stage_since == kStart + seconds{20});
  town.now = kStart + seconds{50} - Duration{1};
  CHECK(stage_after(town) == TerminationStage::Stopping);
  CHECK(town.planned().next_due == kStart + seconds{50});
  town.now += Duration{1};
  CHECK(stage_after(town) == TerminationStage::Closing);
  town.now = kStart + seconds{55} - Duration{1};
  CHECK(stage_after(town) == TerminationStage::Closing);
  CHECK(town.planned().next_due == kStart + seconds{55});
  town.now += Duration{1};
  CHECK(stage_after(town) == TerminationStage::Killing);
  CHECK_FALSE(town.planned().next_due.has_value());
  CHECK(town.planned().actions.empty());
  town.facts.clear();
  CHECK(ids_of<FinishTermination>(town.step()) == Strings{"i-001"});
  CHECK(town.instances.empty());
}

TEST_CASE("termination: with nothing open, what is left is killed without Closing") {
  Town town = draining();
  town.step_at(seconds{20});
  town.target("i-001").in_flight = 0;
  town.now = kStart + seconds{50};
  CHECK(stage_after(town) == TerminationStage::Killing);
}

TEST_CASE("termination: Closing ends as soon as nothing is open") {
  Town town = draining();
  town.step_at(seconds{20});
  town.step_at(seconds{50});
  REQUIRE(town.at("i-001").stage == TerminationStage::Closing);
  town.now += seconds{1};
  town.target("i-001").in_flight = 0;
  town.target("i-001").websockets = 1;
  CHECK(stage_after(town) == TerminationStage::Closing);
  town.target("i-001").websockets = 0;
  CHECK(stage_after(town) == TerminationStage::Killing);
}

TEST_CASE("termination: one that ended by itself is killed from any stage") {
  for (const Duration at : {seconds{1}, seconds{21}, seconds{51}}) {
    Town town = draining();
    town.step_at(seconds{20} * (at > seconds{20} ? 1 : 0));
    if (at > seconds{50}) {
      town.step_at(seconds{50});
    }
    town.now = kStart + at;
    town.set_dead("i-001");
    CHECK(stage_after(town) == TerminationStage::Killing);
    CHECK(town.planned().actions.empty());
  }
}

TEST_CASE("termination: one that vanished is gone, after the unseen grace of its launch") {
  Town town = draining();
  town.facts.clear();
  town.now = kStart + kUnseenGrace - Duration{1};
  Plan plan = town.step();
  CHECK(plan.actions.empty());
  CHECK(plan.next_due == kStart + kUnseenGrace);
  town.now += Duration{1};
  plan = town.step();
  CHECK(ids_of<FinishTermination>(plan) == Strings{"i-001"});
  CHECK(plan.actions.size() == 1);
}

TEST_CASE("termination: one that was seen before and vanished is gone at once") {
  Town town = draining();
  town.at("i-001").address = "10.64.0.9";
  town.now = kStart + seconds{1};
  CHECK(town.planned().actions.empty());
  town.facts.clear();
  CHECK(ids_of<FinishTermination>(town.step()) == Strings{"i-001"});
}

TEST_CASE("termination: one that the driver still shows is not gone") {
  Town town = draining();
  town.set_dead("i-001");
  town.step_at(seconds{100});
  CHECK(town.at("i-001").stage == TerminationStage::Killing);
  CHECK(town.step_at(seconds{200}).actions.empty());
}

TEST_CASE("termination: without target groups SIGTERM comes at once, and no Closing") {
  Town town{1};
  town.group.target_groups.clear();
  town.add_serving(1);
  town.facts_of("i-001").data_plane_connected = false;
  town.group.desired_capacity = 0;
  const Plan plan = town.step();
  CHECK(actions_of<BeginTermination>(plan)[0].first_stage == TerminationStage::Stopping);
  CHECK(town.planned().actions.empty());
  town.now = kStart + seconds{30} - Duration{1};
  CHECK(town.planned().actions.empty());
  town.now += Duration{1};
  CHECK(stage_after(town) == TerminationStage::Killing);
}

TEST_CASE("termination: stages of no length are passed at once") {
  Town town{1};
  town.group.stop_timeout = Duration{};
  town.delays = {{kTargets, Duration{}}};
  town.add_serving(1);
  town.group.desired_capacity = 0;
  CHECK(actions_of<BeginTermination>(town.step())[0].first_stage == TerminationStage::Killing);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("SIGTERM: from Stopping on, with Drain Signal start from Draining on") {
  struct Case {
    TerminationStage stage;
    bool at_end, at_start;
  };
  for (const Case& c : std::to_array<Case>({{TerminationStage::None, false, false},
                                            {TerminationStage::Draining, false, true},
                                            {TerminationStage::Stopping, true, true},
                                            {TerminationStage::Closing, true, true},
                                            {TerminationStage::Killing, true, true}})) {
    Town town{1};
    Instance instance;
    instance.stage = c.stage;
    CHECK(wants_sigterm(town.group, instance) == c.at_end);
    town.group.drain_signal = DrainSignal::Start;
    CHECK(wants_sigterm(town.group, instance) == c.at_start);
  }
}

TEST_CASE("target intent: follows the stage, and Dead is said of whatever is known dead") {
  struct Case {
    const char* name;
    LifecycleState state;
    TerminationStage stage;
    InstancePhase phase;
    bool alive;
    TargetIntent intent;
  };
  using enum InstancePhase;
  for (const Case& c : std::to_array<Case>({
           {"launching",
            LifecycleState::Pending,
            TerminationStage::None,
            Launching,
            false,
            TargetIntent::Serving},
           {"pending",
            LifecycleState::Pending,
            TerminationStage::None,
            Running,
            true,
            TargetIntent::Serving},
           {"in service",
            LifecycleState::InService,
            TerminationStage::None,
            Running,
            true,
            TargetIntent::Serving},
           {"crashed",
            LifecycleState::InService,
            TerminationStage::None,
            Running,
            false,
            TargetIntent::Dead},
           {"exited",
            LifecycleState::InService,
            TerminationStage::None,
            Exited,
            false,
            TargetIntent::Dead},
           {"lost",
            LifecycleState::InService,
            TerminationStage::None,
            Lost,
            true,
            TargetIntent::Dead},
           {"draining",
            LifecycleState::Terminating,
            TerminationStage::Draining,
            Running,
            true,
            TargetIntent::Draining},
           {"stopping",
            LifecycleState::Terminating,
            TerminationStage::Stopping,
            Stopping,
            true,
            TargetIntent::Draining},
           {"stopped",
            LifecycleState::Terminating,
            TerminationStage::Stopping,
            Stopping,
            false,
            TargetIntent::Dead},
           {"closing",
            LifecycleState::Terminating,
            TerminationStage::Closing,
            Stopping,
            true,
            TargetIntent::Closing},
           {"killing",
            LifecycleState::Terminating,
            TerminationStage::Killing,
            Stopping,
            true,
            TargetIntent::Dead},
           {"terminated",
            LifecycleState::Terminated,
            TerminationStage::None,
            Running,
            true,
            TargetIntent::Dead},
       })) {
    CAPTURE(c.name);
    Instance instance;
    instance.lifecycle_state = c.state;
    instance.stage = c.stage;
    instance.launched = kStart;
    InstanceFacts facts;
    facts.observation = InstanceObservation{};
    facts.observation->phase = c.phase;
    facts.observation->process_alive = c.alive;
    CHECK(target_intent(instance, &facts, kStart) == c.intent);
  }
}

TEST_CASE("target intent: an unseen instance is Dead after the grace, a Pending one is not") {
  Instance instance;
  instance.launched = kStart;
  instance.lifecycle_state = LifecycleState::InService;
  CHECK(target_intent(instance, nullptr, kStart + kUnseenGrace - Duration{1}) ==
        TargetIntent::Serving);
  CHECK(target_intent(instance, nullptr, kStart + kUnseenGrace) == TargetIntent::Dead);
  instance.lifecycle_state = LifecycleState::Pending;
  CHECK(target_intent(instance, nullptr, kStart + hours{1}) == TargetIntent::Serving);
}

}  // namespace
