// Form-encoded requests (query and ec2 protocols) as a tree: "Tags.member.1.Key=a" is a leaf three
// levels down.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidegate::api {

struct FormNode {
  std::optional<std::string> value;
  std::map<std::string, FormNode, std::less<>> children;

  const FormNode* find(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : &found->second;
  }
};

/// Reads "a=1&b.c=2" into `root`, which may already hold what the URL said.
/// Error: InvalidArgument MalformedQueryString on a broken %XX, a name given twice, or a name with
/// more than 16 parts.
Result<FormNode> parse_form(std::string_view text, FormNode root = {});

}  // namespace tidegate::api
