// Act: what the persisted state asks of drivers and balancers is asked for. Level-triggered:
// nothing here remembers more than what was asked last, so that a lost question is asked again once
// it is overdue.
#include <algorithm>

#include "base/json.h"
#include "engine/fleet/fleet.h"

namespace tidegate::engine {
namespace {

using groups::InstancePhase;
using groups::LifecycleState;
using groups::TerminationStage;

Json metadata_document(const EngineState& state,
                       const groups::AutoScalingGroup& group,
                       const groups::Instance& instance,
                       const std::string& user_data) {
  Json tags = Json::object();
  for (const auto& [key, value] : instance.tags) {
    tags.set(key, value);
  }
  return Json::object(
      {{"instance-id", instance.id.value},
       {"instance-type", instance.instance_type},
       {"ami-id", instance.image_id},
       {"account-id", state.settings.account_id},
       {"region", state.settings.region},
       {"availability-zone", instance.zone},
       {"auto-scaling-group", group.name.value},
       {"target-lifecycle-state", groups::target_lifecycle_state(instance.lifecycle_state)},
       {"pending-time", format_iso8601(instance.launched)},
       {"launch-template", instance.launch_template.id.value},
       {"launch-template-version", instance.launch_template.version},
       {"tags", std::move(tags)},
       {"user-data", user_data}});
}

Duration idle_timeout_of(const Model& model, const groups::AutoScalingGroup& group) {
  for (const auto& arn : group.target_groups) {
    for (const auto& load_balancer : load_balancers_of(model, arn)) {
      const auto found = model.load_balancers.find(load_balancer);
      if (found != model.load_balancers.end()) {
        return found->second.idle_timeout;
      }
    }
  }
  return balancing::LoadBalancer{}.idle_timeout;
}

std::string whole_seconds(Duration duration) {
  return std::to_string(duration / std::chrono::seconds{1});
}

/// What it is made from; null when that was deleted meanwhile.
const groups::LaunchTemplateVersion* version_of(const Model& model,
                                                const groups::Instance& instance) {
  const auto found = model.launch_templates.find(instance.launch_template.id);
  return found == model.launch_templates.end()
             ? nullptr
             : resolve(found->second, instance.launch_template.version);
}

ports::LaunchSpec launch_spec(const EngineState& state,
                              const GroupModel& group,
                              const groups::Instance& instance) {
  ports::LaunchSpec spec;
  spec.id = instance.id;
  spec.group_name = group.group.name.value;
  spec.zone = instance.zone;
  spec.image_id = instance.image_id;
  spec.instance_type = instance.instance_type;
  spec.port = instance.port;
  if (const auto image = image_of(state.model, group.stack, instance.image_id)) {
    spec.image.layers = image->layers;
  }
  if (const auto size =
          size_of(state.model, group.stack, instance.instance_type, group.group.max_size)) {
    spec.size = {size->vcpus, size->memory_mib};
  }
  if (const auto* version = version_of(state.model, instance)) {
    spec.user_data = version->user_data;
  }
  spec.environment = {
      {"DRAIN_DEADLINE_S", whole_seconds(group.group.stop_timeout)},
      {"LB_IDLE_TIMEOUT_S", whole_seconds(idle_timeout_of(state.model, group.group))},
      {"AWS_REGION", state.settings.region}};
  if (const auto caches = cache_access(state.model, group)) {
    spec.host_names = caches->host_names;
    if (!caches->redis_url.empty()) {
      spec.environment.emplace("REDIS_URL", caches->redis_url);
    }
  }
  spec.metadata_document = metadata_document(state, group.group, instance, spec.user_data).dump();
  return spec;
}

Asked::What wanted(const GroupModel& group, const groups::Instance& instance) {
  const auto facts = group.facts.find(instance.id);
  const auto* seen = facts != group.facts.end() && facts->second.observation
                         ? &*facts->second.observation
                         : nullptr;
  if (instance.stage == TerminationStage::Killing) {
    return seen != nullptr ? Asked::What::Kill : Asked::What::Nothing;
  }
  if (seen == nullptr) {
    const bool launching = instance.lifecycle_state == LifecycleState::Pending && !instance.joined;
    return launching ? Asked::What::Launch : Asked::What::Nothing;
  }
  const bool running =
      seen->phase == InstancePhase::Running || seen->phase == InstancePhase::Launching;
  return running && groups::wants_sigterm(group.group, instance) ? Asked::What::Stop
                                                                 : Asked::What::Nothing;
}

/// An instance's own metadata follows its lifecycle.
void tell_target_state(EngineState& state, const GroupModel& group, const groups::Instance& one) {
  const auto facts = group.facts.find(one.id);
  if (facts == group.facts.end() || !facts->second.observation) {
    return;
  }
  const std::string_view word = groups::target_lifecycle_state(one.lifecycle_state);
  std::string_view& told = state.groups[group.group.name].told[one.id];
  if (told != word) {
    told = word;
    state.ports.compute.set_target_lifecycle_state(one.id, std::string{word});
  }
}

void act_on_instances(EngineState& state, const GroupModel& group, Instant now) {
  auto& asked = state.groups[group.group.name].asked;
  const auto is_gone = [&](const auto& entry) { return !group.instances.contains(entry.first); };
  std::erase_if(asked, is_gone);
  std::erase_if(state.groups[group.group.name].told, is_gone);
  for (const auto& [id, instance] : group.instances) {
    tell_target_state(state, group, instance);
    const auto what = wanted(group, instance);
    const bool cannot_yet =
        what == Asked::What::Launch &&
        (version_of(state.model, instance) == nullptr || !cache_access(state.model, group));
    if (cannot_yet || !ask(asked[id], what, now)) {
      continue;
    }
    if (what == Asked::What::Launch) {
      state.ports.compute.launch(launch_spec(state, group, instance));
    } else if (what == Asked::What::Stop) {
      state.ports.compute.stop(id);
    } else {
      state.ports.compute.kill(id);
    }
  }
}

void kill_orphans(EngineState& state, Instant now) {
  std::erase_if(state.orphans_asked, [&](const auto& entry) {
    return std::find(state.orphans.begin(), state.orphans.end(), entry.first) ==
           state.orphans.end();
  });
  for (const auto& id : state.orphans) {
    if (ask(state.orphans_asked[id], Asked::What::Kill, now)) {
      state.ports.compute.kill(id);
    }
  }
}

const groups::Instance* find_instance(const Model& model,
                                      const std::string& id,
                                      const GroupModel*& owner) {
  for (const auto& [name, group] : model.groups) {
    const auto found = group.instances.find(groups::InstanceId{id});
    if (found != group.instances.end()) {
      owner = &group;
      return &found->second;
    }
  }
  return nullptr;
}

/// A target that the API deregistered drains to the end of its delay, then what is left is closed.
balancing::TargetIntent intent_by_delay(const balancing::TargetGroup& group,
                                        const balancing::Target& target,
                                        Instant now) {
  if (!target.deregistered) {
    return balancing::TargetIntent::Serving;
  }
  const bool over = now >= *target.deregistered + group.deregistration_delay;
  return over ? balancing::TargetIntent::Closing : balancing::TargetIntent::Draining;
}

balancing::TargetConfig target_config(const EngineState& state,
                                      const balancing::TargetGroup& group,
                                      const balancing::Target& target,
                                      const std::vector<std::string>& zones,
                                      Instant now) {
  balancing::TargetConfig config{target.id, target.address, target.port, target.zone};
  config.intent = intent_by_delay(group, target, now);
  config.zone_enabled =
      target.zone.empty() || std::binary_search(zones.begin(), zones.end(), target.zone);
  const GroupModel* owner = nullptr;
  if (const auto* instance = find_instance(state.model, target.id, owner)) {
    const auto facts = owner->facts.find(instance->id);
    const auto* seen = facts == owner->facts.end() ? nullptr : &facts->second;
    const auto by_life = groups::target_intent(*instance, seen, now);
    // A terminating instance closes its connections after StopTimeout, not at its delay's end.
    config.intent = instance->lifecycle_state == LifecycleState::Terminating
                        ? by_life
                        : std::max(config.intent, by_life);
    config.incarnation = seen != nullptr && seen->observation ? seen->observation->incarnation : 0;
  } else if (const auto outside = state.model.standalone.find(groups::InstanceId{target.id});
             outside != state.model.standalone.end()) {
    const auto& facts = outside->second.facts;
    const auto by_life = groups::target_intent(outside->second.value.instance, &facts, now);
    config.intent = std::max(config.intent, by_life);
    config.incarnation = facts.observation ? facts.observation->incarnation : 0;
  } else if (group.target_type == balancing::TargetType::Instance) {
    config.intent = balancing::TargetIntent::Dead;  // the instance is gone; the target shows
                                                    // draining to its delay's end
  }
  return config;
}

balancing::TargetGroupConfig target_group_config(const EngineState& state,
                                                 const TargetGroupModel& group,
                                                 Instant now) {
  balancing::TargetGroupConfig config;
  config.arn = group.target_group.arn;
  config.health_check = group.target_group.health_check;
  config.stickiness = group.target_group.stickiness;
  constexpr std::string_view kType = "AWS::ElasticLoadBalancingV2::TargetGroup";
  const auto timing = timing_of_resource(state.model, kType, config.arn.value);
  if (timing == scaling::TimingProfile::Aws) {  // AWS probes a new target like any other
    config.initial_probe_interval = config.health_check.interval;
    config.initial_probe_timeout = config.health_check.timeout;
  }
  const auto zones = zones_served(state.model, config.arn);
  config.in_use = !zones.empty();
  for (const auto& target : group.target_group.targets) {
    config.targets.push_back(target_config(state, group.target_group, target, zones, now));
  }
  return config;
}

/// Liveness is probed by the balancer like any health check, through a group that no listener
/// forwards to.
balancing::TargetGroupConfig liveness_config(const GroupModel& group) {
  const groups::Liveness& liveness = *group.group.liveness;
  balancing::TargetGroupConfig config;
  config.arn = liveness_group(group.group.name);
  config.health_check.path = liveness.path;
  config.health_check.interval = liveness.interval;
  config.health_check.timeout = liveness.timeout;
  config.health_check.unhealthy_threshold = liveness.unhealthy_threshold;
  config.health_check.healthy_threshold = 2;
  for (const auto& [id, instance] : group.instances) {
    if (instance.lifecycle_state == LifecycleState::InService && !instance.address.empty()) {
      config.targets.push_back({id.value, instance.address, instance.port, instance.zone});
    }
  }
  return config;
}

balancing::ListenerConfig listener_config(const Model& model, const balancing::Listener& listener) {
  balancing::ListenerConfig config;
  config.arn = listener.arn;
  config.load_balancer = listener.load_balancer;
  config.port = listener.port;
  config.default_target_group = listener.default_action.target_group;
  const auto load_balancer = model.load_balancers.find(listener.load_balancer);
  if (load_balancer != model.load_balancers.end()) {
    config.address = load_balancer->second.address;
    config.strict_port = load_balancer->second.strict_port;
    config.idle_timeout = load_balancer->second.idle_timeout;
  }
  for (const auto& [arn, rule] : model.rules) {
    if (rule.listener == listener.arn) {
      config.rules.push_back(rule);
    }
  }
  std::sort(config.rules.begin(), config.rules.end(), [](const auto& a, const auto& b) {
    return a.priority < b.priority;
  });
  return config;
}

void publish_config(EngineState& state, Instant now) {
  balancing::DataPlaneConfig config;
  config.generation = state.published.generation;
  for (const auto& [arn, listener] : state.model.listeners) {
    config.listeners.push_back(listener_config(state.model, listener));
  }
  for (const auto& [arn, group] : state.model.target_groups) {
    config.target_groups.push_back(target_group_config(state, group, now));
  }
  for (const auto& [name, group] : state.model.groups) {
    if (group.group.liveness) {
      config.target_groups.push_back(liveness_config(group));
    }
  }
  if (config == state.published) {
    return;
  }
  // Control-plane time never goes backwards, so generations grow across restarts too.
  const auto by_time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  config.generation = std::max(state.published.generation + 1, by_time);
  state.published = config;
  state.ports.data_plane.publish(config);
}

void hand_over_notifications(EngineState& state) {
  for (const auto& [id, notification] : state.notifications) {
    state.ports.notifier.notify(notification);
    state.journal.touch(EntityKind::Notification, id);
  }
  state.notifications
      .clear();  // the deletion is journalled by the next tick; a crash before it tells twice
}

}  // namespace

bool ask(Asked& asked, Asked::What what, Instant now) {
  if (what == Asked::What::Nothing || (asked.what == what && now - asked.at < kOverdue)) {
    return false;
  }
  asked = {what, now};
  return true;
}

void act(EngineState& state, Instant now) {
  for (const auto& [name, group] : state.model.groups) {
    act_on_instances(state, group, now);
  }
  act_on_standalone(state, now);
  kill_orphans(state, now);
  act_on_caches(state, now);
  publish_config(state, now);
  hand_over_notifications(state);
}

}  // namespace tidegate::engine
