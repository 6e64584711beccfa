#include "core/groups/standalone.h"

#include <doctest/doctest.h>

#include "core/groups/plan.h"

using namespace tidegate;
using namespace tidegate::groups;

namespace {

using std::chrono::seconds;
using Keep = StandaloneStep::Keep;

const Instant kStart{seconds{1'000'000}};
constexpr Duration kTick{1};

StandaloneInstance launched() {
  StandaloneInstance given;
  given.instance.id = InstanceId{"i-1"};
  given.instance.launched = kStart;
  return given;
}

StandaloneInstance running() {
  StandaloneInstance given = launched();
  given.instance.lifecycle_state = LifecycleState::InService;
  given.instance.address = "10.64.0.5";
  return given;
}

InstanceFacts in_phase(InstancePhase phase) {
  InstanceFacts facts;
  facts.observation.emplace();
  facts.observation->phase = phase;
  facts.observation->failure = "no overlay";
  return facts;
}

TEST_CASE("standalone: a launched one runs when it is seen to run, and not before") {
  const InstanceFacts launching = in_phase(InstancePhase::Launching);
  CHECK_FALSE(step(launched(), &launching, kStart).changed.has_value());
  CHECK(step(launched(), &launching, kStart).next_due == kStart + kStandaloneLaunchTimeout);
  const InstanceFacts up = in_phase(InstancePhase::Running);
  const auto changed = step(launched(), &up, kStart + seconds{2}).changed;
  REQUIRE(changed.has_value());
  CHECK(changed->instance.lifecycle_state == LifecycleState::InService);
  CHECK(changed->instance.in_service_since == kStart + seconds{2});
  CHECK_FALSE(step(*changed, &up, kStart + seconds{2}).changed.has_value());
}

TEST_CASE("standalone: a launch that nobody saw is given up at its time, one that failed at once") {
  const Instant deadline = kStart + kStandaloneLaunchTimeout;
  CHECK_FALSE(step(launched(), nullptr, deadline - kTick).changed.has_value());
  const auto late = step(launched(), nullptr, deadline).changed;
  REQUIRE(late.has_value());
  CHECK(late->instance.stage == TerminationStage::Killing);
  CHECK(late->end_reason == "Server.InternalError: the instance did not start within 60 s");
  const InstanceFacts failed = in_phase(InstancePhase::Failed);
  const auto ended = step(launched(), &failed, kStart).changed;
  REQUIRE(ended.has_value());
  CHECK(ended->instance.lifecycle_state == LifecycleState::Terminating);
  CHECK(ended->end_reason == "Server.InternalError: no overlay");
}

TEST_CASE("standalone: a running one ends with its processes, not with a failed status check") {
  InstanceFacts ailing = in_phase(InstancePhase::Running);
  ailing.observation->status_check_failed = true;
  CHECK_FALSE(step(running(), &ailing, kStart).changed.has_value());
  struct Case {
    InstancePhase phase;
    const char* reason;
  };
  for (const Case& c :
       {Case{InstancePhase::Exited, "Client.InstanceInitiatedShutdown: its processes ended"},
        Case{InstancePhase::Lost, "Server.InternalError: its shim is gone"}}) {
    const InstanceFacts facts = in_phase(c.phase);
    const auto changed = step(running(), &facts, kStart).changed;
    REQUIRE(changed.has_value());
    CHECK(changed->end_reason == c.reason);
    CHECK(changed->instance.stage == TerminationStage::Killing);
    CHECK(changed->instance.stage_since == kStart);
    CHECK(changed->instance.termination_reason == TerminationReason::Unhealthy);
  }
  const Instant grace = kStart + kUnseenGrace;
  CHECK_FALSE(step(running(), nullptr, grace - kTick).changed.has_value());
  CHECK(step(running(), nullptr, grace).changed.has_value());
}

TEST_CASE(
    "standalone: an end that a user asked for is SIGTERM, SIGKILL at its time, then nothing") {
  const StandaloneInstance ending = begin_end(running(), kStart);
  CHECK(ending.instance.stage == TerminationStage::Stopping);
  CHECK(ending.end_reason == "Client.UserInitiatedShutdown: User initiated shutdown");
  CHECK(ending.instance.termination_reason == TerminationReason::UserRequest);
  CHECK(begin_end(ending, kStart + seconds{9}) == ending);
  const InstanceFacts stopping = in_phase(InstancePhase::Stopping);
  const Instant deadline = kStart + kStandaloneStopTimeout;
  CHECK_FALSE(step(ending, &stopping, deadline - kTick).changed.has_value());
  CHECK(step(ending, &stopping, deadline - kTick).next_due == deadline);
  const auto killed = step(ending, &stopping, deadline).changed;
  REQUIRE(killed.has_value());
  CHECK(killed->instance.stage == TerminationStage::Killing);
  const InstanceFacts exited = in_phase(InstancePhase::Exited);
  CHECK(step(ending, &exited, kStart).changed->instance.stage == TerminationStage::Killing);
  CHECK_FALSE(step(*killed, &exited, deadline + seconds{99}).changed.has_value());
  const auto gone = step(*killed, nullptr, deadline).changed;
  REQUIRE(gone.has_value());
  CHECK(gone->instance.lifecycle_state == LifecycleState::Terminated);
  CHECK(gone->terminated == deadline);
  CHECK(gone->instance.stage == TerminationStage::None);
  CHECK_FALSE(gone->instance.stage_since.has_value());
  CHECK(gone->end_reason == ending.end_reason);
  CHECK(begin_end(*gone, deadline + seconds{1}) == *gone);
}

TEST_CASE("standalone: one that never ran is killed without a signal") {
  CHECK(begin_end(launched(), kStart).instance.stage == TerminationStage::Killing);
}

TEST_CASE("standalone: a terminated one is shown for an hour") {
  StandaloneInstance ended = running();
  ended.instance.lifecycle_state = LifecycleState::Terminated;
  ended.terminated = kStart;
  CHECK(step(ended, nullptr, kStart + kTerminatedShown - kTick).keep == Keep::Yes);
  CHECK(step(ended, nullptr, kStart + kTerminatedShown).keep == Keep::Forget);
}

TEST_CASE("standalone: what leaves a group runs on outside, what ended in it is shown as ended") {
  Instance instance = running().instance;
  instance.group = GroupName{"web"};
  instance.lifecycle_state = LifecycleState::Detached;
  LaunchTemplateVersion version;
  version.image_id = "ami-1";
  const auto outside = outside_group(instance, version, kStart);
  CHECK(outside.made_from == version);
  CHECK(outside.instance.in_service_since == kStart);
  CHECK(outside.instance.group.empty());
  CHECK(outside.instance.lifecycle_state == LifecycleState::InService);
  CHECK(outside.reservation == "r-1");
  CHECK_FALSE(outside.terminated.has_value());
  instance.lifecycle_state = LifecycleState::Terminated;
  const auto ended = outside_group(instance, {}, kStart);
  CHECK(ended.instance.group.value == "web");
  CHECK(ended.terminated == kStart);
  CHECK(ended.end_reason == "User initiated");
  instance.termination_reason = TerminationReason::LaunchFailed;
  CHECK(outside_group(instance, {}, kStart).end_reason ==
        "Server.InternalError: the launch failed");
}

}  // namespace
