// Planning: each group's plan is applied to the model and journalled; what follows from it is for
// act().
#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "core/groups/apply.h"
#include "engine/fleet/fleet.h"
#include "engine/resources.h"

namespace tidegate::engine {
namespace {

std::vector<groups::Instance> instances_of(const GroupModel& group) {
  std::vector<groups::Instance> all;
  all.reserve(group.instances.size());
  for (const auto& [id, instance] : group.instances) {
    all.push_back(instance);
  }
  return all;
}

/// How many more instances of what the group launches now fit into `room`.
std::optional<std::int32_t> how_many_fit(const EngineState& state,
                                         const GroupModel& group,
                                         const Room& room) {
  const auto* version = launch_version(state.model, group.group);
  return version == nullptr
             ? std::nullopt
             : how_many_fit(
                   size_of(state.model, group.stack, version->instance_type, group.group.max_size),
                   room);
}

std::map<balancing::TargetGroupArn, Duration> delays_of(const EngineState& state,
                                                        const GroupModel& group) {
  std::map<balancing::TargetGroupArn, Duration> delays;
  for (const auto& arn : group.group.target_groups) {
    const auto found = state.model.target_groups.find(arn);
    if (found != state.model.target_groups.end()) {
      delays[arn] = found->second.target_group.deregistration_delay;
    }
  }
  return delays;
}

std::map<std::string, std::int64_t> versions_of(const Model& model,
                                                const groups::AutoScalingGroup& group) {
  const auto found = model.launch_templates.find(group.launch_template.id);
  if (found == model.launch_templates.end() || found->second.versions.empty()) {
    return {};
  }
  return {{"$Latest", found->second.versions.back().number},
          {"$Default", found->second.default_version}};
}

void put_activity(EngineState& state, GroupModel& group, const groups::Activity& activity) {
  auto& all = group.activities;
  const auto same =
      std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.id == activity.id; });
  if (same != all.end()) {
    *same = activity;
  } else {
    all.push_front(activity);
  }
  state.journal.touch(EntityKind::Activity, activity.id.value, group.group.name.value);
  while (all.size() > groups::kMaxActivitiesKept) {
    const auto last = std::find_if(
        all.rbegin(), all.rend(), [](const auto& a) { return groups::is_final(a.status); });
    if (last == all.rend()) {
      break;
    }
    state.journal.touch(EntityKind::Activity, last->id.value, group.group.name.value);
    all.erase(std::next(last).base());
  }
}

/// Once for as long as it is refused for the same reason, also when the engine was started anew.
void show_refused_launch(EngineState& state,
                         GroupModel& group,
                         const groups::Blocker& blocker,
                         Instant now) {
  const auto instances = instances_of(group);
  const groups::Activity refused = groups::refused_launch(group.group,
                                                          groups::counted_capacity(instances),
                                                          blocker.why,
                                                          groups::ActivityId{state.ids.uuid()},
                                                          now);
  const bool is_shown =
      !group.activities.empty() && group.activities.front().description == refused.description;
  if (!is_shown) {
    put_activity(state, group, refused);
  }
}

/// Blockers that are new since the last plan go to the ledger.
void record_blockers(EngineState& state,
                     GroupModel& group,
                     std::vector<groups::Blocker> blockers,
                     Instant now) {
  auto& known = state.groups[group.group.name].blockers;
  for (const auto& blocker : blockers) {
    const bool old = std::any_of(known.begin(), known.end(), [&](const auto& k) {
      return k.what == blocker.what && k.why == blocker.why;
    });
    if (!old) {
      LedgerEntry entry;
      entry.at = now;
      entry.group = group.group.name.value;
      entry.what = "no " + blocker.what;
      entry.why = blocker.why;
      entry.would_change = blocker.until;
      record(state, std::move(entry));
      if (blocker.fails_launch && blocker.what == "launch") {
        show_refused_launch(state, group, blocker, now);
      }
    }
  }
  state.view_stale = state.view_stale || blockers != group.blockers;
  known = blockers;
  group.blockers = std::move(blockers);
}

