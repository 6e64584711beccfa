// How a complaint about a template reads: "line 12, Resources.Group.Properties: <sentence>".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidegate::stacks::language {

/// ValidationError at a line; path is where in the template, empty for the template as a whole.
Error problem(std::int32_t line, std::string_view path, std::string_view sentence);

/// "; did you mean 'x'?" when one candidate is near enough, else "; valid: a, b, c", else nothing.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

}  // namespace tidegate::stacks::language
