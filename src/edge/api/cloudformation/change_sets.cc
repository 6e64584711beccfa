// CreateChangeSet, DescribeChangeSet, ListChangeSets, ExecuteChangeSet, DeleteChangeSet.
#include "edge/api/cloudformation/change_sets.h"

#include "edge/api/calls/pages.h"
#include "edge/api/cloudformation/checks.h"

namespace tidegate::api::cloudformation {
namespace {

constexpr std::int64_t kPerPage = 100;
using State = stacks::ChangeSet::State;

const char* status_of(const stacks::ChangeSet& change_set) {
  return change_set.state == State::Failed ? "FAILED" : "CREATE_COMPLETE";
}

const char* execution_status_of(const stacks::ChangeSet& change_set) {
  switch (change_set.state) {
    case State::Available:
      return "AVAILABLE";
    case State::Failed:
      return "UNAVAILABLE";
    case State::Executing:
      return "EXECUTE_IN_PROGRESS";
    case State::Executed:
      return "EXECUTE_COMPLETE";
    case State::ExecutionFailed:
      return "EXECUTE_FAILED";
    case State::Obsolete:
      return "OBSOLETE";
  }
  return "UNAVAILABLE";
}

bool is_arn(const std::string& text) {
  return text.starts_with("arn:aws:cloudformation:");
}

Result<Write<CreateChangeSetOperation>> create_change_set(const Context& context,
                                                          const CreateChangeSetInput& request) {
  TG_RETURN_IF_ERROR(check_name("changeSetName", *request.change_set_name));
  TG_RETURN_IF_ERROR(check_false("IncludeNestedStacks", request.include_nested_stacks));
  TG_RETURN_IF_ERROR(check_false("ImportExistingResources", request.import_existing_resources));
  const std::string type = request.change_set_type.value_or("UPDATE");
  if (type != "CREATE" && type != "UPDATE") {
    return invalid("ChangeSetType: " + type + " is not built; what works: CREATE, UPDATE");
  }
  const stacks::Stack* stack = find_stack(context.model, *request.stack_name);
  const bool exists = stack != nullptr && stack->status != stacks::Status::DeleteComplete;
  if (!exists && !is_arn(*request.stack_name)) {
    TG_RETURN_IF_ERROR(check_name("stackName", *request.stack_name));
  }
  const bool previous = request.use_previous_template.value_or(false);
  if (previous == request.template_body.has_value()) {
    return invalid("Exactly one of Template Body and Use Previous Template must be specified.");
  }
  TG_RETURN_IF_ERROR(check_capabilities(request.template_body.value_or(""), request.capabilities));
  engine::CreateChangeSet command;
  command.stack = exists ? stack->name : stacks::StackName{*request.stack_name};
  command.name = *request.change_set_name;
  command.description = request.description.value_or("");
  command.type =
      type == "CREATE" ? stacks::ChangeSet::Type::Create : stacks::ChangeSet::Type::Update;
  command.template_body = request.template_body.value_or("");
  command.template_folder =
      context.template_folder.empty() && exists ? stack->template_folder : context.template_folder;
  TG_ASSIGN_OR_RETURN(command.parameters,
                      parameters_of(request.parameters, exists ? stack : nullptr));
  if (request.tags.has_value()) {
    TG_ASSIGN_OR_RETURN(command.tags, tags_of(request.tags));
  }
  return Write<CreateChangeSetOperation>{
      command, [](const engine::Answer& outcome) -> Result<CreateChangeSetOutput> {
        const auto& made = std::get<engine::StackIdAnswer>(outcome);
        return CreateChangeSetOutput{made.change_set_id, made.stack_id};
      }};
}

Change change_answer(const stacks::Change& given) {
  Change answer;
  answer.type = "Resource";
  ResourceChange& change = answer.resource_change.emplace();
  change.action = given.action;
  change.logical_resource_id = given.logical_id;
  if (!given.physical_id.empty()) {
    change.physical_resource_id = given.physical_id;
  }
  change.resource_type = given.type;
  change.scope.emplace();
  change.details.emplace();
  if (given.action != "Modify") {
    return answer;
  }
  change.replacement = "False";  // what would need one is refused
  change.scope->emplace_back("Properties");
  for (const std::string& property : given.properties) {
    ResourceChangeDetail& detail = change.details->emplace_back();
    ResourceTargetDefinition& target = detail.target.emplace();
    target.attribute = "Properties";
    target.name = property;
    target.requires_recreation = "Never";
    detail.evaluation = "Static";
    detail.change_source = "DirectModification";
  }
  return answer;
}

void describe(const FoundChangeSet& found, DescribeChangeSetOutput& answer) {
  const stacks::ChangeSet& given = *found.change_set;
  answer.change_set_name = given.name;
  answer.change_set_id = given.id;
  answer.stack_id = found.stack->id;
  answer.stack_name = found.stack->name.value;
  if (!given.description.empty()) {
    answer.description = given.description;
  }
  answer.parameters = parameters_shown(given.parameters);
  answer.creation_time = given.created;
  answer.execution_status = execution_status_of(given);
  answer.status = status_of(given);
  if (!given.reason.empty()) {
    answer.status_reason = given.reason;
  }
  answer.notification_arns.emplace();
  answer.rollback_configuration.emplace();
  answer.tags = tags_shown(given.tags);
  answer.include_nested_stacks = false;
}

Result<DescribeChangeSetOutput> describe_change_set(const Context& context,
                                                    const DescribeChangeSetInput& request) {
  TG_RETURN_IF_ERROR(check_false("IncludePropertyValues", request.include_property_values));
  TG_ASSIGN_OR_RETURN(const auto found,
                      change_set_of(context.model, *request.change_set_name, request.stack_name));
  DescribeChangeSetOutput answer;
  describe(found, answer);
  std::vector<Change> changes;
  for (const stacks::Change& change : found.change_set->changes) {
    changes.push_back(change_answer(change));
  }
  TG_ASSIGN_OR_RETURN(
      auto page,
      page_of(
          std::move(changes),
          [](const Change& change) { return *change.resource_change->logical_resource_id; },
          request.next_token,
          kPerPage,
          "ValidationError"));
  answer.changes = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

Result<ListChangeSetsOutput> list_change_sets(const Context& context,
                                              const ListChangeSetsInput& request) {
  const stacks::Stack* stack = find_stack(context.model, *request.stack_name);
  if (stack == nullptr) {
    return invalid("Stack [" + *request.stack_name + "] does not exist", ErrorCode::NotFound);
  }
  std::vector<ChangeSetSummary> all;
  for (const stacks::ChangeSet& given : stack->change_sets) {
    ChangeSetSummary& summary = all.emplace_back();
    summary.stack_id = stack->id;
    summary.stack_name = stack->name.value;
    summary.change_set_id = given.id;
    summary.change_set_name = given.name;
    summary.execution_status = execution_status_of(given);
    summary.status = status_of(given);
    if (!given.reason.empty()) {
      summary.status_reason = given.reason;
    }
    summary.creation_time = given.created;
    if (!given.description.empty()) {
      summary.description = given.description;
    }
    summary.include_nested_stacks = false;
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const ChangeSetSummary& item) { return *item.change_set_id; },
                          request.next_token,
                          kPerPage,
                          "ValidationError"));
  return ListChangeSetsOutput{std::move(page.items), page.next_token};
}

Result<Write<ExecuteChangeSetOperation>> execute_change_set(const Context& context,
                                                            const ExecuteChangeSetInput& request) {
  TG_RETURN_IF_ERROR(check_false("DisableRollback", request.disable_rollback));
  TG_RETURN_IF_ERROR(check_false("RetainExceptOnCreate", request.retain_except_on_create));
  TG_ASSIGN_OR_RETURN(const auto found,
                      change_set_of(context.model, *request.change_set_name, request.stack_name));
  return write_without_answer<ExecuteChangeSetOperation>(
      engine::ExecuteChangeSet{found.change_set->id, request.client_request_token.value_or("")});
}

/// One that is not there any more is deleted already; its stack has to exist.
Result<Write<DeleteChangeSetOperation>> delete_change_set(const Context& context,
                                                          const DeleteChangeSetInput& request) {
  const auto found = change_set_of(context.model, *request.change_set_name, request.stack_name);
  if (!found.has_value() && found.error().name != "ChangeSetNotFound") {
    return found.error();
  }
  return write_without_answer<DeleteChangeSetOperation>(
      engine::DeleteChangeSet{found.has_value() ? found->change_set->id : ""});
}

}  // namespace

