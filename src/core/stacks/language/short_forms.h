// From !Ref and !Fn to {Ref: …} and {"Fn::Fn": …}; and which functions there are.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace tidegate::stacks::language {

/// The same tree with every tag replaced by its long form. Errors: an unknown tag or function, one
/// that is not built, one that is not alone in its mapping, a null.
Result<YamlNode> without_short_forms(YamlNode node);

/// "Ref", "Fn::GetAtt", …: what a mapping with this one key means.
const std::vector<std::string>& function_names();

}  // namespace tidegate::stacks::language
