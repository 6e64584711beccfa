#include "engine/resources.h"

#include <algorithm>

#include "engine/caches/cache_resource.h"
#include "engine/journal/past_order.h"

namespace tidegate::engine {
namespace {

Error taken(const char* type, const std::string& name) {
  return Error{
      ErrorCode::AlreadyExists,
      "AlreadyExists",
      std::string{type} + " '" + name + "' already exists in this home; choose another name"};
}

/// Creates one resource; an overload per type.
struct Create {
  EngineState& state;
  const stacks::Stack& stack;
  Instant now;

  Status operator()(groups::LaunchTemplate value) const {
    for (const auto& [id, other] : state.model.launch_templates) {
      if (other.name == value.name && !value.name.empty()) {
        return taken("Launch template", value.name);
      }
    }
    value.created = now;
    for (auto& version : value.versions) {
      version.created = now;
    }
    state.journal.touch(EntityKind::LaunchTemplate, value.id.value);
    state.model.launch_templates.insert_or_assign(value.id, value);
    return Ok{};
  }

  Status operator()(groups::AutoScalingGroup value) const {
    if (state.model.groups.contains(value.name)) {
      return taken("Auto Scaling group", value.name.value);
    }
    value.created = now;
    value.capacity_cause = groups::cause_group_created(now, 0, value.desired_capacity);
    state.journal.touch(EntityKind::Group, value.name.value);
    GroupModel& group = state.model.groups[value.name];
    group.stack = stack.name;
    group.group = std::move(value);
    return Ok{};
  }

  Status operator()(scaling::TargetTrackingPolicy value) const {
    if (state.model.policies.contains(policy_key(value))) {
      return taken("Scaling policy", value.name.value);
    }
    auto high = scaling::make_high_alarm(value, state.ids.uuid());
    value.high_alarm = high.name;
    add_alarm(std::move(high));
    if (!value.disable_scale_in) {
      auto low = scaling::make_low_alarm(value, state.ids.uuid());
      value.low_alarm = low.name;
      add_alarm(std::move(low));
    }
    const auto key = policy_key(value);
    state.journal.touch(EntityKind::Policy, key.value);
    state.model.policies[key].policy = std::move(value);
    return Ok{};
  }

  Status operator()(balancing::LoadBalancer value) const {
    for (const auto& [arn, other] : state.model.load_balancers) {
      if (other.name == value.name) {
        return taken("Load balancer", value.name);
      }
    }
    if (value.listen_address.empty()) {
      TG_ASSIGN_OR_RETURN(value.address, state.ports.data_plane.assign_address(value.arn));
    } else {
      value.address = value.listen_address;
    }
    value.dns_name = value.public_name.empty() ? value.address : value.public_name;
    value.created = now;
    std::sort(value.zones.begin(), value.zones.end());
    state.journal.touch(EntityKind::LoadBalancer, value.arn.value);
    state.model.load_balancers.insert_or_assign(value.arn, value);
    return Ok{};
  }

  Status operator()(balancing::TargetGroup value) const {
    for (const auto& [arn, other] : state.model.target_groups) {
      if (other.target_group.name == value.name) {
        return taken("Target group", value.name);
      }
    }
    value.created = now;
    for (auto& target : value.targets) {
      target.registered = now;
    }
    state.journal.touch(EntityKind::TargetGroup, value.arn.value);
    state.model.target_groups[value.arn].target_group = std::move(value);
    return Ok{};
  }

  Status operator()(balancing::Listener value) const {
    for (const auto& [arn, other] : state.model.listeners) {
      if (other.load_balancer == value.load_balancer && other.port == value.port) {
        return taken("A listener on port", std::to_string(value.port));
      }
    }
    state.journal.touch(EntityKind::Listener, value.arn.value);
    state.model.listeners.insert_or_assign(value.arn, value);
    return Ok{};
  }

  Status operator()(balancing::Rule value) const {
    for (const auto& [arn, other] : state.model.rules) {
      if (other.listener == value.listener && other.priority == value.priority) {
        return Error{ErrorCode::AlreadyExists,
                     "PriorityInUse",
                     "Priority '" + std::to_string(value.priority) + "' is currently in use"};
      }
    }
    state.journal.touch(EntityKind::Rule, value.arn.value);
    state.model.rules.insert_or_assign(value.arn, value);
    return Ok{};
  }

  Status operator()(alarms::Alarm value) const {
    if (state.model.alarms.contains(value.name)) {
      return taken("Alarm", value.name.value);
    }
    add_alarm(std::move(value));
    return Ok{};
  }

  Status operator()(caches::CacheCluster value) const {
    if (state.model.caches.contains(value.id)) {
      return taken("Cache cluster", value.id.value);
    }
    return create_cache(state, std::move(value), now);
  }

