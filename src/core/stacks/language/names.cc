#include "core/stacks/language/names.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/language/sub.h"

namespace tidegate::stacks::language {
namespace {

class NameCheck {
 public:
  NameCheck(const Scope& scope, const std::string& path) : scope_(scope), path_(path) {}

  Status visit(const YamlNode& node) const {
    for (const YamlNode& item : node.items) {
      TG_RETURN_IF_ERROR(visit(item));
    }
    for (const YamlNode::Member& member : node.members) {
      TG_RETURN_IF_ERROR(function(member.key, member.value));
      TG_RETURN_IF_ERROR(visit(member.value));
    }
    return Ok{};
  }

 private:
  Status function(const std::string& name, const YamlNode& argument) const {
    if (name == "Ref" && argument.is_scalar()) {
      return reference(argument.text, argument.line);
    }
    const bool listed = !argument.items.empty() && argument.items[0].is_scalar();
    if (name == "Fn::GetAtt" && listed) {
      return resource(argument.items[0].text, argument.line);
    }
    if (name == "Fn::If" && listed) {
      return condition(argument.items[0].text, argument.line);
    }
    if (name == "Fn::Sub" && (listed || argument.is_scalar())) {
      return substitution(argument);
    }
    return Ok{};
  }

  Status substitution(const YamlNode& argument) const {
    const YamlNode& pattern = argument.is_scalar() ? argument : argument.items[0];
    const auto parts = split_sub(pattern.text);
    if (!parts) {
      return Ok{};
    }
    const YamlNode* own = argument.items.size() > 1 ? &argument.items[1] : nullptr;
    for (const SubPart& part : *parts) {
      if (part.kind != SubPart::Kind::Name || (own != nullptr && own->find(part.text) != nullptr)) {
        continue;
      }
      const std::size_t dot = part.text.find('.');
      TG_RETURN_IF_ERROR(dot == std::string::npos
                             ? reference(part.text, pattern.line)
                             : resource(part.text.substr(0, dot), pattern.line));
    }
    return Ok{};
  }

  Status reference(const std::string& name, std::int32_t line) const {
    const bool known = name == "AWS::NoValue" || scope_.names.contains(name) || is_resource(name);
    return known ? Status{Ok{}} : unknown_name(name, line, scope_, path_);
  }

  Status resource(const std::string& id, std::int32_t line) const {
    return is_resource(id) ? Status{Ok{}} : unknown_resource(id, line, scope_, path_);
  }

  Status condition(const std::string& name, std::int32_t line) const {
    return scope_.conditions.contains(name)
               ? Status{Ok{}}
               : unknown_condition(name, line, scope_.conditions, path_);
  }

  bool is_resource(const std::string& id) const {
    return std::find(scope_.resources.begin(), scope_.resources.end(), id) !=
           scope_.resources.end();
  }

  const Scope& scope_;
  const std::string& path_;
};

}  // namespace

Status check_names(const YamlNode& node, const Scope& scope, const std::string& path) {
  return NameCheck{scope, path}.visit(node);
}

Error unknown_name(const std::string& name,
                   std::int32_t line,
                   const Scope& scope,
                   const std::string& path) {
  std::vector<std::string> known = scope.resources;
  for (const auto& [parameter, unused] : scope.names) {
    known.push_back(parameter);
  }
  const auto near = nearest(name, known);
  return problem(line,
                 path,
                 "'" + name + "' is no parameter and no resource of this template" +
                     (near ? "; did you mean '" + *near + "'?" : ""));
}

Error unknown_resource(const std::string& id,
                       std::int32_t line,
                       const Scope& scope,
                       const std::string& path) {
  return problem(
      line, path, "'" + id + "' is no resource of this template" + suggestion(id, scope.resources));
}

Error unknown_condition(const std::string& name,
                        std::int32_t line,
                        const std::map<std::string, bool>& conditions,
                        const std::string& path) {
  std::vector<std::string> known;
  for (const auto& [condition, holds] : conditions) {
    known.push_back(condition);
  }
  return problem(
      line, path, "'" + name + "' is no condition of this template" + suggestion(name, known));
}

}  // namespace tidegate::stacks::language
