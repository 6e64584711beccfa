// Whether everything a tree names is there: in all branches of Fn::If, also those not taken, so
// that a misspelt name is found before the day its condition holds. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "base/yaml.h"
#include "core/stacks/language/evaluate.h"

namespace tidegate::stacks::language {

/// Ref, Fn::GetAtt, Fn::Sub and the condition of Fn::If name parameters, resources and conditions
/// of `scope`. Errors: ValidationError with line and `path`; malformed functions are left to
/// evaluate().
Status check_names(const YamlNode& node, const Scope& scope, const std::string& path);

/// "'X' is no parameter and no resource of this template; did you mean 'Y'?"
Error unknown_name(const std::string& name,
                   std::int32_t line,
                   const Scope& scope,
                   const std::string& path);
/// "'X' is no resource of this template; …"
Error unknown_resource(const std::string& id,
                       std::int32_t line,
                       const Scope& scope,
                       const std::string& path);
/// "'X' is no condition of this template; did you mean 'Y'?"
Error unknown_condition(const std::string& name,
                        std::int32_t line,
                        const std::map<std::string, bool>& conditions,
                        const std::string& path);

}  // namespace tidegate::stacks::language