std::string describe_action(const groups::Action& action) {
  struct Describe {
    std::string operator()(const groups::LaunchInstance&) const { return "launch"; }
    std::string operator()(const groups::EnterService& a) const {
      return "in service " + a.id.value;
    }
    std::string operator()(const groups::FailLaunch& a) const {
      return "launch failed " + a.id.value;
    }
    std::string operator()(const groups::MarkUnhealthy& a) const {
      return "unhealthy " + a.id.value;
    }
    std::string operator()(const groups::MarkHealthy& a) const { return "healthy " + a.id.value; }
    std::string operator()(const groups::BeginTermination& a) const {
      return "terminate " + a.id.value;
    }
    std::string operator()(const groups::Undrain& a) const { return "un-drain " + a.id.value; }
    std::string operator()(const groups::AdvanceTermination& a) const {
      return std::string{to_string(a.stage)} + " " + a.id.value;
    }
    std::string operator()(const groups::FinishTermination& a) const {
      return "terminated " + a.id.value;
    }
    std::string operator()(const groups::BeginStandby& a) const {
      return "entering standby " + a.id.value;
    }
    std::string operator()(const groups::FinishStandby& a) const { return "standby " + a.id.value; }
    std::string operator()(const groups::EndStandby& a) const {
      return "leaving standby " + a.id.value;
    }
    std::string operator()(const groups::BeginDetach& a) const { return "detaching " + a.id.value; }
    std::string operator()(const groups::FinishDetach& a) const { return "detached " + a.id.value; }
    std::string operator()(const groups::AttachInstance& a) const {
      return "attaching " + a.instance.id.value;
    }
  };
  return std::visit(Describe{}, action);
}

std::string reason_of(const groups::Action& action, const groups::Applied& applied) {
  if (const auto* failed = std::get_if<groups::FailLaunch>(&action)) {
    return failed->message;
  }
  if (const auto* unhealthy = std::get_if<groups::MarkUnhealthy>(&action)) {
    return unhealthy->reason;
  }
  return applied.activities.empty() ? std::string{} : applied.activities.front().cause;
}

void take_over(EngineState& state,
               GroupModel& group,
               const groups::Action& action,
               groups::Applied applied,
               Instant now) {
  LedgerEntry entry;
  entry.at = now;
  entry.group = group.group.name.value;
  entry.decided = true;
  entry.what = describe_action(action);
  entry.why = reason_of(action, applied);
  const double monthly_before = monthly_price_of(state, group);
  if (!applied.activities.empty()) {
    entry.activity = applied.activities.front().id.value;
  }
  if (applied.group != group.group) {
    group.group = std::move(applied.group);
    state.journal.touch(EntityKind::Group, group.group.name.value);
  }
  for (const auto& activity : applied.activities) {
    put_activity(state, group, activity);
  }
  if (applied.instance) {
    const groups::Instance& instance = *applied.instance;
    entry.instance = instance.id.value;
    if (std::holds_alternative<groups::LaunchInstance>(action)) {
      entry.what += " " + instance.id.value;
    }
    update_registration(state, group.group, instance, now);
    state.journal.touch(EntityKind::Instance, instance.id.value, group.group.name.value);
    if (instance.lifecycle_state == groups::LifecycleState::Terminated ||
        instance.lifecycle_state == groups::LifecycleState::Detached) {
      keep_outside(state, instance, now);
      group.facts.erase(instance.id);
      group.instances.erase(groups::InstanceId{instance.id});
    } else {
      group.instances.insert_or_assign(instance.id, instance);
    }
  }
  entry.cost = decision_cost(monthly_before, monthly_price_of(state, group));
  record(state, std::move(entry));
}

