#include "core/stacks/language/evaluate.h"

#include <array>

#include <doctest/doctest.h>

#include "core/stacks/language/references.h"
#include "core/stacks/language/short_forms.h"
#include "core/stacks/language/sub.h"

namespace tidegate::stacks::language {
namespace {

Result<YamlNode> tree(const std::string& text) {
  TG_ASSIGN_OR_RETURN(YamlNode node, parse_yaml(text));
  return without_short_forms(std::move(node));
}

YamlNode must(const std::string& text) {
  auto node = tree(text);
  REQUIRE_MESSAGE(node.has_value(), (node ? "" : node.error().message));
  return *std::move(node);
}

std::string shape(const YamlNode& node) {
  std::string text;
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Scalar:
      return node.text;
    case YamlNode::Kind::Sequence:
      for (const YamlNode& item : node.items) {
        text += (text.empty() ? "" : ",") + shape(item);
      }
      return "[" + text + "]";
    case YamlNode::Kind::Mapping:
      for (const YamlNode::Member& member : node.members) {
        text += (text.empty() ? "" : ",") + member.key + ":" + shape(member.value);
      }
      return "{" + text + "}";
  }
  return text;
}

const YamlNode& mapping_node() {
  static const YamlNode node = *parse_yaml("{ eu: { ami: x, zones: [a, b] } }");
  return node;
}

Scope scope_of_test() {
  Scope scope;
  scope.names = {{"Size", make_scalar("3", 0)},
                 {"Zones", make_list({"a", "b", "c"}, 0)},
                 {"AWS::Region", make_scalar("eu-west-2", 0)}};
  scope.conditions = {{"Yes", true}, {"No", false}};
  scope.mappings = {{"Map", &mapping_node()}};
  scope.resources = {"Lb", "Gone"};
  scope.region = "eu-west-2";
  scope.answers.ref = [](const std::string& id) -> Result<std::string> {
    if (id == "Gone") {
      return Error{ErrorCode::InvalidArgument, "ValidationError", "it is gone"};
    }
    return "id-of-" + id;
  };
  scope.answers.get_att = [](const std::string& id, const std::string& name) -> Result<YamlNode> {
    if (name == "Bad") {
      return Error{ErrorCode::InvalidArgument, "ValidationError", "no such attribute"};
    }
    return make_scalar(id + "/" + name, 0);
  };
  return scope;
}

/// The value's shape, or the complaint.
std::string value(const std::string& text) {
  const Result<YamlNode> node = tree(text);
  if (!node) {
    return node.error().message;
  }
  const auto result = evaluate(*node, scope_of_test(), "P");
  return result ? shape(*result) : result.error().message;
}

struct Case {
  const char* text;
  const char* want;
};

void check_values(std::span<const Case> cases) {
  for (const Case& c : cases) {
    CAPTURE(std::string{c.text});
    CHECK(value(c.text) == c.want);
  }
}

TEST_CASE("functions: their values, long and short") {
  const auto cases = std::to_array<Case>({
      {"plain", "plain"},
      {"{a: [1, {b: 2}]}", "{a:[1,{b:2}]}"},
      {"!Ref Size", "3"},
      {"{Ref: Size}", "3"},
      {"!Ref Zones", "[a,b,c]"},
      {"!Ref Lb", "id-of-Lb"},
      {"!GetAtt Lb.Name", "Lb/Name"},
      {"!GetAtt Lb.Endpoint.Port", "Lb/Endpoint.Port"},
      {"{'Fn::GetAtt': [Lb, Name]}", "Lb/Name"},
      {"{'Fn::GetAtt': Lb.Name}", "Lb/Name"},
      {"{'Fn::GetAtt': [Lb, !Ref Size]}", "Lb/3"},
      {"!Sub 'a${Size}b${Lb}c${Lb.Name}'", "a3bid-of-LbcLb/Name"},
      {"!Sub '${AWS::Region}-${!Literal}-$x'", "eu-west-2-${Literal}-$x"},
      {"!Sub ['${a}${Size}', {a: !Ref Size, Size: 9}]", "39"},
      {"!Sub ''", ""},
      {"!Join ['-', [a, !Ref Size, b]]", "a-3-b"},
      {"!Join ['', !Ref Zones]", "abc"},
      {"!Join [',', []]", ""},
      {"!Select [0, !Ref Zones]", "a"},
      {"!Select ['2', !Ref Zones]", "c"},
      {"!Select [1, [x, {y: z}]]", "{y:z}"},
      {"!Split [',', 'a,b,,c']", "[a,b,,c]"},
      {"!Split ['--', 'a--b-c']", "[a,b-c]"},
      {"!Split [',', '']", "[]"},
      {"!If [Yes, 1, 2]", "1"},
      {"!If [No, 1, 2]", "2"},
      {"!If [No, !Ref Gone, ok]", "ok"},
      {"!FindInMap [Map, eu, ami]", "x"},
      {"!FindInMap [Map, !Sub eu, zones]", "[a,b]"},
      {"!Base64 'hi'", "aGk="},
      {"!Base64 {'Fn::Sub': '${Size}'}", "Mw=="},
      {"!GetAZs ''", "[eu-west-2a,eu-west-2b,eu-west-2c]"},
      {"!GetAZs {Ref: 'AWS::Region'}", "[eu-west-2a,eu-west-2b,eu-west-2c]"},
      {"!Select [1, !GetAZs '']", "eu-west-2b"},
      {"{a: !Ref AWS::NoValue, b: 1}", "{b:1}"},
      {"[1, !Ref AWS::NoValue, 2]", "[1,2]"},
      {"!If [Yes, !Ref AWS::NoValue, 2]", "nothing"},
      {"{a: !If [Yes, !Ref AWS::NoValue, 2]}", "{}"},
  });
  check_values(cases);
}

TEST_CASE("functions: what is wrong with their arguments") {
  const auto cases = std::to_array<Case>({
      {"!Ref [a]", "line 1, P: Ref takes the name of a parameter or resource"},
      {"!Ref Sise",
       "line 1, P: 'Sise' is no parameter and no resource of this template; did you mean 'Size'?"},
      {"!Ref Gone", "line 1, P: Ref Gone: it is gone"},
      {"a:\n  !GetAtt Lb.Bad", "line 2, P: Fn::GetAtt Lb.Bad: no such attribute"},
      {"!GetAtt Lb", "line 1, P: Fn::GetAtt takes a logical id and an attribute's name"},
      {"!GetAtt [Lb, a, b]", "line 1, P: Fn::GetAtt takes a logical id and an attribute's name"},
      {"!GetAtt [[Lb], a]", "line 1, P: Fn::GetAtt takes a logical id and an attribute's name"},
      {"!GetAtt Size.x", "line 1, P: 'Size' is no resource of this template; valid: Lb, Gone"},
      {"!Sub {a: b}", "line 1, P: Fn::Sub takes a text, or a text and a mapping of variables"},
      {"!Sub [a]", "line 1, P: Fn::Sub takes a text, or a text and a mapping of variables"},
      {"!Sub '${Size'", "line 1, P: Fn::Sub: a ${ is not closed"},
      {"!Sub '${ }'", "line 1, P: Fn::Sub: ${} has no name in it"},
      {"!Sub '${Zones}'", "line 1, P: ${Zones} of Fn::Sub must be text, not a list or nothing"},
      {"!Sub '${AWS::NoValue}'",
       "line 1, P: ${AWS::NoValue} of Fn::Sub must be text, not a list or nothing"},
      {"!Sub ['${a}', {a: [1]}]", "line 1, P: the variable a of Fn::Sub must be text"},
      {"!Join ['-']", "line 1, P: Fn::Join takes a delimiter and a list"},
      {"!Join ['-', a]", "line 1, P: the second argument of Fn::Join must be a list of texts"},
      {"!Join ['-', [[a]]]", "line 1, P: the second argument of Fn::Join must be a list of texts"},
      {"!Join [[], [a]]", "line 1, P: the delimiter of Fn::Join must be text"},
      {"!Select [3, !Ref Zones]",
       "line 1, P: Fn::Select: index 3 is none of the list's 3 values, counted from 0"},
      {"!Select [-1, !Ref Zones]",
       "line 1, P: Fn::Select: index -1 is none of the list's 3 values, counted from 0"},
      {"!Select [x, [a]]",
       "line 1, P: Fn::Select: index x is none of the list's 1 values, counted from 0"},
      {"!Select [0, a]", "line 1, P: the second argument of Fn::Select must be a list"},
      {"!Split ['', a]", "line 1, P: the delimiter of Fn::Split must not be empty"},
      {"!Split [a]", "line 1, P: Fn::Split takes a delimiter and a text"},
      {"!If [Yes, 1]", "line 1, P: Fn::If takes a condition's name and the two values"},
      {"!If [Yess, 1, 2]",
       "line 1, P: 'Yess' is no condition of this template; did you mean 'Yes'?"},
      {"!FindInMap [Map, eu]", "line 1, P: Fn::FindInMap takes a mapping's name and two keys"},
      {"!FindInMap [Mapp, eu, ami]",
       "line 1, P: 'Mapp' is no mapping of this template; did you mean 'Map'?"},
      {"!FindInMap [Map, us, ami]", "line 1, P: Fn::FindInMap: the mapping Map has no us.ami"},
      {"!FindInMap [Map, eu, amis]", "line 1, P: Fn::FindInMap: the mapping Map has no eu.amis"},
      {"!GetAZs us-east-1",
       "line 1, P: Fn::GetAZs: this control plane is in eu-west-2, not in us-east-1; write "
       "Fn::GetAZs: \"\""},
      {"!Base64 [a]", "line 1, P: the argument of Fn::Base64 must be text"},
      {"!Equals [a, a]", "line 1, P: Fn::Equals is for Conditions and Rules only"},
      {"!Cidr [a, b]", "line 1: Fn::Cidr is not built"},
      {"{'Fn::ForEach::Loop': []}", "line 1: Fn::ForEach is not built"},
      {"{a: {b: !Foo x}}", "line 1: unknown function Fn::Foo; did you mean 'Fn::Or'?"},
  });
  check_values(cases);
}

TEST_CASE("functions: what they make is bounded") {
  Scope scope = scope_of_test();
  scope.names["Long"] = make_scalar(std::string(1024 * 1024, 'x'), 0);
  const auto size = [&](const std::string& text) {
    const auto result = evaluate(must(text), scope, "P");
    return result ? result->text.size() : 0;
  };
  CHECK(size("!Sub '${Long}${Long}'") == 2 * 1024 * 1024);
  CHECK(size("!Sub '${Long}${Long}${Long}${Long}${Long}'") == 0);
}

TEST_CASE("functions: what they make is bounded, in lists and mappings too") {
  Scope scope = scope_of_test();
  scope.names["Long"] = make_scalar(std::string(1024 * 1024, 'x'), 0);
  const auto made = [&](const std::string& text) {
    return evaluate(must("!If [Yes, " + text + ", x]"), scope, "P").has_value();
  };
  // Each !Ref makes 1 MiB, and what holds them is made once more.
  CHECK(made("[!Ref Long]"));
  CHECK_FALSE(made("[!Ref Long, !Ref Long]"));
  CHECK(made("{ a: !Ref Long }"));
  CHECK_FALSE(made("{ a: !Ref Long, b: !Ref Long }"));
}

TEST_CASE("values know the line of the text that made them") {
  const auto result = evaluate(must("a: 1\nb:\n  - !Ref Size\n"), scope_of_test(), "P");
  REQUIRE(result.has_value());
  CHECK(result->find("b")->line == 2);
  CHECK(result->find("b")->value.items.at(0).line == 3);
}

std::string condition(const std::string& text) {
  const auto result = evaluate_condition(must(text), scope_of_test(), "C");
  return result ? (*result ? "true" : "false") : result.error().message;
}

TEST_CASE("conditions: truth and complaints") {
  const auto cases = std::to_array<Case>({
      {"!Equals [a, a]", "true"},
      {"!Equals [a, A]", "false"},
      {"!Equals [!Ref Size, 3]", "true"},
      {"!Equals [!Ref Zones, [a, b, c]]", "true"},
      {"!Equals [!Ref Zones, [a, b]]", "false"},
      {"!Not [!Equals [a, b]]", "true"},
      {"!Not [{Condition: Yes}]", "false"},
      {"!And [{Condition: Yes}, {Condition: Yes}]", "true"},
      {"!And [{Condition: Yes}, {Condition: No}]", "false"},
      {"!And [{Condition: No}, {Condition: Yes}]", "false"},
      {"!Or [{Condition: No}, {Condition: No}]", "false"},
      {"!Or [{Condition: No}, {Condition: Yes}]", "true"},
      {"!Or [{Condition: Yes}, {Condition: No}]", "true"},
      {"!Contains [!Ref Zones, b]", "true"},
      {"!Contains [!Ref Zones, d]", "false"},
      {"!EachMemberIn [[a, b], !Ref Zones]", "true"},
      {"!EachMemberIn [[a, d], !Ref Zones]", "false"},
      {"!EachMemberEquals [[a, a], a]", "true"},
      {"!EachMemberEquals [[a, b], a]", "false"},
      {"!And [{Condition: Yes}]", "line 1, C: Fn::And takes a list of 2 to 10 conditions"},
      {"!Not [{Condition: Yes}, {Condition: Yes}]",
       "line 1, C: Fn::Not takes a list of one condition"},
      {"!Equals [a]", "line 1, C: Fn::Equals takes a list of two values"},
      {"!Contains [a, b]", "line 1, C: Fn::Contains takes a list where a text is"},
      {"!EachMemberIn [[a], a]", "line 1, C: Fn::EachMemberIn takes a list where a text is"},
      {"!Ref Size", "line 1, C: Ref is no condition function"},
      {"yes", "line 1, C: must be one condition function"},
      {"{Condition: Maybe}", "line 1, C: 'Maybe' is no condition of this template; valid: No, Yes"},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.text});
    CHECK(condition(c.text) == c.want);
  }
}

