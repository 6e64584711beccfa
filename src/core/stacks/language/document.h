// The sections of a CloudFormation template, with lines, before any function is evaluated. Knows no
// resource type. What is refused here: what no template may have, and sections and attributes that
// are not built. Short forms (!Ref) are long ones ({Ref: …}) from here on, so YAML and JSON are
// alike. Values only; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace tidegate::stacks::language {

// AWS quotas of a template.
inline constexpr std::size_t kMaxBytes = 1024 * 1024;
inline constexpr std::size_t kMaxResources = 500;
inline constexpr std::size_t kMaxNamed = 200;  // parameters, mappings, conditions, rules, outputs
inline constexpr std::size_t kMaxDescriptionBytes = 1024;

struct ParameterDeclaration {
  std::string name;
  std::int32_t line = 0;
  YamlNode body;  // a mapping
};

struct NamedNode {  // of Conditions and Mappings
  std::string name;
  std::int32_t line = 0;
  YamlNode node;
};

struct Assertion {
  std::int32_t line = 0;
  YamlNode assert_that;
  std::string description;
};
struct RuleDeclaration {
  std::string name;
  std::int32_t line = 0;
  std::optional<YamlNode> condition;
  std::vector<Assertion> assertions;
};

struct ConditionName {
  std::string name;
  std::int32_t line = 0;
};

struct ResourceDeclaration {
  enum class DeletionPolicy { Delete, Retain };
  std::string logical_id;
  std::int32_t line = 0;
  std::string type;
  std::int32_t type_line = 0;
  YamlNode properties;                                           // a mapping, or Null without any
  std::vector<std::pair<std::string, std::int32_t>> depends_on;  // logical id, line
  DeletionPolicy deletion_policy = DeletionPolicy::Delete;
  std::optional<ConditionName> condition;
};

struct OutputDeclaration {
  std::string key;
  std::int32_t line = 0;
  YamlNode value;
  std::string description;
  std::optional<ConditionName> condition;
};

struct Document {
  std::string description;
  YamlNode metadata;  // a mapping, or Null
  std::vector<ParameterDeclaration> parameters;
  std::vector<NamedNode> mappings;
  std::vector<NamedNode> conditions;
  std::vector<RuleDeclaration> rules;
  std::vector<ResourceDeclaration> resources;  // all lists in the template's order
  std::vector<OutputDeclaration> outputs;
};

/// Error: ValidationError with the line.
Result<Document> read_document(std::string_view text);

}  // namespace tidegate::stacks::language
