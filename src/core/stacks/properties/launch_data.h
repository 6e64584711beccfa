// Launch data that nothing here acts on, with the values that say what is the case on this host
// anyway: those are taken and shown again, every other one is refused. For templates and calls
// alike. Pure; any thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::stacks::properties {

struct HostFact {
  std::string_view member;  // of LaunchTemplateData: "MetadataOptions"
  std::string_view leaf;  // of the member: "HttpTokens", "Ebs.Encrypted"; empty: the member itself
  std::array<std::string_view, 2> values;  // "*": any; an empty one is none
};

/// Ordered by member.
std::span<const HostFact> host_facts();

/// Whether anything of the member may be said.
bool has_facts(std::string_view member);

/// The fact's values; empty: nothing of that name may be said.
std::vector<std::string> valid_values(std::string_view member, std::string_view leaf);

/// Why `value` may not be said, as a sentence that follows the member's name; empty when it may.
std::string fact_error(std::string_view member, std::string_view leaf, const std::string& value);

}  // namespace tidegate::stacks::properties
