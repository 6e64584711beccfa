#include "edge/api/autoscaling/asking.h"

#include <algorithm>

namespace tidegate::api::autoscaling {

Error validation(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

Error group_not_found(const std::string& group) {
  return validation("AutoScalingGroup name not found - AutoScalingGroup '" + group + "' not found");
}

Status check_group(const engine::Model& model, const std::string& group) {
  if (!model.groups.contains(groups::GroupName{group})) {
    return group_not_found(group);
  }
  return Ok{};
}

Result<std::int64_t> limit_of(const std::optional<std::int64_t>& asked,
                              std::int64_t fallback,
                              std::int64_t largest) {
  const std::int64_t limit = asked.value_or(fallback);
  if (limit < 1 || limit > largest) {
    return validation("MaxRecords must be between 1 and " + std::to_string(largest));
  }
  return limit;
}

bool holds(const Names& list, const std::string& value) {
  return list.has_value() && std::find(list->begin(), list->end(), value) != list->end();
}

bool names(const Names& list, const std::string& value) {
  return !list.has_value() || list->empty() || holds(list, value);
}

std::vector<groups::InstanceId> ids_of(const Names& list) {
  std::vector<groups::InstanceId> ids;
  for (const std::string& id : list.value_or(std::vector<std::string>{})) {
    ids.emplace_back(id);
  }
  return ids;
}

engine::TerminateInstance::Desired desired_of(bool should_decrement) {
  using Desired = engine::TerminateInstance::Desired;
  return should_decrement ? Desired::Decrement : Desired::Keep;
}

Result<std::int32_t> size_of(std::int64_t value, const char* name) {
  if (value < 0 || value > INT32_MAX) {
    return validation(std::string{name} + " " + std::to_string(value) +
                      " is no capacity of a group");
  }
  return static_cast<std::int32_t>(value);
}

std::optional<Duration> seconds_of_member(const std::optional<std::int64_t>& value) {
  constexpr std::int64_t kMostSeconds = 1'000'000'000;  // beyond every limit, and no overflow
  if (!value) {
    return std::nullopt;
  }
  return std::chrono::seconds{std::clamp(*value, -kMostSeconds, kMostSeconds)};
}

Result<engine::GroupTag> tag_of(const Tag& tag, const std::string& group) {
  using Propagate = engine::GroupTag::Propagate;
  if (tag.resource_type.value_or("auto-scaling-group") != "auto-scaling-group") {
    return validation("Invalid Resource Type: '" + *tag.resource_type +
                      "'. Supported resource type is 'auto-scaling-group'");
  }
  const std::string name = group.empty() ? tag.resource_id.value_or("") : group;
  if (name.empty() || tag.resource_id.value_or(name) != name) {
    return validation("ResourceId of the tag '" + tag.key.value_or("") +
                      "' must be the group's name");
  }
  if (tag.key->starts_with("aws:")) {
    return validation("Tag key '" + *tag.key + "' begins with aws:, which is reserved");
  }
  return engine::GroupTag{groups::GroupName{name},
                          *tag.key,
                          tag.value.value_or(""),
                          tag.propagate_at_launch.value_or(false) ? Propagate::Yes : Propagate::No};
}

std::vector<TagDescription> tags_of(const groups::AutoScalingGroup& group) {
  const auto& kept = group.tags_not_propagated;
  std::vector<TagDescription> tags;
  for (const auto& [key, value] : group.tags) {
    TagDescription& tag = tags.emplace_back();
    tag.resource_id = group.name.value;
    tag.resource_type = "auto-scaling-group";
    tag.key = key;
    tag.value = value;
    tag.propagate_at_launch = !std::binary_search(kept.begin(), kept.end(), key);
  }
  return tags;
}

}  // namespace tidegate::api::autoscaling