std::vector<groups::Activity> open_activities(const GroupModel& group) {
  std::vector<groups::Activity> open;
  std::copy_if(group.activities.begin(),
               group.activities.end(),
               std::back_inserter(open),
               [](const auto& activity) { return !groups::is_final(activity.status); });
  return open;
}

std::set<std::string> terminating_ids(const Model& model) {
  std::set<std::string> ids;
  for (const auto& [name, group] : model.groups) {
    for (const auto& [id, instance] : group.instances) {
      if (instance.lifecycle_state == groups::LifecycleState::Terminating) {
        ids.insert(id.value);
      }
    }
  }
  return ids;
}

/// Deregistered targets whose delay and closing time are over leave the target group; one of an
/// instance that terminates stays until that is over, for its connections are closed only then.
void drop_drained_targets(EngineState& state, Instant now) {
  const std::set<std::string> terminating = terminating_ids(state.model);
  for (auto& [arn, group] : state.model.target_groups) {
    const Duration delay = group.target_group.deregistration_delay + groups::kClosingTime;
    const auto before = group.target_group.targets.size();
    std::erase_if(group.target_group.targets, [&](const balancing::Target& target) {
      return target.deregistered && now >= *target.deregistered + delay &&
             !terminating.contains(target.id);
    });
    if (group.target_group.targets.size() != before) {
      state.journal.touch(EntityKind::TargetGroup, arn.value);
      state.view_stale = true;
    }
  }
}

/// Groups that calls delete are gone with their last instance; stacks look after their own before.
void finish_deletions(EngineState& state, Instant now) {
  std::vector<groups::GroupName> gone;
  for (const auto& [name, group] : state.model.groups) {
    if (group.group.deleting && group.instances.empty()) {
      gone.push_back(name);
    }
  }
  for (const auto& name : gone) {
    erase_group(state, name, now);
    state.view_stale = true;
  }
}

}  // namespace

void apply_actions(EngineState& state,
                   GroupModel& group,
                   const std::vector<groups::Action>& actions,
                   Instant now) {
  static const groups::LaunchTemplateVersion kNoVersion;
  for (const auto& action : actions) {
    const auto* version = launch_version(state.model, group.group);
    const groups::ApplyContext context{
        now,
        [&state] { return groups::InstanceId{"i-" + state.ids.hex(17)}; },
        [&state] { return groups::ActivityId{state.ids.uuid()}; },
        version != nullptr ? *version : kNoVersion,
        application_port(state.model, group.group)};
    const auto instances = instances_of(group);
    const auto open = open_activities(group);
    take_over(
        state, group, action, groups::apply(group.group, instances, open, action, context), now);
  }
}

void plan_groups(EngineState& state, Instant now) {
  drop_drained_targets(state, now);
  plan_standalone(state, now);
  finish_deletions(state, now);
  Room room = room_left(state);
  for (auto& [name, group] : state.model.groups) {
    const auto instances = instances_of(group);
    groups::PlanInput input{.group = group.group,
                            .instances = instances,
                            .facts = group.facts,
                            .deregistration_delays = delays_of(state, group),
                            .template_versions = versions_of(state.model, group.group),
                            .room = how_many_fit(state, group, room),
                            .data_plane_connected_since = state.data_plane_connected_since,
                            .now = now};
    input.capacity_available = !input.room || *input.room > 0;
    if (auto why = launch_obstacle(state.model, group); !why.empty()) {
      input.launch_obstacle = groups::Blocker{"", std::move(why), "it is there again"};
    }
    groups::Plan made = groups::plan(input);
    if (made.next_due) {
      state.due = std::min(state.due, *made.next_due);
      state.plan_due = std::min(state.plan_due.value_or(Instant::max()), *made.next_due);
    }
    if (!made.actions.empty()) {
      apply_actions(state, group, made.actions, now);
      room = room_left(state);
    }
    record_blockers(state, group, std::move(made.blockers), now);
  }
}

}  // namespace tidegate::engine
