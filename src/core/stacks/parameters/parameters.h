// Parameters: what the template declares, what the caller gives, and the value each one has then.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "core/stacks/language/document.h"

namespace tidegate::stacks::parameters {

struct Parameters {
  std::map<std::string, YamlNode> values;   // a Scalar, or a Sequence of them for list types
  std::map<std::string, std::string> used;  // as one text each, **** where NoEcho says so
};

/// Errors: ValidationError for a wrong declaration, a parameter without a value, one that the
/// template does not declare, a value that a constraint refuses (with its ConstraintDescription).
Result<Parameters> bind_parameters(const std::vector<language::ParameterDeclaration>& declarations,
                                   const std::map<std::string, std::string>& given);

}  // namespace tidegate::stacks::parameters