  void add_alarm(alarms::Alarm value) const {
    if (value.arn.empty()) {
      value.arn = "arn:aws:cloudwatch:" + state.settings.region + ":" + state.settings.account_id +
                  ":alarm:" + value.name.value;
    }
    value.configuration_updated = now;
    value.state_updated = now;
    value.state_transitioned = now;
    state.journal.touch(EntityKind::Alarm, value.name.value);
    remember(state, alarms::configuration_update(value, alarms::Configuration::Created, now));
    state.model.alarms.insert_or_assign(value.name, std::move(value));
  }
};

void keep_runtime(groups::AutoScalingGroup& value, const groups::AutoScalingGroup& old) {
  value.created = old.created;
  value.deleting = old.deleting;
  value.capacity_cause = old.capacity_cause;
  value.launch_failures = old.launch_failures;
  value.capacity_changed = old.capacity_changed;
  value.suspended = old.suspended;
}

/// Changes one resource; an overload per type.
struct Modify {
  EngineState& state;
  const std::vector<std::string>& changed;  // properties
  Instant now;

  /// Somebody may have deleted it by a call, behind the stack's back.
  template <typename Map, typename Key>
  static Status exists(const Map& map, const Key& key, const char* type) {
    return map.contains(key) ? Status{Ok{}}
                             : Error{ErrorCode::NotFound,
                                     "NotFound",
                                     std::string{type} + " '" + key.value +
                                         "' does not exist any more: it was deleted outside of "
                                         "this stack"};
  }

  /// The plan has the versions that exist, and one more.
  Status operator()(groups::LaunchTemplate value) const {
    TG_RETURN_IF_ERROR(exists(state.model.launch_templates, value.id, "Launch template"));
    value.versions.back().created = now;
    state.journal.touch(EntityKind::LaunchTemplate, value.id.value);
    state.model.launch_templates.insert_or_assign(value.id, std::move(value));
    return Ok{};
  }

  Status operator()(groups::AutoScalingGroup value) const {
    TG_RETURN_IF_ERROR(exists(state.model.groups, value.name, "Auto Scaling group"));
    GroupModel& group = state.model.groups[value.name];
    const std::int32_t before = group.group.desired_capacity;
    const bool asked =
        std::find(changed.begin(), changed.end(), "DesiredCapacity") != changed.end();
    const std::int32_t wanted =
        std::clamp(asked ? value.desired_capacity : before, value.min_size, value.max_size);
    keep_runtime(value, group.group);
    value.desired_capacity = before;
    group.group = std::move(value);
    state.journal.touch(EntityKind::Group, group.group.name.value);
    if (wanted != before) {
      LedgerEntry entry;
      entry.at = now;
      entry.group = group.group.name.value;
      entry.why = "the stack was updated";
      change_desired(state,
                     group,
                     wanted,
                     groups::cause_user_changed_desired(now, before, wanted),
                     std::move(entry));
    }
    return Ok{};
  }

  Status operator()(scaling::TargetTrackingPolicy value) const {
    const auto key = policy_key(value);
    TG_RETURN_IF_ERROR(exists(state.model.policies, key, "Scaling policy"));
    PolicyModel& policy = state.model.policies[key];
    const auto old = policy.policy;
    value.high_alarm = old.high_alarm;
    value.low_alarm = old.low_alarm;
    policy.policy = value;
    policy.last_vote.reset();
    state.policies.erase(key);  // its windows may have other periods now
    state.journal.touch(EntityKind::Policy, key.value);
    replace_view(old.high_alarm, scaling::make_high_alarm(value, "0"));
    if (!value.disable_scale_in && old.low_alarm.empty()) {
      auto low = scaling::make_low_alarm(value, state.ids.uuid());
      policy.policy.low_alarm = low.name;
      Create{state, {}, now}.add_alarm(std::move(low));
    } else if (value.disable_scale_in && !old.low_alarm.empty()) {
      state.model.alarms.erase(old.low_alarm);
      state.journal.touch(EntityKind::Alarm, old.low_alarm.value);
      policy.policy.low_alarm = {};
    } else if (!value.disable_scale_in) {
      replace_view(old.low_alarm, scaling::make_low_alarm(value, "0"));
    }
    return Ok{};
  }

  /// The alarm keeps its name, ARN and state; everything else is the new one's.
  void replace_view(const alarms::AlarmName& name, alarms::Alarm value) const {
    value.name = name;
    replace(std::move(value));
  }

  Status operator()(balancing::LoadBalancer value) const {
    TG_RETURN_IF_ERROR(exists(state.model.load_balancers, value.arn, "Load balancer"));
    auto& old = state.model.load_balancers[value.arn];
    old.idle_timeout = value.idle_timeout;
    state.journal.touch(EntityKind::LoadBalancer, value.arn.value);
    return Ok{};
  }

