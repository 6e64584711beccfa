// Launch data that nothing here acts on: what is the case anyway may be said, and is shown again.
#include "core/stacks/properties/launch_data.h"

#include <algorithm>

#include "base/text.h"
#include "edge/api/ec2/asking.h"

namespace tidegate::api::ec2 {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.string_or("") : value.dump();
}

/// Every scalar below `value`; items of lists are as the list itself.
Status check_leaves(const std::string& member, const std::string& leaf, const Json& value) {
  if (value.is_object()) {
    for (const auto& [name, inner] : value.members()) {
      TG_RETURN_IF_ERROR(check_leaves(member, leaf.empty() ? name : leaf + "." + name, inner));
    }
    return Ok{};
  }
  if (value.is_array()) {
    for (const Json& item : value.items()) {
      TG_RETURN_IF_ERROR(check_leaves(member, leaf, item));
    }
    return Ok{};
  }
  const std::string why = stacks::properties::fact_error(member, leaf, text_of(value));
  return why.empty() ? Status{Ok{}}
                     : invalid_value(member + (leaf.empty() ? "" : ".") + leaf + " " + why);
}

std::string names_of(std::span<const std::string_view> acted_on) {
  std::vector<std::string> all(acted_on.begin(), acted_on.end());
  for (const auto& fact : stacks::properties::host_facts()) {
    if (all.back() != fact.member) {
      all.emplace_back(fact.member);
    }
  }
  return join(all, ", ");
}

}  // namespace

Result<Json> host_facts_of(const Json& data, std::span<const std::string_view> acted_on) {
  Json facts = Json::object();
  for (const auto& [name, value] : data.members()) {
    if (std::find(acted_on.begin(), acted_on.end(), name) != acted_on.end()) {
      continue;
    }
    if (!stacks::properties::has_facts(name)) {
      return invalid_value("the parameter " + name +
                           " is not built; what works: " + names_of(acted_on));
    }
    TG_RETURN_IF_ERROR(check_leaves(name, "", value));
    facts.set(name, value);
  }
  return facts;
}

}  // namespace tidegate::api::ec2
