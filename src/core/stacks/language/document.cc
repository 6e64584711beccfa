#include "core/stacks/language/document.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/stacks/language/problem.h"
#include "core/stacks/language/short_forms.h"

namespace tidegate::stacks::language {
namespace {

const std::vector<std::string>& section_names() {
  static const std::vector<std::string> names{"AWSTemplateFormatVersion",
                                              "Description",
                                              "Metadata",
                                              "Parameters",
                                              "Mappings",
                                              "Conditions",
                                              "Rules",
                                              "Resources",
                                              "Outputs"};
  return names;
}

const std::vector<std::string>& resource_keys() {
  static const std::vector<std::string> names{
      "Type", "Properties", "DependsOn", "DeletionPolicy", "Condition", "Metadata"};
  return names;
}

bool is_alphanumeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

Result<std::string> scalar_text(const YamlNode& node, std::string_view path) {
  if (!node.is_scalar()) {
    return problem(node.line, path, "must be text");
  }
  return node.text;
}

/// The members of a section whose keys are logical ids.
Result<std::span<const YamlNode::Member>> named_members(const YamlNode& section,
                                                        const std::string& path,
                                                        std::size_t limit) {
  if (!section.is_mapping()) {
    return problem(section.line, path, "must be a mapping of names");
  }
  if (section.members.size() > limit) {
    return problem(section.line,
                   path,
                   std::to_string(section.members.size()) + " members; AWS's limit is " +
                       std::to_string(limit));
  }
  for (const YamlNode::Member& member : section.members) {
    if (!is_alphanumeric(member.key) || member.key.size() > 255) {
      return problem(member.line,
                     path,
                     "the name '" + member.key + "' must have 1 to 255 letters and digits only");
    }
  }
  return std::span<const YamlNode::Member>{section.members};
}

Status check_keys(const YamlNode& node,
                  const std::string& path,
                  const std::vector<std::string>& known) {
  if (!node.is_mapping()) {
    return problem(node.line, path, "must be a mapping");
  }
  for (const YamlNode::Member& member : node.members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      return problem(
          member.line, path, "unknown key '" + member.key + "'" + suggestion(member.key, known));
    }
  }
  return Ok{};
}

Result<std::optional<ConditionName>> read_condition(const YamlNode& body, const std::string& path) {
  const YamlNode::Member* member = body.find("Condition");
  if (member == nullptr) {
    return std::optional<ConditionName>{};
  }
  TG_ASSIGN_OR_RETURN(std::string name, scalar_text(member->value, path + ".Condition"));
  return std::optional{ConditionName{std::move(name), member->line}};
}

Status refuse_unbuilt_attributes(const YamlNode& body, const std::string& path) {
  struct Unbuilt {
    std::string_view key;
    std::string_view instead;
  };
  static constexpr auto kUnbuilt = std::to_array<Unbuilt>({
      {"CreationPolicy",
       "an instance is in service only when it answers, and Metadata.Tidegate.AutoScalingGroups "
       "has LaunchTimeout; remove it"},
      {"UpdatePolicy", "an update changes no running instance; remove it"},
      {"UpdateReplacePolicy", "no update replaces a resource; remove it"},
  });
  for (const Unbuilt& unbuilt : kUnbuilt) {
    if (const YamlNode::Member* member = body.find(unbuilt.key)) {
      return problem(member->line,
                     path,
                     std::string{unbuilt.key} + " is not built: " + std::string{unbuilt.instead});
    }
  }
  return Ok{};
}

using DeletionPolicy = ResourceDeclaration::DeletionPolicy;

Result<DeletionPolicy> read_deletion_policy(const YamlNode::Member& member,
                                            const std::string& path) {
  TG_ASSIGN_OR_RETURN(const std::string policy, scalar_text(member.value, path));
  if (policy == "Delete") {
    return DeletionPolicy::Delete;
  }
  if (policy == "Retain") {
    return DeletionPolicy::Retain;
  }
  return problem(member.line, path, "'" + policy + "' is not built; Delete and Retain are");
}

using Dependencies = std::vector<std::pair<std::string, std::int32_t>>;

Result<Dependencies> read_depends_on(const YamlNode& node, const std::string& path) {
  const std::span<const YamlNode> items =
      node.is_sequence() ? std::span<const YamlNode>{node.items} : std::span{&node, 1};
  Dependencies dependencies;
  for (const YamlNode& item : items) {
    TG_ASSIGN_OR_RETURN(std::string id, scalar_text(item, path));
    dependencies.emplace_back(std::move(id), item.line);
  }
  return dependencies;
}

Result<ResourceDeclaration> read_resource(const YamlNode::Member& member) {
  const std::string path = "Resources." + member.key;
  const YamlNode& body = member.value;
  ResourceDeclaration resource;
  resource.logical_id = member.key;
  resource.line = member.line;
  if (!body.is_mapping()) {
    return problem(member.line, path, "must be a mapping with a Type");
  }
  TG_RETURN_IF_ERROR(refuse_unbuilt_attributes(body, path));
  TG_RETURN_IF_ERROR(check_keys(body, path, resource_keys()));
  const YamlNode::Member* type = body.find("Type");
  if (type == nullptr) {
    return problem(member.line, path, "Type is missing");
  }
  TG_ASSIGN_OR_RETURN(resource.type, scalar_text(type->value, path + ".Type"));
  resource.type_line = type->line;
  if (const YamlNode::Member* properties = body.find("Properties")) {
    if (!properties->value.is_mapping()) {
      return problem(properties->line, path + ".Properties", "must be a mapping");
    }
    resource.properties = properties->value;
  }
  if (const YamlNode::Member* policy = body.find("DeletionPolicy")) {
    TG_ASSIGN_OR_RETURN(resource.deletion_policy,
                        read_deletion_policy(*policy, path + ".DeletionPolicy"));
  }
  if (const YamlNode::Member* depends = body.find("DependsOn")) {
    TG_ASSIGN_OR_RETURN(resource.depends_on, read_depends_on(depends->value, path + ".DependsOn"));
  }
  TG_ASSIGN_OR_RETURN(resource.condition, read_condition(body, path));
  return resource;
}

Result<OutputDeclaration> read_output(const YamlNode::Member& member) {
  static const std::vector<std::string> keys{"Value", "Description", "Condition"};
  const std::string path = "Outputs." + member.key;
  const YamlNode& body = member.value;
  if (const YamlNode::Member* exported = body.find("Export")) {
    return problem(exported->line, path, "Export is not built: no other stack can import it");
  }
  TG_RETURN_IF_ERROR(check_keys(body, path, keys));
  OutputDeclaration output;
  output.key = member.key;
  output.line = member.line;
  const YamlNode::Member* value = body.find("Value");
  if (value == nullptr) {
    return problem(member.line, path, "Value is missing");
  }
  output.value = value->value;
  if (const YamlNode::Member* text = body.find("Description")) {
    TG_ASSIGN_OR_RETURN(output.description, scalar_text(text->value, path + ".Description"));
  }
  TG_ASSIGN_OR_RETURN(output.condition, read_condition(body, path));
  return output;
}

Result<Assertion> read_assertion(const YamlNode& body, const std::string& path) {
  static const std::vector<std::string> keys{"Assert", "AssertDescription"};
  TG_RETURN_IF_ERROR(check_keys(body, path, keys));
  const YamlNode::Member* assert_that = body.find("Assert");
  if (assert_that == nullptr) {
    return problem(body.line, path, "Assert is missing");
  }
  Assertion assertion;
  assertion.line = assert_that->line;
  assertion.assert_that = assert_that->value;
  if (const YamlNode::Member* text = body.find("AssertDescription")) {
    TG_ASSIGN_OR_RETURN(assertion.description,
                        scalar_text(text->value, path + ".AssertDescription"));
  }
  return assertion;
}

Result<RuleDeclaration> read_rule(const YamlNode::Member& member) {
  static const std::vector<std::string> keys{"RuleCondition", "Assertions"};
  const std::string path = "Rules." + member.key;
  const YamlNode& body = member.value;
  TG_RETURN_IF_ERROR(check_keys(body, path, keys));
  RuleDeclaration rule;
  rule.name = member.key;
  rule.line = member.line;
  if (const YamlNode::Member* condition = body.find("RuleCondition")) {
    rule.condition = condition->value;
  }
  const YamlNode::Member* assertions = body.find("Assertions");
  if (assertions == nullptr || !assertions->value.is_sequence()) {
    return problem(member.line, path, "Assertions must be a list");
  }
  for (const YamlNode& item : assertions->value.items) {
    TG_ASSIGN_OR_RETURN(Assertion assertion, read_assertion(item, path + ".Assertions"));
    rule.assertions.push_back(std::move(assertion));
  }
  return rule;
}

/// Each member of a section, read by `read`; none when the section is not there.
template <typename T>
Result<std::vector<T>> read_each(const YamlNode& root,
                                 const std::string& section,
                                 Result<T> (*read)(const YamlNode::Member&)) {
  std::vector<T> items;
  const YamlNode::Member* found = root.find(section);
  if (found == nullptr) {
    return items;
  }
  const std::size_t limit = section == "Resources" ? kMaxResources : kMaxNamed;
  TG_ASSIGN_OR_RETURN(const auto members, named_members(found->value, section, limit));
  for (const YamlNode::Member& member : members) {
    TG_ASSIGN_OR_RETURN(T item, read(member));
    items.push_back(std::move(item));
  }
  return items;
}

Result<ParameterDeclaration> read_parameter(const YamlNode::Member& member) {
  if (!member.value.is_mapping()) {
    return problem(member.line, "Parameters." + member.key, "must be a mapping with a Type");
  }
  return ParameterDeclaration{member.key, member.line, member.value};
}

Result<NamedNode> read_named(const YamlNode::Member& member) {
  return NamedNode{member.key, member.line, member.value};
}

Status check_version(const YamlNode& root) {
  const YamlNode::Member* version = root.find("AWSTemplateFormatVersion");
  if (version != nullptr && version->value.text != "2010-09-09") {
    return problem(version->line, "AWSTemplateFormatVersion", "must be 2010-09-09");
  }
  return Ok{};
}

Result<std::string> read_description(const YamlNode& root) {
  const YamlNode::Member* description = root.find("Description");
  if (description == nullptr) {
    return std::string{};
  }
  if (description->value.text.size() > kMaxDescriptionBytes) {
    return problem(description->line, "Description", "has more than 1024 bytes");
  }
  return scalar_text(description->value, "Description");
}

Result<YamlNode> read_metadata(const YamlNode& root) {
  const YamlNode::Member* metadata = root.find("Metadata");
  if (metadata == nullptr) {
    return YamlNode{};
  }
  if (!metadata->value.is_mapping()) {
    return problem(metadata->line, "Metadata", "must be a mapping");
  }
  return metadata->value;
}

Result<Document> read_sections(const YamlNode& root) {
  Document document;
  TG_RETURN_IF_ERROR(check_keys(root, "", section_names()));
  TG_RETURN_IF_ERROR(check_version(root));
  TG_ASSIGN_OR_RETURN(document.description, read_description(root));
  TG_ASSIGN_OR_RETURN(document.metadata, read_metadata(root));
  TG_ASSIGN_OR_RETURN(document.parameters, read_each(root, "Parameters", read_parameter));
  TG_ASSIGN_OR_RETURN(document.mappings, read_each(root, "Mappings", read_named));
  TG_ASSIGN_OR_RETURN(document.conditions, read_each(root, "Conditions", read_named));
  TG_ASSIGN_OR_RETURN(document.rules, read_each(root, "Rules", read_rule));
  TG_ASSIGN_OR_RETURN(document.resources, read_each(root, "Resources", read_resource));
  TG_ASSIGN_OR_RETURN(document.outputs, read_each(root, "Outputs", read_output));
  return document;
}

}  // namespace

Result<Document> read_document(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return problem(1, "", "the template has more than 1048576 bytes");
  }
  Result<YamlNode> parsed = parse_yaml(text);
  if (!parsed) {
    Error error = std::move(parsed).error();
    error.name = "ValidationError";
    return error;
  }
  if (!parsed->is_mapping()) {
    return problem(1, "", "a template is a mapping with the section Resources");
  }
  TG_ASSIGN_OR_RETURN(const YamlNode root, without_short_forms(*std::move(parsed)));
  if (const YamlNode::Member* transform = root.find("Transform")) {
    return problem(transform->line, "", "Transform (macros) is not built: write the result out");
  }
  TG_ASSIGN_OR_RETURN(Document document, read_sections(root));
  if (document.resources.empty()) {
    return problem(1, "", "the section Resources must have at least one resource");
  }
  return document;
}

}  // namespace tidegate::stacks::language
