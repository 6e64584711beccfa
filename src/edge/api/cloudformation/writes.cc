// CreateStack, UpdateStack, DeleteStack.
#include "edge/api/cloudformation/checks.h"

namespace tidegate::api::cloudformation {
namespace {

Result<Write<CreateStackOperation>> create_stack(const Context& context,
                                                 const CreateStackInput& request) {
  TG_RETURN_IF_ERROR(check_name("stackName", *request.stack_name));
  TG_RETURN_IF_ERROR(check_false("DisableRollback", request.disable_rollback));
  TG_RETURN_IF_ERROR(check_false("RetainExceptOnCreate", request.retain_except_on_create));
  TG_RETURN_IF_ERROR(
      check_false("EnableTerminationProtection", request.enable_termination_protection));
  if (request.on_failure.value_or("ROLLBACK") != "ROLLBACK") {
    return invalid("OnFailure: " + *request.on_failure + " is not built; what works: ROLLBACK");
  }
  if (!request.template_body.has_value()) {
    return invalid("Either Template URL or Template Body must be specified.");
  }
  TG_RETURN_IF_ERROR(check_capabilities(*request.template_body, request.capabilities));
  engine::CreateStack command;
  command.token = request.client_request_token.value_or("");
  command.name = stacks::StackName{*request.stack_name};
  command.template_body = *request.template_body;
  command.template_folder = context.template_folder;
  TG_ASSIGN_OR_RETURN(command.parameters, parameters_of(request.parameters, nullptr));
  TG_ASSIGN_OR_RETURN(command.tags, tags_of(request.tags));
  return Write<CreateStackOperation>{
      command, [](const engine::Answer& outcome) -> Result<CreateStackOutput> {
        CreateStackOutput answer;
        if (const auto* made = std::get_if<engine::StackIdAnswer>(&outcome)) {
          answer.stack_id = made->stack_id;
        }
        return answer;
      }};
}

Result<Write<UpdateStackOperation>> update_stack(const Context& context,
                                                 const UpdateStackInput& request) {
  const stacks::Stack* stack = find_stack(context.model, *request.stack_name);
  if (stack == nullptr) {
    return invalid("Stack [" + *request.stack_name + "] does not exist", ErrorCode::NotFound);
  }
  const bool previous = request.use_previous_template.value_or(false);
  if (previous == request.template_body.has_value()) {
    return invalid("Exactly one of Template Body and Use Previous Template must be specified.");
  }
  TG_RETURN_IF_ERROR(check_false("DisableRollback", request.disable_rollback));
  TG_RETURN_IF_ERROR(check_false("RetainExceptOnCreate", request.retain_except_on_create));
  TG_RETURN_IF_ERROR(check_capabilities(request.template_body.value_or(""), request.capabilities));
  engine::UpdateStack command;
  command.token = request.client_request_token.value_or("");
  if (request.tags.has_value()) {
    TG_ASSIGN_OR_RETURN(command.tags, tags_of(request.tags));
  }
  command.name = stack->name;
  command.template_body = request.template_body.value_or("");
  command.template_folder = previous || context.template_folder.empty() ? stack->template_folder
                                                                        : context.template_folder;
  TG_ASSIGN_OR_RETURN(command.parameters, parameters_of(request.parameters, stack));
  return Write<UpdateStackOperation>{
      command, [id = stack->id](const engine::Answer& outcome) -> Result<UpdateStackOutput> {
        UpdateStackOutput answer;
        const auto* changed = std::get_if<engine::StackIdAnswer>(&outcome);
        answer.stack_id = changed != nullptr ? changed->stack_id : id;
        return answer;
      }};
}

Result<Write<DeleteStackOperation>> delete_stack(const Context& context,
                                                 const DeleteStackInput& request) {
  if (request.deletion_mode.value_or("STANDARD") != "STANDARD") {
    return invalid("DeletionMode: " + *request.deletion_mode +
                   " is not built; what works: STANDARD");
  }
  return write_without_answer<DeleteStackOperation>(
      engine::DeleteStack{stacks::StackName{*request.stack_name},
                          context.haste,
                          request.client_request_token.value_or("")});
}

}  // namespace

std::vector<Entry> write_entries() {
  return {
      writes<CreateStackOperation>({"StackName",
                                    "TemplateBody",
                                    "Parameters",
                                    "Tags",
                                    "Capabilities",
                                    "DisableRollback",
                                    "OnFailure",
                                    "ClientRequestToken",
                                    "EnableTerminationProtection",
                                    "RetainExceptOnCreate"},
                                   &create_stack),
      writes<UpdateStackOperation>({"StackName",
                                    "TemplateBody",
                                    "UsePreviousTemplate",
                                    "Parameters",
                                    "Capabilities",
                                    "Tags",
                                    "DisableRollback",
                                    "ClientRequestToken",
                                    "RetainExceptOnCreate"},
                                   &update_stack),
      writes<DeleteStackOperation>({"StackName", "ClientRequestToken", "DeletionMode"},
                                   &delete_stack),
  };
}

}  // namespace tidegate::api::cloudformation
