#include "engine/journal/journal.h"

#include <algorithm>
#include <iterator>

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
  if (group == model.groups.end()) {
    return std::nullopt;
  }
  const auto& all = group->second.activities;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.id.value == key.id; });
  return found == all.end() ? std::nullopt : std::optional{to_json(*found)};
}

std::optional<Json> encode_policy(const Model& model, const std::string& name) {
  const auto found = model.policies.find(scaling::PolicyName{name});
  return found == model.policies.end() ? std::nullopt
                                       : std::optional{to_json(found->second.policy)};
}

std::optional<Json> encode_target_group(const Model& model, const std::string& arn) {
  const auto found = model.target_groups.find(balancing::TargetGroupArn{arn});
  return found == model.target_groups.end() ? std::nullopt
                                            : std::optional{to_json(found->second.target_group)};
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
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 12> kPrefixes = {"stack/",
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
                                                        "notification/"};

/// Reads every value under a kind's prefix and hands it over as JSON.
template <typename Take>
Status load_kind(ports::StateStore& store, EntityKind kind, Take take) {
  TG_ASSIGN_OR_RETURN(const auto stored,
                      store.read(std::string{kPrefixes[static_cast<std::size_t>(kind)]}));
  for (const auto& [key, text] : stored) {
    const auto json = Json::parse(text);
    if (!json) {
      return Error{ErrorCode::Corrupt,
                   "CorruptState",
                   "the state store's entry '" + key + "' is " + json.error().message};
    }
    take(*json);
  }
  return Ok{};
}

Status load_resources(ports::StateStore& store, Model& model) {
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Stack, [&](const Json& json) {
    auto value = from_json<stacks::Stack>(json);
    model.stacks.insert_or_assign(value.name, value);
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::LaunchTemplate, [&](const Json& json) {
    auto value = from_json<groups::LaunchTemplate>(json);
    model.launch_templates.insert_or_assign(value.id, value);
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::LoadBalancer, [&](const Json& json) {
    auto value = from_json<balancing::LoadBalancer>(json);
    model.load_balancers.insert_or_assign(value.arn, value);
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::TargetGroup, [&](const Json& json) {
    auto value = from_json<balancing::TargetGroup>(json);
    model.target_groups[value.arn].target_group = value;
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Listener, [&](const Json& json) {
    auto value = from_json<balancing::Listener>(json);
    model.listeners.insert_or_assign(value.arn, value);
  }));
  return load_kind(store, EntityKind::Rule, [&](const Json& json) {
    auto value = from_json<balancing::Rule>(json);
    model.rules.insert_or_assign(value.arn, value);
  });
}

Status load_groups(ports::StateStore& store, Model& model) {
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Group, [&](const Json& json) {
    auto value = from_json<groups::AutoScalingGroup>(json);
    GroupModel& group = model.groups[value.name];
    group.stack = stacks::StackName{json["Stack"].string_or("")};
    group.group = std::move(value);
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Policy, [&](const Json& json) {
    auto value = from_json<scaling::TargetTrackingPolicy>(json);
    model.policies[value.name].policy = value;
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Alarm, [&](const Json& json) {
    auto value = from_json<alarms::Alarm>(json);
    model.alarms.insert_or_assign(value.name, value);
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Instance, [&](const Json& json) {
    auto value = from_json<groups::Instance>(json);
    model.groups[value.group].instances.insert_or_assign(value.id, value);
  }));
  return load_kind(store, EntityKind::Activity, [&](const Json& json) {
    auto value = from_json<groups::Activity>(json);
    model.groups[value.group].activities.push_back(std::move(value));
  });
}

}  // namespace

std::string to_store_key(const EntityKey& key) {
  std::string text{kPrefixes[static_cast<std::size_t>(key.kind)]};
  if (!key.parent.empty()) {
    text += key.parent + "/";
  }
  return text + key.id;
}

Status Journal::flush(const Model& model, const Notifications& notifications) {
  while (!dirty_.empty()) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(dirty_.size(), ports::kMaxBatch));
    const auto end = std::next(dirty_.begin(), count);
    std::vector<ports::StoreOperation> batch;
    for (auto key = dirty_.begin(); key != end; ++key) {
      const auto json = encode(model, notifications, *key);
      batch.push_back({to_store_key(*key), json ? std::optional{json->dump()} : std::nullopt});
    }
    TG_RETURN_IF_ERROR(store_.append(batch, epoch_, store_.revision()));
    dirty_.erase(dirty_.begin(), end);
  }
  return Ok{};
}

Status Journal::load(Model& model, Notifications& notifications) {
  TG_RETURN_IF_ERROR(load_resources(store_, model));
  TG_RETURN_IF_ERROR(load_groups(store_, model));
  std::erase_if(model.groups, [](const auto& entry) { return entry.second.group.name.empty(); });
  for (auto& [name, group] : model.groups) {
    // Newest first; ids are of their own, so that the order is one.
    std::sort(group.activities.begin(), group.activities.end(), [](const auto& a, const auto& b) {
      return std::tie(b.start, a.id) < std::tie(a.start, b.id);
    });
  }
  return load_kind(store_, EntityKind::Notification, [&](const Json& json) {
    auto value = from_json<ports::Notification>(json);
    notifications.insert_or_assign(value.id, value);
  });
}

}  // namespace tidegate::engine
