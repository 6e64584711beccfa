#include "core/stacks/language/document.h"

#include <array>

#include <doctest/doctest.h>

#include "base/text.h"
#include "core/stacks/language/evaluate.h"
#include "core/stacks/language/references.h"

namespace tidegate::stacks::language {
namespace {

constexpr const char* kResource = "Resources:\n  A: { Type: T }\n";

Document read(const std::string& text) {
  auto document = read_document(text);
  REQUIRE_MESSAGE(document.has_value(), (document ? "" : document.error().message));
  return *std::move(document);
}

std::string complaint(const std::string& text) {
  const auto document = read_document(text);
  return document ? "none" : document.error().message;
}

TEST_CASE("document: every section, with lines") {
  const Document document = read(R"(AWSTemplateFormatVersion: "2010-09-09"
Description: d
Metadata: { x: 1 }
Parameters:
  P: { Type: String }
Mappings: { M: { a: { b: c } } }
Conditions:
  C: !Equals [1, 1]
Rules:
  R:
    RuleCondition: !Equals [1, 1]
    Assertions:
      - Assert: !Equals [1, 2]
        AssertDescription: one is two
Resources:
  A:
    Type: T
    DeletionPolicy: Retain
    DependsOn: B
    Condition: C
    Metadata: { any: thing }
    Properties: { x: !Ref B }
  B: { Type: U, DependsOn: [], DeletionPolicy: Delete }
Outputs:
  O: { Value: v, Description: text, Condition: C }
)");
  CHECK(document.description == "d");
  CHECK(document.parameters.at(0).name == "P");
  CHECK(document.parameters.at(0).line == 5);
  CHECK(document.mappings.at(0).name == "M");
  CHECK(document.conditions.at(0).line == 8);
  const RuleDeclaration& rule = document.rules.at(0);
  CHECK(rule.condition.has_value());
  CHECK(rule.assertions.at(0).line == 13);
  CHECK(rule.assertions.at(0).description == "one is two");
  const ResourceDeclaration& a = document.resources.at(0);
  CHECK(a.logical_id == "A");
  CHECK(a.line == 16);
  CHECK(a.type == "T");
  CHECK(a.type_line == 17);
  CHECK(a.deletion_policy == ResourceDeclaration::DeletionPolicy::Retain);
  CHECK(a.depends_on == std::vector<std::pair<std::string, std::int32_t>>{{"B", 19}});
  CHECK(a.condition->name == "C");
  CHECK(a.condition->line == 20);
  CHECK(a.properties.find("x") != nullptr);
  CHECK(document.resources.at(1).properties.is_null());
  CHECK(document.resources.at(1).deletion_policy == ResourceDeclaration::DeletionPolicy::Delete);
  CHECK(document.outputs.at(0).description == "text");
  CHECK(document.outputs.at(0).condition->name == "C");
}

TEST_CASE("document: what no template may have") {
  struct Case {
    const char* text;
    const char* want;
  };
  const auto cases = std::to_array<Case>({
      {"Description: [x]\n", "line 1, Description: must be text"},
      {"Metadata: x\n", "line 1, Metadata: must be a mapping"},
      {"Parameters: x\n", "line 1, Parameters: must be a mapping of names"},
      {"Parameters: { P: x }\n", "line 1, Parameters.P: must be a mapping with a Type"},
      {"Outputs: { O: { Description: x } }\n", "line 1, Outputs.O: Value is missing"},
      {"Outputs: { O: x }\n", "line 1, Outputs.O: must be a mapping"},
      {"Outputs: { O: { Value: x, Export: { Name: y } } }\n",
       "line 1, Outputs.O: Export is not built: no other stack can import it"},
      {"Outputs: { O: { Value: x, Condition: [y] } }\n",
       "line 1, Outputs.O.Condition: must be text"},
      {"Rules: { R: { Assertion: [] } }\n",
       "line 1, Rules.R: unknown key 'Assertion'; did you mean 'Assertions'?"},
      {"Rules: { R: {} }\n", "line 1, Rules.R: Assertions must be a list"},
      {"Rules: { R: { Assertions: [{}] } }\n", "line 1, Rules.R.Assertions: Assert is missing"},
      {"Parameters: { '': { Type: String } }\n",
       "line 1, Parameters: the name '' must have 1 to 255 letters and digits only"},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.text});
    CHECK(complaint(std::string{c.text} + kResource) == c.want);
  }
  CHECK(complaint("Resources: { A: { Type: T, Properties: [] } }") ==
        "line 1, Resources.A.Properties: must be a mapping");
  CHECK(complaint("Resources: { A: { Type: [T] } }") == "line 1, Resources.A.Type: must be text");
  CHECK(complaint("Resources: { A: { Type: T, UpdateReplacePolicy: Delete } }") ==
        "line 1, Resources.A: UpdateReplacePolicy is not built: no update replaces a resource; "
        "remove it");
}

TEST_CASE("document: limits, and the limit itself is allowed") {
  const auto resources = [](std::size_t count) {
    std::string text = "Resources:\n";
    for (std::size_t i = 0; i < count; ++i) {
      text += "  R" + std::to_string(i) + ": { Type: T }\n";
    }
    return complaint(text);
  };
  CHECK(resources(kMaxResources) == "none");
  CHECK(resources(kMaxResources + 1) == "line 2, Resources: 501 members; AWS's limit is 500");
  const auto outputs = [](std::size_t count) {
    std::string text = std::string{kResource} + "Outputs:\n";
    for (std::size_t i = 0; i < count; ++i) {
      text += "  R" + std::to_string(i) + ": { Value: v }\n";
    }
    return complaint(text);
  };
  CHECK(outputs(kMaxNamed) == "none");
  CHECK(outputs(kMaxNamed + 1) == "line 4, Outputs: 201 members; AWS's limit is 200");
  const auto description = [](std::size_t bytes) {
    return complaint("Description: " + std::string(bytes, 'x') + "\n" + kResource);
  };
  CHECK(description(kMaxDescriptionBytes) == "none");
  CHECK(description(kMaxDescriptionBytes + 1) == "line 1, Description: has more than 1024 bytes");
  const auto name = [](std::size_t length) {
    return complaint("Resources: { " + std::string(length, 'x') + ": { Type: T } }");
  };
  CHECK(name(255) == "none");
  CHECK(name(256) != "none");
}

std::string order(const std::string& text, const std::map<std::string, bool>& conditions = {}) {
  const Document document = read(text);
  const auto result = creation_order(document, conditions);
  if (!result) {
    return result.error().message;
  }
  std::vector<std::string> ids;
  for (const ResourceDeclaration* resource : *result) {
    ids.push_back(resource->logical_id);
  }
  return join(ids, " ");
}

TEST_CASE("creation order: dependencies first, else the template's") {
  CHECK(order("Resources: { A: { Type: T }, B: { Type: T }, C: { Type: T } }") == "A B C");
  CHECK(order("Resources: { A: { Type: T, DependsOn: C }, B: { Type: T }, C: { Type: T } }") ==
        "B C A");
  CHECK(order("Resources: { A: { Type: T, Properties: { x: !Ref B } }, B: { Type: T, DependsOn: "
              "C }, C: { Type: T } }") == "C B A");
  CHECK(order("Conditions: { N: !Equals [1, 2] }\nResources: { A: { Type: T, DependsOn: B }, B: { "
              "Type: T, Condition: N } }",
              {{"N", false}}) == "A");
  CHECK(order("Resources: { A: { Type: T, Properties: { x: !If [N, !Ref B, 1] } }, B: { Type: T, "
              "DependsOn: A } }",
              {{"N", false}}) == "A B");
}

TEST_CASE("creation order: a circle is named, from where it begins") {
  CHECK(order("Resources:\n  A: { Type: T, DependsOn: B }\n  B: { Type: T, DependsOn: C }\n  C: { "
              "Type: T, DependsOn: B }\n") == "line 3, Resources: circular reference: B -> C -> B");
  CHECK(order("Resources: { A: { Type: T, Properties: { x: !Ref A } } }") ==
        "line 1, Resources: circular reference: A -> A");
}

TEST_CASE("conditions of a document: in any order, each once; a circle is named") {
  const auto value = [](const std::string& text) {
    const Document document = read(text + kResource);
    Scope scope;
    const auto result = evaluate_conditions(document, scope);
    if (!result) {
      return result.error().message;
    }
    std::string shown;
    for (const auto& [name, holds] : *result) {
      shown += name + (holds ? "+" : "-");
    }
    return shown;
  };
  CHECK(value("Conditions:\n  A: !Not [!Condition B]\n  B: !Equals [x, x]\n") == "A-B+");
  CHECK(value("Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n") ==
        "line 3, Conditions.B: the condition A needs itself");
  CHECK(value("Conditions:\n  A: !Equals [!Ref X, 1]\n") ==
        "line 2, Conditions.A: 'X' is no parameter and no resource of this template");
}

TEST_CASE("rules: the first assertion that does not hold is told") {
  const auto check = [](const std::string& text) {
    const Document document = read(text + kResource);
    const auto status = check_rules(document, Scope{});
    return status ? "none" : status.error().message;
  };
  const std::string assertions =
      "    Assertions:\n      - { Assert: !Equals [1, 1] }\n      - { Assert: !Equals [1, 2], "
      "AssertDescription: must be two }\n";
  CHECK(check("Rules:\n  R:\n" + assertions) == "line 5, Rules.R: must be two");
  CHECK(check("Rules:\n  R:\n    RuleCondition: !Equals [1, 2]\n" + assertions) == "none");
  CHECK(check("Rules:\n  R:\n    RuleCondition: !Equals [1, 1]\n" + assertions) ==
        "line 6, Rules.R: must be two");
  CHECK(check("Rules: { R: { Assertions: [{ Assert: !Equals [1, 2] }] } }\n") ==
        "line 1, Rules.R: the assertion does not hold");
}

}  // namespace
}  // namespace tidegate::stacks::language
