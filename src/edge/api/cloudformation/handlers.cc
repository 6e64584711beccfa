#include "edge/api/cloudformation/handlers.h"

#include <algorithm>
#include <cctype>

#include "edge/api/calls/pages.h"

namespace tidegate::api::cloudformation {
namespace {

constexpr std::int64_t kStacksPerPage = 100;  // AWS: 1 MB of answer; this is far below it
constexpr std::int64_t kEventsPerPage = 100;

Error invalid(std::string message, ErrorCode code = ErrorCode::InvalidArgument) {
  return Error{code, "ValidationError", std::move(message)};
}

Error no_stack(const std::string& name) {
  return invalid("Stack with id " + name + " does not exist", ErrorCode::NotFound);
}

/// By name (not a deleted one) or by ARN (deleted ones too).
const stacks::Stack* find_stack(const engine::Model& model, const std::string& name_or_arn) {
  for (const auto& [name, stack] : model.stacks) {
    const bool by_name =
        name.value == name_or_arn && stack.status != stacks::Status::DeleteComplete;
    if (by_name || stack.id == name_or_arn) {
      return &stack;
    }
  }
  return nullptr;
}

/// [a-zA-Z][-a-zA-Z0-9]*, at most 128 characters: Stack names, CloudFormation User Guide.
Status check_stack_name(const std::string& name) {
  const bool shaped = !name.empty() && name.size() <= 128 &&
                      std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) {
                        return (std::isalnum(c) != 0 && c < 0x80) || c == '-';
                      });
  if (!shaped) {
    return invalid("1 validation error detected: Value '" + name.substr(0, 256) +
                   "' at 'stackName' failed to satisfy constraint: Member must satisfy regular "
                   "expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  }
  return Ok{};
}

using Values = std::map<std::string, std::string>;

/// previous: what UsePreviousValue takes from; null for a new stack.
Result<Values> parameters_of(const std::optional<std::vector<Parameter>>& given,
                             const stacks::Stack* previous) {
  Values values;
  for (const Parameter& parameter : given.value_or(std::vector<Parameter>{})) {
    const std::string key = parameter.parameter_key.value_or("");
    if (key.empty()) {
      return invalid("Parameters: each needs a ParameterKey");
    }
    if (!parameter.use_previous_value.value_or(false)) {
      if (!parameter.parameter_value.has_value()) {
        return invalid("Parameters: [" + key + "] must have a value");
      }
      values[key] = *parameter.parameter_value;
      continue;
    }
    if (previous == nullptr || parameter.parameter_value.has_value()) {
      return invalid("Invalid input for parameter key " + key +
                     ". Cannot specify usePreviousValue as true for a parameter key not in the "
                     "previous template, or with a value");
    }
    const auto held = previous->given_parameters.find(key);
    if (held != previous->given_parameters.end()) {  // else its default goes on to hold
      values[key] = held->second;
    }
  }
  return values;
}

Result<Write<CreateStackOperation>> create_stack(const Context& context,
                                                 const CreateStackInput& request) {
  TG_RETURN_IF_ERROR(check_stack_name(*request.stack_name));
  if (!request.template_body.has_value()) {
    return invalid("Either Template URL or Template Body must be specified.");
  }
  engine::CreateStack command;
  command.name = stacks::StackName{*request.stack_name};
  command.template_body = *request.template_body;
  command.template_folder = context.template_folder;
  TG_ASSIGN_OR_RETURN(command.parameters, parameters_of(request.parameters, nullptr));
  for (const Tag& tag : request.tags.value_or(std::vector<Tag>{})) {
    command.tags[tag.key.value_or("")] = tag.value.value_or("");
  }
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
  engine::UpdateStack command;
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
  return write_without_answer<DeleteStackOperation>(
      engine::DeleteStack{stacks::StackName{*request.stack_name}, context.haste});
}

Result<DescribeStacksOutput> describe_stacks(const Context& context,
                                             const DescribeStacksInput& request) {
  if (request.stack_name.has_value()) {
    const stacks::Stack* stack = find_stack(context.model, *request.stack_name);
    if (stack == nullptr) {
      return no_stack(*request.stack_name);
    }
    return DescribeStacksOutput{std::vector<Stack>{stack_answer(*stack)}, std::nullopt};
  }
  std::vector<const stacks::Stack*> newest_first;
  for (const auto& [name, stack] : context.model.stacks) {
    if (stack.status != stacks::Status::DeleteComplete) {
      newest_first.push_back(&stack);
    }
  }
  std::sort(newest_first.begin(), newest_first.end(), [](const auto* a, const auto* b) {
    return a->created != b->created ? a->created > b->created : a->name < b->name;
  });
  std::vector<Stack> all;
  for (const stacks::Stack* stack : newest_first) {
    all.push_back(stack_answer(*stack));
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Stack& stack) { return *stack.stack_id; },
                          request.next_token,
                          kStacksPerPage,
                          "ValidationError"));
  return DescribeStacksOutput{std::move(page.items), page.next_token};
}

