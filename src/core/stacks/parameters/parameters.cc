#include "core/stacks/parameters/parameters.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/parameters/pattern.h"

namespace tidegate::stacks::parameters {
namespace {

using language::problem;
using language::suggestion;

constexpr std::size_t kMaxValueBytes = 4096;  // AWS quota

const std::vector<std::string>& parameter_keys() {
  static const std::vector<std::string> keys{"Type",
                                             "Default",
                                             "Description",
                                             "AllowedValues",
                                             "AllowedPattern",
                                             "ConstraintDescription",
                                             "MinLength",
                                             "MaxLength",
                                             "MinValue",
                                             "MaxValue",
                                             "NoEcho"};
  return keys;
}

const std::vector<std::string>& element_types() {
  static const std::vector<std::string> types{"AWS::EC2::AvailabilityZone::Name",
                                              "AWS::EC2::Image::Id",
                                              "AWS::EC2::Instance::Id",
                                              "AWS::EC2::KeyPair::KeyName",
                                              "AWS::EC2::SecurityGroup::GroupName",
                                              "AWS::EC2::SecurityGroup::Id",
                                              "AWS::EC2::Subnet::Id",
                                              "AWS::EC2::VPC::Id",
                                              "AWS::EC2::Volume::Id",
                                              "AWS::Route53::HostedZone::Id",
                                              "String",
                                              "Number"};
  return types;
}

struct Type {
  enum class Shape { Single, List };
  Shape shape = Shape::Single;
  bool number = false;
};

struct Declaration {
  const language::ParameterDeclaration& source;
  std::string path;
  Type type;
  bool no_echo = false;
  std::string constraint_description;
};

bool is_element(std::string_view name) {
  return std::find(element_types().begin(), element_types().end(), name) != element_types().end();
}

Result<Type> read_type(const language::ParameterDeclaration& source, const std::string& path) {
  const YamlNode::Member* member = source.body.find("Type");
  if (member == nullptr || !member->value.is_scalar()) {
    return problem(source.line, path, "Type is missing");
  }
  const std::string& name = member->value.text;
  if (name == "CommaDelimitedList") {
    return Type{Type::Shape::List, false};
  }
  if (name.starts_with("AWS::SSM::")) {
    return problem(member->line, path, name + " is not built: give the value itself");
  }
  if (name == "List<String>") {
    return problem(member->line, path, "unknown Type 'List<String>'; use CommaDelimitedList");
  }
  if (name.starts_with("List<") && name.ends_with(">")) {
    const std::string element = name.substr(5, name.size() - 6);
    if (is_element(element)) {
      return Type{Type::Shape::List, element == "Number"};
    }
  } else if (is_element(name)) {
    return Type{Type::Shape::Single, name == "Number"};
  }
  std::vector<std::string> known = element_types();
  known.insert(known.end(), {"CommaDelimitedList", "List<Number>", "List<AWS::EC2::Subnet::Id>"});
  return problem(member->line, path, "unknown Type '" + name + "'" + suggestion(name, known));
}

std::string text_or_empty(const YamlNode& body, std::string_view key) {
  const YamlNode::Member* member = body.find(key);
  return member == nullptr ? std::string{} : member->value.text;
}

Result<Declaration> read_declaration(const language::ParameterDeclaration& source) {
  Declaration declaration{source, "Parameters." + source.name, {}, false, {}};
  for (const YamlNode::Member& member : source.body.members) {
    const bool known = std::find(parameter_keys().begin(), parameter_keys().end(), member.key) !=
                       parameter_keys().end();
    if (!known) {
      return problem(member.line,
                     declaration.path,
                     "unknown key '" + member.key + "'" + suggestion(member.key, parameter_keys()));
    }
    if (member.key != "AllowedValues" && member.key != "Default" && !member.value.is_scalar()) {
      return problem(member.line, declaration.path, member.key + " must be text or a number");
    }
  }
  TG_ASSIGN_OR_RETURN(declaration.type, read_type(source, declaration.path));
  const std::string no_echo = to_lower(text_or_empty(source.body, "NoEcho"));
  if (!no_echo.empty() && no_echo != "true" && no_echo != "false") {
    return problem(source.line, declaration.path, "NoEcho must be true or false");
  }
  declaration.no_echo = no_echo == "true";
  declaration.constraint_description = text_or_empty(source.body, "ConstraintDescription");
  return declaration;
}

/// What a value breaks, as the end of a sentence; empty when it holds.
using Complaint = std::string;

std::string limit_name(const YamlNode::Member& member) {
  return member.key + " " + member.value.text;
}

Result<Complaint> check_number_limit(const Declaration& declaration,
                                     const YamlNode::Member& member,
                                     double measure) {
  const auto limit = parse_double(member.value.text);
  if (!limit) {
    return problem(member.line, declaration.path, member.key + " must be a number");
  }
  const bool minimum = member.key.starts_with("Min");
  return (minimum ? measure < *limit : measure > *limit) ? "breaks " + limit_name(member)
                                                         : Complaint{};
}

Result<Complaint> check_limits(const Declaration& declaration, const std::string& value) {
  for (const YamlNode::Member& member : declaration.source.body.members) {
    const bool of_number = member.key == "MinValue" || member.key == "MaxValue";
    const bool of_length = member.key == "MinLength" || member.key == "MaxLength";
    if (!of_number && !of_length) {
      continue;
    }
    if (of_number != declaration.type.number) {
      return problem(member.line,
                     declaration.path,
                     member.key + (of_number ? " is for the Type Number" : " is not for Number"));
    }
    const double measure =
        of_number ? parse_double(value).value_or(0) : static_cast<double>(value.size());
    TG_ASSIGN_OR_RETURN(Complaint complaint, check_number_limit(declaration, member, measure));
    if (!complaint.empty()) {
      return complaint;
    }
  }
  return Complaint{};
}

Result<Complaint> check_allowed_values(const Declaration& declaration, const std::string& value) {
  const YamlNode::Member* member = declaration.source.body.find("AllowedValues");
  if (member == nullptr) {
    return Complaint{};
  }
  std::vector<std::string> allowed;
  for (const YamlNode& item : member->value.items) {
    allowed.push_back(item.text);
  }
  if (allowed.empty()) {
    return problem(member->line, declaration.path, "AllowedValues must be a list of values");
  }
  const bool found = std::find(allowed.begin(), allowed.end(), value) != allowed.end();
  return found ? Complaint{} : "is none of AllowedValues (" + join(allowed, ", ") + ")";
}

Result<Complaint> check_pattern(const Declaration& declaration, const std::string& value) {
  const YamlNode::Member* member = declaration.source.body.find("AllowedPattern");
  if (member == nullptr) {
    return Complaint{};
  }
  const std::string& pattern = member->value.text;
  const Result<bool> matches = matches_pattern(pattern, value);
  if (!matches) {
    return problem(member->line, declaration.path, "AllowedPattern: " + matches.error().message);
  }
  return *matches ? Complaint{} : "does not match AllowedPattern " + pattern;
}

Result<Complaint> check_element(const Declaration& declaration, const std::string& value) {
  if (declaration.type.number && !parse_double(value)) {
    return Complaint{"is no number"};
  }
  for (const auto check : {check_limits, check_allowed_values, check_pattern}) {
    TG_ASSIGN_OR_RETURN(Complaint complaint, check(declaration, value));
    if (!complaint.empty()) {
      return complaint;
    }
  }
  return Complaint{};
}

YamlNode scalar_at(std::string text, std::int32_t line) {
  YamlNode node;
  node.kind = YamlNode::Kind::Scalar;
  node.text = std::move(text);
  node.line = line;
  return node;
}

YamlNode list_at(const std::string& text, std::int32_t line) {
  YamlNode node;
  node.kind = YamlNode::Kind::Sequence;
  node.line = line;
  for (const std::string& part : split(text, ',')) {
    node.items.push_back(scalar_at(std::string{trim(part)}, line));
  }
  return node;
}

Result<YamlNode> value_of(const Declaration& declaration, const std::string& text) {
  const std::int32_t line = declaration.source.line;
  const bool list = declaration.type.shape == Type::Shape::List;
  if (text.size() > kMaxValueBytes) {
    return problem(line, declaration.path, "the value has more than 4096 bytes");
  }
  YamlNode value = list ? list_at(text, line) : scalar_at(text, line);
  const auto elements = list ? std::span<const YamlNode>{value.items} : std::span{&value, 1};
  for (const YamlNode& element : elements) {
    TG_ASSIGN_OR_RETURN(const Complaint complaint, check_element(declaration, element.text));
    if (!complaint.empty()) {
      const std::string shown = declaration.no_echo ? "****" : element.text;
      const std::string& reason = declaration.constraint_description;
      return problem(
          line,
          declaration.path,
          "the value '" + shown + "' " + complaint + (reason.empty() ? "" : ": " + reason));
    }
  }
  return value;
}

Result<std::optional<std::string>> default_of(const Declaration& declaration) {
  const YamlNode::Member* member = declaration.source.body.find("Default");
  if (member == nullptr) {
    return std::optional<std::string>{};
  }
  if (!member->value.is_scalar()) {
    return problem(member->line, declaration.path, "Default must be text, lists as \"a,b\"");
  }
  return std::optional{member->value.text};
}

Status refuse_unknown(const std::vector<language::ParameterDeclaration>& declarations,
                      const std::map<std::string, std::string>& given) {
  std::vector<std::string> names;
  for (const language::ParameterDeclaration& declaration : declarations) {
    names.push_back(declaration.name);
  }
  for (const auto& [name, value] : given) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Error{
          ErrorCode::InvalidArgument,
          "ValidationError",
          "Parameters: [" + name + "] do not exist in the template" + suggestion(name, names)};
    }
  }
  return Ok{};
}

}  // namespace

Result<Parameters> bind_parameters(const std::vector<language::ParameterDeclaration>& declarations,
                                   const std::map<std::string, std::string>& given) {
  TG_RETURN_IF_ERROR(refuse_unknown(declarations, given));
  Parameters parameters;
  for (const language::ParameterDeclaration& source : declarations) {
    TG_ASSIGN_OR_RETURN(const Declaration declaration, read_declaration(source));
    TG_ASSIGN_OR_RETURN(std::optional<std::string> text, default_of(declaration));
    if (const auto found = given.find(source.name); found != given.end()) {
      text = found->second;
    }
    if (!text) {
      return problem(source.line,
                     declaration.path,
                     "Parameters: [" + source.name +
                         "] must have values: it has no Default and none was given");
    }
    TG_ASSIGN_OR_RETURN(YamlNode value, value_of(declaration, *text));
    parameters.values.emplace(source.name, std::move(value));
    parameters.used.emplace(source.name, declaration.no_echo ? "****" : *text);
  }
  return parameters;
}

}  // namespace tidegate::stacks::parameters
