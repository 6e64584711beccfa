#include "edge/status/verdict.h"

#include <algorithm>

#include "edge/status/seen.h"

namespace tidegate::status {
namespace {

enum class StackKind { Standing, Creating, Gone };

StackKind kind_of(stacks::Status status) {
  switch (status) {
    case stacks::Status::CreateInProgress:
    case stacks::Status::ReviewInProgress:
      return StackKind::Creating;
    case stacks::Status::CreateComplete:
    case stacks::Status::UpdateInProgress:
    case stacks::Status::UpdateComplete:
    case stacks::Status::UpdateFailed:
    case stacks::Status::UpdateRollbackInProgress:
    case stacks::Status::UpdateRollbackComplete:
    case stacks::Status::UpdateRollbackFailed:
    case stacks::Status::UpdateCompleteCleanupInProgress:
    case stacks::Status::UpdateRollbackCompleteCleanupInProgress:
      return StackKind::Standing;
    case stacks::Status::CreateFailed:
    case stacks::Status::RollbackInProgress:
    case stacks::Status::RollbackComplete:
    case stacks::Status::RollbackFailed:
    case stacks::Status::DeleteInProgress:
    case stacks::Status::DeleteComplete:
    case stacks::Status::DeleteFailed:
    case stacks::Status::DeleteSkipped:
      return StackKind::Gone;
  }
  return StackKind::Gone;
}

/// Launches run, none has failed and none has ever served.
bool is_first_launch(const engine::GroupModel& group) {
  const bool had_outcome = std::any_of(
      group.activities.begin(), group.activities.end(), [](const groups::Activity& activity) {
        return is_final(activity.status);
      });
  return !had_outcome && group.group.launch_failures.empty();
}

Verdict verdict_of_group(const engine::Model& model, const engine::GroupModel& group) {
  const std::int64_t serving = serving_count(model, group);
  if (serving >= group.group.min_size) {
    return Verdict::Ready;
  }
  if (is_first_launch(group)) {
    return Verdict::Creating;
  }
  return serving > 0 ? Verdict::Degraded : Verdict::Down;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Ready:
      return "READY";
    case Verdict::Creating:
      return "CREATING";
    case Verdict::Degraded:
      return "DEGRADED";
    case Verdict::Down:
      return "DOWN";
  }
  return "";
}

Verdict verdict_of(const engine::Model& model, const stacks::Stack& stack) {
  switch (kind_of(stack.status)) {
    case StackKind::Creating:
      return Verdict::Creating;
    case StackKind::Gone:
      return Verdict::Down;
    case StackKind::Standing:
      break;
  }
  return verdict_of(model, groups_of(model, stack));
}

Verdict verdict_of(const engine::Model& model,
                   const std::vector<const engine::GroupModel*>& groups) {
  Verdict worst = Verdict::Ready;
  for (const engine::GroupModel* group : groups) {
    worst = std::max(worst, verdict_of_group(model, *group));
  }
  return worst;
}

std::string verdict_text(const engine::Model& model,
                         const std::vector<const engine::GroupModel*>& groups) {
  std::int64_t serving = 0, desired = 0;
  for (const engine::GroupModel* group : groups) {
    serving += serving_count(model, *group);
    desired += group->group.desired_capacity;
  }
  return std::to_string(serving) + " of " + std::to_string(desired) + " serving";
}

Url url_of(const engine::Model& model,
           const std::vector<const balancing::LoadBalancer*>& load_balancers) {
  Url none;
  for (const balancing::LoadBalancer* load_balancer : load_balancers) {
    for (const balancing::Listener* listener : listeners_of(model, load_balancer->arn)) {
      if (listener->bound_port == 0) {
        none.note = listener->bind_note;
        continue;
      }
      const std::string port =
          listener->bound_port == 80 ? "" : ":" + std::to_string(listener->bound_port);
      return {"http://" + load_balancer->dns_name + port + "/", listener->bind_note};
    }
  }
  return none;
}

}  // namespace tidegate::status
