#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "core/stacks/language/evaluate.h"
#include "core/stacks/language/problem.h"

namespace tidegate::stacks::language {
namespace {

constexpr std::size_t kMinOperands = 2;  // of Fn::And and Fn::Or, as AWS has it
constexpr std::size_t kMaxOperands = 10;

bool same(const YamlNode& a, const YamlNode& b) {
  const auto same_member = [](const YamlNode::Member& x, const YamlNode::Member& y) {
    return x.key == y.key && same(x.value, y.value);
  };
  return a.kind == b.kind && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same) &&
         std::equal(
             a.members.begin(), a.members.end(), b.members.begin(), b.members.end(), same_member);
}

bool holds_item(const YamlNode& list, const YamlNode& item) {
  return std::any_of(list.items.begin(), list.items.end(), [&](const YamlNode& candidate) {
    return same(candidate, item);
  });
}

/// Conditions and rules over one scope. Named conditions are evaluated when they are first needed.
class Conditions {
 public:
  Conditions(const Document* document, const Scope& scope)
      : document_(document), scope_(scope), known_(scope.conditions) {}

  Result<bool> value(const YamlNode& node, const std::string& path) {
    if (!node.is_mapping() || node.members.size() != 1) {
      return problem(node.line, path, "must be one condition function");
    }
    const std::string& name = node.members[0].key;
    const YamlNode& argument = node.members[0].value;
    if (name == "Condition") {
      return named(argument, path);
    }
    if (name == "Fn::And" || name == "Fn::Or") {
      return combined(name, argument, path);
    }
    if (name == "Fn::Not") {
      if (!argument.is_sequence() || argument.items.size() != 1) {
        return problem(argument.line, path, "Fn::Not takes a list of one condition");
      }
      TG_ASSIGN_OR_RETURN(const bool inner, value(argument.items[0], path));
      return !inner;
    }
    return compared(name, argument, path);
  }

  Result<bool> named(const YamlNode& name, const std::string& path) {
    if (const auto found = known_.find(name.text); found != known_.end()) {
      return found->second;
    }
    const NamedNode* condition = declared(name.text);
    if (condition == nullptr || !name.is_scalar()) {
      return problem(
          name.line,
          path,
          "'" + name.text + "' is no condition of this template" + suggestion(name.text, names()));
    }
    if (!begun_.insert(name.text).second) {
      return problem(name.line, path, "the condition " + name.text + " needs itself");
    }
    TG_ASSIGN_OR_RETURN(const bool holds, value(condition->node, "Conditions." + name.text));
    known_[name.text] = holds;
    return holds;
  }

  const std::map<std::string, bool>& known() const { return known_; }

 private:
  const NamedNode* declared(const std::string& name) const {
    if (document_ == nullptr) {
      return nullptr;
    }
    for (const NamedNode& condition : document_->conditions) {
      if (condition.name == name) {
        return &condition;
      }
    }
    return nullptr;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [name, holds] : known_) {
      result.push_back(name);
    }
    if (document_ != nullptr) {
      for (const NamedNode& condition : document_->conditions) {
        result.push_back(condition.name);
      }
    }
    return result;
  }

  Result<bool> combined(const std::string& name,
                        const YamlNode& argument,
                        const std::string& path) {
    const std::size_t count = argument.items.size();
    if (count < kMinOperands || count > kMaxOperands) {
      return problem(argument.line, path, name + " takes a list of 2 to 10 conditions");
    }
    const bool all = name == "Fn::And";
    bool result = all;
    for (const YamlNode& item : argument.items) {
      TG_ASSIGN_OR_RETURN(const bool holds, value(item, path));
      result = all ? result && holds : result || holds;
    }
    return result;
  }

  /// Fn::Equals, Fn::Contains, Fn::EachMemberEquals and Fn::EachMemberIn: two values.
  Result<bool> compared(const std::string& name,
                        const YamlNode& argument,
                        const std::string& path) {
    static constexpr auto kNames = std::to_array<std::string_view>(
        {"Fn::Equals", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"});
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      return problem(argument.line, path, name + " is no condition function");
    }
    if (!argument.is_sequence() || argument.items.size() != 2) {
      return problem(argument.line, path, name + " takes a list of two values");
    }
    TG_ASSIGN_OR_RETURN(const YamlNode left, evaluate(argument.items[0], scope_, path));
    TG_ASSIGN_OR_RETURN(const YamlNode right, evaluate(argument.items[1], scope_, path));
    if (name == "Fn::Equals") {
      return same(left, right);
    }
    if (!left.is_sequence() || (name == "Fn::EachMemberIn" && !right.is_sequence())) {
      return problem(argument.line, path, name + " takes a list where a text is");
    }
    if (name == "Fn::Contains") {
      return holds_item(left, right);
    }
    return std::all_of(left.items.begin(), left.items.end(), [&](const YamlNode& item) {
      return name == "Fn::EachMemberEquals" ? same(item, right) : holds_item(right, item);
    });
  }

  const Document* document_;  // null when only known conditions may be named
  const Scope& scope_;
  std::map<std::string, bool> known_;
  std::set<std::string> begun_;
};

}  // namespace

Result<bool> evaluate_condition(const YamlNode& node, const Scope& scope, const std::string& path) {
  return Conditions{nullptr, scope}.value(node, path);
}

Result<std::map<std::string, bool>> evaluate_conditions(const Document& document,
                                                        const Scope& scope) {
  Conditions conditions{&document, scope};
  for (const NamedNode& condition : document.conditions) {
    TG_RETURN_IF_ERROR(conditions.named(make_scalar(condition.name, condition.line),
                                        "Conditions." + condition.name));
  }
  return conditions.known();
}

Status check_rules(const Document& document, const Scope& scope) {
  for (const RuleDeclaration& rule : document.rules) {
    const std::string path = "Rules." + rule.name;
    if (rule.condition) {
      TG_ASSIGN_OR_RETURN(const bool applies, evaluate_condition(*rule.condition, scope, path));
      if (!applies) {
        continue;
      }
    }
    for (const Assertion& assertion : rule.assertions) {
      TG_ASSIGN_OR_RETURN(const bool holds, evaluate_condition(assertion.assert_that, scope, path));
      if (!holds) {
        return problem(
            assertion.line,
            path,
            assertion.description.empty() ? "the assertion does not hold" : assertion.description);
      }
    }
  }
  return Ok{};
}

}  // namespace tidegate::stacks::language
