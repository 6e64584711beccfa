// ListStacks, ListStackResources, DescribeStackResource.
#include <algorithm>

#include "edge/api/calls/pages.h"
#include "edge/api/cloudformation/checks.h"

namespace tidegate::api::cloudformation {
namespace {

constexpr std::int64_t kPerListPage = 100;

StackSummary summary_of(const stacks::Stack& given) {
  StackSummary answer;
  answer.stack_id = given.id;
  answer.stack_name = given.name.value;
  if (!given.description.empty()) {
    answer.template_description = given.description;
  }
  answer.creation_time = given.created;
  answer.last_updated_time = given.updated;
  answer.deletion_time = given.deleted;
  answer.stack_status = std::string{to_string(given.status)};
  if (!given.status_reason.empty()) {
    answer.stack_status_reason = given.status_reason;
  }
  answer.drift_information.emplace().stack_drift_status = "NOT_CHECKED";
  return answer;
}

/// Deleted stacks too, while their name is not used again.
Result<ListStacksOutput> list_stacks(const Context& context, const ListStacksInput& request) {
  const auto wanted = request.stack_status_filter.value_or(std::vector<std::string>{});
  std::vector<const stacks::Stack*> newest_first;
  for (const auto& [name, stack] : context.model.stacks) {
    if (wanted.empty() ||
        std::find(wanted.begin(), wanted.end(), to_string(stack.status)) != wanted.end()) {
      newest_first.push_back(&stack);
    }
  }
  std::sort(newest_first.begin(), newest_first.end(), [](const auto* a, const auto* b) {
    return a->created != b->created ? a->created > b->created : a->name < b->name;
  });
  std::vector<StackSummary> all;
  for (const stacks::Stack* stack : newest_first) {
    all.push_back(summary_of(*stack));
  }
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const StackSummary& item) { return *item.stack_id; },
                          request.next_token,
                          kPerListPage,
                          "ValidationError"));
  return ListStacksOutput{std::move(page.items), page.next_token};
}

StackResourceSummary resource_summary(const stacks::StackResource& given) {
  StackResourceSummary answer;
  answer.logical_resource_id = given.logical_id.value;
  if (!given.physical_id.empty()) {
    answer.physical_resource_id = given.physical_id;
  }
  answer.resource_type = given.type;
  answer.last_updated_timestamp = given.updated;
  answer.resource_status = std::string{to_string(given.status)};
  if (!given.status_reason.empty()) {
    answer.resource_status_reason = given.status_reason;
  }
  answer.drift_information.emplace().stack_resource_drift_status = "NOT_CHECKED";
  return answer;
}

Result<ListStackResourcesOutput> list_resources(const Context& context,
                                                const ListStackResourcesInput& request) {
  TG_ASSIGN_OR_RETURN(const stacks::Stack* stack, stack_of(context.model, *request.stack_name));
  std::vector<StackResourceSummary> all;
  for (const stacks::StackResource& resource : stack->resources) {
    all.push_back(resource_summary(resource));
  }
  TG_ASSIGN_OR_RETURN(
      auto page,
      page_of(
          std::move(all),
          [](const StackResourceSummary& item) { return *item.logical_resource_id; },
          request.next_token,
          kPerListPage,
          "ValidationError"));
  return ListStackResourcesOutput{std::move(page.items), page.next_token};
}

Result<DescribeStackResourceOutput> describe_resource(const Context& context,
                                                      const DescribeStackResourceInput& request) {
  TG_ASSIGN_OR_RETURN(const stacks::Stack* stack, stack_of(context.model, *request.stack_name));
  for (const stacks::StackResource& resource : stack->resources) {
    if (resource.logical_id.value != *request.logical_resource_id) {
      continue;
    }
    const StackResourceSummary summary = resource_summary(resource);
    DescribeStackResourceOutput answer;
    StackResourceDetail& detail = answer.stack_resource_detail.emplace();
    detail.stack_name = stack->name.value;
    detail.stack_id = stack->id;
    detail.logical_resource_id = summary.logical_resource_id;
    detail.physical_resource_id = summary.physical_resource_id;
    detail.resource_type = summary.resource_type;
    detail.last_updated_timestamp = summary.last_updated_timestamp;
    detail.resource_status = summary.resource_status;
    detail.resource_status_reason = summary.resource_status_reason;
    detail.drift_information.emplace().stack_resource_drift_status = "NOT_CHECKED";
    return answer;
  }
  return invalid(
      "Resource " + *request.logical_resource_id + " does not exist for stack " + stack->name.value,
      ErrorCode::NotFound);
}

}  // namespace

std::vector<Entry> list_entries() {
  return {
      reads<ListStacksOperation>({"NextToken", "StackStatusFilter"}, &list_stacks),
      reads<ListStackResourcesOperation>({"StackName", "NextToken"}, &list_resources),
      reads<DescribeStackResourceOperation>({"StackName", "LogicalResourceId"}, &describe_resource),
  };
}

}  // namespace tidegate::api::cloudformation
