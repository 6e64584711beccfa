#include "core/stacks/language/names.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/stacks/language/short_forms.h"

namespace tidegate::stacks::language {
namespace {

Scope scope_of_names() {
  Scope scope;
  scope.names = {{"Size", make_scalar("3", 0)}, {"AWS::Region", make_scalar("eu-west-2", 0)}};
  scope.conditions = {{"Yes", true}, {"No", false}};
  scope.resources = {"Group", "Balancer"};
  return scope;
}

/// The complaint, or nothing.
std::string wrong_name(const std::string& text) {
  auto node = parse_yaml(text);
  REQUIRE(node);
  node = without_short_forms(*std::move(node));
  REQUIRE(node);
  const Status checked = check_names(*node, scope_of_names(), "P");
  return checked ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("names: what a template names is looked for in both branches of Fn::If") {
  struct Case {
    std::string text;
    std::string complaint;
  };
  const auto cases = std::vector<Case>{
      {"!Ref Size", ""},
      {"!Ref Group", ""},
      {"!Ref AWS::NoValue", ""},
      {"!Ref AWS::Region", ""},
      {"!Ref Sise",
       "line 1, P: 'Sise' is no parameter and no resource of this template; did you mean 'Size'?"},
      {"!If [Yes, !Ref Size, !Ref Group]", ""},
      {"!If [Yes, !Ref Size, !Ref Groop]",
       "line 1, P: 'Groop' is no parameter and no resource of this template; did you mean "
       "'Group'?"},
      {"!If [No, !Ref Sise, 1]",
       "line 1, P: 'Sise' is no parameter and no resource of this template; did you mean 'Size'?"},
      {"!If [No, !If [Nope, 1, 2], 3]",
       "line 1, P: 'Nope' is no condition of this template; did you mean 'No'?"},
      {"!GetAtt Balancer.DNSName", ""},
      {"!GetAtt Balanser.DNSName",
       "line 1, P: 'Balanser' is no resource of this template; did you mean 'Balancer'?"},
      {"!GetAtt Size.DNSName",
       "line 1, P: 'Size' is no resource of this template; valid: Group, Balancer"},
      {"!Sub '${Size} ${Group} ${Balancer.DNSName} ${!Literal} ${AWS::Region}'", ""},
      {"!Sub '${Sise}'",
       "line 1, P: 'Sise' is no parameter and no resource of this template; did you mean 'Size'?"},
      {"!Sub '${Balanser.DNSName}'",
       "line 1, P: 'Balanser' is no resource of this template; did you mean 'Balancer'?"},
      {"!Sub ['${Own} ${Size}', {Own: !Ref Group}]", ""},
      {"!Sub ['${Own}', {Own: !Ref Groop}]",
       "line 1, P: 'Groop' is no parameter and no resource of this template; did you mean "
       "'Group'?"},
      {"{a: [1, {b: !Ref Groop}]}",
       "line 1, P: 'Groop' is no parameter and no resource of this template; did you mean "
       "'Group'?"},
      {"'a text that says Ref: Groop'", ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.text);
    CHECK(wrong_name(one.text) == one.complaint);
  }
}

TEST_CASE("names: a function that is not well formed is left to its evaluation") {
  for (const std::string text : {"{Ref: [a]}",
                                 "{'Fn::GetAtt': Text}",
                                 "{'Fn::GetAtt': []}",
                                 "{'Fn::If': []}",
                                 "{'Fn::Sub': []}",
                                 "{'Fn::Sub': '${Open'}"}) {
    CAPTURE(text);
    CHECK(wrong_name(text).empty());
  }
}

}  // namespace tidegate::stacks::language
