#include "engine/journal/stored_form.h"

#include <algorithm>
#include <array>

#include "engine/journal/codec.h"

namespace tidegate::engine {
namespace {

template <typename Map, typename Key>
std::optional<Json> encoded(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional{to_json(found->second)};
}

std::optional<Json> encode_group(const Model& model, const std::string& name) {
  const auto found = model.groups.find(groups::GroupName{name});
  if (found == model.groups.end()) {
    return std::nullopt;
  }
  Json json = to_json(found->second.group);
  json.set("Stack", found->second.stack.value);
  return json;
}

std::optional<Json> encode_instance(const Model& model, const EntityKey& key) {
  const auto group = model.groups.find(groups::GroupName{key.parent});
  return group == model.groups.end() ? std::nullopt
                                     : encoded(group->second.instances, groups::InstanceId{key.id});
}

std::optional<Json> encode_activity(const Model& model, const EntityKey& key) {
  const auto group = model.groups.find(groups::GroupName{key.parent});
  if (group != model.groups.end()) {
    const auto& all = group->second.activities;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.id.value == key.id; });
    if (found != all.end()) {
      return to_json(*found);
    }
  }
  const auto& past = model.past_activities;  // also of an older group of the same name
  const auto found = std::find_if(
      past.begin(), past.end(), [&](const auto& p) { return p.activity.id.value == key.id; });
  return found == past.end() ? std::nullopt : std::optional{to_json(*found)};
}

std::optional<Json> encode_policy(const Model& model, const std::string& name) {
  const auto found = model.policies.find(scaling::PolicyName{name});
  return found == model.policies.end() ? std::nullopt
                                       : std::optional{to_json(found->second.policy)};
}

std::optional<Json> encode_standalone(const Model& model, const std::string& id) {
  const auto found = model.standalone.find(groups::InstanceId{id});
  return found == model.standalone.end() ? std::nullopt
                                         : std::optional{to_json(found->second.value)};
}

std::optional<Json> encode_target_group(const Model& model, const std::string& arn) {
  const auto found = model.target_groups.find(balancing::TargetGroupArn{arn});
  return found == model.target_groups.end() ? std::nullopt
                                            : std::optional{to_json(found->second.target_group)};
}

constexpr std::array<std::string_view, 16> kPrefixes = {"stack/",
                                                        "launch_template/",
                                                        "load_balancer/",
                                                        "target_group/",
                                                        "listener/",
                                                        "rule/",
                                                        "group/",
                                                        "policy/",
                                                        "alarm/",
                                                        "instance/",
                                                        "activity/",
                                                        "notification/",
                                                        "cost/",
                                                        "alarm_history/",
                                                        "standalone/",
                                                        "cache_cluster/"};

std::optional<Json> encode_cost(const Model& model, const std::string& stack) {
  std::optional<Json> json = encoded(model.costs, stacks::StackName{stack});
  if (json) {
    json->set("Stack", stack);
  }
  return json;
}

std::optional<Json> encode_history(const Model& model, const std::string& sequence) {
  const auto& all = model.alarm_history;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& item) {
    return std::to_string(item.sequence) == sequence;
  });
  return found == all.end() ? std::nullopt : std::optional{to_json(*found)};
}

std::optional<Json> encode_cache(const Model& model, const std::string& id) {
  const auto found = model.caches.find(caches::CacheClusterId{id});
  return found == model.caches.end() ? std::nullopt : std::optional{to_json(found->second.cluster)};
}

class Keys {
 public:
  template <typename Map>
  void add(EntityKind kind, const Map& map) {
    for (const auto& [id, value] : map) {
      all_.push_back({kind, id.value, {}});
    }
  }
  void add_groups(const Model& model) {
    for (const auto& [name, group] : model.groups) {
      all_.push_back({EntityKind::Group, name.value, {}});
      for (const auto& [id, instance] : group.instances) {
        all_.push_back({EntityKind::Instance, id.value, name.value});
      }
      for (const groups::Activity& activity : group.activities) {
        all_.push_back({EntityKind::Activity, activity.id.value, name.value});
      }
    }
    for (const groups::PastActivity& past : model.past_activities) {
      all_.push_back({EntityKind::Activity, past.activity.id.value, past.activity.group.value});
    }
  }
  void add_history(const Model& model) {
    for (const alarms::HistoryItem& item : model.alarm_history) {
      all_.push_back({EntityKind::AlarmHistory, std::to_string(item.sequence), {}});
    }
  }
  const std::vector<EntityKey>& all() const { return all_; }

 private:
  std::vector<EntityKey> all_;
};

}  // namespace

std::string_view prefix_of(EntityKind kind) {
  return kPrefixes[static_cast<std::size_t>(kind)];
}

std::string to_store_key(const EntityKey& key) {
  std::string text{prefix_of(key.kind)};
  if (!key.parent.empty()) {
    text += key.parent + "/";
  }
  return text + key.id;
}

std::optional<Json> encode(const Model& model,
                           const Notifications& notifications,
                           const EntityKey& key) {
  switch (key.kind) {
    case EntityKind::Stack:
      return encoded(model.stacks, stacks::StackName{key.id});
    case EntityKind::LaunchTemplate:
      return encoded(model.launch_templates, groups::LaunchTemplateId{key.id});
    case EntityKind::LoadBalancer:
      return encoded(model.load_balancers, balancing::LoadBalancerArn{key.id});
    case EntityKind::TargetGroup:
      return encode_target_group(model, key.id);
    case EntityKind::Listener:
      return encoded(model.listeners, balancing::ListenerArn{key.id});
    case EntityKind::Rule:
      return encoded(model.rules, balancing::RuleArn{key.id});
    case EntityKind::Group:
      return encode_group(model, key.id);
    case EntityKind::Policy:
      return encode_policy(model, key.id);
    case EntityKind::Alarm:
      return encoded(model.alarms, alarms::AlarmName{key.id});
    case EntityKind::Instance:
      return encode_instance(model, key);
    case EntityKind::Activity:
      return encode_activity(model, key);
    case EntityKind::Notification:
      return encoded(notifications, key.id);
    case EntityKind::Cost:
      return encode_cost(model, key.id);
    case EntityKind::AlarmHistory:
      return encode_history(model, key.id);
    case EntityKind::Standalone:
      return encode_standalone(model, key.id);
    case EntityKind::CacheCluster:
      return encode_cache(model, key.id);
  }
  return std::nullopt;
}

std::map<std::string, std::string> stored_form(const Model& model) {
  Keys keys;
  keys.add(EntityKind::Stack, model.stacks);
  keys.add(EntityKind::LaunchTemplate, model.launch_templates);
  keys.add(EntityKind::LoadBalancer, model.load_balancers);
  keys.add(EntityKind::TargetGroup, model.target_groups);
  keys.add(EntityKind::Listener, model.listeners);
  keys.add(EntityKind::Rule, model.rules);
  keys.add_groups(model);
  keys.add(EntityKind::Policy, model.policies);
  keys.add(EntityKind::Alarm, model.alarms);
  keys.add(EntityKind::Cost, model.costs);
  keys.add_history(model);
  keys.add(EntityKind::Standalone, model.standalone);
  keys.add(EntityKind::CacheCluster, model.caches);
  std::map<std::string, std::string> stored;
  for (const EntityKey& key : keys.all()) {
    if (const auto json = encode(model, {}, key)) {
      stored.emplace(to_store_key(key), json->dump());
    }
  }
  return stored;
}

}  // namespace tidegate::engine
