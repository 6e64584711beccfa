// The functions of a template: a tree with Ref, Fn::Sub, … → the same tree with their values.
// Resources are not known here: a caller answers Ref and Fn::GetAtt of a logical id. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "core/stacks/language/document.h"

namespace tidegate::stacks::language {

/// What a resource answers. An Error's message is the end of a sentence; line and path are put
/// before it.
struct ResourceAnswers {
  std::function<Result<std::string>(const std::string& logical_id)> ref;
  std::function<Result<YamlNode>(const std::string& logical_id, const std::string& attribute)>
      get_att;
};

/// What names mean where a tree is evaluated.
struct Scope {
  std::map<std::string, YamlNode> names;            // parameters and pseudo parameters
  std::map<std::string, bool> conditions;           // evaluated ones
  std::map<std::string, const YamlNode*> mappings;  // must outlive the scope
  std::vector<std::string> resources;               // logical ids, for suggestions
  std::string region;
  ResourceAnswers answers;
};

/// The value of `node`: no function is left in it; what came to AWS::NoValue is gone from its list
/// or mapping (a Null when it was the whole). Lines are those of the text that made the value.
/// Errors: ValidationError with line and `path`.
Result<YamlNode> evaluate(const YamlNode& node, const Scope& scope, const std::string& path);

/// A condition: Fn::Equals, And, Or, Not, Contains, EachMemberEquals, EachMemberIn, or
/// {Condition: name} of scope.conditions.
Result<bool> evaluate_condition(const YamlNode& node, const Scope& scope, const std::string& path);

/// All of Conditions, in whatever order they need each other. Errors: as above; a condition that
/// needs itself.
Result<std::map<std::string, bool>> evaluate_conditions(const Document& document,
                                                        const Scope& scope);

/// The first assertion that does not hold, as an error; rules whose RuleCondition is false are
/// skipped.
Status check_rules(const Document& document, const Scope& scope);

YamlNode make_scalar(std::string text, std::int32_t line);
YamlNode make_list(const std::vector<std::string>& texts, std::int32_t line);

}  // namespace tidegate::stacks::language
