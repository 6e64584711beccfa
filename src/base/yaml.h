// YAML (and so JSON) text as a tree that remembers where everything stood; the library that scans
// it stays inside yaml.cc. What YAML has and CloudFormation has not is refused: aliases (and with
// them "billion laughs"), several documents, keys that are no text, one key twice. Values only; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidegate {

struct YamlNode {
  enum class Kind { Null, Scalar, Sequence, Mapping };
  struct Member;

  Kind kind = Kind::Null;
  std::string tag;              // "!Ref"; empty for a value without a tag of its own
  std::string text;             // of a Scalar
  bool plain = false;           // of a Scalar: written without quotes, so true, 12 and ~ mean more
  std::vector<YamlNode> items;  // of a Sequence
  std::vector<Member> members;  // of a Mapping, in the text's order; keys are unique
  std::int32_t line = 0;        // from 1
  std::int32_t column = 0;      // from 1

  bool is_null() const { return kind == Kind::Null; }
  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_sequence() const { return kind == Kind::Sequence; }
  bool is_mapping() const { return kind == Kind::Mapping; }

  /// The member of that name; null when there is none, or when it is no mapping.
  const Member* find(std::string_view key) const;
};

struct YamlNode::Member {
  std::string key;
  std::int32_t line = 0;  // of the key, from 1
  YamlNode value;
};

inline constexpr std::size_t kMaxYamlBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxYamlNodes = 200'000;  // keys not counted; some 40 MB
inline constexpr std::size_t kMaxYamlDepth = 64;       // collections inside each other

/// One document of UTF-8 text; empty text is a Null. Errors: InvalidArgument (no YAML, or one of
/// the refusals above), ResourceExhausted (one of the bounds); messages begin "line L, column C: ".
Result<YamlNode> parse_yaml(std::string_view text);

}  // namespace tidegate
