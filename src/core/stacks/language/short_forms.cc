#include "core/stacks/language/short_forms.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/stacks/language/problem.h"

namespace tidegate::stacks::language {
namespace {

constexpr std::string_view kPrefix = "Fn::";

const std::vector<std::string>& unbuilt_functions() {
  static const std::vector<std::string> names{"Fn::Cidr",
                                              "Fn::ForEach",
                                              "Fn::ImportValue",
                                              "Fn::Length",
                                              "Fn::RefAll",
                                              "Fn::ToJsonString",
                                              "Fn::Transform",
                                              "Fn::ValueOf",
                                              "Fn::ValueOfAll"};
  return names;
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<Error> function_error(const std::string& name, std::int32_t line) {
  const std::string base = name.substr(0, name.rfind("::") == 2 ? name.size() : name.rfind("::"));
  if (is_in(unbuilt_functions(), base)) {
    return problem(line,
                   "",
                   base + " is not built" +
                       (base == "Fn::ImportValue" ? "; pass the value as a parameter" : ""));
  }
  if (!is_in(function_names(), name)) {
    return problem(line, "", "unknown function " + name + suggestion(name, function_names()));
  }
  return std::nullopt;
}

std::string long_name(const std::string& tag) {
  const std::string name = tag.substr(1);
  return name == "Ref" || name == "Condition" ? name : std::string{kPrefix} + name;
}

/// "a.b.c" is the attribute b.c of a, in the short form and in the long one.
YamlNode split_attribute(YamlNode argument) {
  const std::size_t dot = argument.text.find('.');
  if (!argument.is_scalar() || dot == std::string::npos) {
    return argument;
  }
  YamlNode list;
  list.kind = YamlNode::Kind::Sequence;
  list.line = argument.line;
  list.column = argument.column;
  YamlNode attribute = argument;
  attribute.text = argument.text.substr(dot + 1);
  argument.text.resize(dot);
  list.items = {std::move(argument), std::move(attribute)};
  return list;
}

std::optional<Error> check_members(const YamlNode& node) {
  for (const YamlNode::Member& member : node.members) {
    const bool function = member.key == "Ref" || member.key.starts_with(kPrefix);
    if (!function) {
      continue;
    }
    if (auto error = function_error(member.key, member.line)) {
      return error;
    }
    if (node.members.size() > 1) {
      return problem(member.line, "", member.key + " must be the only key of its mapping");
    }
  }
  return std::nullopt;
}

Result<YamlNode> untagged(YamlNode node) {
  if (node.tag.empty()) {
    return node;
  }
  const std::string name = long_name(node.tag);
  if (name != "Condition") {
    if (auto error = function_error(name, node.line)) {
      return *std::move(error);
    }
  }
  YamlNode call;
  call.kind = YamlNode::Kind::Mapping;
  call.line = node.line;
  call.column = node.column;
  node.tag.clear();
  const std::int32_t line = node.line;
  call.members.push_back(YamlNode::Member{name, line, std::move(node)});
  return call;
}

}  // namespace

const std::vector<std::string>& function_names() {
  static const std::vector<std::string> names{"Ref",
                                              "Fn::GetAtt",
                                              "Fn::Sub",
                                              "Fn::Join",
                                              "Fn::Select",
                                              "Fn::Split",
                                              "Fn::If",
                                              "Fn::Equals",
                                              "Fn::And",
                                              "Fn::Or",
                                              "Fn::Not",
                                              "Fn::FindInMap",
                                              "Fn::Base64",
                                              "Fn::GetAZs",
                                              "Fn::Contains",
                                              "Fn::EachMemberEquals",
                                              "Fn::EachMemberIn"};
  return names;
}

Result<YamlNode> without_short_forms(YamlNode node) {
  TG_ASSIGN_OR_RETURN(node, untagged(std::move(node)));
  if (node.is_null()) {
    return problem(node.line, "", "a null (an empty value) is not allowed in a template");
  }
  if (auto error = check_members(node)) {
    return *std::move(error);
  }
  for (YamlNode& item : node.items) {
    TG_ASSIGN_OR_RETURN(item, without_short_forms(std::move(item)));
  }
  for (YamlNode::Member& member : node.members) {
    if (member.value.is_null()) {  // its own place is where the next thing begins
      member.value.line = member.line;
    }
    TG_ASSIGN_OR_RETURN(member.value, without_short_forms(std::move(member.value)));
    if (member.key == "Fn::GetAtt") {
      member.value = split_attribute(std::move(member.value));
    }
  }
  return node;
}

}  // namespace tidegate::stacks::language
