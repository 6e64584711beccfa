// A small regular-expression matcher for AllowedPattern: time and memory are bounded by the sizes
// of pattern and text, whatever the pattern (states of an automaton, no backtracking). Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace tidegate::stacks::parameters {

inline constexpr std::size_t kMaxPatternBytes = 1024;
inline constexpr std::size_t kMaxPatternStates = 20'000;  // after {m,n} is written out
inline constexpr std::size_t kMaxPatternDepth = 64;       // groups inside each other

/// The whole text matches. Known: literals, ., [a-z], [^a-z], \d \w \s \D \W \S, \ before a sign,
/// ( ), (?: ), |, * + ? {m} {m,} {m,n}, ^ at the very beginning and $ at the very end.
/// Error: InvalidArgument for anything else, or beyond the bounds.
Result<bool> matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace tidegate::stacks::parameters
