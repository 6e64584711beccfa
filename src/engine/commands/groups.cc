// Commands on groups: what a user asks of one as a whole.
#include <algorithm>

#include "engine/commands/execution.h"

namespace tidegate::engine {

Error validation(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

LedgerEntry user_entry(const Execution& on, const GroupModel& group) {
  LedgerEntry entry;
  entry.at = on.now;
  entry.group = group.group.name.value;
  entry.why = "asked for by " + on.principal.arn;
  return entry;
}

Result<GroupModel*> find_group(Model& model, const groups::GroupName& name) {
  const auto found = model.groups.find(name);
  if (found == model.groups.end()) {
    return validation("AutoScalingGroup name not found - AutoScalingGroup '" + name.value +
                      "' not found");
  }
  return &found->second;
}

Result<Answer> run(const Execution& on, const SetDesiredCapacity& command) {
  TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group(on.state.model, command.group));
  const auto before = group->group.desired_capacity;
  const auto cause = groups::cause_user_changed_desired(on.now, before, command.desired_capacity);
  TG_ASSIGN_OR_RETURN(const auto checked,
                      groups::with_desired_capacity(group->group, command.desired_capacity, cause));
  if (checked.desired_capacity != before) {
    change_desired(on.state, *group, checked.desired_capacity, cause, user_entry(on, *group));
  }
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
