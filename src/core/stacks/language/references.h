// Which resources a tree needs, and the order of creation that follows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "core/stacks/language/document.h"

namespace tidegate::stacks::language {

/// Logical ids among `resources` that the tree names by Ref, Fn::GetAtt or Fn::Sub, once each, in
/// order; of Fn::If only the branch that `conditions` choose.
std::vector<std::string> references(const YamlNode& node,
                                    const std::vector<std::string>& resources,
                                    const std::map<std::string, bool>& conditions);

/// The resources that exist (their Condition holds): dependencies first, else the template's order.
/// Errors: DependsOn of what is no resource, an unknown Condition, a circle (named).
Result<std::vector<const ResourceDeclaration*>> creation_order(
    const Document& document, const std::map<std::string, bool>& conditions);

}  // namespace tidegate::stacks::language
