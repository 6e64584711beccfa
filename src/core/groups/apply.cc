#include "core/groups/apply.h"

#include <algorithm>

#include "base/json.h"

namespace tidegate::groups {
namespace {

// Of an activity that is under way, in the order of its stages.
constexpr std::int32_t kProgressLaunching = 30;
constexpr std::int32_t kProgressDraining = 50;
constexpr std::int32_t kProgressStopping = 60;
constexpr std::int32_t kProgressClosing = 80;
constexpr std::int32_t kProgressKilling = 90;
constexpr std::int32_t kProgressDone = 100;

std::string zone_details(const std::string& zone) {
  return Json::object({{"Availability Zone", zone}}).dump();
}

std::int32_t progress_of(TerminationStage stage) {
  switch (stage) {
    case TerminationStage::None:
    case TerminationStage::Draining:
      return kProgressDraining;
    case TerminationStage::Stopping:
      return kProgressStopping;
    case TerminationStage::Closing:
      return kProgressClosing;
    case TerminationStage::Killing:
      return kProgressKilling;
  }
  return kProgressDone;
}

ActivityStatus status_of(TerminationStage stage) {
  return stage == TerminationStage::Draining ? ActivityStatus::WaitingForELBConnectionDraining
                                             : ActivityStatus::InProgress;
}

/// The launch template's for instances, then the group's that it propagates.
std::map<std::string, std::string> tags_at_launch(const AutoScalingGroup& group,
                                                  const LaunchTemplateVersion& version) {
  std::map<std::string, std::string> tags = version.instance_tags;
  for (const auto& [key, value] : group.tags) {
    const auto& kept = group.tags_not_propagated;
    if (!std::binary_search(kept.begin(), kept.end(), key)) {
      tags[key] = value;
    }
  }
  return tags;
}

class Applier {
 public:
  Applier(const AutoScalingGroup& group,
          std::span<const Instance> instances,
          std::span<const Activity> activities,
          const ApplyContext& context)
      : instances_(instances), activities_(activities), context_(context) {
    applied_.group = group;
  }

  Applied run(const Action& action) {
    std::visit([this](const auto& kind) { on(kind); }, action);
    forget_capacity_cause();
    return std::move(applied_);
  }

 private:
  void on(const LaunchInstance& action);
  void on(const EnterService& action);
  void on(const FailLaunch& action);
  void on(const MarkUnhealthy& action);
  void on(const MarkHealthy& action);
  void on(const BeginTermination& action);
  void on(const Undrain& action);
  void on(const AdvanceTermination& action);
  void on(const FinishTermination& action);
  void on(const BeginStandby& action);
  void on(const FinishStandby& action);
  void on(const EndStandby& action);
  void on(const BeginDetach& action);
  void on(const FinishDetach& action);
  void on(const AttachInstance& action);

  Activity begun(const Instance& instance, const ActivityId& id) const;
  void leave_service(Instance& instance, std::string description, std::string cause);
  void join(Instance& instance, std::string description, std::string cause);
  /// A copy to be changed, in the state that `event` leads to; absent without such an edge.
  std::optional<Instance> moved(const InstanceId& id, LifecycleEvent event) const {
    std::optional<Instance> instance = copy_of(id);
    const auto next =
        instance ? next_state(instance->lifecycle_state, event) : std::optional<LifecycleState>{};
    if (!next) {
      return std::nullopt;
    }
    instance->lifecycle_state = *next;
    return instance;
  }
  std::optional<Instance> copy_of(const InstanceId& id) const {
    const auto found = std::find_if(
        instances_.begin(), instances_.end(), [&id](const Instance& i) { return i.id == id; });
    return found == instances_.end() ? std::nullopt : std::optional<Instance>{*found};
  }
  void enter_stage(Instance& instance, TerminationStage stage) const {
    instance.stage = stage;
    instance.stage_since = context_.now;
  }
  void finish(const ActivityId& id, ActivityStatus status, std::string message);
  void progress(const ActivityId& id, ActivityStatus status, std::int32_t percent);
  void capacity_changed() { applied_.group.capacity_changed = context_.now; }
  void forget_capacity_cause();

