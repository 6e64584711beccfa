#include "core/groups/lifecycle.h"

#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace tidegate::groups;

namespace {

constexpr int kStates = 30;

TEST_CASE("lifecycle: every state has AWS's name, and the name reads back") {
  std::set<std::string> names;
  for (int i = 0; i < kStates; ++i) {
    const auto state = static_cast<LifecycleState>(i);
    names.insert(std::string{to_string(state)});
    CHECK(parse_lifecycle_state(to_string(state)) == state);
  }
  CHECK(names.size() == kStates);
  CHECK(static_cast<int>(LifecycleState::WarmedHibernated) == kStates - 1);
  CHECK(to_string(LifecycleState::PendingWait) == "Pending:Wait");
  CHECK(to_string(LifecycleState::WarmedPendingProceed) == "Warmed:Pending:Proceed");
  CHECK(to_string(LifecycleState::TerminatingRetained) == "Terminating:Retained");
  CHECK(to_string(LifecycleState::ReplacingRootVolumeWait) == "ReplacingRootVolume:Wait");
  CHECK_FALSE(parse_lifecycle_state("pending").has_value());
  CHECK_FALSE(parse_lifecycle_state("").has_value());
}

TEST_CASE("lifecycle: an instance's metadata says where its state leads") {
  struct Case {
    LifecycleState state;
    std::string_view target;
  };
  for (const Case& c : {Case{LifecycleState::Pending, "InService"},
                        Case{LifecycleState::InService, "InService"},
                        Case{LifecycleState::Quarantined, "InService"},
                        Case{LifecycleState::RootVolumeReplaced, "InService"},
                        Case{LifecycleState::Terminating, "Terminated"},
                        Case{LifecycleState::TerminatingWait, "Terminated"},
                        Case{LifecycleState::Terminated, "Terminated"},
                        Case{LifecycleState::Detaching, "Detached"},
                        Case{LifecycleState::Detached, "Detached"},
                        Case{LifecycleState::EnteringStandby, "Standby"},
                        Case{LifecycleState::Standby, "Standby"},
                        Case{LifecycleState::WarmedPending, "Warmed:Running"},
                        Case{LifecycleState::WarmedRunning, "Warmed:Running"},
                        Case{LifecycleState::WarmedStopped, "Warmed:Stopped"},
                        Case{LifecycleState::WarmedHibernated, "Warmed:Hibernated"},
                        Case{LifecycleState::WarmedTerminating, "Warmed:Terminated"},
                        Case{LifecycleState::WarmedTerminated, "Warmed:Terminated"}}) {
    CAPTURE(to_string(c.state));
    CHECK(target_lifecycle_state(c.state) == c.target);
  }
}

TEST_CASE("lifecycle: the table has exactly these edges") {
  struct Edge {
    LifecycleState from;
    LifecycleEvent event;
    LifecycleState to;
  };
  const auto edges = std::to_array<Edge>({
      {LifecycleState::Pending, LifecycleEvent::Serves, LifecycleState::InService},
      {LifecycleState::Pending, LifecycleEvent::LaunchFails, LifecycleState::Terminating},
      {LifecycleState::Pending, LifecycleEvent::Terminate, LifecycleState::Terminating},
      {LifecycleState::InService, LifecycleEvent::Terminate, LifecycleState::Terminating},
      {LifecycleState::Terminating, LifecycleEvent::Undrain, LifecycleState::InService},
      {LifecycleState::Terminating, LifecycleEvent::Gone, LifecycleState::Terminated},
      {LifecycleState::InService, LifecycleEvent::EnterStandby, LifecycleState::EnteringStandby},
      {LifecycleState::EnteringStandby, LifecycleEvent::Drained, LifecycleState::Standby},
      {LifecycleState::EnteringStandby, LifecycleEvent::Terminate, LifecycleState::Terminating},
      {LifecycleState::Standby, LifecycleEvent::ExitStandby, LifecycleState::Pending},
      {LifecycleState::Standby, LifecycleEvent::Detach, LifecycleState::Detaching},
      {LifecycleState::Standby, LifecycleEvent::Terminate, LifecycleState::Terminating},
      {LifecycleState::InService, LifecycleEvent::Detach, LifecycleState::Detaching},
      {LifecycleState::Detaching, LifecycleEvent::Drained, LifecycleState::Detached},
      {LifecycleState::Detaching, LifecycleEvent::Terminate, LifecycleState::Terminating},
  });
  std::size_t found = 0;
  for (int i = 0; i < kStates; ++i) {
    for (const LifecycleEvent event : {LifecycleEvent::Serves,
                                       LifecycleEvent::LaunchFails,
                                       LifecycleEvent::Terminate,
                                       LifecycleEvent::Undrain,
                                       LifecycleEvent::Gone,
                                       LifecycleEvent::EnterStandby,
                                       LifecycleEvent::ExitStandby,
                                       LifecycleEvent::Detach,
                                       LifecycleEvent::Drained}) {
      const auto next = next_state(static_cast<LifecycleState>(i), event);
      for (const Edge& edge : edges) {
        if (static_cast<int>(edge.from) == i && edge.event == event) {
          CHECK(next == edge.to);
        }
      }
      found += next ? 1U : 0U;
    }
  }
  CHECK(found == edges.size());
}

}  // namespace
