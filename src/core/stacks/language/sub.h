// The text of Fn::Sub, cut into what is literal and what is a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidegate::stacks::language {

struct SubPart {
  enum class Kind { Literal, Name };
  Kind kind = Kind::Literal;
  std::string text;  // of a Name: what stands between ${ and }
  bool operator==(const SubPart&) const = default;
};

/// "a${B}c${!D}" is a, name B, c${D}. Error (the end of a sentence): a `${` that is not closed, or
/// with nothing in it.
Result<std::vector<SubPart>> split_sub(std::string_view text);

}  // namespace tidegate::stacks::language
