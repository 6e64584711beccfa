// What a template declares, without planning it: for ValidateTemplate and GetTemplateSummary, and
// for what a caller must acknowledge. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tidegate::stacks {

struct DeclaredParameter {
  std::string key;
  std::string type;
  std::string description;
  std::optional<std::string> default_value;
  bool no_echo = false;
  std::vector<std::string> allowed_values;
};

struct TemplateSummary {
  std::string description;
  std::string metadata;  // as JSON; empty without any
  std::vector<DeclaredParameter> parameters;
  std::vector<std::pair<std::string, std::string>> resources;  // logical id, type

  /// Types, once each, sorted.
  std::vector<std::string> resource_types() const;
  /// CAPABILITY_IAM when it has AWS::IAM resources, which AWS asks the
  /// caller to acknowledge; they are not built here.
  std::vector<std::string> capabilities() const;
};

/// Errors: ValidationError with the line, for what is no template; unknown types are not looked at.
Result<TemplateSummary> summarize(const std::string& template_text);

}  // namespace tidegate::stacks