  std::span<const Instance> instances_;
  std::span<const Activity> activities_;
  const ApplyContext& context_;
  Applied applied_;
};

void Applier::on(const LaunchInstance& action) {
  const AutoScalingGroup& group = applied_.group;
  Instance instance;
  instance.id = context_.new_instance_id();
  instance.group = group.name;
  instance.zone = action.zone;
  instance.image_id = context_.version.image_id;
  instance.instance_type = context_.version.instance_type;
  instance.launch_template = group.launch_template;
  instance.launch_template.version = std::to_string(context_.version.number);
  instance.launched = context_.now;
  instance.port = context_.port;
  instance.launch_activity = context_.new_activity_id();
  instance.replaces = action.replaces;
  instance.kept_from_load_balancers = is_suspended(group, "AddToLoadBalancer");
  instance.tags = tags_at_launch(group, context_.version);

  Activity activity = begun(instance, instance.launch_activity);
  activity.description = launch_description(instance.id);
  activity.cause = action.cause;
  activity.status = ActivityStatus::PreInService;
  activity.progress = kProgressLaunching;
  applied_.activities.push_back(std::move(activity));
  applied_.instance = std::move(instance);
}

void Applier::on(const EnterService& action) {
  auto instance = moved(action.id, LifecycleEvent::Serves);
  if (!instance) {
    return;
  }
  instance->in_service_since = context_.now;
  instance->protected_from_scale_in = applied_.group.new_instances_protected_from_scale_in;
  applied_.group.launch_failures.clear();  // what is launched now does serve
  capacity_changed();
  finish(instance->launch_activity, ActivityStatus::Successful, "");
  applied_.instance = std::move(instance);
}

void Applier::on(const FailLaunch& action) {
  auto instance = moved(action.id, LifecycleEvent::LaunchFails);
  if (!instance) {
    return;
  }
  enter_stage(*instance, TerminationStage::Killing);
  instance->termination_reason = TerminationReason::LaunchFailed;
  std::vector<Instant>& failures = applied_.group.launch_failures;
  std::erase_if(failures,
                [this](Instant failure) { return context_.now >= failure + kLaunchFailureWindow; });
  failures.push_back(context_.now);
  finish(instance->launch_activity, ActivityStatus::Failed, action.message);
  applied_.instance = std::move(instance);
}

void Applier::on(const MarkUnhealthy& action) {
  auto instance = copy_of(action.id);
  if (!instance || instance->lifecycle_state != LifecycleState::InService) {
    return;
  }
  instance->health_status = HealthStatus::Unhealthy;
  instance->health_reason = action.reason;
  applied_.instance = std::move(instance);
}

void Applier::on(const MarkHealthy& action) {
  auto instance = copy_of(action.id);
  if (!instance || instance->lifecycle_state != LifecycleState::InService) {
    return;
  }
  instance->health_status = HealthStatus::Healthy;
  instance->health_reason.clear();
  applied_.instance = std::move(instance);
}

void Applier::on(const BeginTermination& action) {
  auto instance = moved(action.id, LifecycleEvent::Terminate);
  if (!instance) {
    return;
  }
  if (!instance->termination_activity.empty()) {  // it was on its way to Standby or out
    finish(instance->termination_activity, ActivityStatus::Cancelled, "It is terminated instead.");
  }
  enter_stage(*instance, action.first_stage);
  instance->termination_reason = action.reason;
  instance->termination_activity = context_.new_activity_id();
  if (instance->in_service_since) {
    capacity_changed();
  } else if (copy_of(action.id)->lifecycle_state == LifecycleState::Pending) {
    finish(instance->launch_activity,
           ActivityStatus::Cancelled,
           "The instance is not wanted any more.");
  }
  Activity activity = begun(*instance, instance->termination_activity);
  activity.description = termination_description(instance->id);
  activity.cause = action.cause;
  activity.status = status_of(action.first_stage);
  activity.progress = progress_of(action.first_stage);
  applied_.activities.push_back(std::move(activity));
  applied_.instance = std::move(instance);
}

void Applier::on(const Undrain& action) {
  auto instance = moved(action.id, LifecycleEvent::Undrain);
  if (!instance || instance->undrained || instance->stage != TerminationStage::Draining) {
    return;
  }
  finish(instance->termination_activity, ActivityStatus::Cancelled, action.cause);
  instance->stage = TerminationStage::None;
  instance->stage_since.reset();
  instance->termination_reason = TerminationReason::None;
  instance->termination_activity = ActivityId{};
  instance->undrained = true;
  capacity_changed();
  applied_.instance = std::move(instance);
}

void Applier::on(const AdvanceTermination& action) {
  auto instance = copy_of(action.id);
  if (!instance || instance->lifecycle_state != LifecycleState::Terminating ||
      action.stage <= instance->stage) {
    return;
  }
  enter_stage(*instance, action.stage);
  progress(instance->termination_activity, status_of(action.stage), progress_of(action.stage));
  applied_.instance = std::move(instance);
}

void Applier::on(const FinishTermination& action) {
  auto instance = moved(action.id, LifecycleEvent::Gone);
  if (!instance) {
    return;
  }
  instance->stage = TerminationStage::None;
  instance->stage_since.reset();
  finish(instance->termination_activity, ActivityStatus::Successful, "");
  applied_.instance = std::move(instance);
}

/// Toward Standby or Detached; the activity is its `termination_activity` until then.
void Applier::leave_service(Instance& instance, std::string description, std::string cause) {
  if (instance.in_service_since) {
    capacity_changed();
  }
  instance.stage_since = context_.now;
  instance.termination_reason = TerminationReason::None;
  instance.termination_activity = context_.new_activity_id();
  applied_.activities.push_back(begun(instance, instance.termination_activity));
  Activity& activity = applied_.activities.back();
  activity.description = std::move(description);
  activity.cause = std::move(cause);
  activity.progress = kProgressDraining;
}

/// Toward InService; the activity is its `launch_activity`.
void Applier::join(Instance& instance, std::string description, std::string cause) {
  instance.joined = context_.now;
  instance.in_service_since.reset();
  instance.health_status = HealthStatus::Healthy;
  instance.health_reason.clear();
  instance.unhealthy_by_request = false;
  instance.launch_activity = context_.new_activity_id();
  instance.kept_from_load_balancers = is_suspended(applied_.group, "AddToLoadBalancer");
  applied_.activities.push_back(begun(instance, instance.launch_activity));
  Activity& activity = applied_.activities.back();
  activity.description = std::move(description);
  activity.cause = std::move(cause);
  activity.status = ActivityStatus::PreInService;
  activity.progress = kProgressLaunching;
}

void Applier::on(const BeginStandby& action) {
  auto instance = moved(action.id, LifecycleEvent::EnterStandby);
  if (!instance) {
    return;
  }
  leave_service(*instance, "Moving EC2 instance to Standby: " + action.id.value, action.cause);
  applied_.instance = std::move(instance);
}

void Applier::on(const FinishStandby& action) {
  const auto before = copy_of(action.id);
  auto instance = moved(action.id, LifecycleEvent::Drained);
  if (!instance || before->lifecycle_state != LifecycleState::EnteringStandby) {
    return;
  }
  finish(instance->termination_activity, ActivityStatus::Successful, "");
  instance->stage_since.reset();
  instance->in_service_since.reset();
  instance->termination_activity = ActivityId{};
  applied_.instance = std::move(instance);
}

void Applier::on(const EndStandby& action) {
  auto instance = moved(action.id, LifecycleEvent::ExitStandby);
  if (!instance) {
    return;
  }
  join(*instance, "Moving EC2 instance out of Standby: " + action.id.value, action.cause);
  applied_.instance = std::move(instance);
}

void Applier::on(const BeginDetach& action) {
  auto instance = moved(action.id, LifecycleEvent::Detach);
  if (!instance) {
    return;
  }
  leave_service(*instance, "Detaching EC2 instance: " + action.id.value, action.cause);
  applied_.instance = std::move(instance);
}

void Applier::on(const FinishDetach& action) {
  const auto before = copy_of(action.id);
  auto instance = moved(action.id, LifecycleEvent::Drained);
  if (!instance || before->lifecycle_state != LifecycleState::Detaching) {
    return;
  }
  finish(instance->termination_activity, ActivityStatus::Successful, "");
  instance->stage_since.reset();
  instance->in_service_since.reset();
  instance->protected_from_scale_in = false;
  instance->termination_activity = ActivityId{};
  instance->replaces.reset();
  applied_.instance = std::move(instance);
}

void Applier::on(const AttachInstance& action) {
  Instance instance = action.instance;
  instance.group = applied_.group.name;
  instance.lifecycle_state = LifecycleState::Pending;
  join(instance, "Attaching an existing EC2 instance: " + instance.id.value, action.cause);
  applied_.instance = std::move(instance);
}

/// An activity about the instance that begins now.
Activity Applier::begun(const Instance& instance, const ActivityId& id) const {
  Activity activity;
  activity.id = id;
  activity.group = instance.group;
  activity.instance = instance.id;
  activity.start = context_.now;
  activity.details = zone_details(instance.zone);
  return activity;
}

void Applier::finish(const ActivityId& id, ActivityStatus status, std::string message) {
  progress(id, status, kProgressDone);
  if (!applied_.activities.empty()) {
    applied_.activities.back().end = context_.now;
    applied_.activities.back().status_message = std::move(message);
  }
}

void Applier::progress(const ActivityId& id, ActivityStatus status, std::int32_t percent) {
  const auto found =
      std::find_if(activities_.begin(), activities_.end(), [&id](const Activity& activity) {
        return activity.id == id && !is_final(activity.status);
      });
  if (found != activities_.end()) {
    applied_.activities.push_back(*found);
    applied_.activities.back().status = status;
    applied_.activities.back().progress = percent;
  }
}

void Applier::forget_capacity_cause() {
  if (applied_.group.capacity_cause.empty() || !applied_.instance) {
    return;
  }
  std::vector<Instance> after(instances_.begin(), instances_.end());
  const auto same = std::find_if(after.begin(), after.end(), [this](const Instance& i) {
    return i.id == applied_.instance->id;
  });
  if (same != after.end()) {
    *same = *applied_.instance;
  } else {
    after.push_back(*applied_.instance);
  }
  if (counted_capacity(after) == applied_.group.desired_capacity) {
    applied_.group.capacity_cause.clear();
  }
}

}  // namespace

Applied apply(const AutoScalingGroup& group,
              std::span<const Instance> instances,
              std::span<const Activity> open_activities,
              const Action& action,
              const ApplyContext& context) {
  return Applier{group, instances, open_activities, context}.run(action);
}

}  // namespace tidegate::groups
