// What the handlers of this service share: how requests name things, and what is said when they
// name nothing. Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/api/calls/serve.h"
#include "edge/api/models/autoscaling.h"
#include "engine/commands.h"
#include "engine/queries.h"

namespace tidegate::api::autoscaling {

inline constexpr std::int64_t kMaxRecords = 100;

/// ValidationError (400).
Error validation(std::string message);
Error group_not_found(const std::string& group);
/// Error: ValidationError when there is no such group.
Status check_group(const engine::Model& model, const std::string& group);

/// MaxRecords, or the operation's default. Error: ValidationError outside 1..largest.
Result<std::int64_t> limit_of(const std::optional<std::int64_t>& asked,
                              std::int64_t fallback,
                              std::int64_t largest = kMaxRecords);

using Names = std::optional<std::vector<std::string>>;
bool holds(const Names& list, const std::string& value);
/// Absent and empty lists name everything.
bool names(const Names& list, const std::string& value);

std::vector<groups::InstanceId> ids_of(const Names& list);
engine::TerminateInstance::Desired desired_of(bool should_decrement);
/// Error: ValidationError when it is no 32-bit count >= 0. name: of the member.
Result<std::int32_t> size_of(std::int64_t value, const char* name);
std::optional<Duration> seconds_of_member(const std::optional<std::int64_t>& value);

/// Tags as a group's, checked: ResourceType, key, no reserved prefix. group: where the tag itself
/// must not say it; empty: it must.
Result<engine::GroupTag> tag_of(const Tag& tag, const std::string& group);
std::vector<TagDescription> tags_of(const groups::AutoScalingGroup& group);

/// Target groups. Error: ValidationError for other types of traffic sources.
Result<std::vector<balancing::TargetGroupArn>> sources_of(
    const std::vector<TrafficSourceIdentifier>& given);

// The entries, by what they are about; each is in the file of that name.
std::vector<Entry> group_entries();
std::vector<Entry> attachment_entries();
std::vector<Entry> instance_entries();
std::vector<Entry> activity_entries();
std::vector<Entry> policy_entries();
std::vector<Entry> tag_entries();
std::vector<Entry> type_entries();

}  // namespace tidegate::api::autoscaling
