// Commands on targets.
#include <algorithm>

#include "core/stacks/properties/attributes.h"
#include "engine/commands/execution.h"

namespace tidegate::engine {
namespace {

struct OnTargets {
  EngineState& state;
  Instant now;

  Result<balancing::Target> resolve_target(const balancing::TargetGroup& group,
                                           const TargetDescription& wanted) const {
    balancing::Target target;
    target.id = wanted.id;
    target.port = wanted.port != 0 ? wanted.port : group.port;
    target.registered = now;
    if (group.target_type == balancing::TargetType::Ip) {
      if (!stacks::properties::is_ipv4(wanted.id)) {
        return Error{ErrorCode::InvalidArgument,
                     "InvalidTarget",
                     "The IP address '" + wanted.id + "' is not a valid IPv4 address"};
      }
      target.address = wanted.id;
      return target;
    }
    const GroupModel* owner = group_of(state.model, groups::InstanceId{wanted.id});
    if (owner == nullptr) {
      return Error{ErrorCode::InvalidArgument,
                   "InvalidTarget",
                   "The following targets are not in a running state and cannot be registered: '" +
                       wanted.id + "'"};
    }
    const auto& instance = owner->instances.at(groups::InstanceId{wanted.id});
    if (instance.address.empty()) {
      return Error{ErrorCode::InvalidArgument,
                   "InvalidTarget",
                   "Instance '" + wanted.id + "' has no address yet; register it when it runs"};
    }
    target.address = instance.address;
    target.zone = instance.zone;
    return target;
  }

  Result<TargetGroupModel*> target_group(const balancing::TargetGroupArn& arn) const {
    const auto found = state.model.target_groups.find(arn);
    if (found == state.model.target_groups.end()) {
      return Error{
          ErrorCode::NotFound, "TargetGroupNotFound", "One or more target groups not found"};
    }
    return &found->second;
  }

  Result<Answer> operator()(const RegisterTargets& command) const {
    TG_ASSIGN_OR_RETURN(TargetGroupModel* const group, target_group(command.target_group));
    std::vector<balancing::Target> resolved;
    for (const auto& wanted : command.targets) {
      TG_ASSIGN_OR_RETURN(auto target, resolve_target(group->target_group, wanted));
      resolved.push_back(std::move(target));
    }
    auto& targets = group->target_group.targets;
    for (auto& target : resolved) {
      const auto old = std::find_if(targets.begin(), targets.end(), [&](const auto& t) {
        return t.id == target.id && t.port == target.port;
      });
      if (old == targets.end()) {
        targets.push_back(std::move(target));
      } else if (old->deregistered) {
        *old = std::move(target);
      }
    }
    if (targets.size() > kMaxTargetsOfGroup) {
      return Error{ErrorCode::ResourceExhausted,
                   "TooManyTargets",
                   "The limit of " + std::to_string(kMaxTargetsOfGroup) +
                       " targets of one target group has been reached"};
    }
    state.journal.touch(EntityKind::TargetGroup, command.target_group.value);
    return Answer{Ok{}};
  }

  Result<Answer> operator()(const DeregisterTargets& command) const {
    TG_ASSIGN_OR_RETURN(TargetGroupModel* const group, target_group(command.target_group));
    auto& targets = group->target_group.targets;
    for (const auto& wanted : command.targets) {
      const auto matches = [&](const auto& t) {
        return t.id == wanted.id && (wanted.port == 0 || t.port == wanted.port);
      };
      if (std::none_of(targets.begin(), targets.end(), matches)) {
        return Error{
            ErrorCode::InvalidArgument,
            "InvalidTarget",
            "The following targets are not registered to the target group: '" + wanted.id + "'"};
      }
    }
    for (auto& target : targets) {
      const bool named =
          std::any_of(command.targets.begin(), command.targets.end(), [&](const auto& wanted) {
            return target.id == wanted.id && (wanted.port == 0 || target.port == wanted.port);
          });
      if (named && !target.deregistered) {
        target.deregistered = now;
      }
    }
    state.journal.touch(EntityKind::TargetGroup, command.target_group.value);
    return Answer{Ok{}};
  }
};

}  // namespace

Result<Answer> run(const Execution& on, const RegisterTargets& command) {
  return OnTargets{on.state, on.now}(command);
}

Result<Answer> run(const Execution& on, const DeregisterTargets& command) {
  return OnTargets{on.state, on.now}(command);
}

}  // namespace tidegate::engine
