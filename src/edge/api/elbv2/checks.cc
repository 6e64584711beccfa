#include "edge/api/elbv2/checks.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace tidegate::api::elbv2 {
namespace {

constexpr std::size_t kMaxName = 32;
constexpr std::size_t kMaxActions = 5;          // AWS quota, per rule
constexpr std::size_t kMaxConditionValues = 5;  // AWS quota, per rule
constexpr std::size_t kMaxConditionLength = 128;

Result<std::string> target_of(const Action& action) {
  if (!action.forward_config.has_value()) {
    if (!action.target_group_arn.has_value()) {
      return invalid("A target group ARN must be specified");
    }
    return *action.target_group_arn;
  }
  const ForwardActionConfig& config = *action.forward_config;
  const auto groups = config.target_groups.value_or(std::vector<TargetGroupTuple>{});
  if (groups.size() != 1 || !groups[0].target_group_arn.has_value()) {
    return refused("InvalidLoadBalancerAction",
                   "forward to several target groups is not built; give one");
  }
  if (config.target_group_stickiness_config.has_value() &&
      config.target_group_stickiness_config->enabled.value_or(false)) {
    return refused("InvalidLoadBalancerAction",
                   "stickiness between target groups is not built; there is one target group");
  }
  if (groups[0].weight.value_or(1) == 0) {
    return refused("InvalidLoadBalancerAction",
                   "the weight 0 of the only target group is not built; give 1 to 999");
  }
  const std::string& target = *groups[0].target_group_arn;
  if (action.target_group_arn.value_or(target) != target) {
    return invalid(
        "You must specify either a target group ARN or a forward configuration, or both with the "
        "same target group");
  }
  return target;
}

Result<balancing::RuleCondition> condition_of(const RuleCondition& given) {
  using Field = balancing::RuleCondition::Field;
  const std::string field = given.field.value_or("");
  if (field != "host-header" && field != "path-pattern") {
    return refused(
        "InvalidConfigurationRequest",
        "Condition field '" + field + "' is not built; what works: host-header, path-pattern");
  }
  const bool host = field == "host-header";
  balancing::RuleCondition condition;
  condition.field = host ? Field::HostHeader : Field::PathPattern;
  const auto inner =
      host ? (given.host_header_config ? given.host_header_config->values : Names{})
           : (given.path_pattern_config ? given.path_pattern_config->values : Names{});
  const auto outer = given.values.value_or(std::vector<std::string>{});
  condition.values = inner.value_or(std::vector<std::string>{});
  if (condition.values.empty()) {
    condition.values = outer;
  } else if (!outer.empty() && outer != condition.values) {
    return invalid("You must specify either values or " + field + " config, not both");
  }
  if (given.regex_values.has_value() ||
      (given.host_header_config && given.host_header_config->regex_values.has_value()) ||
      (given.path_pattern_config && given.path_pattern_config->regex_values.has_value())) {
    return refused("InvalidConfigurationRequest",
                   "RegexValues is not built; use Values with * and ?");
  }
  if (condition.values.empty()) {
    return invalid("A condition value must be specified");
  }
  for (const std::string& value : condition.values) {
    if (value.empty() || value.size() > kMaxConditionLength) {
      return invalid("Condition value '" + value.substr(0, kMaxConditionLength) +
                     "' must have 1 to 128 characters");
    }
  }
  return condition;
}

}  // namespace

Error invalid(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

Error refused(const char* code, std::string message) {
  return Error{ErrorCode::InvalidArgument, code, std::move(message)};
}

Error not_found(const char* code, std::string message) {
  return Error{ErrorCode::NotFound, code, std::move(message)};
}

bool given(const Names& names) {
  return names.has_value() && !names->empty();
}

bool holds(const Names& names, const std::string& value) {
  return given(names) && std::find(names->begin(), names->end(), value) != names->end();
}

std::optional<std::string> first_unknown(const Names& names,
                                         const std::vector<std::string>& known) {
  for (const std::string& name : names.value_or(std::vector<std::string>{})) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return name;
    }
  }
  return std::nullopt;
}

Status check_name(const char* what, const std::string& name) {
  const std::string said = std::string{what} + " name '" + name.substr(0, 64) + "' ";
  if (name.empty() || name.size() > kMaxName) {
    return invalid(said + "cannot be longer than '32' characters, nor empty");
  }
  if (!std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return c == '-' || (c < 0x80 && std::isalnum(c) != 0);
      })) {
    return invalid(said +
                   "can only contain characters that are alphanumeric characters or hyphens(-)");
  }
  if (name.front() == '-' || name.back() == '-') {
    return invalid(said + "cannot begin or end with '-'");
  }
  if (name.starts_with("internal-")) {
    return invalid(said + "cannot begin with 'internal-'");
  }
  return Ok{};
}

Status check_arn(const std::string& arn, const char* kind, const char* what) {
  const bool shaped = arn.starts_with("arn:aws:elasticloadbalancing:") &&
                      arn.find(std::string{":"} + kind) != std::string::npos;
  return shaped ? Status{Ok{}} : invalid("'" + arn + "' is not a valid " + what + " ARN");
}

Result<balancing::ForwardAction> forward_of(const std::vector<Action>& actions) {
  if (actions.empty()) {
    return invalid("At least one action must be specified");
  }
  if (actions.size() > kMaxActions) {
    return refused("TooManyActions", "There are too many actions: at most 5 in one rule");
  }
  const std::string type = actions[0].type.value_or("");
  if (actions.size() > 1 || type != "forward") {
    return refused("InvalidLoadBalancerAction",
                   "what works is one action of the type forward, not " +
                       std::to_string(actions.size()) + " with the type '" + type + "' first");
  }
  TG_ASSIGN_OR_RETURN(std::string target, target_of(actions[0]));
  return balancing::ForwardAction{balancing::TargetGroupArn{std::move(target)}};
}

Result<std::vector<balancing::RuleCondition>> conditions_of(
    const std::vector<RuleCondition>& conditions) {
  std::vector<balancing::RuleCondition> all;
  std::set<balancing::RuleCondition::Field> fields;
  std::size_t values = 0;
  for (const RuleCondition& condition : conditions) {
    TG_ASSIGN_OR_RETURN(all.emplace_back(), condition_of(condition));
    values += all.back().values.size();
    if (!fields.insert(all.back().field).second) {
      return invalid("A rule can only have one '" + *condition.field +
                     "' condition; give it several values");
    }
  }
  if (all.empty()) {
    return invalid("A condition must be specified");
  }
  if (values > kMaxConditionValues) {
    return invalid("A rule can only have '5' condition values");
  }
  return all;
}

Result<balancing::Tags> tags_of(const std::optional<std::vector<Tag>>& tags) {
  balancing::Tags all;
  for (const Tag& tag : tags.value_or(std::vector<Tag>{})) {
    const std::string key = tag.key.value_or("");
    if (key.starts_with("aws:")) {
      return invalid("Tag key '" + key + "': aws: prefixed tag keys are not allowed");
    }
    if (!all.emplace(key, tag.value.value_or("")).second) {
      return refused("DuplicateTagKeys", "Duplicate tag keys found: '" + key + "'");
    }
  }
  return all;
}

}  // namespace tidegate::api::elbv2
