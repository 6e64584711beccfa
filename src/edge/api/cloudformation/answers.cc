#include "edge/api/cloudformation/handlers.h"

namespace tidegate::api::cloudformation {

std::vector<Parameter> parameters_shown(const std::map<std::string, std::string>& given) {
  std::vector<Parameter> shown;
  for (const auto& [key, value] : given) {
    Parameter& parameter = shown.emplace_back();
    parameter.parameter_key = key;
    parameter.parameter_value = value;
  }
  return shown;
}

std::vector<Tag> tags_shown(const std::map<std::string, std::string>& given) {
  std::vector<Tag> shown;
  for (const auto& [key, value] : given) {
    shown.push_back({key, value});
  }
  return shown;
}

Stack stack_answer(const stacks::Stack& given) {
  Stack answer;
  answer.stack_id = given.id;
  answer.stack_name = given.name.value;
  if (!given.description.empty()) {
    answer.description = given.description;
  }
  if (!given.change_set_id.empty()) {
    answer.change_set_id = given.change_set_id;
  }
  answer.parameters = parameters_shown(given.parameters);
  answer.creation_time = given.created;
  answer.deletion_time = given.deleted;
  answer.last_updated_time = given.updated;
  answer.rollback_configuration.emplace();
  answer.stack_status = std::string{to_string(given.status)};
  if (!given.status_reason.empty()) {
    answer.stack_status_reason = given.status_reason;
  }
  answer.disable_rollback = false;
  answer.notification_arns.emplace();
  auto& outputs = answer.outputs.emplace();
  for (const stacks::Output& output : given.outputs) {
    Output& shown = outputs.emplace_back();
    shown.output_key = output.key;
    shown.output_value = output.value;
    if (!output.description.empty()) {
      shown.description = output.description;
    }
  }
  answer.tags = tags_shown(given.tags);
  answer.enable_termination_protection = false;
  answer.drift_information.emplace().stack_drift_status = "NOT_CHECKED";
  return answer;
}

}  // namespace tidegate::api::cloudformation