Result<FoundChangeSet> change_set_of(const engine::Model& model,
                                     const std::string& name_or_arn,
                                     const std::optional<std::string>& stack) {
  const bool by_arn = is_arn(name_or_arn);
  if (!by_arn && !stack.has_value()) {
    return invalid("StackName must be specified if ChangeSetName is not specified as an ARN.");
  }
  const stacks::Stack* only = stack.has_value() ? find_stack(model, *stack) : nullptr;
  if (stack.has_value() && only == nullptr) {
    return invalid("Stack [" + *stack + "] does not exist", ErrorCode::NotFound);
  }
  for (const auto& [name, candidate] : model.stacks) {
    if (only != nullptr && only != &candidate) {
      continue;
    }
    for (const stacks::ChangeSet& change_set : candidate.change_sets) {
      if (by_arn ? change_set.id == name_or_arn : change_set.name == name_or_arn) {
        return FoundChangeSet{&candidate, &change_set};
      }
    }
  }
  return Error{
      ErrorCode::NotFound, "ChangeSetNotFound", "ChangeSet [" + name_or_arn + "] does not exist"};
}

std::vector<Entry> change_set_entries() {
  return {
      writes<CreateChangeSetOperation>({"StackName",
                                        "TemplateBody",
                                        "UsePreviousTemplate",
                                        "Parameters",
                                        "Capabilities",
                                        "Tags",
                                        "ChangeSetName",
                                        "Description",
                                        "ChangeSetType",
                                        "IncludeNestedStacks",
                                        "ImportExistingResources"},
                                       &create_change_set),
      reads<DescribeChangeSetOperation>(
          {"ChangeSetName", "StackName", "NextToken", "IncludePropertyValues"},
          &describe_change_set),
      reads<ListChangeSetsOperation>({"StackName", "NextToken"}, &list_change_sets),
      writes<ExecuteChangeSetOperation>({"ChangeSetName",
                                         "StackName",
                                         "ClientRequestToken",
                                         "DisableRollback",
                                         "RetainExceptOnCreate"},
                                        &execute_change_set),
      writes<DeleteChangeSetOperation>({"ChangeSetName", "StackName"}, &delete_change_set),
  };
}

}  // namespace tidegate::api::cloudformation
