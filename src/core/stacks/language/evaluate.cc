#include "core/stacks/language/evaluate.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/text.h"
#include "core/stacks/language/names.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/language/short_forms.h"
#include "core/stacks/language/sub.h"

namespace tidegate::stacks::language {
namespace {

YamlNode nothing_at(std::int32_t line) {
  YamlNode node;
  node.line = line;
  return node;
}

constexpr std::size_t kMaxMadeBytes = 4 * 1024 * 1024;  // ours: per resource or output
constexpr std::size_t kNodeBytes = sizeof(YamlNode);

std::size_t bytes_of(const YamlNode& node) {
  std::size_t bytes = node.text.size();
  for (const YamlNode& item : node.items) {
    bytes += kNodeBytes + bytes_of(item);
  }
  for (const YamlNode::Member& member : node.members) {
    bytes += kNodeBytes + bytes_of(member.value);
  }
  return bytes;
}

/// Evaluates one tree: value() is the door, one function per template function.
class Evaluator {
 public:
  Evaluator(const Scope& scope, const std::string& path) : scope_(scope), path_(path) {}

  Result<YamlNode> value(const YamlNode& node) const {
    switch (node.kind) {
      case YamlNode::Kind::Null:
      case YamlNode::Kind::Scalar:
        return node;
      case YamlNode::Kind::Sequence:
        return list(node);
      case YamlNode::Kind::Mapping:
        break;
    }
    const std::vector<std::string>& functions = function_names();
    if (node.members.size() == 1 &&
        std::find(functions.begin(), functions.end(), node.members[0].key) != functions.end()) {
      return call(node.members[0]);
    }
    return mapping(node);
  }

 private:
  using Function = Result<YamlNode> (Evaluator::*)(const YamlNode&) const;

  Error complain(const YamlNode& at, const std::string& sentence) const {
    return problem(at.line, path_, sentence);
  }

  /// Functions may repeat a long value often: what they make is bounded, not only what they read.
  Status charge(std::size_t bytes, const YamlNode& at) const {
    made_bytes_ += bytes;
    if (made_bytes_ > kMaxMadeBytes) {
      return complain(at, "the functions make more than 4 MiB of text");
    }
    return Ok{};
  }

  Result<YamlNode> list(const YamlNode& node) const {
    YamlNode result = node;
    result.items.clear();
    for (const YamlNode& item : node.items) {
      TG_ASSIGN_OR_RETURN(YamlNode evaluated, value(item));
      if (!evaluated.is_null()) {
        result.items.push_back(std::move(evaluated));
      }
    }
    return result;
  }

  Result<YamlNode> mapping(const YamlNode& node) const {
    YamlNode result = node;
    result.members.clear();
    for (const YamlNode::Member& member : node.members) {
      TG_ASSIGN_OR_RETURN(YamlNode evaluated, value(member.value));
      if (!evaluated.is_null()) {
        result.members.push_back(YamlNode::Member{member.key, member.line, std::move(evaluated)});
      }
    }
    return result;
  }

  Result<YamlNode> call(const YamlNode::Member& member) const {
    struct Entry {
      std::string_view name;
      Function function;
    };
    static constexpr auto kFunctions = std::to_array<Entry>({
        {"Ref", &Evaluator::ref},
        {"Fn::GetAtt", &Evaluator::get_att},
        {"Fn::Sub", &Evaluator::sub},
        {"Fn::Join", &Evaluator::join_texts},
        {"Fn::Select", &Evaluator::select},
        {"Fn::Split", &Evaluator::split_text},
        {"Fn::If", &Evaluator::choose},
        {"Fn::FindInMap", &Evaluator::find_in_map},
        {"Fn::Base64", &Evaluator::base64},
        {"Fn::GetAZs", &Evaluator::get_azs},
    });
    for (const Entry& entry : kFunctions) {
      if (entry.name == member.key) {
        Result<YamlNode> result = (this->*entry.function)(member.value);
        if (result) {
          TG_RETURN_IF_ERROR(charge(bytes_of(*result), member.value));
        }
        return result;
      }
    }
    return problem(member.line, path_, member.key + " is for Conditions and Rules only");
  }

  /// The text of an argument that must come to one.
  Result<std::string> text(const YamlNode& node, std::string_view what) const {
    TG_ASSIGN_OR_RETURN(const YamlNode evaluated, value(node));
    if (!evaluated.is_scalar()) {
      return complain(node, std::string{what} + " must be text");
    }
    return evaluated.text;
  }

  /// The texts of an argument that must come to a list of them.
  Result<std::vector<std::string>> texts(const YamlNode& node, std::string_view what) const {
    TG_ASSIGN_OR_RETURN(const YamlNode evaluated, value(node));
    std::vector<std::string> result;
    for (const YamlNode& item : evaluated.items) {
      if (!item.is_scalar()) {
        return complain(item, std::string{what} + " must be a list of texts");
      }
      result.push_back(item.text);
    }
    if (!evaluated.is_sequence()) {
      return complain(node, std::string{what} + " must be a list of texts");
    }
    return result;
  }

