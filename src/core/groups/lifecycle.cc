#include "core/groups/lifecycle.h"

#include <array>

namespace tidegate::groups {
namespace {

struct Name {
  LifecycleState state;
  std::string_view text;
};
constexpr std::array kNames = std::to_array<Name>({
    {LifecycleState::Pending, "Pending"},
    {LifecycleState::PendingWait, "Pending:Wait"},
    {LifecycleState::PendingProceed, "Pending:Proceed"},
    {LifecycleState::Quarantined, "Quarantined"},
    {LifecycleState::InService, "InService"},
    {LifecycleState::Terminating, "Terminating"},
    {LifecycleState::TerminatingWait, "Terminating:Wait"},
    {LifecycleState::TerminatingProceed, "Terminating:Proceed"},
    {LifecycleState::TerminatingRetained, "Terminating:Retained"},
    {LifecycleState::Terminated, "Terminated"},
    {LifecycleState::Detaching, "Detaching"},
    {LifecycleState::Detached, "Detached"},
    {LifecycleState::EnteringStandby, "EnteringStandby"},
    {LifecycleState::Standby, "Standby"},
    {LifecycleState::ReplacingRootVolume, "ReplacingRootVolume"},
    {LifecycleState::ReplacingRootVolumeWait, "ReplacingRootVolume:Wait"},
    {LifecycleState::ReplacingRootVolumeProceed, "ReplacingRootVolume:Proceed"},
    {LifecycleState::RootVolumeReplaced, "RootVolumeReplaced"},
    {LifecycleState::WarmedPending, "Warmed:Pending"},
    {LifecycleState::WarmedPendingWait, "Warmed:Pending:Wait"},
    {LifecycleState::WarmedPendingProceed, "Warmed:Pending:Proceed"},
    {LifecycleState::WarmedPendingRetained, "Warmed:Pending:Retained"},
    {LifecycleState::WarmedTerminating, "Warmed:Terminating"},
    {LifecycleState::WarmedTerminatingWait, "Warmed:Terminating:Wait"},
    {LifecycleState::WarmedTerminatingProceed, "Warmed:Terminating:Proceed"},
    {LifecycleState::WarmedTerminatingRetained, "Warmed:Terminating:Retained"},
    {LifecycleState::WarmedTerminated, "Warmed:Terminated"},
    {LifecycleState::WarmedStopped, "Warmed:Stopped"},
    {LifecycleState::WarmedRunning, "Warmed:Running"},
    {LifecycleState::WarmedHibernated, "Warmed:Hibernated"},
});

struct Edge {
  LifecycleState from;
  LifecycleEvent event;
  LifecycleState to;
};
// Hooks, root volumes and warm pools have their states above and no edge yet.
constexpr std::array kEdges = std::to_array<Edge>({
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

}  // namespace

std::string_view to_string(LifecycleState state) {
  return kNames[static_cast<std::size_t>(state)].text;
}

std::optional<LifecycleState> parse_lifecycle_state(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.text == text) {
      return name.state;
    }
  }
  return std::nullopt;
}

std::string_view target_lifecycle_state(LifecycleState state) {
  switch (state) {
    case LifecycleState::Pending:
    case LifecycleState::PendingWait:
    case LifecycleState::PendingProceed:
    case LifecycleState::Quarantined:
    case LifecycleState::InService:
    case LifecycleState::ReplacingRootVolume:
    case LifecycleState::ReplacingRootVolumeWait:
    case LifecycleState::ReplacingRootVolumeProceed:
    case LifecycleState::RootVolumeReplaced:
      return "InService";
    case LifecycleState::Terminating:
    case LifecycleState::TerminatingWait:
    case LifecycleState::TerminatingProceed:
    case LifecycleState::TerminatingRetained:
    case LifecycleState::Terminated:
      return "Terminated";
    case LifecycleState::Detaching:
    case LifecycleState::Detached:
      return "Detached";
    case LifecycleState::EnteringStandby:
    case LifecycleState::Standby:
      return "Standby";
    case LifecycleState::WarmedPending:
    case LifecycleState::WarmedPendingWait:
    case LifecycleState::WarmedPendingProceed:
    case LifecycleState::WarmedPendingRetained:
    case LifecycleState::WarmedRunning:
      return "Warmed:Running";
    case LifecycleState::WarmedStopped:
      return "Warmed:Stopped";
    case LifecycleState::WarmedHibernated:
      return "Warmed:Hibernated";
    case LifecycleState::WarmedTerminating:
    case LifecycleState::WarmedTerminatingWait:
    case LifecycleState::WarmedTerminatingProceed:
    case LifecycleState::WarmedTerminatingRetained:
    case LifecycleState::WarmedTerminated:
      return "Warmed:Terminated";
  }
  return "InService";
}

std::optional<LifecycleState> next_state(LifecycleState state, LifecycleEvent event) {
  for (const Edge& edge : kEdges) {
    if (edge.from == state && edge.event == event) {
      return edge.to;
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::groups
