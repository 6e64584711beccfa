#include "core/stacks/language/sub.h"

#include <utility>

#include "base/text.h"

namespace tidegate::stacks::language {
namespace {

void add_literal(std::vector<SubPart>& parts, std::string_view text) {
  if (text.empty()) {
    return;
  }
  if (parts.empty() || parts.back().kind != SubPart::Kind::Literal) {
    parts.push_back(SubPart{SubPart::Kind::Literal, {}});
  }
  parts.back().text += text;
}

}  // namespace

Result<std::vector<SubPart>> split_sub(std::string_view text) {
  std::vector<SubPart> parts;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find("${", at);
    add_literal(parts, text.substr(at, open == std::string_view::npos ? open : open - at));
    if (open == std::string_view::npos) {
      break;
    }
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      return Error{ErrorCode::InvalidArgument, "ValidationError", "a ${ is not closed"};
    }
    const std::string_view name = trim(text.substr(open + 2, close - open - 2));
    if (name.empty()) {
      return Error{ErrorCode::InvalidArgument, "ValidationError", "${} has no name in it"};
    }
    if (name.front() == '!') {
      add_literal(parts, "${");
      add_literal(parts, name.substr(1));
      add_literal(parts, "}");
    } else {
      parts.push_back(SubPart{SubPart::Kind::Name, std::string{name}});
    }
    at = close + 1;
  }
  return parts;
}

}  // namespace tidegate::stacks::language
