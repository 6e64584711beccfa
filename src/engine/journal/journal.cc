#include "engine/journal/journal.h"

#include <algorithm>

#include "base/text.h"
#include "engine/journal/codec.h"
#include "engine/journal/past_order.h"
#include "engine/journal/stored_form.h"

namespace tidegate::engine {
namespace {

/// Reads every value under a kind's prefix and hands it over as JSON.
template <typename Take>
Status load_kind(ports::StateStore& store, EntityKind kind, Take take) {
  TG_ASSIGN_OR_RETURN(const auto stored, store.read(std::string{prefix_of(kind)}));
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
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::CacheCluster, [&](const Json& json) {
    auto value = from_json<caches::CacheCluster>(json);
    model.caches[value.id].cluster = value;
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Rule, [&](const Json& json) {
    auto value = from_json<balancing::Rule>(json);
    model.rules.insert_or_assign(value.arn, value);
  }));
  return load_kind(store, EntityKind::Cost, [&](const Json& json) {
    auto value = from_json<cost::Account>(json);
    model.costs.insert_or_assign(stacks::StackName{json["Stack"].string_or("")}, value);
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
    model.policies[policy_key(value)].policy = value;
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Alarm, [&](const Json& json) {
    auto value = from_json<alarms::Alarm>(json);
    model.alarms.insert_or_assign(value.name, value);
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::AlarmHistory, [&](const Json& json) {
    model.alarm_history.push_back(from_json<alarms::HistoryItem>(json));
  }));
  std::sort(model.alarm_history.begin(),
            model.alarm_history.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Standalone, [&](const Json& json) {
    auto value = from_json<groups::StandaloneInstance>(json);
    model.standalone[value.instance.id].value = value;
  }));
  TG_RETURN_IF_ERROR(load_kind(store, EntityKind::Instance, [&](const Json& json) {
    auto value = from_json<groups::Instance>(json);
    model.groups[value.group].instances.insert_or_assign(value.id, value);
  }));
  return load_kind(store, EntityKind::Activity, [&](const Json& json) {
    if (json.find("GroupDeleted") != nullptr) {
      model.past_activities.push_back(from_json<groups::PastActivity>(json));
      return;
    }
    auto value = from_json<groups::Activity>(json);
    model.groups[value.group].activities.push_back(std::move(value));
  });
}

// A flush of more than one batch is staged first: under these keys, its count last.
constexpr std::string_view kStaged = "staged/";
constexpr std::string_view kStagedCount = "staged/count";
constexpr std::size_t kMaxApplied = (ports::kMaxBatch - 1) / 2;

std::string staged_key(std::size_t index) {
  const std::string digits = std::to_string(index);
  return std::string{kStaged} + std::string(8 - std::min<std::size_t>(8, digits.size()), '0') +
         digits;
}

std::string to_staged(const ports::StoreOperation& operation) {
  Json json = Json::object({{"Key", operation.key}});
  if (operation.value) {
    json.set("Value", *operation.value);
  }
  return json.dump();
}

Result<ports::StoreOperation> from_staged(const std::string& key, const std::string& text) {
  const auto json = Json::parse(text);
  if (!json) {
    return Error{ErrorCode::Corrupt,
                 "CorruptState",
                 "the state store's entry '" + key + "' is " + json.error().message};
  }
  const Json* value = json->find("Value");
  return ports::StoreOperation{
      (*json)["Key"].string_or(""),
      value == nullptr ? std::nullopt : std::optional{value->string_or("")}};
}

}  // namespace

Status Journal::append(const Operations& batch) {
  TG_ASSIGN_OR_RETURN(const ports::Revision now, store_.append(batch, epoch_, store_.revision()));
  static_cast<void>(now);
  return Ok{};
}

Status Journal::stage(const Operations& all) {
  for (std::size_t begin = 0; begin < all.size(); begin += ports::kMaxBatch) {
    const std::size_t end = std::min(all.size(), begin + ports::kMaxBatch);
    Operations batch;
    for (std::size_t i = begin; i < end; ++i) {
      batch.push_back({staged_key(i), to_staged(all[i])});
    }
    TG_RETURN_IF_ERROR(append(batch));
  }
  return append({{std::string{kStagedCount}, std::to_string(all.size())}});
}

Status Journal::apply_staged() {
  while (!staged_.empty()) {
    // Each goes in one batch with its staged form's end: the rest is what is still to be applied.
    const auto count = static_cast<std::ptrdiff_t>(std::min(staged_.size(), kMaxApplied));
    Operations batch;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const auto& [key, operation] = staged_[static_cast<std::size_t>(i)];
      batch.push_back(operation);
      batch.push_back({key, std::nullopt});
    }
    if (static_cast<std::size_t>(count) == staged_.size()) {
      batch.push_back({std::string{kStagedCount}, std::nullopt});
    }
    TG_RETURN_IF_ERROR(append(batch));
    staged_.erase(staged_.begin(), staged_.begin() + count);
  }
  return Ok{};
}

Status Journal::flush(const Model& model, const Notifications& notifications) {
  TG_RETURN_IF_ERROR(apply_staged());
  if (dirty_.empty()) {
    return Ok{};
  }
  Operations all;
  for (const EntityKey& key : dirty_) {
    const auto json = encode(model, notifications, key);
    all.push_back({to_store_key(key), json ? std::optional{json->dump()} : std::nullopt});
  }
  if (all.size() <= ports::kMaxBatch) {
    TG_RETURN_IF_ERROR(append(all));
    dirty_.clear();
    return Ok{};
  }
  TG_RETURN_IF_ERROR(stage(all));
  dirty_.clear();  // from here on it is durable as a whole
  for (std::size_t i = 0; i < all.size(); ++i) {
    staged_.emplace_back(staged_key(i), std::move(all[i]));
  }
  // What is left to do then is done by the next flush, or after a restart.
  static_cast<void>(apply_staged());
  return Ok{};
}

/// A flush that a crash cut short: done to its end when all of it was staged, else undone.
Status Journal::finish_staged() {
  TG_ASSIGN_OR_RETURN(const auto stored, store_.read(std::string{kStaged}));
  const auto count = stored.find(std::string{kStagedCount});
  const std::string end_key =
      count == stored.end()
          ? std::string{kStaged}
          : staged_key(static_cast<std::size_t>(parse_int(count->second).value_or(0)));
  Operations undo;
  for (const auto& [key, text] : stored) {
    if (key == kStagedCount) {
      continue;
    }
    if (key >= end_key) {  // not all of it was staged, or left over from an earlier try
      undo.push_back({key, std::nullopt});
      continue;
    }
    TG_ASSIGN_OR_RETURN(auto operation, from_staged(key, text));
    staged_.emplace_back(key, std::move(operation));
  }
  for (std::size_t begin = 0; begin < undo.size(); begin += ports::kMaxBatch) {
    const auto end = static_cast<std::ptrdiff_t>(std::min(undo.size(), begin + ports::kMaxBatch));
    TG_RETURN_IF_ERROR(
        append({undo.begin() + static_cast<std::ptrdiff_t>(begin), undo.begin() + end}));
  }
  return apply_staged();
}

Status Journal::load(Model& model, Notifications& notifications) {
  TG_RETURN_IF_ERROR(finish_staged());
  TG_RETURN_IF_ERROR(load_resources(store_, model));
  TG_RETURN_IF_ERROR(load_groups(store_, model));
  std::erase_if(model.groups, [](const auto& entry) { return entry.second.group.name.empty(); });
  std::sort(model.past_activities.begin(), model.past_activities.end(), &is_told_before);
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
