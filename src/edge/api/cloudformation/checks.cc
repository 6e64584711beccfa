#include "edge/api/cloudformation/checks.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "core/stacks/summary.h"

namespace tidegate::api::cloudformation {

Error invalid(std::string message, ErrorCode code) {
  return Error{code, "ValidationError", std::move(message)};
}

const stacks::Stack* find_stack(const engine::Model& model, const std::string& name_or_arn) {
  for (const auto& [name, stack] : model.stacks) {
    const bool by_name =
        name.value == name_or_arn && stack.status != stacks::Status::DeleteComplete;
    if (by_name || stack.id == name_or_arn) {
      return &stack;
    }
  }
  return nullptr;
}

Result<const stacks::Stack*> stack_of(const engine::Model& model, const std::string& name_or_arn) {
  const stacks::Stack* stack = find_stack(model, name_or_arn);
  if (stack == nullptr) {
    return invalid("Stack with id " + name_or_arn + " does not exist", ErrorCode::NotFound);
  }
  return stack;
}

Status check_name(const char* member, const std::string& name) {
  const bool shaped = !name.empty() && name.size() <= 128 &&
                      std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) {
                        return (std::isalnum(c) != 0 && c < 0x80) || c == '-';
                      });
  if (!shaped) {
    return invalid("1 validation error detected: Value '" + name.substr(0, 256) + "' at '" +
                   member +
                   "' failed to satisfy constraint: Member must satisfy regular "
                   "expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  }
  return Ok{};
}

Status check_false(const char* member, const std::optional<bool>& value) {
  return value.value_or(false)
             ? invalid(std::string{member} + ": true is not built; what works: false")
             : Status{Ok{}};
}

Status check_capabilities(const std::string& template_body,
                          const std::optional<std::vector<std::string>>& given) {
  const auto summary = stacks::summarize(template_body);
  if (!summary || summary->capabilities().empty()) {
    return Ok{};  // what is wrong with the template is said when it is planned
  }
  for (const std::string& capability : given.value_or(std::vector<std::string>{})) {
    if (capability == "CAPABILITY_IAM" || capability == "CAPABILITY_NAMED_IAM") {
      return Ok{};
    }
  }
  return Error{ErrorCode::PermissionDenied,
               "InsufficientCapabilitiesException",
               "Requires capabilities : [" + join(summary->capabilities(), ", ") + "]"};
}

Result<Values> parameters_of(const std::optional<std::vector<Parameter>>& given,
                             const stacks::Stack* previous) {
  Values values;
  for (const Parameter& parameter : given.value_or(std::vector<Parameter>{})) {
    const std::string key = parameter.parameter_key.value_or("");
    if (key.empty()) {
      return invalid("Parameters: each needs a ParameterKey");
    }
    if (!parameter.use_previous_value.value_or(false)) {
      if (!parameter.parameter_value.has_value()) {
        return invalid("Parameters: [" + key + "] must have a value");
      }
      values[key] = *parameter.parameter_value;
      continue;
    }
    if (previous == nullptr || parameter.parameter_value.has_value()) {
      return invalid("Invalid input for parameter key " + key +
                     ". Cannot specify usePreviousValue as true for a parameter key not in the "
                     "previous template, or with a value");
    }
    const auto held = previous->given_parameters.find(key);
    if (held != previous->given_parameters.end()) {  // else its default goes on to hold
      values[key] = held->second;
    }
  }
  return values;
}

Result<Values> tags_of(const std::optional<std::vector<Tag>>& given) {
  constexpr std::size_t kMaxTags = 50;
  Values values;
  for (const Tag& tag : given.value_or(std::vector<Tag>{})) {
    const std::string key = tag.key.value_or("");
    if (key.empty() || key.starts_with("aws:")) {
      return invalid("Tags: the key '" + key + "' must not be empty nor begin with aws:");
    }
    if (!values.emplace(key, tag.value.value_or("")).second) {
      return invalid("Tags: duplicate key '" + key + "'");
    }
  }
  if (values.size() > kMaxTags) {
    return invalid("Tags: at most 50");
  }
  return values;
}

}  // namespace tidegate::api::cloudformation