  Status operator()(balancing::TargetGroup value) const {
    TG_RETURN_IF_ERROR(exists(state.model.target_groups, value.arn, "Target group"));
    auto& old = state.model.target_groups[value.arn].target_group;
    if (value.target_type == balancing::TargetType::Instance || value.targets.empty()) {
      value.targets = old.targets;
    }
    value.created = old.created;
    value.tags = old.tags;
    old = std::move(value);
    state.journal.touch(EntityKind::TargetGroup, old.arn.value);
    return Ok{};
  }

  Status operator()(balancing::Listener value) const {
    TG_RETURN_IF_ERROR(exists(state.model.listeners, value.arn, "Listener"));
    auto& old = state.model.listeners[value.arn];
    old.default_action = value.default_action;
    state.journal.touch(EntityKind::Listener, value.arn.value);
    return Ok{};
  }

  Status operator()(balancing::Rule value) const {
    TG_RETURN_IF_ERROR(exists(state.model.rules, value.arn, "Listener rule"));
    for (const auto& [arn, other] : state.model.rules) {
      if (arn != value.arn && other.listener == value.listener &&
          other.priority == value.priority) {
        return Error{ErrorCode::AlreadyExists,
                     "PriorityInUse",
                     "Priority '" + std::to_string(value.priority) + "' is currently in use"};
      }
    }
    value.tags = state.model.rules.at(value.arn).tags;
    state.journal.touch(EntityKind::Rule, value.arn.value);
    state.model.rules.insert_or_assign(value.arn, std::move(value));
    return Ok{};
  }

  /// A node type with another memory restarts it, with its data.
  Status operator()(const caches::CacheCluster& value) const {
    auto& old = state.model.caches[value.id].cluster;
    old.node_type = value.node_type;
    old.engine_version = value.engine_version;
    state.journal.touch(EntityKind::CacheCluster, value.id.value);
    return Ok{};
  }

  Status operator()(alarms::Alarm value) const {
    TG_RETURN_IF_ERROR(exists(state.model.alarms, value.name, "Alarm"));
    replace(std::move(value));
    return Ok{};
  }

