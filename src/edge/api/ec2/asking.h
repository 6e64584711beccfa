// What the handlers of this service share: filters, names, what is said when they name nothing.
// Private to the module.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "edge/api/calls/serve.h"
#include "edge/api/models/ec2.h"
#include "engine/commands.h"
#include "engine/queries.h"

namespace tidegate::api::ec2 {

using Names = std::optional<std::vector<std::string>>;
using Filters = std::optional<std::vector<Filter>>;
using TagMap = std::map<std::string, std::string>;

Error error(ErrorCode code, const char* name, std::string message);
Error invalid_value(std::string message);  // InvalidParameterValue

bool holds(const Names& names, const std::string& value);
/// Absent and empty lists name everything.
bool names(const Names& names, const std::string& value);

/// What a filter's name means of one thing: its values, any of which may match. Absent: no such
/// filter.
using Meaning = std::function<std::optional<std::vector<std::string>>(std::string_view name)>;
/// valid: the names that mean something, "a, b, tag:<key>". Error: InvalidParameterValue for
/// another.
Status check_filters(const Filters& filters, std::string_view valid);
/// Every filter matches, wildcards * and ? included; one that means nothing matches nothing.
bool accepts(const Filters& filters, const Meaning& meaning);
/// tag-key and tag:<key>; absent for other names.
std::optional<std::vector<std::string>> tag_values(const TagMap& tags, std::string_view name);

/// MaxResults within its bounds; the largest when absent. Error: InvalidParameterValue.
Result<std::int64_t> limit_of(const std::optional<std::int64_t>& asked,
                              std::int64_t smallest,
                              std::int64_t largest);

/// Errors: InvalidInstanceID.Malformed, InvalidInstanceID.NotFound.
Status check_instance_ids(const engine::Model& model, const Names& ids);

std::vector<Tag> tags_shown(const TagMap& tags);
/// The tags for one type of resource; others of the specification are refused by name.
/// Error: InvalidParameterValue.
Result<TagMap> tags_for(const std::optional<std::vector<TagSpecification>>& given,
                        const char* resource_type);
/// Error: InvalidParameterValue for what no tag may be (reserved or too long keys, long values).
Result<TagMap> checked_tags(const std::vector<Tag>& given);

/// Decoded. Errors: InvalidUserData.Malformed, InvalidParameterValue over 16 KiB.
Result<std::string> user_data_of(const std::optional<std::string>& encoded);
/// Refuses what a member's structure has and nothing acts on. member: of the operation's input.
Status check_inner(const Operation& operation,
                   std::string_view member,
                   const void* value,
                   const std::vector<const char*>& accepted);

/// The shape of a structure's member.
const Shape* member_shape(const Shape& structure, std::string_view member);
/// Of launch data as JSON, the members that nothing acts on: those that say what is the case here.
/// Error: InvalidParameterValue for any other (core/stacks/properties/launch_data.h).
Result<Json> host_facts_of(const Json& data, std::span<const std::string_view> acted_on);

// The entries, by what they are about; each is in the file of that name.
std::vector<Entry> instance_entries();
std::vector<Entry> running_entries();
std::vector<Entry> launch_template_entries();
std::vector<Entry> catalogue_entries();
std::vector<Entry> network_entries();
std::vector<Entry> tag_entries();

}  // namespace tidegate::api::ec2
