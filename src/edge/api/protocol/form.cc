#include "edge/api/protocol/form.h"

#include <optional>
#include <utility>

#include "base/text.h"

namespace tidegate::api {
namespace {

constexpr std::size_t kMaxParts = 16;  // the deepest name AWS has takes ten

Error malformed(std::string message) {
  return Error{ErrorCode::InvalidArgument, "MalformedQueryString", std::move(message)};
}

Status add(FormNode& root, const std::string& name, std::string value) {
  const auto parts = split(name, '.');
  if (parts.size() > kMaxParts) {
    return malformed("a parameter's name has more than 16 parts");
  }
  FormNode* node = &root;
  for (const std::string& part : parts) {
    node = &node->children[part];
  }
  if (node->value.has_value()) {
    return malformed("the parameter " + name + " is given twice");
  }
  node->value = std::move(value);
  return Ok{};
}

}  // namespace

Result<FormNode> parse_form(std::string_view text, FormNode root) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), PercentForm::Form);
    const auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1),
        PercentForm::Form);
    if (!name.has_value() || !value.has_value()) {
      return malformed("a parameter is not well encoded: '" + std::string{pair.substr(0, 80)} +
                       "'");
    }
    TG_RETURN_IF_ERROR(add(root, *name, *value));
  }
  return root;
}

}  // namespace tidegate::api