  void replace(alarms::Alarm value) const {
    auto& old = state.model.alarms[value.name];
    value.arn = old.arn;
    value.policy_arn = old.policy_arn;
    value.state = old.state;
    value.state_reason = old.state_reason;
    value.state_reason_data = old.state_reason_data;
    value.state_updated = old.state_updated;
    value.state_transitioned = old.state_transitioned;
    value.tags = old.tags;
    value.configuration_updated = now;
    state.journal.touch(EntityKind::Alarm, value.name.value);
    remember(state, alarms::configuration_update(value, alarms::Configuration::Updated, now));
    old = std::move(value);
  }
};

template <typename Map, typename Key>
void drop(EngineState& state, Map& map, const Key& key, EntityKind kind) {
  if (map.erase(key) > 0) {
    state.journal.touch(kind, key.value);
  }
}

void hurry(EngineState& state, GroupModel& group, Instant now) {
  std::vector<groups::Action> actions;
  for (const auto& [id, instance] : group.instances) {
    if (instance.lifecycle_state == groups::LifecycleState::Terminating) {
      if (instance.stage != groups::TerminationStage::Killing) {
        actions.emplace_back(groups::AdvanceTermination{id, groups::TerminationStage::Killing});
      }
    } else {
      actions.emplace_back(groups::BeginTermination{id,
                                                    groups::TerminationReason::GroupDeleted,
                                                    groups::TerminationStage::Killing,
                                                    groups::cause_user_terminated(now, id)});
    }
  }
  apply_actions(state, group, actions, now);
}

void delete_policy(EngineState& state, const std::string& physical_id) {
  for (auto policy = state.model.policies.begin(); policy != state.model.policies.end(); ++policy) {
    const auto& value = policy->second.policy;
    if (value.arn != physical_id) {
      continue;
    }
    drop(state, state.model.alarms, alarms::AlarmName{value.high_alarm}, EntityKind::Alarm);
    drop(state, state.model.alarms, alarms::AlarmName{value.low_alarm}, EntityKind::Alarm);
    const auto key = policy_key(value);
    state.policies.erase(key);
    drop(state, state.model.policies, key, EntityKind::Policy);
    return;
  }
}

/// As AWS does for six weeks; the oldest go when there are too many.
void keep_activities(EngineState& state, const GroupModel& group, Instant now) {
  auto& past = state.model.past_activities;
  const auto touch = [&](const groups::Activity& activity) {
    state.journal.touch(EntityKind::Activity, activity.id.value, activity.group.value);
  };
  for (const groups::Activity& activity : group.activities) {
    touch(activity);
    past.push_front({activity, group.group.arn, now});
  }
  std::sort(past.begin(), past.end(), &is_told_before);
  while (!past.empty() && (past.size() > groups::kMaxPastActivitiesKept ||
                           now - past.back().group_deleted > groups::kActivitiesShown)) {
    touch(past.back().activity);
    past.pop_back();
  }
}

Readiness delete_group(EngineState& state,
                       const groups::GroupName& name,
                       DeleteStack::Haste haste,
                       Instant now) {
  const auto found = state.model.groups.find(name);
  if (found == state.model.groups.end()) {
    return Readiness::Ready;
  }
  GroupModel& group = found->second;
  if (!group.group.deleting) {
    group.group.deleting = true;
    group.group.capacity_cause =
        groups::cause_user_changed_desired(now, group.group.desired_capacity, 0);
    group.group.min_size = group.group.max_size = group.group.desired_capacity = 0;
    state.journal.touch(EntityKind::Group, name.value);
  }
  if (!group.instances.empty()) {
    if (haste == DeleteStack::Haste::Now) {
      hurry(state, group, now);
    }
    return Readiness::Waiting;
  }
  erase_group(state, groups::GroupName{name}, now);
  return Readiness::Ready;
}

}  // namespace

void erase_group(EngineState& state, const groups::GroupName& name, Instant now) {
  keep_activities(state, state.model.groups.at(name), now);
  std::vector<std::string> policies;
  for (const auto& [key, policy] : state.model.policies) {
    if (policy.policy.group_name == name.value) {
      policies.push_back(policy.policy.arn);
    }
  }
  for (const auto& arn : policies) {
    delete_policy(state, arn);
  }
  state.groups.erase(name);
  drop(state, state.model.groups, name, EntityKind::Group);
}

Status create_resource(EngineState& state,
                       const stacks::Stack& stack,
                       const stacks::PlannedResource& planned,
                       Instant now) {
  state.view_stale = true;
  return std::visit(Create{state, stack, now}, planned.properties);
}

Result<Readiness> resource_ready(const EngineState& state, const stacks::PlannedResource& planned) {
  if (const auto* cache = std::get_if<caches::CacheCluster>(&planned.properties)) {
    return cache_ready(state, cache->id);
  }
  const auto* listener = std::get_if<balancing::Listener>(&planned.properties);
  if (listener == nullptr) {
    return Readiness::Ready;
  }
  const auto found = state.model.listeners.find(listener->arn);
  if (found == state.model.listeners.end() ||
      (found->second.bound_port == 0 && found->second.bind_note.empty())) {
    return Readiness::Waiting;
  }
  if (found->second.bound_port == 0) {
    return Error{ErrorCode::FailedPrecondition, "PortInUse", found->second.bind_note};
  }
  return Readiness::Ready;
}

Status modify_resource(EngineState& state, const stacks::ResourceChange& change, Instant now) {
  state.view_stale = true;
  return std::visit(Modify{state, change.changed_properties, now}, change.resource.properties);
}

Readiness delete_resource(EngineState& state,
                          const std::string& type,
                          const std::string& physical_id,
                          DeleteStack::Haste haste,
                          Instant now) {
  state.view_stale = true;
  if (type == "AWS::AutoScaling::AutoScalingGroup") {
    return delete_group(state, groups::GroupName{physical_id}, haste, now);
  }
  if (type == "AWS::ElastiCache::CacheCluster") {
    return delete_cache(state, caches::CacheClusterId{physical_id});
  }
  if (type == "AWS::AutoScaling::ScalingPolicy") {
    delete_policy(state, physical_id);
  } else if (type == "AWS::EC2::LaunchTemplate") {
    drop(state,
         state.model.launch_templates,
         groups::LaunchTemplateId{physical_id},
         EntityKind::LaunchTemplate);
  } else if (type == "AWS::ElasticLoadBalancingV2::LoadBalancer") {
    drop(state,
         state.model.load_balancers,
         balancing::LoadBalancerArn{physical_id},
         EntityKind::LoadBalancer);
    state.ports.data_plane.release_address(balancing::LoadBalancerArn{physical_id});
  } else if (type == "AWS::ElasticLoadBalancingV2::TargetGroup") {
    drop(state,
         state.model.target_groups,
         balancing::TargetGroupArn{physical_id},
         EntityKind::TargetGroup);
  } else if (type == "AWS::ElasticLoadBalancingV2::Listener") {
    drop(state, state.model.listeners, balancing::ListenerArn{physical_id}, EntityKind::Listener);
  } else if (type == "AWS::ElasticLoadBalancingV2::ListenerRule") {
    drop(state, state.model.rules, balancing::RuleArn{physical_id}, EntityKind::Rule);
  } else if (type == "AWS::CloudWatch::Alarm") {
    drop(state, state.model.alarms, alarms::AlarmName{physical_id}, EntityKind::Alarm);
    state.next_evaluation.erase(alarms::AlarmName{physical_id});
  }
  return Readiness::Ready;
}

}  // namespace tidegate::engine
