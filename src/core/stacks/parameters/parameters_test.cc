#include "core/stacks/parameters/parameters.h"

#include <array>

#include <doctest/doctest.h>

#include "base/text.h"

namespace tidegate::stacks::parameters {
namespace {

language::ParameterDeclaration declared(const std::string& body) {
  const auto node = parse_yaml(body);
  REQUIRE(node.has_value());
  return {"P", 7, *node};
}

/// The value as text, lists joined by '|'; or the complaint.
std::string bound(const std::string& body, const std::map<std::string, std::string>& given = {}) {
  const auto result = bind_parameters({declared(body)}, given);
  if (!result) {
    return result.error().message;
  }
  const YamlNode& value = result->values.at("P");
  std::vector<std::string> texts;
  for (const YamlNode& item : value.items) {
    texts.push_back(item.text);
  }
  return value.is_sequence() ? join(texts, "|") : value.text;
}

struct Given {
  const char* body;
  const char* given;
  const char* want;
};

TEST_CASE("parameters: types, defaults and constraints") {
  const auto cases = std::to_array<Given>({
      {"{Type: String}", "x", "x"},
      {"{Type: String}", "", ""},
      {"{Type: String, Default: d}", nullptr, "d"},
      {"{Type: String, Default: d}", "g", "g"},
      {"{Type: Number}", "1.5", "1.5"},
      {"{Type: Number}", "one", "line 7, Parameters.P: the value 'one' is no number"},
      {"{Type: CommaDelimitedList}", "a, b ,c", "a|b|c"},
      {"{Type: List<Number>}", "1,2", "1|2"},
      {"{Type: List<Number>}", "1,x", "line 7, Parameters.P: the value 'x' is no number"},
      {"{Type: 'AWS::EC2::Subnet::Id'}", "subnet-1", "subnet-1"},
      {"{Type: 'List<AWS::EC2::Subnet::Id>'}", "a,b", "a|b"},
      {"{Type: 'List<String>'}",
       "a",
       "line 1, Parameters.P: unknown Type 'List<String>'; use CommaDelimitedList"},
      {"{Type: Sting}", "a", "line 1, Parameters.P: unknown Type 'Sting'; did you mean 'String'?"},
      {"{Type: CommaDelimitedLists}",
       "a",
       "line 1, Parameters.P: unknown Type 'CommaDelimitedLists'; did you mean "
       "'CommaDelimitedList'?"},
      {"{Type: 'AWS::SSM::Parameter::Name'}",
       "a",
       "line 1, Parameters.P: AWS::SSM::Parameter::Name is not built: give the value itself"},
      {"{Default: a}", "a", "line 7, Parameters.P: Type is missing"},
      {"{Type: String, Defalt: a}",
       "a",
       "line 1, Parameters.P: unknown key 'Defalt'; did you mean 'Default'?"},
      {"{Type: String, Default: [a]}",
       nullptr,
       "line 1, Parameters.P: Default must be text, lists as \"a,b\""},
      {"{Type: String, MinLength: [1]}",
       "a",
       "line 1, Parameters.P: MinLength must be text or a number"},
      {"{Type: String, MinLength: 2}", "ab", "ab"},
      {"{Type: String, MinLength: 2}",
       "a",
       "line 7, Parameters.P: the value 'a' breaks MinLength 2"},
      {"{Type: String, MaxLength: 2}", "ab", "ab"},
      {"{Type: String, MaxLength: 2}",
       "abc",
       "line 7, Parameters.P: the value 'abc' breaks MaxLength 2"},
      {"{Type: Number, MinValue: 2}", "2", "2"},
      {"{Type: Number, MinValue: 2}",
       "1.9",
       "line 7, Parameters.P: the value '1.9' breaks MinValue 2"},
      {"{Type: Number, MaxValue: 2}", "2", "2"},
      {"{Type: Number, MaxValue: 2}",
       "2.1",
       "line 7, Parameters.P: the value '2.1' breaks MaxValue 2"},
      {"{Type: Number, MaxValue: x}", "2", "line 1, Parameters.P: MaxValue must be a number"},
      {"{Type: String, MinValue: 2}", "2", "line 1, Parameters.P: MinValue is for the Type Number"},
      {"{Type: Number, MinLength: 2}", "2", "line 1, Parameters.P: MinLength is not for Number"},
      {"{Type: String, AllowedValues: [a, b]}", "b", "b"},
      {"{Type: String, AllowedValues: [a, b]}",
       "c",
       "line 7, Parameters.P: the value 'c' is none of AllowedValues (a, b)"},
      {"{Type: CommaDelimitedList, AllowedValues: [a, b]}",
       "a,c",
       "line 7, Parameters.P: the value 'c' is none of AllowedValues (a, b)"},
      {"{Type: String, AllowedValues: x}",
       "c",
       "line 1, Parameters.P: AllowedValues must be a list of values"},
      {"{Type: String, AllowedPattern: '[a-z]+'}", "abc", "abc"},
      {"{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: letters only}",
       "a1",
       "line 7, Parameters.P: the value 'a1' does not match AllowedPattern [a-z]+: letters only"},
      {"{Type: String, AllowedPattern: '('}",
       "a",
       "line 1, Parameters.P: AllowedPattern: a ( is not closed"},
      {"{Type: String, NoEcho: true, MinLength: 9}",
       "secret",
       "line 7, Parameters.P: the value '****' breaks MinLength 9"},
      {"{Type: String, NoEcho: maybe}", "x", "line 7, Parameters.P: NoEcho must be true or false"},
      {"{Type: String}",
       nullptr,
       "line 7, Parameters.P: Parameters: [P] must have values: it has no Default and none was "
       "given"},
  });
  for (const Given& c : cases) {
    CAPTURE(std::string{c.body});
    std::map<std::string, std::string> given;
    if (c.given != nullptr) {
      given.emplace("P", c.given);
    }
    CHECK(bound(c.body, given) == c.want);
  }
}

TEST_CASE("parameters: the longest value is 4096 bytes") {
  CHECK(bound("{Type: String}", {{"P", std::string(4096, 'x')}}).size() == 4096);
  CHECK(bound("{Type: String}", {{"P", std::string(4097, 'x')}}) ==
        "line 7, Parameters.P: the value has more than 4096 bytes");
}

TEST_CASE("parameters: what is shown of them, and names that are not declared") {
  const auto result = bind_parameters({declared("{Type: String, NoEcho: 'TRUE'}")}, {{"P", "s"}});
  REQUIRE(result.has_value());
  CHECK(result->used.at("P") == "****");
  CHECK(result->values.at("P").text == "s");
  CHECK(bind_parameters({declared("{Type: CommaDelimitedList}")}, {{"P", "a, b"}})->used.at("P") ==
        "a, b");
  CHECK(bound("{Type: String}", {{"Q", "x"}}) ==
        "Parameters: [Q] do not exist in the template; did you mean 'P'?");
}

}  // namespace
}  // namespace tidegate::stacks::parameters
