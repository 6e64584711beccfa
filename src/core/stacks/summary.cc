#include "core/stacks/summary.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "core/stacks/language/document.h"
#include "core/stacks/language/problem.h"

namespace tidegate::stacks {
namespace {

Json json_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return Json{};
    case YamlNode::Kind::Scalar:
      return Json{node.text};
    case YamlNode::Kind::Sequence: {
      Json array = Json::array();
      for (const YamlNode& item : node.items) {
        array.push(json_of(item));
      }
      return array;
    }
    case YamlNode::Kind::Mapping: {
      Json object = Json::object();
      for (const YamlNode::Member& member : node.members) {
        object.set(member.key, json_of(member.value));
      }
      return object;
    }
  }
  return Json{};
}

std::string joined(const YamlNode& node) {
  if (!node.is_sequence()) {
    return node.text;
  }
  std::vector<std::string> texts;
  for (const YamlNode& item : node.items) {
    texts.push_back(item.text);
  }
  return join(texts, ",");
}

Result<DeclaredParameter> declared(const language::ParameterDeclaration& source) {
  const auto text = [&](std::string_view key) {
    const YamlNode::Member* member = source.body.find(key);
    return member == nullptr ? std::string{} : member->value.text;
  };
  DeclaredParameter parameter;
  parameter.key = source.name;
  parameter.type = text("Type");
  if (parameter.type.empty()) {
    return language::problem(source.line, "Parameters." + source.name, "Type is missing");
  }
  parameter.description = text("Description");
  parameter.no_echo = to_lower(text("NoEcho")) == "true";
  if (const YamlNode::Member* given = source.body.find("Default")) {
    parameter.default_value = joined(given->value);
  }
  if (const YamlNode::Member* allowed = source.body.find("AllowedValues")) {
    for (const YamlNode& value : allowed->value.items) {
      parameter.allowed_values.push_back(value.text);
    }
  }
  return parameter;
}

}  // namespace

std::vector<std::string> TemplateSummary::resource_types() const {
  std::set<std::string> types;
  for (const auto& [logical_id, type] : resources) {
    types.insert(type);
  }
  return {types.begin(), types.end()};
}

std::vector<std::string> TemplateSummary::capabilities() const {
  const bool iam = std::any_of(resources.begin(), resources.end(), [](const auto& resource) {
    return resource.second.starts_with("AWS::IAM::");
  });
  return iam ? std::vector<std::string>{"CAPABILITY_IAM"} : std::vector<std::string>{};
}

Result<TemplateSummary> summarize(const std::string& template_text) {
  TG_ASSIGN_OR_RETURN(const language::Document document, language::read_document(template_text));
  TemplateSummary summary;
  summary.description = document.description;
  if (!document.metadata.is_null()) {
    summary.metadata = json_of(document.metadata).dump();
  }
  for (const language::ParameterDeclaration& source : document.parameters) {
    TG_ASSIGN_OR_RETURN(summary.parameters.emplace_back(), declared(source));
  }
  for (const language::ResourceDeclaration& resource : document.resources) {
    summary.resources.emplace_back(resource.logical_id, resource.type);
  }
  return summary;
}

}  // namespace tidegate::stacks
