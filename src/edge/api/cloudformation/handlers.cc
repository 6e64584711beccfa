#include "edge/api/cloudformation/handlers.h"

#include <algorithm>

#include "edge/api/calls/pages.h"
#include "edge/api/cloudformation/checks.h"

namespace tidegate::api::cloudformation {
namespace {

constexpr std::int64_t kStacksPerPage = 100;  // AWS: 1 MB of answer; this is far below it
constexpr std::int64_t kEventsPerPage = 100;

Result<DescribeStacksOutput> describe_stacks(const Context& context,
                                             const DescribeStacksInput& request) {
  if (request.stack_name.has_value()) {
    TG_ASSIGN_OR_RETURN(const stacks::Stack* stack, stack_of(context.model, *request.stack_name));
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
  if (!given.token.empty()) {
    answer.client_request_token = given.token;
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
    return stack_of(context.model, *request.stack_name);
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
  std::vector<Entry> all{
      reads<DescribeStacksOperation>({"StackName", "NextToken"}, &describe_stacks),
      reads<DescribeStackEventsOperation>({"StackName", "NextToken"}, &describe_events),
      reads<DescribeStackResourcesOperation>(
          {"StackName", "LogicalResourceId", "PhysicalResourceId"}, &describe_resources),
  };
  for (auto& some : {write_entries(), list_entries(), template_entries(), change_set_entries()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace tidegate::api::cloudformation
