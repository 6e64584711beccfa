#include "core/stacks/language/problem.h"

#include "base/text.h"

namespace tidegate::stacks::language {

Error problem(std::int32_t line, std::string_view path, std::string_view sentence) {
  std::string message = "line " + std::to_string(line);
  if (!path.empty()) {
    message += ", ";
    message += path;
  }
  message += ": ";
  message += sentence;
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  if (const auto near = nearest(word, candidates)) {
    return "; did you mean '" + *near + "'?";
  }
  return candidates.empty() ? std::string{} : "; valid: " + join(candidates, ", ");
}

}  // namespace tidegate::stacks::language