StackEvent event_answer(const stacks::Stack& stack, const stacks::StackEvent& given) {
  StackEvent answer;
  answer.stack_id = stack.id;
  answer.event_id = given.event_id;
  answer.stack_name = stack.name.value;
  answer.logical_resource_id = given.logical_id;
  answer.physical_resource_id = given.physical_id;
  answer.resource_type = given.type;
  answer.timestamp = given.timestamp;
  answer.resource_status = std::string{to_string(given.status)};
  if (!given.status_reason.empty()) {
    answer.resource_status_reason = given.status_reason;
  }
  return answer;
}

Result<DescribeStackEventsOutput> describe_events(const Context& context,
                                                  const DescribeStackEventsInput& request) {
  const std::string name = request.stack_name.value_or("");
  const stacks::Stack* stack = find_stack(context.model, name);
  if (stack == nullptr) {
    return invalid("Stack [" + name + "] does not exist", ErrorCode::NotFound);
  }
  std::vector<StackEvent> newest_first;
  for (auto event = stack->events.rbegin(); event != stack->events.rend(); ++event) {
    newest_first.push_back(event_answer(*stack, *event));
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(newest_first),
                          [](const StackEvent& event) { return *event.event_id; },
                          request.next_token,
                          kEventsPerPage,
                          "ValidationError"));
  return DescribeStackEventsOutput{std::move(page.items), page.next_token};
}

StackResource resource_answer(const stacks::Stack& stack, const stacks::StackResource& given) {
  StackResource answer;
  answer.stack_name = stack.name.value;
  answer.stack_id = stack.id;
  answer.logical_resource_id = given.logical_id.value;
  if (!given.physical_id.empty()) {
    answer.physical_resource_id = given.physical_id;
  }
  answer.resource_type = given.type;
  answer.timestamp = given.updated;
  answer.resource_status = std::string{to_string(given.status)};
  if (!given.status_reason.empty()) {
    answer.resource_status_reason = given.status_reason;
  }
  answer.drift_information.emplace().stack_resource_drift_status = "NOT_CHECKED";
  return answer;
}

const stacks::Stack* stack_of_resource(const engine::Model& model, const std::string& physical_id) {
  for (const auto& [name, stack] : model.stacks) {
    for (const stacks::StackResource& resource : stack.resources) {
      if (resource.physical_id == physical_id) {
        return &stack;
      }
    }
  }
  return nullptr;
}

Result<const stacks::Stack*> stack_asked_for(const Context& context,
                                             const DescribeStackResourcesInput& request) {
  if (request.stack_name.has_value()) {
    const stacks::Stack* stack = find_stack(context.model, *request.stack_name);
    if (stack == nullptr) {
      return no_stack(*request.stack_name);
    }
    return stack;
  }
  if (!request.physical_resource_id.has_value()) {
    return invalid("Either StackName or PhysicalResourceId must be specified");
  }
  const stacks::Stack* stack = stack_of_resource(context.model, *request.physical_resource_id);
  if (stack == nullptr) {
    return invalid("Stack for " + *request.physical_resource_id + " does not exist",
                   ErrorCode::NotFound);
  }
  return stack;
}

Result<DescribeStackResourcesOutput> describe_resources(
    const Context& context, const DescribeStackResourcesInput& request) {
  TG_ASSIGN_OR_RETURN(const stacks::Stack* stack, stack_asked_for(context, request));
  DescribeStackResourcesOutput answer;
  auto& resources = answer.stack_resources.emplace();
  for (const stacks::StackResource& resource : stack->resources) {
    if (request.logical_resource_id.value_or(resource.logical_id.value) ==
        resource.logical_id.value) {
      resources.push_back(resource_answer(*stack, resource));
    }
  }
  if (resources.empty() && request.logical_resource_id.has_value()) {
    return invalid("Resource " + *request.logical_resource_id + " does not exist for stack " +
                       stack->name.value,
                   ErrorCode::NotFound);
  }
  return answer;
}

}  // namespace

std::vector<Entry> entries() {
  return {
      // Capabilities are acknowledgements: nothing that we create asks for one.
      writes<CreateStackOperation>(
          {"StackName", "TemplateBody", "Parameters", "Tags", "Capabilities"}, &create_stack),
      writes<UpdateStackOperation>(
          {"StackName", "TemplateBody", "UsePreviousTemplate", "Parameters", "Capabilities"},
          &update_stack),
      writes<DeleteStackOperation>({"StackName"}, &delete_stack),
      reads<DescribeStacksOperation>({"StackName", "NextToken"}, &describe_stacks),
      reads<DescribeStackEventsOperation>({"StackName", "NextToken"}, &describe_events),
      reads<DescribeStackResourcesOperation>(
          {"StackName", "LogicalResourceId", "PhysicalResourceId"}, &describe_resources),
  };
}

}  // namespace tidegate::api::cloudformation
