#include <algorithm>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/rng.h"
#include "core/groups/plan.h"
#include "core/groups/plan_fixture.h"

using namespace tidegate;
using namespace tidegate::groups;
using namespace tidegate::groups::testing;
using balancing::TargetHealthState;
using balancing::TargetIntent;

namespace {

constexpr std::int32_t kSteps = 40;

/// Whatever the world may do between two plans: facts change, users change sizes, time passes.
class Weather {
 public:
  Weather(std::uint64_t seed, Town& town) : rng_(seed), town_(town) {}

  void blow() {
    town_.now += Duration{static_cast<std::int64_t>(rng_.below(8'000'000))};
    if (chance(8)) {
      town_.group.desired_capacity = below(6);
    }
    if (chance(20)) {
      town_.room = chance(2) ? std::optional<std::int32_t>{below(4)} : std::nullopt;
    }
    const bool connected = !chance(12);
    for (const Instance& instance : town_.instances) {
      blow_on(instance, connected);
    }
  }

 private:
  bool chance(std::uint64_t one_in) { return rng_.below(one_in) == 0; }
  std::int32_t below(std::uint64_t bound) { return static_cast<std::int32_t>(rng_.below(bound)); }

  void blow_on(const Instance& instance, bool connected) {
    const std::string& id = instance.id.value;
    if (!town_.facts.contains(instance.id)) {
      if (chance(2)) {
        town_.set_target(id, TargetHealthState::Initial);
      }
      return;
    }
    InstanceFacts& facts = town_.facts_of(id);
    facts.data_plane_connected = connected;
    TargetFacts& target = facts.targets[0];
    if (chance(3)) {
      target.health.state = chance(4) ? TargetHealthState::Unhealthy : TargetHealthState::Healthy;
      target.ever_healthy |= target.health.state == TargetHealthState::Healthy;
    }
    target.applied_intent = chance(2) ? TargetIntent::Draining : TargetIntent::Serving;
    target.in_flight = below(2);
    if (chance(25)) {
      town_.set_dead(id, chance(2) ? InstancePhase::Exited : InstancePhase::Lost);
    }
    if (chance(40)) {
      town_.facts.erase(instance.id);
    } else if (instance.stage == TerminationStage::Killing && chance(2)) {
      town_.facts.erase(instance.id);
    }
  }

  Rng rng_;
  Town& town_;
};

std::int32_t serving(const Town& town) {
  std::int32_t count = 0;
  for (const Instance& instance : town.instances) {
    const auto facts = town.facts.find(instance.id);
    const bool dead =
        is_known_dead(instance, facts == town.facts.end() ? nullptr : &facts->second, town.now);
    count += instance.lifecycle_state == LifecycleState::InService && !dead ? 1 : 0;
  }
  return count;
}

std::int32_t launching_replacements(const Town& town) {
  return static_cast<std::int32_t>(
      std::count_if(town.instances.begin(), town.instances.end(), [](const Instance& instance) {
        return instance.lifecycle_state == LifecycleState::Pending && instance.replaces;
      }));
}

bool blocks_launches(const Plan& plan) {
  return std::any_of(plan.blockers.begin(), plan.blockers.end(), [](const Blocker& blocker) {
    return blocker.what == "launch";
  });
}

bool blocks_scale_in(const Plan& plan) {
  return std::any_of(plan.blockers.begin(), plan.blockers.end(), [](const Blocker& blocker) {
    return blocker.what == "scale in";
  });
}

std::string describe(const Plan& plan) {
  std::string text;
  for (const Action& action : plan.actions) {
    text += " " + std::to_string(action.index());
    std::visit(
        [&text](const auto& kind) {
          if constexpr (requires { kind.id; }) {
            text += ":" + kind.id.value;
          }
        },
        action);
  }
  return text;
}

void check_step(Town& town) {
  const std::int32_t serving_before = serving(town);
  const std::int32_t replacing_before = launching_replacements(town);
  const Plan plan = town.step();
  if (town.room) {
    RC_ASSERT(actions_of<LaunchInstance>(plan).size() <= static_cast<std::size_t>(*town.room));
    *town.room -= static_cast<std::int32_t>(actions_of<LaunchInstance>(plan).size());
  }

  RC_ASSERT(check_invariants(town.group, town.instances) == "");
  RC_LOG() << "planned" << describe(plan) << ", then" << describe(town.planned()) << std::endl;
  RC_ASSERT(town.planned().actions.empty());
  RC_ASSERT((!plan.next_due || *plan.next_due > town.now));

  const std::int32_t counted = counted_capacity(town.instances);
  const std::int32_t desired = town.group.desired_capacity;
  RC_ASSERT((counted >= desired || blocks_launches(plan)));
  RC_ASSERT((counted <= desired || blocks_scale_in(plan)));
  if (serving_before > 0 && desired > 0) {
    RC_ASSERT(serving(town) > 0);
  }
  RC_ASSERT(launching_replacements(town) <=
            std::max(replacing_before, max_replacements(town.group)));
  for (const EnterService& action : actions_of<EnterService>(plan)) {
    const InstanceFacts& facts = town.facts_of(action.id.value);
    RC_ASSERT(facts.data_plane_connected);
    RC_ASSERT(facts.targets[0].health.state == TargetHealthState::Healthy);
  }
}

TEST_CASE("plan: whatever the world does, its invariants hold and a second call plans nothing") {
  CHECK(rc::check([](std::uint64_t seed) {
    Town town{static_cast<std::int32_t>(seed % 5)};
    town.group.stop_timeout = seconds{seed % 3};
    town.group.health_check_grace_period = seconds{seed % 7};
    if (seed % 4 == 0) {
      town.group.drain_signal = DrainSignal::Start;
    }
    Weather weather{seed, town};
    for (std::int32_t step = 0; step < kSteps; ++step) {
      check_step(town);
      weather.blow();
    }
  }));
}

TEST_CASE("plan: once the world is well, the group is whole and quiet") {
  CHECK(rc::check([](std::uint64_t seed) {
    Town town{static_cast<std::int32_t>(1 + seed % 4)};
    Weather weather{seed, town};
    for (std::int32_t step = 0; step < kSteps; ++step) {
      town.step();
      weather.blow();
    }
    town.room.reset();
    for (std::int32_t second = 0; second < 1200; ++second) {  // over back-offs and drains
      town.now += seconds{1};
      const Plan plan = town.step();
      for (const Instance& instance : town.instances) {
        if (instance.lifecycle_state != LifecycleState::Terminating) {
          town.set_target(instance.id.value, TargetHealthState::Healthy);
        } else if (instance.stage == TerminationStage::Killing) {
          town.facts.erase(instance.id);
        } else if (const auto facts = town.facts.find(instance.id); facts != town.facts.end()) {
          for (TargetFacts& target : facts->second.targets) {
            target.draining_for += seconds{1};
          }
        }
      }
    }
    RC_ASSERT(town.planned().actions.empty());
    RC_ASSERT(town.planned().blockers.empty());
    RC_ASSERT(serving(town) == town.group.desired_capacity);
    RC_ASSERT(town.instances.size() == static_cast<std::size_t>(town.group.desired_capacity));
  }));
}

}  // namespace