TEST_CASE("conditions: ten operands are allowed, eleven are not") {
  const auto either = [](int count) {
    std::string text = "!Or [";
    for (int i = 0; i < count; ++i) {
      text += "{Condition: No}, ";
    }
    return condition(text + "]");
  };
  CHECK(either(10) == "false");
  CHECK(either(11) == "line 1, C: Fn::Or takes a list of 2 to 10 conditions");
}

TEST_CASE("Fn::Sub: text is cut at its names") {
  using Kind = SubPart::Kind;
  const auto parts = split_sub("a${B}${!C}d$");
  REQUIRE(parts.has_value());
  CHECK(*parts ==
        std::vector<SubPart>{{Kind::Literal, "a"}, {Kind::Name, "B"}, {Kind::Literal, "${C}d$"}});
  CHECK(split_sub("${ A }")->front().text == "A");
  CHECK(split_sub("")->empty());
}

TEST_CASE("references: resources that a tree names, once each, in the branches that count") {
  const std::vector<std::string> resources{"A", "B", "C"};
  const auto found = [&](const std::string& text) {
    return references(must(text), resources, {{"Yes", true}, {"No", false}});
  };
  using Names = std::vector<std::string>;
  CHECK(found("[!Ref B, !Ref A, !Ref B, !Ref Other]") == Names{"B", "A"});
  CHECK(found("!GetAtt C.x") == Names{"C"});
  CHECK(found("!Sub '${A} ${B.x} ${!C}'") == Names{"A", "B"});
  CHECK(found("!Sub ['${A}', {y: !Ref C}]") == Names{"A", "C"});
  CHECK(found("!If [Yes, !Ref A, !Ref B]") == Names{"A"});
  CHECK(found("!If [No, !Ref A, !Ref B]") == Names{"B"});
  CHECK(found("{x: {y: [!Base64 {Ref: A}]}}") == Names{"A"});
  CHECK(found("!Sub '${A'").empty());
}

}  // namespace
}  // namespace tidegate::stacks::language
