// What an action of the planner does to the group's own state: apply(state, action) → changed
// state. The engine journals what comes back and only then tells a driver; the simulator and the
// tests use the same function. Pure; ids come from the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "core/groups/activity.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/instance.h"
#include "core/groups/launch_template.h"
#include "core/groups/plan.h"

namespace tidegate::groups {

struct ApplyContext {
  Instant now;
  std::function<InstanceId()> new_instance_id;  // called once, by LaunchInstance only
  std::function<ActivityId()> new_activity_id;  // called at most once per action
  const LaunchTemplateVersion& version;         // what a launch is made from
  std::uint16_t port = 0;                       // the application's, of a launched instance
};

/// The values that are different afterwards. An instance in Terminated is to be dropped from the
/// group.
struct Applied {
  std::optional<Instance> instance;  // changed or new; absent: the action no longer applies
  std::vector<Activity> activities;  // changed or new
  AutoScalingGroup group;            // launch_failures, capacity_changed, capacity_cause updated
};

/// instances: as in PlanInput. open_activities: those that are not final (others are not looked
/// at). An action on an instance that is not there, or not in a state with such an edge, changes
/// nothing.
///  LaunchInstance      a Pending instance and its activity (PreInService)
///  EnterService        InService; launch activity Successful; the group's capacity changed
///  FailLaunch          Terminating/Killing; launch activity Failed; counted in launch_failures
///  BeginTermination    Terminating in the action's first stage with an activity; a Pending one's
///                      launch activity is Cancelled; the capacity changed if it was InService
///  Undrain             InService again with its in_service_since; termination activity Cancelled
///  FinishTermination   Terminated; termination activity Successful
///  BeginStandby, BeginDetach  EnteringStandby, Detaching, with an activity; the capacity changed
///  FinishStandby, FinishDetach  Standby, Detached (which is to be dropped from the group too)
///  EndStandby, AttachInstance  Pending again since now, with an activity like a launch's
/// capacity_cause is cleared as soon as the counted capacity equals desired: later launches have
/// other causes.
Applied apply(const AutoScalingGroup& group,
              std::span<const Instance> instances,
              std::span<const Activity> open_activities,
              const Action& action,
              const ApplyContext& context);

}  // namespace tidegate::groups
