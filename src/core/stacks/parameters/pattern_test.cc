#include "core/stacks/parameters/pattern.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace tidegate::stacks::parameters {
namespace {

TEST_CASE("pattern: the whole text matches, or not") {
  struct Case {
    const char* pattern;
    const char* text;
    bool want;
  };
  const auto cases = std::to_array<Case>({
      {"", "", true},
      {"", "a", false},
      {"a", "a", true},
      {"a", "aa", false},
      {"a", "b", false},
      {"^a$", "a", true},
      {"a.c", "abc", true},
      {"a.c", "a\nc", false},
      {"a\\.c", "abc", false},
      {"a\\.c", "a.c", true},
      {"[a-c]", "c", true},
      {"[a-c]", "d", false},
      {"[^a-c]", "d", true},
      {"[^a-c]", "c", false},
      {"[a\\-z]", "-", true},
      {"[a\\-z]", "m", false},
      {"[a-]", "-", true},
      {"[\\d_]+", "12_3", true},
      {"\\d\\D\\w\\W\\s\\S", "1a_- x", true},
      {"\\d", "a", false},
      {"\\t\\n\\r", "\t\n\r", true},
      {"a*", "", true},
      {"a*", "aaaa", true},
      {"a*", "aab", false},
      {"a+", "", false},
      {"a+", "aaa", true},
      {"a?b", "b", true},
      {"a?b", "ab", true},
      {"a?b", "aab", false},
      {"a{2}", "a", false},
      {"a{2}", "aa", true},
      {"a{2}", "aaa", false},
      {"a{2,}", "a", false},
      {"a{2,}", "aa", true},
      {"a{2,}", "aaaaa", true},
      {"a{1,3}", "", false},
      {"a{1,3}", "a", true},
      {"a{1,3}", "aaa", true},
      {"a{1,3}", "aaaa", false},
      {"a{0}b", "b", true},
      {"a{0}b", "ab", false},
      {"a|bc|", "bc", true},
      {"a|bc|", "", true},
      {"a|bc|", "b", false},
      {"(ab)+c", "ababc", true},
      {"(ab)+c", "abac", false},
      {"(?:a|b)*", "abba", true},
      {"(a|b){2}", "ab", true},
      {"(a*)*b", "aaab", true},
      {"[a-z][a-z0-9-]{1,5}", "ab-1", true},
      {"[a-z][a-z0-9-]{1,5}", "abcdefg", false},
      {"[a-z][a-z0-9-]{1,5}", "abcdef", true},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.pattern});
    CAPTURE(std::string{c.text});
    const auto result = matches_pattern(c.pattern, c.text);
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
    CHECK(*result == c.want);
  }
}

TEST_CASE("pattern: what it does not know is an error") {
  const auto cases = std::to_array<const char*>(
      {"(",   ")",   "a)",  "(?=a)", "[",    "[a",     "[z-a]",    "[\\d-z]",
       "*",   "+a",  "a**", "a{",    "a{x}", "a{2,1}", "a{1,2,3}", "a{4097}",
       "\\1", "\\q", "\\",  "a^b",   "a$b",  "[a\\"});
  for (const char* pattern : cases) {
    CAPTURE(std::string{pattern});
    CHECK(!matches_pattern(pattern, "a").has_value());
  }
}

TEST_CASE("pattern: bounds hold, and no pattern blows up") {
  CHECK(matches_pattern("a{4096}", std::string(4096, 'a')).value());
  CHECK(!matches_pattern("(a{4096}){4096}", "a").has_value());
  CHECK(matches_pattern(std::string(1024, 'a'), std::string(1024, 'a')).value());
  CHECK(!matches_pattern(std::string(1025, 'a'), "a").has_value());
  const auto nested = [](std::size_t depth) {
    return matches_pattern(std::string(depth, '(') + "a" + std::string(depth, ')'), "a");
  };
  CHECK(nested(64).has_value());
  CHECK(!nested(65).has_value());
  CHECK(!matches_pattern("(a+)+(a+)+(a+)+b", std::string(4000, 'a')).value());
}

}  // namespace
}  // namespace tidegate::stacks::parameters
