#include "core/stacks/stack.h"

#include <array>
#include <utility>

namespace tidegate::stacks {
namespace {

constexpr auto kNames = std::to_array<std::pair<Status, std::string_view>>({
    {Status::CreateInProgress, "CREATE_IN_PROGRESS"},
    {Status::CreateComplete, "CREATE_COMPLETE"},
    {Status::CreateFailed, "CREATE_FAILED"},
    {Status::RollbackInProgress, "ROLLBACK_IN_PROGRESS"},
    {Status::RollbackComplete, "ROLLBACK_COMPLETE"},
    {Status::RollbackFailed, "ROLLBACK_FAILED"},
    {Status::UpdateInProgress, "UPDATE_IN_PROGRESS"},
    {Status::UpdateComplete, "UPDATE_COMPLETE"},
    {Status::UpdateFailed, "UPDATE_FAILED"},
    {Status::UpdateRollbackInProgress, "UPDATE_ROLLBACK_IN_PROGRESS"},
    {Status::UpdateRollbackComplete, "UPDATE_ROLLBACK_COMPLETE"},
    {Status::UpdateRollbackFailed, "UPDATE_ROLLBACK_FAILED"},
    {Status::DeleteInProgress, "DELETE_IN_PROGRESS"},
    {Status::DeleteComplete, "DELETE_COMPLETE"},
    {Status::DeleteFailed, "DELETE_FAILED"},
    {Status::DeleteSkipped, "DELETE_SKIPPED"},
    {Status::ReviewInProgress, "REVIEW_IN_PROGRESS"},
    {Status::UpdateCompleteCleanupInProgress, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"},
    {Status::UpdateRollbackCompleteCleanupInProgress,
     "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"},
});

}  // namespace

std::string_view to_string(Status status) {
  for (const auto& [value, name] : kNames) {
    if (value == status) {
      return name;
    }
  }
  return {};
}

std::optional<Status> parse_status(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) {
      return value;
    }
  }
  return std::nullopt;
}

bool in_progress(Status status) {
  return status != Status::ReviewInProgress && to_string(status).ends_with("_IN_PROGRESS");
}

bool is_updatable(Status status) {
  return status == Status::CreateComplete || status == Status::UpdateComplete ||
         status == Status::UpdateRollbackComplete;
}

std::map<std::string, std::int32_t> existing_resources(const Stack& stack) {
  std::map<std::string, std::int32_t> counts;
  for (const StackResource& resource : stack.resources) {
    const bool gone = resource.physical_id.empty() || resource.status == Status::CreateFailed ||
                      resource.status == Status::DeleteComplete ||
                      resource.status == Status::DeleteSkipped;
    if (!gone) {
      ++counts[resource.type];
    }
  }
  return counts;
}

}  // namespace tidegate::stacks
