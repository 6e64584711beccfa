#include "base/yaml.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace tidegate {
namespace {

YamlNode parsed(std::string_view text) {
  auto node = parse_yaml(text);
  REQUIRE_MESSAGE(node.has_value(), (node ? "" : node.error().message));
  return *std::move(node);
}

std::string complaint(std::string_view text) {
  const auto node = parse_yaml(text);
  return node ? "none" : node.error().message;
}

/// Everything of a node but its place, in one line.
std::string shape(const YamlNode& node) {
  std::string text = node.tag.empty() ? "" : node.tag + " ";
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return text + "null";
    case YamlNode::Kind::Scalar:
      return text + (node.plain ? node.text : "'" + node.text + "'");
    case YamlNode::Kind::Sequence:
      text += "[";
      for (const YamlNode& item : node.items) {
        text += shape(item) + ";";
      }
      return text + "]";
    case YamlNode::Kind::Mapping:
      text += "{";
      for (const YamlNode::Member& member : node.members) {
        text += member.key + "=" + shape(member.value) + ";";
      }
      return text + "}";
  }
  return text;
}

TEST_CASE("yaml: a tree with kinds, tags and quotes") {
  struct Case {
    const char* text;
    const char* want;
  };
  const auto cases = std::to_array<Case>({
      {"", "null"},
      {"# nothing\n", "null"},
      {"~", "null"},
      {"a: null", "{a=null;}"},
      {"a:", "{a=null;}"},
      {"a: \"null\"", "{a='null';}"},
      {"text", "text"},
      {"a: 010", "{a=010;}"},
      {"a: 2010-09-09", "{a=2010-09-09;}"},
      {"a: 'x'\nb: [1, \"2\", {c: d}]", "{a='x';b=[1;'2';{c=d;};];}"},
      {"!Ref x", "!Ref 'x'"},
      {"a: !Sub [x, {y: !Ref z}]", "{a=!Sub [x;{y=!Ref 'z';};];}"},
      {"a: !If\n  - c\n  - !GetAtt b.c\n", "{a=!If [c;!GetAtt 'b.c';];}"},
      {"a: !!str 12", "{a='12';}"},
      {"a: |\n  one\n  two\nb: >\n  x\n  y\n", "{a='one\ntwo\n';b='x y\n';}"},
      {"{\"a\": [1, true, null, \"x\\n\\u00e9\\/\"]}", "{a=[1;true;null;'x\n\xC3\xA9/';];}"},
      {"{\n\t\"a\":\t{\n\t\t\"b\": 1\n\t}\n}", "{a={b=1;};}"},
      {"&anchor a: b", "{a=b;}"},
      {"\xEF\xBB\xBF"
       "a: b",
       "{a=b;}"},
      {"---\na: b\n...\n", "{a=b;}"},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.text});
    CHECK(shape(parsed(c.text)) == c.want);
  }
}

TEST_CASE("yaml: every node and key knows its line") {
  const YamlNode root = parsed("# c\na:\n  b: x\n  c:\n    - y\n    - !Ref z\n");
  CHECK(root.line == 2);
  CHECK(root.column == 1);
  const YamlNode::Member* a = root.find("a");
  REQUIRE(a != nullptr);
  CHECK(a->line == 2);
  CHECK(a->value.line == 3);
  CHECK(a->value.column == 3);
  const YamlNode::Member* c = a->value.find("c");
  REQUIRE(c != nullptr);
  CHECK(c->line == 4);
  CHECK(c->value.items.at(1).line == 6);
  CHECK(c->value.items.at(1).column == 7);
  CHECK(root.find("b") == nullptr);
  CHECK(c->value.find("y") == nullptr);
}

TEST_CASE("yaml: what is wrong is said with its place") {
  struct Case {
    const char* text;
    const char* want;  // the beginning of the message
  };
  const auto cases = std::to_array<Case>({
      {"a: b: c", "line 1, column 5: "},
      {"a: [1, 2\nb: 3", "line 2, column "},
      {"a:\n  - x\n b: 1\n", "line 3, column "},
      {"a: \"open\n", "line 1, column 1: from here on a quote is not closed"},
      {"a: 1\nb: !Sub 'open", "line 2, column 1: from here on a quote is not closed"},
      {"[a, \"open", "line 1, column 1: from here on a quote is not closed"},
      {"a: [1, 2", "line 2, column "},
      {"a: 1\nb: 2\na: 3\n", "line 3, column 1: key 'a' is already in line 1"},
      {"[a, b]: 1", "line 1, column 1: a key must be text, not a list or a mapping"},
      {"{a: b}: 1", "line 1, column 1: a key must be text, not a list or a mapping"},
      {"~: 1", "line 1, column 1: a key must be text"},
      {"a: &x 1\nb: *x\n", "line 2, column 4: YAML aliases (*name) are not supported"},
      {"a: 1\n---\nb: 2\n", "line 3, column 1: a second document begins here; one is allowed"},
      {"a: 1\nbc: \x04\n", "line 2, column 5: a control character (byte 4)"},
      {"a: \x7F", "line 1, column 4: a control character (byte 127)"},
      {"a: \x1F", "line 1, column 4: a control character (byte 31)"},
      {"a: 1\nb: \xFF\n", "line 2, column 4: bytes that are not UTF-8"},
      {"\xC1\x80", "line 1, column 1: bytes that are not UTF-8"},
      {"\xC3(", "line 1, column 1: bytes that are not UTF-8"},
      {"\xE2\x82", "line 1, column 1: bytes that are not UTF-8"},
      {"\xF5\x80\x80\x80", "line 1, column 1: bytes that are not UTF-8"},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.text});
    CHECK(complaint(c.text).substr(0, std::string{c.want}.size()) == std::string{c.want});
  }
}

TEST_CASE("yaml: UTF-8 of every length is let through") {
  const std::string text =
      "\xC2\x80 \xDF\xBF \xE0\xA4\x85 \xEF\xBF\xBD \xF0\x9F\x8C\x8A \xF4\x8F\xBF\xBD ~";
  CHECK(parsed("'" + text + "'").text == text);
}

TEST_CASE("yaml: a billion laughs end at the first alias") {
  const std::string bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
  CHECK(complaint(bomb).starts_with("line 2, column 8: YAML aliases"));
}

TEST_CASE("yaml: depth, values and bytes are bounded, and the bound itself is allowed") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(complaint(nested(kMaxYamlDepth)) == "none");
  CHECK(complaint(nested(kMaxYamlDepth + 1)) ==
        "line 1, column 65: more than 64 lists and mappings inside each other");
  CHECK(complaint(std::string(100000, '[')) != "none");

  const auto list = [](std::size_t values) {  // the list itself is a value
    std::string text = "[";
    for (std::size_t i = 1; i < values; ++i) {
      text += "1,";
    }
    return text + "]";
  };
  CHECK(complaint(list(kMaxYamlNodes)) == "none");
  const auto too_many = parse_yaml(list(kMaxYamlNodes + 1));
  REQUIRE(!too_many.has_value());
  CHECK(too_many.error().code == ErrorCode::ResourceExhausted);

  CHECK(complaint("#" + std::string(kMaxYamlBytes - 1, 'x')) == "none");
  CHECK(complaint("#" + std::string(kMaxYamlBytes, 'x')) ==
        "line 1, column 1: the text has more than 4194304 bytes");
}

}  // namespace
}  // namespace tidegate