  Result<std::span<const YamlNode>> arguments(const YamlNode& node,
                                              std::size_t count,
                                              const std::string& usage) const {
    if (!node.is_sequence() || node.items.size() != count) {
      return complain(node, usage);
    }
    return std::span<const YamlNode>{node.items};
  }

  Result<YamlNode> named(const std::string& name, const YamlNode& at) const {
    if (name == "AWS::NoValue") {
      return nothing_at(at.line);
    }
    if (const auto found = scope_.names.find(name); found != scope_.names.end()) {
      YamlNode copy = found->second;
      copy.line = at.line;
      return copy;
    }
    if (std::find(scope_.resources.begin(), scope_.resources.end(), name) ==
        scope_.resources.end()) {
      return unknown_name(name, at.line, scope_, path_);
    }
    Result<std::string> physical_id = scope_.answers.ref(name);
    if (!physical_id) {
      return complain(at, "Ref " + name + ": " + physical_id.error().message);
    }
    return make_scalar(*std::move(physical_id), at.line);
  }

  Result<YamlNode> attribute(const std::string& id,
                             const std::string& name,
                             const YamlNode& at) const {
    if (std::find(scope_.resources.begin(), scope_.resources.end(), id) == scope_.resources.end()) {
      return unknown_resource(id, at.line, scope_, path_);
    }
    Result<YamlNode> found = scope_.answers.get_att(id, name);
    if (!found) {
      return complain(at, "Fn::GetAtt " + id + "." + name + ": " + found.error().message);
    }
    found->line = at.line;
    return found;
  }

  Result<YamlNode> ref(const YamlNode& argument) const {
    if (!argument.is_scalar()) {
      return complain(argument, "Ref takes the name of a parameter or resource");
    }
    return named(argument.text, argument);
  }

  Result<YamlNode> get_att(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(
        const auto parts,
        arguments(argument, 2, "Fn::GetAtt takes a logical id and an attribute's name"));
    if (!parts[0].is_scalar()) {
      return complain(parts[0], "Fn::GetAtt takes a logical id and an attribute's name");
    }
    TG_ASSIGN_OR_RETURN(const std::string name, text(parts[1], "the attribute of Fn::GetAtt"));
    return attribute(parts[0].text, name, argument);
  }

  /// A name inside ${…}: of the function's own mapping, else Id.Attribute, else Ref.
  Result<std::string> substituted(const std::string& name,
                                  const YamlNode& variables,
                                  const YamlNode& at) const {
    if (const YamlNode::Member* own = variables.find(name)) {
      return text(own->value, "the variable " + name + " of Fn::Sub");
    }
    const std::size_t dot = name.find('.');
    Result<YamlNode> found = dot == std::string::npos
                                 ? named(name, at)
                                 : attribute(name.substr(0, dot), name.substr(dot + 1), at);
    if (!found) {
      return std::move(found).error();
    }
    if (!found->is_scalar()) {
      return complain(at, "${" + name + "} of Fn::Sub must be text, not a list or nothing");
    }
    return found->text;
  }

  Result<YamlNode> sub(const YamlNode& argument) const {
    const std::string usage = "Fn::Sub takes a text, or a text and a mapping of variables";
    const bool alone = argument.is_scalar();
    const bool pair = argument.is_sequence() && argument.items.size() == 2 &&
                      argument.items[0].is_scalar() && argument.items[1].is_mapping();
    if (!alone && !pair) {
      return complain(argument, usage);
    }
    const YamlNode none;
    const YamlNode& variables = alone ? none : argument.items[1];
    const YamlNode& pattern = alone ? argument : argument.items[0];
    const Result<std::vector<SubPart>> parts = split_sub(pattern.text);
    if (!parts) {
      return complain(pattern, "Fn::Sub: " + parts.error().message);
    }
    std::string result;
    for (const SubPart& part : *parts) {
      if (part.kind == SubPart::Kind::Literal) {
        result += part.text;
        continue;
      }
      TG_ASSIGN_OR_RETURN(const std::string piece, substituted(part.text, variables, pattern));
      TG_RETURN_IF_ERROR(charge(piece.size(), pattern));
      result += piece;
    }
    return make_scalar(std::move(result), pattern.line);
  }

  Result<YamlNode> join_texts(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(const auto parts,
                        arguments(argument, 2, "Fn::Join takes a delimiter and a list"));
    TG_ASSIGN_OR_RETURN(const std::string delimiter, text(parts[0], "the delimiter of Fn::Join"));
    TG_ASSIGN_OR_RETURN(const auto pieces, texts(parts[1], "the second argument of Fn::Join"));
    return make_scalar(join(pieces, delimiter), argument.line);
  }

