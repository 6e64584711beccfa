#include "core/groups/launch_gate.h"

#include <doctest/doctest.h>

#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;

namespace {

/// A group of 10 that lacks all, with launches that failed so long before kStart.
Town after_failures(const std::vector<Duration>& ago) {
  Town town{10};
  for (const Duration age : ago) {
    town.group.launch_failures.push_back(kStart - age);
  }
  return town;
}

TEST_CASE("launches: the attempt after the k-th failure waits 1, 2, 4, 8 s") {
  const auto waits = std::to_array<Duration>({seconds{1}, seconds{2}, seconds{4}, seconds{8}});
  for (std::size_t k = 1; k <= 4; ++k) {
    CAPTURE(k);
    std::vector<Duration> ago(k - 1, minutes{1});
    ago.push_back(waits[k - 1] - Duration{1});
    Town town = after_failures(ago);
    const Plan plan = town.planned();
    CHECK(plan.actions.empty());
    const Instant reopens = kStart + Duration{1};
    REQUIRE(plan.blockers.size() == 1);
    CHECK(plan.blockers[0] == Blocker{"launch",
                                      std::to_string(k) + (k == 1 ? " launch" : " launches") +
                                          " failed within the last 10 minutes.",
                                      format_iso8601(reopens)});
    CHECK(plan.next_due == reopens);
    town.now = reopens;
    CHECK(actions_of<LaunchInstance>(town.planned()).size() == 5 - k);
  }
}

TEST_CASE("launches: five failures stop them until the first is 10 minutes ago") {
  Town town =
      after_failures({seconds{500}, seconds{400}, seconds{300}, seconds{200}, seconds{100}});
  Plan plan = town.planned();
  CHECK(plan.actions.empty());
  CHECK(plan.next_due == kStart + seconds{100});
  CHECK(plan.blockers[0].until == format_iso8601(kStart + seconds{100}));
  CHECK(plan.blockers[0].why == "5 launches failed within the last 10 minutes.");
  town.now = kStart + seconds{100} - Duration{1};
  CHECK(town.planned().actions.empty());
  town.now = kStart + seconds{100};
  plan = town.planned();
  CHECK(actions_of<LaunchInstance>(plan).size() == 1);
  REQUIRE(plan.blockers.size() == 1);
  CHECK(plan.blockers[0] == Blocker{"launch",
                                    "Launches failed, so only a few are tried at a time.",
                                    "a launching instance serves"});
}

TEST_CASE("launches: of more than five failures the fifth newest counts") {
  Town town = after_failures(
      {seconds{590}, seconds{500}, seconds{400}, seconds{300}, seconds{200}, seconds{100}});
  CHECK(town.planned().next_due == kStart + seconds{100});
}

TEST_CASE("launches: those under way are attempts too, after a failure") {
  Town town = after_failures({minutes{1}});
  town.add_pending(3);
  CHECK(actions_of<LaunchInstance>(town.planned()).size() == 1);
  town.add_pending(1);
  Plan plan = town.planned();
  CHECK(plan.actions.empty());
  CHECK(plan.blockers.size() == 1);
  town.add_pending(1);
  CHECK(town.planned().actions.empty());
  town.group.launch_failures.clear();
  CHECK(actions_of<LaunchInstance>(town.planned()).size() == 5);
}

TEST_CASE("launches: failures out of the window do not count") {
  Town town = after_failures({minutes{10}});
  CHECK(actions_of<LaunchInstance>(town.planned()).size() == 10);
  town = after_failures({minutes{10} - Duration{1}});
  CHECK(actions_of<LaunchInstance>(town.planned()).size() == 4);
}

TEST_CASE("launches: a failure seen in this very plan holds back its successor") {
  Town town{1};
  town.add_pending(1);
  town.seen("i-001").phase = InstancePhase::Failed;
  Plan plan = town.step();
  CHECK(plan.actions.size() == 1);
  CHECK(plan.next_due == kStart + seconds{1});
  CHECK(town.step_at(seconds{1} - Duration{1}).actions.empty());
  CHECK(actions_of<LaunchInstance>(town.step_at(seconds{1})).size() == 1);
}

TEST_CASE("launches: those that are cancelled in the same plan are no attempts any more") {
  Town town = after_failures({minutes{1}, minutes{1}});
  town.group.desired_capacity = 2;
  const std::vector<Instant> failures = town.group.launch_failures;
  town.add_serving(1);
  town.set_target("i-001", balancing::TargetHealthState::Unhealthy);
  town.group.launch_failures = failures;
  town.add_pending(3);
  const Plan plan = town.step();
  CHECK(actions_of<BeginTermination>(plan).size() == 2);
  REQUIRE(actions_of<LaunchInstance>(plan).size() == 1);
  CHECK(actions_of<LaunchInstance>(plan)[0].replaces == InstanceId{"i-001"});
  CHECK(town.planned().actions.empty());
}

TEST_CASE("launches: no replacement while a surplus of launching ones will take the place") {
  Town town{1};
  town.add_serving(1);
  town.set_target("i-001", balancing::TargetHealthState::Unhealthy);
  town.add_pending(1);
  Plan plan = town.step();
  CHECK(plan.actions.size() == 1);  // MarkUnhealthy
  town.set_target("i-002", balancing::TargetHealthState::Healthy);
  plan = town.step();
  CHECK(ids_of<BeginTermination>(plan) == Strings{"i-001"});
  CHECK(actions_of<LaunchInstance>(plan).empty());
}

TEST_CASE("launches: a success forgets the failures before it") {
  Town town = after_failures({minutes{1}, minutes{1}, minutes{1}, seconds{1}});
  town.add_pending(1);
  town.set_target("i-001", balancing::TargetHealthState::Healthy);
  const Plan plan = town.step();
  CHECK(actions_of<LaunchInstance>(plan).size() == 9);
  CHECK(town.group.launch_failures.empty());
}

TEST_CASE("launches: the host's room is not exceeded, and the plan says so in AWS's word") {
  struct Case {
    bool available;
    std::optional<std::int32_t> room;
    std::size_t launches;
  };
  for (const Case& c : std::to_array<Case>({{true, std::nullopt, 10},
                                            {true, 10, 10},
                                            {true, 3, 3},
                                            {true, 0, 0},
                                            {true, -1, 0},
                                            {false, std::nullopt, 0},
                                            {false, 3, 0}})) {
    Town town{10};
    town.capacity_available = c.available;
    town.room = c.room;
    const Plan plan = town.planned();
    CHECK(actions_of<LaunchInstance>(plan).size() == c.launches);
    REQUIRE(plan.blockers.size() == (c.launches < 10 ? 1 : 0));
    if (c.launches < 10) {
      CHECK(plan.blockers[0] ==
            Blocker{"launch",
                    "InsufficientInstanceCapacity: the host has no room for another instance.",
                    "another instance ends, or the instance type is smaller",
                    true});
    }
  }
}

TEST_CASE("launches: no room hides no back-off that is shorter than it") {
  Town town = after_failures({Duration{1}});
  town.room = 0;
  const Plan plan = town.planned();
  CHECK(plan.next_due == kStart + seconds{1} - Duration{1});
  town = after_failures({minutes{1}});
  town.room = 2;
  CHECK(actions_of<LaunchInstance>(town.planned()).size() == 2);
  CHECK_FALSE(town.planned().next_due.has_value());
}

TEST_CASE("launches: missing ones and then replacements share what is allowed") {
  Town town{10};
  town.add_serving(9);
  town.set_target("i-001", balancing::TargetHealthState::Unhealthy);
  town.room = 2;
  Plan plan = town.planned();
  REQUIRE(actions_of<LaunchInstance>(plan).size() == 2);
  CHECK_FALSE(actions_of<LaunchInstance>(plan)[0].replaces.has_value());
  CHECK(actions_of<LaunchInstance>(plan)[1].replaces.has_value());
  town.room = 1;
  plan = town.planned();
  REQUIRE(actions_of<LaunchInstance>(plan).size() == 1);
  CHECK_FALSE(actions_of<LaunchInstance>(plan)[0].replaces.has_value());
  REQUIRE(plan.blockers.size() == 1);
  CHECK(plan.blockers[0].what == "replace i-001");
}

}  // namespace
