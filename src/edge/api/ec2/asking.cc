#include "edge/api/ec2/asking.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "edge/api/protocol/validate.h"

namespace tidegate::api::ec2 {
namespace {

constexpr std::size_t kMaxUserDataBytes = 16 * 1024;  // AWS quota, before base64
constexpr std::size_t kMaxTagKey = 128;
constexpr std::size_t kMaxTagValue = 256;

bool any_matches(const Filter& filter, const std::vector<std::string>& values) {
  const auto patterns = filter.values.value_or(std::vector<std::string>{});
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      return matches_wildcard(pattern, value);
    });
  });
}

}  // namespace

Error error(ErrorCode code, const char* name, std::string message) {
  return Error{code, name, std::move(message)};
}

Error invalid_value(std::string message) {
  return error(ErrorCode::InvalidArgument, "InvalidParameterValue", std::move(message));
}

bool holds(const Names& names, const std::string& value) {
  return names.has_value() && std::find(names->begin(), names->end(), value) != names->end();
}

bool names(const Names& names, const std::string& value) {
  return !names.has_value() || names->empty() || holds(names, value);
}

Status check_filters(const Filters& filters, std::string_view valid) {
  const std::vector<std::string> known = split(valid, ',');
  for (const Filter& filter : filters.value_or(std::vector<Filter>{})) {
    const std::string name = filter.name.value_or("");
    const std::string kind = name.starts_with("tag:") ? "tag:<key>" : name;
    if (std::none_of(known.begin(), known.end(), [&](const std::string& one) {
          return trim(one) == kind;
        })) {
      return invalid_value("The filter '" + name +
                           "' is invalid; what works: " + std::string{valid});
    }
  }
  return Ok{};
}

bool accepts(const Filters& filters, const Meaning& meaning) {
  const auto all = filters.value_or(std::vector<Filter>{});
  return std::all_of(all.begin(), all.end(), [&](const Filter& filter) {
    const auto values = meaning(filter.name.value_or(""));
    return values && any_matches(filter, *values);
  });
}

std::optional<std::vector<std::string>> tag_values(const TagMap& tags, std::string_view name) {
  std::vector<std::string> values;
  if (name == "tag-key") {
    for (const auto& [key, value] : tags) {
      values.push_back(key);
    }
    return values;
  }
  if (!name.starts_with("tag:")) {
    return std::nullopt;
  }
  const auto found = tags.find(std::string{name.substr(4)});
  if (found != tags.end()) {
    values.push_back(found->second);
  }
  return values;
}

Result<std::int64_t> limit_of(const std::optional<std::int64_t>& asked,
                              std::int64_t smallest,
                              std::int64_t largest) {
  if (asked.has_value() && (*asked < smallest || *asked > largest)) {
    return invalid_value("Value ( " + std::to_string(*asked) +
                         " ) for parameter maxResults is invalid. "
                         "Expecting a value between " +
                         std::to_string(smallest) + " and " + std::to_string(largest) + ".");
  }
  return asked.value_or(largest);
}

Status check_instance_ids(const engine::Model& model, const Names& ids) {
  for (const std::string& id : ids.value_or(std::vector<std::string>{})) {
    if (!id.starts_with("i-") || id.size() < 3 ||
        id.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
      return error(ErrorCode::InvalidArgument,
                   "InvalidInstanceID.Malformed",
                   "Invalid id: \"" + id.substr(0, 80) + "\"");
    }
    const groups::InstanceId typed{id};
    const bool exists =
        model.standalone.contains(typed) ||
        std::any_of(model.groups.begin(), model.groups.end(), [&](const auto& entry) {
          return entry.second.instances.contains(typed);
        });
    if (!exists) {
      return error(ErrorCode::NotFound,
                   "InvalidInstanceID.NotFound",
                   "The instance ID '" + id + "' does not exist");
    }
  }
  return Ok{};
}

std::vector<Tag> tags_shown(const TagMap& tags) {
  std::vector<Tag> shown;
  for (const auto& [key, value] : tags) {
    shown.push_back({key, value});
  }
  return shown;
}

Result<TagMap> checked_tags(const std::vector<Tag>& given) {
  TagMap tags;
  for (const Tag& tag : given) {
    const std::string key = tag.key.value_or("");
    const std::string value = tag.value.value_or("");
    if (key.empty() || key.size() > kMaxTagKey) {
      return invalid_value("Tag keys must have 1 to 128 characters");
    }
    if (key.starts_with("aws:")) {
      return invalid_value("Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (value.size() > kMaxTagValue) {
      return invalid_value("The value of the tag '" + key + "' has more than 256 characters");
    }
    tags[key] = value;
  }
  return tags;
}

Result<TagMap> tags_for(const std::optional<std::vector<TagSpecification>>& given,
                        const char* resource_type) {
  std::vector<Tag> all;
  for (const TagSpecification& one : given.value_or(std::vector<TagSpecification>{})) {
    if (one.resource_type.value_or("") != resource_type) {
      return invalid_value(
          "'" + one.resource_type.value_or("") +
          "' is not a valid taggable resource type for this operation; valid: " + resource_type);
    }
    const auto tags = one.tags.value_or(std::vector<Tag>{});
    all.insert(all.end(), tags.begin(), tags.end());
  }
  return checked_tags(all);
}

Result<std::string> user_data_of(const std::optional<std::string>& encoded) {
  const auto decoded = base64_decode(encoded.value_or(""));
  if (!decoded) {
    return error(ErrorCode::InvalidArgument,
                 "InvalidUserData.Malformed",
                 "Invalid BASE64 encoding of user data.");
  }
  if (decoded->size() > kMaxUserDataBytes) {
    return invalid_value("User data is limited to 16384 bytes");
  }
  return *decoded;
}

const Shape* member_shape(const Shape& structure, std::string_view member) {
  const auto found = std::find_if(structure.members.begin(),
                                  structure.members.end(),
                                  [&](const Member& one) { return one.name == member; });
  TG_CHECK(found != structure.members.end());
  return found->shape;
}

Status check_inner(const Operation& operation,
                   std::string_view member,
                   const void* value,
                   const std::vector<const char*>& accepted) {
  return refuse_others(*member_shape(*operation.input, member), value, accepted);
}

}  // namespace tidegate::api::ec2
