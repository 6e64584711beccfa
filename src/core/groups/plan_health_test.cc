#include <doctest/doctest.h>

#include "core/groups/plan.h"
#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;
using balancing::TargetHealthState;
using balancing::TargetIntent;

namespace {

TEST_CASE("plan: a failed EC2 status is killed and made up for at once, even in grace") {
  struct Case {
    const char* name;
    void (*change)(Town&);
    const char* reason;
  };
  for (const Case& c : std::to_array<Case>({
           {"exited", [](Town& t) { t.set_dead("i-001"); }, "Its processes are gone."},
           {"lost", [](Town& t) { t.set_dead("i-001", InstancePhase::Lost); }, "Its shim is gone."},
           {"failed",
            [](Town& t) { t.set_dead("i-001", InstancePhase::Failed); },
            "Its processes are gone."},
           {"status check",
            [](Town& t) {
              t.seen("i-001").status_check_failed = true;
              t.seen("i-001").restarts = 5;
            },
            "Its EC2 status check failed: 5 restarts in place did not help."},
           {"with a sentence of the driver's",
            [](Town& t) {
              t.set_dead("i-001");
              t.seen("i-001").failure = "Out of memory.";
            },
            "Out of memory."},
       })) {
    CAPTURE(c.name);
    for (const std::int32_t size : {1, 2, 3}) {  // the last one too, and beyond any budget
      Town town{size};
      town.group.health_check_type = HealthCheckType::Ec2;
      town.group.health_check_grace_period = seconds{300};
      town.add_serving(size, "a");
      c.change(town);
      const Plan plan = town.step();
      REQUIRE(actions_of<MarkUnhealthy>(plan).size() == 1);
      CHECK(actions_of<MarkUnhealthy>(plan)[0].reason == c.reason);
      REQUIRE(actions_of<BeginTermination>(plan).size() == 1);
      CHECK(actions_of<BeginTermination>(plan)[0] ==
            BeginTermination{InstanceId{"i-001"},
                             TerminationReason::Unhealthy,
                             TerminationStage::Killing,
                             cause_health_failure(kStart, "EC2 instance status checks")});
      REQUIRE(actions_of<LaunchInstance>(plan).size() == 1);
      CHECK(actions_of<LaunchInstance>(plan)[0].cause ==
            cause_replacement(kStart, InstanceId{"i-001"}));
      CHECK_FALSE(actions_of<LaunchInstance>(plan)[0].replaces.has_value());
      CHECK(plan.blockers.empty());
      CHECK(town.planned().actions.empty());
    }
  }
}

TEST_CASE("plan: all instances lost at once are all made up for at once") {
  Town town{3};
  town.add_serving(3);
  for (const char* id : {"i-001", "i-002", "i-003"}) {
    town.set_dead(id, InstancePhase::Lost);
  }
  const Plan plan = town.step();
  CHECK(actions_of<BeginTermination>(plan).size() == 3);
  CHECK(actions_of<LaunchInstance>(plan).size() == 3);
  CHECK(plan.blockers.empty());
}

TEST_CASE("plan: which check replaces, and from when on") {
  struct Case {
    const char* name;
    HealthCheckType type;
    bool with_liveness;
    std::optional<bool> liveness_failing;
    TargetHealthState state;
    const char* reason;  // null: stays Healthy
  };
  for (const Case& c : std::to_array<Case>({
           {"EC2 ignores the target",
            HealthCheckType::Ec2,
            false,
            {},
            TargetHealthState::Unhealthy,
            nullptr},
           {"ELB takes the target",
            HealthCheckType::Elb,
            false,
            {},
            TargetHealthState::Unhealthy,
            "Its target is unhealthy: HTTP 500."},
           {"initial is no failure",
            HealthCheckType::Elb,
            false,
            {},
            TargetHealthState::Initial,
            nullptr},
           {"unused is no failure",
            HealthCheckType::Elb,
            false,
            {},
            TargetHealthState::Unused,
            nullptr},
           {"draining is no failure",
            HealthCheckType::Elb,
            false,
            {},
            TargetHealthState::Draining,
            nullptr},
           {"with liveness readiness only routes",
            HealthCheckType::Elb,
            true,
            false,
            TargetHealthState::Unhealthy,
            nullptr},
           {"liveness not known yet",
            HealthCheckType::Elb,
            true,
            {},
            TargetHealthState::Unhealthy,
            nullptr},
           {"liveness replaces",
            HealthCheckType::Elb,
            true,
            true,
            TargetHealthState::Healthy,
            "Its liveness check /live fails."},
           {"liveness replaces with EC2 too",
            HealthCheckType::Ec2,
            true,
            true,
            TargetHealthState::Healthy,
            "Its liveness check /live fails."},
       })) {
    CAPTURE(c.name);
    Town town{3};
    town.group.health_check_type = c.type;
    town.group.health_check_grace_period = seconds{30};
    if (c.with_liveness) {
      town.group.liveness = Liveness{.path = "/live"};
    }
    town.add_serving(3);
    town.target("i-002").health.state = c.state;
    town.target("i-002").last_probe = "HTTP 500";
    town.facts_of("i-002").liveness_failing = c.liveness_failing;
    town.now = kStart + seconds{30} - Duration{1};
    Plan plan = town.step();
    CHECK(plan.actions.empty());
    CHECK(plan.blockers.size() == (c.reason != nullptr ? 1 : 0));
    if (c.reason != nullptr) {
      CHECK(plan.next_due == kStart + seconds{30});
      CHECK(plan.blockers[0].what == "replace i-002");
      CHECK(plan.blockers[0].why ==
            std::string{c.reason} + " It is within HealthCheckGracePeriod.");
      CHECK(plan.blockers[0].until == format_iso8601(kStart + seconds{30}));
    }
    town.now = kStart + seconds{30};
    plan = town.step();
    const auto marks = actions_of<MarkUnhealthy>(plan);
    REQUIRE(marks.size() == (c.reason != nullptr ? 1 : 0));
    if (c.reason != nullptr) {
      CHECK(marks[0] == MarkUnhealthy{InstanceId{"i-002"}, c.reason});
      CHECK(actions_of<LaunchInstance>(plan).size() == 1);
      CHECK(plan.actions.size() == 2);
      CHECK(town.at("i-002").health_reason == c.reason);
    } else {
      CHECK(plan.actions.empty());
    }
  }
}

TEST_CASE("plan: the reason names the probe, or AWS's reason code where no probe was made") {
  Town town{3};
  town.add_serving(3);
  town.target("i-001").health = {TargetHealthState::Unhealthy, "Target.Timeout", ""};
  CHECK(actions_of<MarkUnhealthy>(town.planned())[0].reason ==
        "Its target is unhealthy: Target.Timeout.");
}

TEST_CASE("plan: nothing is judged by target health without a balancer, or during a restart") {
  Town town{3};
  town.add_serving(3);
  town.target("i-001").health.state = TargetHealthState::Unhealthy;
  town.facts_of("i-001").data_plane_connected = false;
  CHECK(town.planned().actions.empty());
  town.facts_of("i-001").data_plane_connected = true;
  town.seen("i-001").process_alive = false;
  CHECK(town.planned().actions.empty());
  town.seen("i-001").process_alive = true;
  CHECK(ids_of<MarkUnhealthy>(town.planned()) == Strings{"i-001"});
}

TEST_CASE("plan: the replacement of one that answers is launched first; the old one goes then") {
  for (const std::int32_t size : {1, 3}) {
    Town town{size};
    town.add_serving(size);
    town.set_target("i-001", TargetHealthState::Unhealthy);
    Plan plan = town.step();
    CHECK(ids_of<MarkUnhealthy>(plan) == Strings{"i-001"});
    REQUIRE(actions_of<LaunchInstance>(plan).size() == 1);
    CHECK(actions_of<LaunchInstance>(plan)[0].replaces == InstanceId{"i-001"});
    CHECK(actions_of<LaunchInstance>(plan)[0].cause ==
          cause_replacement(kStart, InstanceId{"i-001"}));
    CHECK(actions_of<BeginTermination>(plan).empty());
    CHECK(counted_capacity(town.instances) == size);
    CHECK(town.planned().actions.empty());

    const std::string fresh = town.instances.back().id.value;
    town.set_target("i-001", TargetHealthState::Healthy);  // too late: it is being replaced
    CHECK(town.planned().actions.empty());
    town.set_target(fresh, TargetHealthState::Healthy);
    plan = town.step();
    CHECK(ids_of<EnterService>(plan) == Strings{fresh});
    REQUIRE(actions_of<BeginTermination>(plan).size() == 1);
    CHECK(actions_of<BeginTermination>(plan)[0] ==
          BeginTermination{InstanceId{"i-001"},
                           TerminationReason::Unhealthy,
                           TerminationStage::Draining,
                           cause_health_failure(kStart, "ELB system health check")});
    CHECK(counted_capacity(town.instances) == size);
    CHECK(town.planned().actions.empty());
  }
}

TEST_CASE("plan: a replaced one that dies meanwhile is killed, and no second replacement comes") {
  Town town{3};
  town.add_serving(3);
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.step();
  town.set_dead("i-001");
  const Plan plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-001"});
  CHECK(actions_of<BeginTermination>(plan)[0].first_stage == TerminationStage::Killing);
  CHECK(plan.actions.size() == 1);
}

TEST_CASE("plan: with liveness the cause is the liveness check") {
  Town town{3};
  town.group.liveness = Liveness{};
  town.add_serving(3);
  town.facts_of("i-001").liveness_failing = true;
  town.step();
  town.set_target("i-004", TargetHealthState::Healthy);
  CHECK(actions_of<BeginTermination>(town.step())[0].cause ==
        cause_health_failure(kStart, "liveness check"));
}

TEST_CASE("plan: a failed replacement is launched again after the back-off") {
  Town town{3};
  town.add_serving(3);
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.step();
  town.set_target("i-004", TargetHealthState::Initial);
  town.set_dead("i-004", InstancePhase::Failed);
  Plan plan = town.step();
  CHECK(ids_of<FailLaunch>(plan) == Strings{"i-004"});
  CHECK(plan.actions.size() == 1);
  REQUIRE(plan.blockers.size() == 1);
  CHECK(plan.blockers[0].what == "replace i-001");
  CHECK(plan.next_due == kStart + seconds{1});
  CHECK(zones_of(town.step_at(seconds{1})).size() == 1);
}

TEST_CASE("plan: at most max(1, 10 %) are replaced at a time") {
  struct Case {
    std::int32_t size;
    std::size_t at_once;
  };
  for (const Case& c : std::to_array<Case>({{5, 1}, {19, 1}, {20, 2}, {29, 2}, {30, 3}})) {
    CAPTURE(c.size);
    Town town{c.size};
    town.add_serving(c.size);
    const Strings failing = {"i-001", "i-002", "i-003", "i-004"};
    for (std::size_t i = 0; i < (c.size == 5 ? 2U : 4U); ++i) {
      town.set_target(failing[i], TargetHealthState::Unhealthy);
    }
    Plan plan = town.step();
    CHECK(actions_of<LaunchInstance>(plan).size() == c.at_once);
    REQUIRE(plan.blockers.size() == (c.size == 5 ? 2U : 4U) - c.at_once);
    CHECK(plan.blockers.back().until == "a replacement that is under way serves");
    CHECK(town.planned().actions.empty());
    for (std::size_t i = 0; i < c.at_once; ++i) {  // the next ones follow as these serve
      town.set_target(town.instances.rbegin()[static_cast<std::ptrdiff_t>(i)].id.value,
                      TargetHealthState::Healthy);
    }
    plan = town.step();
    CHECK(actions_of<BeginTermination>(plan).size() == c.at_once);
    CHECK(actions_of<LaunchInstance>(plan).size() ==
          std::min<std::size_t>(c.at_once, (c.size == 5 ? 2U : 4U) - c.at_once));
  }
}

TEST_CASE("plan: replacement is suspended when at least two and more than half fail") {
  struct Case {
    std::int32_t size, failing;
    bool suspended;
  };
  for (const Case& c : std::to_array<Case>({{1, 1, false},
                                            {2, 1, false},
                                            {2, 2, true},
                                            {3, 1, false},
                                            {3, 2, true},
                                            {4, 2, false},
                                            {4, 3, true},
                                            {5, 2, false},
                                            {5, 3, true}})) {
    CAPTURE(c.size);
    CAPTURE(c.failing);
    Town town{c.size};
    town.add_serving(c.size);
    for (std::int32_t i = 0; i < c.failing; ++i) {
      town.set_target(town.instances[static_cast<std::size_t>(i)].id.value,
                      TargetHealthState::Unhealthy);
    }
    const Plan plan = town.step();
    CHECK(actions_of<MarkUnhealthy>(plan).size() == static_cast<std::size_t>(c.failing));
    CHECK(actions_of<LaunchInstance>(plan).empty() == c.suspended);
    if (c.suspended) {
      CHECK(plan.blockers.size() == static_cast<std::size_t>(c.failing));
      CHECK(plan.blockers[0].until == "no more than half of them fail");
    }
    CHECK(town.planned().actions.empty());
  }
}

TEST_CASE("plan: dead ones are no reason to suspend the replacement of the others") {
  Town town{3};
  town.add_serving(3);
  town.set_dead("i-001");
  town.set_target("i-002", TargetHealthState::Unhealthy);
  const Plan plan = town.step();
  CHECK(actions_of<LaunchInstance>(plan).size() == 2);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("plan: an unhealthy one that was not replaced is healthy again when its check passes") {
  Town town{2};
  town.add_serving(2);
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.set_target("i-002", TargetHealthState::Unhealthy);
  town.step();
  CHECK(town.at("i-001").health_status == HealthStatus::Unhealthy);
  town.set_target("i-001", TargetHealthState::Initial);
  town.set_target("i-002", TargetHealthState::Healthy);
  town.facts_of("i-002").data_plane_connected = false;
  CHECK(actions_of<MarkHealthy>(town.planned()).empty());
  town.facts_of("i-002").data_plane_connected = true;
  town.set_target("i-001", TargetHealthState::Healthy);
  const Plan plan = town.step();
  CHECK(ids_of<MarkHealthy>(plan) == Strings{"i-001", "i-002"});
  CHECK(plan.actions.size() == 2);
  CHECK(town.at("i-001").health_status == HealthStatus::Healthy);
  CHECK(town.at("i-001").health_reason.empty());
}

TEST_CASE("plan: with liveness an unhealthy one is well again when liveness passes") {
  Town town{2};
  town.group.liveness = Liveness{};
  town.add_serving(2);
  town.facts_of("i-001").liveness_failing = true;
  town.facts_of("i-002").liveness_failing = true;
  town.step();
  town.facts_of("i-001").liveness_failing.reset();
  CHECK(actions_of<MarkHealthy>(town.planned()).empty());
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.facts_of("i-001").liveness_failing = false;
  CHECK(ids_of<MarkHealthy>(town.planned()) == Strings{"i-001"});
}

TEST_CASE("plan: a group of EC2 checks never takes a mark back by itself") {
  Town town{2};
  town.group.health_check_type = HealthCheckType::Ec2;
  town.add_serving(2);
  town.apply_one(MarkUnhealthy{InstanceId{"i-001"}, "Said so."});
  town.apply_one(MarkUnhealthy{InstanceId{"i-002"}, "Said so."});
  CHECK(actions_of<MarkHealthy>(town.planned()).empty());
}

TEST_CASE("plan: what a user asks to terminate goes at once when others serve") {
  Town town{2};
  town.add_serving(2);
  town.at("i-001").termination_reason = TerminationReason::UserRequest;
  const Plan plan = town.step();
  CHECK(actions_of<BeginTermination>(plan)[0] ==
        BeginTermination{InstanceId{"i-001"},
                         TerminationReason::UserRequest,
                         TerminationStage::Draining,
                         cause_user_terminated(kStart, InstanceId{"i-001"})});
  CHECK(actions_of<LaunchInstance>(plan).size() == 1);
  CHECK_FALSE(actions_of<LaunchInstance>(plan)[0].replaces.has_value());
  CHECK(town.planned().actions.empty());
}

TEST_CASE("plan: the last one that a user asks to terminate waits for its replacement") {
  Town town{1};
  town.add_serving(1);
  town.at("i-001").termination_reason = TerminationReason::UserRequest;
  Plan plan = town.step();
  CHECK(actions_of<BeginTermination>(plan).empty());
  REQUIRE(actions_of<LaunchInstance>(plan).size() == 1);
  CHECK(actions_of<LaunchInstance>(plan)[0].replaces == InstanceId{"i-001"});
  CHECK(town.planned().actions.empty());
  town.set_target("i-002", TargetHealthState::Healthy);
  plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-001"});
  CHECK(actions_of<BeginTermination>(plan)[0].reason == TerminationReason::UserRequest);
  CHECK(town.planned().actions.empty());
}

TEST_CASE("plan: a user's request is beyond the replacement budget") {
  Town town{2};
  town.add_serving(2);
  town.set_target("i-001", TargetHealthState::Unhealthy);
  town.step();
  town.at("i-002").termination_reason = TerminationReason::UserRequest;
  const Plan plan = town.step();
  REQUIRE(actions_of<LaunchInstance>(plan).size() == 1);
  CHECK(actions_of<LaunchInstance>(plan)[0].replaces == InstanceId{"i-002"});
}

}  // namespace
