// The lifecycle of an instance in a group, as a table (AUTOSCALING.md §2.1). The enum is full from
// the first day; edges that are not built yet are refused by next_state(). Pure.
#pragma once

#include <optional>
#include <string_view>

namespace tidegate::groups {

enum class LifecycleState {
  Pending,
  PendingWait,
  PendingProceed,
  Quarantined,
  InService,
  Terminating,
  TerminatingWait,
  TerminatingProceed,
  TerminatingRetained,
  Terminated,
  Detaching,
  Detached,
  EnteringStandby,
  Standby,
  ReplacingRootVolume,
  ReplacingRootVolumeWait,
  ReplacingRootVolumeProceed,
  RootVolumeReplaced,
  WarmedPending,
  WarmedPendingWait,
  WarmedPendingProceed,
  WarmedPendingRetained,
  WarmedTerminating,
  WarmedTerminatingWait,
  WarmedTerminatingProceed,
  WarmedTerminatingRetained,
  WarmedTerminated,
  WarmedStopped,
  WarmedRunning,
  WarmedHibernated,
};
std::string_view to_string(LifecycleState state);  // "Pending:Wait", "Warmed:Pending:Proceed", …
std::optional<LifecycleState> parse_lifecycle_state(std::string_view text);

enum class LifecycleEvent {
  Serves,        // answered through the balancer's path, or runs in a group without target groups
  LaunchFails,   // did not serve in time, or could not be started
  Terminate,     // scale-in, unhealthy, API, group deletion
  Undrain,       // load is back before SIGTERM: allowed once per instance (the caller keeps count)
  Gone,          // nothing is left of it
  EnterStandby,  // by a user
  ExitStandby,   // by a user: Pending again, as if launched
  Detach,        // by a user: it leaves the group and runs on
  Drained,       // of one that enters Standby or detaches: no request of the balancer is left
};

/// Where a state leads, in the words of an instance's metadata: "InService" while Pending,
/// "Terminated" while Terminating. Source: Auto Scaling User Guide, "Retrieve the target lifecycle
/// state through instance metadata".
std::string_view target_lifecycle_state(LifecycleState state);

/// The state after `event`, or absent where the table has no such edge.
std::optional<LifecycleState> next_state(LifecycleState state, LifecycleEvent event);

}  // namespace tidegate::groups