  Result<YamlNode> select(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(const auto parts,
                        arguments(argument, 2, "Fn::Select takes an index and a list"));
    TG_ASSIGN_OR_RETURN(const std::string shown, text(parts[0], "the index of Fn::Select"));
    TG_ASSIGN_OR_RETURN(const YamlNode items, value(parts[1]));
    if (!items.is_sequence()) {
      return complain(parts[1], "the second argument of Fn::Select must be a list");
    }
    const auto index = parse_int(shown);
    const auto size = static_cast<std::int64_t>(items.items.size());
    if (!index || *index < 0 || *index >= size) {
      return complain(argument,
                      "Fn::Select: index " + shown + " is none of the list's " +
                          std::to_string(size) + " values, counted from 0");
    }
    return items.items[static_cast<std::size_t>(*index)];
  }

  Result<YamlNode> split_text(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(const auto parts,
                        arguments(argument, 2, "Fn::Split takes a delimiter and a text"));
    TG_ASSIGN_OR_RETURN(const std::string delimiter, text(parts[0], "the delimiter of Fn::Split"));
    TG_ASSIGN_OR_RETURN(std::string rest, text(parts[1], "the second argument of Fn::Split"));
    if (delimiter.empty()) {
      return complain(parts[0], "the delimiter of Fn::Split must not be empty");
    }
    std::vector<std::string> pieces;
    std::size_t start = 0;
    for (std::size_t at = rest.find(delimiter); at != std::string::npos;
         at = rest.find(delimiter, start)) {
      pieces.push_back(rest.substr(start, at - start));
      start = at + delimiter.size();
    }
    pieces.push_back(rest.substr(start));
    return make_list(pieces, argument.line);
  }

  Result<YamlNode> choose(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(
        const auto parts,
        arguments(argument, 3, "Fn::If takes a condition's name and the two values"));
    const auto found = scope_.conditions.find(parts[0].text);
    if (found == scope_.conditions.end()) {
      return unknown_condition(parts[0].text, parts[0].line, scope_.conditions, path_);
    }
    return value(found->second ? parts[1] : parts[2]);
  }

  Result<YamlNode> find_in_map(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(
        const auto parts,
        arguments(argument, 3, "Fn::FindInMap takes a mapping's name and two keys"));
    std::array<std::string, 3> keys;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      TG_ASSIGN_OR_RETURN(keys[i], text(parts[i], "an argument of Fn::FindInMap"));
    }
    const auto mapping = scope_.mappings.find(keys[0]);
    if (mapping == scope_.mappings.end()) {
      std::vector<std::string> known;
      for (const auto& [name, node] : scope_.mappings) {
        known.push_back(name);
      }
      return complain(
          parts[0],
          "'" + keys[0] + "' is no mapping of this template" + suggestion(keys[0], known));
    }
    const YamlNode::Member* top = mapping->second->find(keys[1]);
    const YamlNode::Member* second = top == nullptr ? nullptr : top->value.find(keys[2]);
    if (second == nullptr) {
      return complain(
          argument, "Fn::FindInMap: the mapping " + keys[0] + " has no " + keys[1] + "." + keys[2]);
    }
    YamlNode copy = second->value;
    copy.line = argument.line;
    return copy;
  }

  Result<YamlNode> base64(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(const std::string plain, text(argument, "the argument of Fn::Base64"));
    return make_scalar(base64_encode(plain), argument.line);
  }

  Result<YamlNode> get_azs(const YamlNode& argument) const {
    TG_ASSIGN_OR_RETURN(std::string region, text(argument, "the argument of Fn::GetAZs"));
    if (!region.empty() && region != scope_.region) {
      return complain(argument,
                      "Fn::GetAZs: this control plane is in " + scope_.region + ", not in " +
                          region + "; write Fn::GetAZs: \"\"");
    }
    return make_list({scope_.region + "a", scope_.region + "b", scope_.region + "c"},
                     argument.line);
  }

  const Scope& scope_;
  const std::string& path_;
  mutable std::size_t made_bytes_ = 0;
};

}  // namespace

YamlNode make_scalar(std::string text, std::int32_t line) {
  YamlNode node;
  node.kind = YamlNode::Kind::Scalar;
  node.text = std::move(text);
  node.line = line;
  return node;
}

YamlNode make_list(const std::vector<std::string>& texts, std::int32_t line) {
  YamlNode node;
  node.kind = YamlNode::Kind::Sequence;
  node.line = line;
  for (const std::string& text : texts) {
    node.items.push_back(make_scalar(text, line));
  }
  return node;
}

Result<YamlNode> evaluate(const YamlNode& node, const Scope& scope, const std::string& path) {
  return Evaluator{scope, path}.value(node);
}

}  // namespace tidegate::stacks::language
