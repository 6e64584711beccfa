// Rules of listeners by calls: made, changed, deleted, put into another order.
#include <algorithm>

#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

/// A rule's ARN; the default rule of a listener cannot be changed as a rule.
Result<balancing::RuleArn> rule_arn(const Context& context, const std::string& arn) {
  TG_RETURN_IF_ERROR(check_arn(arn, "listener-rule/", "listener rule"));
  for (const auto& [listener_arn, listener] : context.model.listeners) {
    if (default_rule_answer(listener).rule_arn == arn) {
      return refused("OperationNotPermitted",
                     "Default rule '" + arn +
                         "' cannot be modified or deleted; modify or delete its listener");
    }
  }
  return balancing::RuleArn{arn};
}

const std::vector<balancing::Rule>& changed_rule(const engine::Answer& outcome) {
  return std::get<std::vector<balancing::Rule>>(std::get<engine::BalancerAnswer>(outcome));
}

template <typename Output>
Result<Output> rules_answer(const engine::Answer& outcome) {
  Output answer;
  auto& rules = answer.rules.emplace();
  for (const balancing::Rule& rule : changed_rule(outcome)) {
    rules.push_back(rule_answer(rule));
  }
  return answer;
}

Result<Write<CreateRuleOperation>> create_rule(const Context&, const CreateRuleInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.listener_arn, "listener/", "listener"));
  engine::CreateRule command;
  command.wanted.listener.value = *request.listener_arn;
  command.wanted.priority = static_cast<std::int32_t>(*request.priority);
  TG_ASSIGN_OR_RETURN(command.wanted.conditions, conditions_of(*request.conditions));
  TG_ASSIGN_OR_RETURN(command.wanted.action, forward_of(*request.actions));
  TG_ASSIGN_OR_RETURN(command.wanted.tags, tags_of(request.tags));
  return Write<CreateRuleOperation>{engine::BalancerCommand{std::move(command)},
                                    &rules_answer<CreateRuleOutput>};
}

Result<Write<ModifyRuleOperation>> modify_rule(const Context& context,
                                               const ModifyRuleInput& request) {
  engine::ChangeRule command;
  TG_ASSIGN_OR_RETURN(command.arn, rule_arn(context, *request.rule_arn));
  if (request.conditions.has_value()) {
    TG_ASSIGN_OR_RETURN(command.conditions, conditions_of(*request.conditions));
  }
  if (request.actions.has_value()) {
    TG_ASSIGN_OR_RETURN(command.action, forward_of(*request.actions));
  }
  return Write<ModifyRuleOperation>{engine::BalancerCommand{std::move(command)},
                                    &rules_answer<ModifyRuleOutput>};
}

Result<Write<DeleteRuleOperation>> delete_rule(const Context& context,
                                               const DeleteRuleInput& request) {
  TG_ASSIGN_OR_RETURN(balancing::RuleArn arn, rule_arn(context, *request.rule_arn));
  return write_without_answer<DeleteRuleOperation>(
      engine::BalancerCommand{engine::DeleteRule{std::move(arn)}});
}

Result<Write<SetRulePrioritiesOperation>> set_priorities(const Context& context,
                                                         const SetRulePrioritiesInput& request) {
  engine::SetRulePriorities command;
  for (const RulePriorityPair& pair : *request.rule_priorities) {
    if (!pair.rule_arn.has_value() || !pair.priority.has_value()) {
      return invalid("RulePriorities: each needs a RuleArn and a Priority");
    }
    TG_ASSIGN_OR_RETURN(balancing::RuleArn arn, rule_arn(context, *pair.rule_arn));
    command.priorities.emplace_back(std::move(arn), static_cast<std::int32_t>(*pair.priority));
  }
  return Write<SetRulePrioritiesOperation>{engine::BalancerCommand{std::move(command)},
                                           &rules_answer<SetRulePrioritiesOutput>};
}

}  // namespace

std::vector<Entry> rule_entries() {
  return {
      writes<CreateRuleOperation>({"ListenerArn", "Conditions", "Priority", "Actions", "Tags"},
                                  &create_rule),
      writes<ModifyRuleOperation>({"RuleArn", "Conditions", "Actions"}, &modify_rule),
      writes<DeleteRuleOperation>({"RuleArn"}, &delete_rule),
      writes<SetRulePrioritiesOperation>({"RulePriorities"}, &set_priorities),
  };
}

}  // namespace tidegate::api::elbv2
