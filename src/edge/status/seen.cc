#include "edge/status/seen.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace tidegate::status {
namespace {

constexpr const char* kLoadBalancerType = "AWS::ElasticLoadBalancingV2::LoadBalancer";

/// Further from serving is larger.
int severity(balancing::TargetHealthState state) {
  switch (state) {
    case balancing::TargetHealthState::Healthy:
      return 0;
    case balancing::TargetHealthState::Unavailable:
      return 1;
    case balancing::TargetHealthState::Initial:
      return 2;
    case balancing::TargetHealthState::Draining:
      return 3;
    case balancing::TargetHealthState::Unhealthy:
      return 4;
    case balancing::TargetHealthState::Unused:
      return 5;
  }
  return 0;
}

std::string probe_of(const engine::TargetGroupModel& group, const balancing::Target& target) {
  for (const balancing::TargetReport& report : group.reports) {
    if (report.id == target.id && report.port == target.port) {
      return report.last_probe;
    }
  }
  return {};
}

bool is_there(const stacks::Stack& stack) {
  return stack.status != stacks::Status::DeleteComplete;
}

bool attached(const groups::AutoScalingGroup& group, const balancing::TargetGroupArn& arn) {
  return std::find(group.target_groups.begin(), group.target_groups.end(), arn) !=
         group.target_groups.end();
}

}  // namespace

std::vector<const engine::GroupModel*> groups_of(const engine::Model& model,
                                                 const stacks::Stack& stack) {
  std::vector<const engine::GroupModel*> found;
  for (const auto& [name, group] : model.groups) {
    if (group.stack == stack.name) {
      found.push_back(&group);
    }
  }
  return found;
}

std::vector<const balancing::LoadBalancer*> load_balancers_of_stack(const engine::Model& model,
                                                                    const stacks::Stack& stack) {
  std::vector<const balancing::LoadBalancer*> found;
  for (const stacks::StackResource& resource : stack.resources) {
    const auto entry = model.load_balancers.find(balancing::LoadBalancerArn{resource.physical_id});
    if (resource.type == kLoadBalancerType && entry != model.load_balancers.end()) {
      found.push_back(&entry->second);
    }
  }
  return found;
}

std::vector<const engine::GroupModel*> groups_without_stack(const engine::Model& model) {
  std::vector<const engine::GroupModel*> found;
  for (const auto& [name, group] : model.groups) {
    const auto stack = model.stacks.find(group.stack);
    if (stack == model.stacks.end() || !is_there(stack->second)) {
      found.push_back(&group);
    }
  }
  return found;
}

std::vector<const balancing::LoadBalancer*> load_balancers_without_stack(
    const engine::Model& model) {
  std::set<const balancing::LoadBalancer*> of_stacks;
  for (const auto& [name, stack] : model.stacks) {
    if (is_there(stack)) {
      const auto its = load_balancers_of_stack(model, stack);
      of_stacks.insert(its.begin(), its.end());
    }
  }
  std::vector<const balancing::LoadBalancer*> found;
  for (const auto& [arn, load_balancer] : model.load_balancers) {
    if (!of_stacks.contains(&load_balancer)) {
      found.push_back(&load_balancer);
    }
  }
  return found;
}

std::vector<const balancing::Listener*> listeners_of(const engine::Model& model,
                                                     const balancing::LoadBalancerArn& arn) {
  std::vector<const balancing::Listener*> found;
  for (const auto& [listener_arn, listener] : model.listeners) {
    if (listener.load_balancer == arn) {
      found.push_back(&listener);
    }
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return a->port != b->port ? a->port < b->port : a->arn < b->arn;
  });
  return found;
}

std::vector<const engine::TargetGroupModel*> target_groups_of(
    const engine::Model& model, const groups::AutoScalingGroup& group) {
  std::vector<const engine::TargetGroupModel*> found;
  for (const balancing::TargetGroupArn& arn : group.target_groups) {
    if (const auto entry = model.target_groups.find(arn); entry != model.target_groups.end()) {
      found.push_back(&entry->second);
    }
  }
  return found;
}

std::vector<const engine::PolicyModel*> policies_of(const engine::Model& model,
                                                    const groups::GroupName& group) {
  std::vector<const engine::PolicyModel*> found;
  for (const auto& [name, policy] : model.policies) {
    if (policy.policy.group_name == group.value) {
      found.push_back(&policy);
    }
  }
  return found;
}

std::vector<TargetSeen> targets_of(const engine::Model& model,
                                   const engine::GroupModel& group,
                                   const groups::InstanceId& instance) {
  std::vector<TargetSeen> seen;
  for (const engine::TargetGroupModel* target_group : target_groups_of(model, group.group)) {
    for (const balancing::Target& target : target_group->target_group.targets) {
      if (target.id == instance.value) {
        seen.push_back({target_group,
                        &target,
                        engine::target_health(model, *target_group, target),
                        probe_of(*target_group, target)});
      }
    }
  }
  return seen;
}

const TargetSeen* worst_of(const std::vector<TargetSeen>& targets) {
  const auto worst =
      std::max_element(targets.begin(), targets.end(), [](const auto& a, const auto& b) {
        return severity(a.health.state) < severity(b.health.state);
      });
  return worst == targets.end() ? nullptr : &*worst;
}

bool serves(const engine::Model& model,
            const engine::GroupModel& group,
            const groups::Instance& instance) {
  if (instance.lifecycle_state != groups::LifecycleState::InService) {
    return false;
  }
  if (group.group.target_groups.empty()) {
    return true;
  }
  const auto targets = targets_of(model, group, instance.id);
  const TargetSeen* worst = worst_of(targets);
  return worst != nullptr && (worst->health.state == balancing::TargetHealthState::Healthy ||
                              worst->health.state == balancing::TargetHealthState::Unavailable);
}

std::int64_t serving_count(const engine::Model& model, const engine::GroupModel& group) {
  return std::count_if(group.instances.begin(), group.instances.end(), [&](const auto& entry) {
    return serves(model, group, entry.second);
  });
}

std::vector<OutsideTarget> outside_targets(const engine::Model& model,
                                           const engine::TargetGroupModel& target_group) {
  std::vector<OutsideTarget> outside;
  for (const balancing::Target& target : target_group.target_group.targets) {
    OutsideTarget candidate{&target_group, &target, ""};
    bool inside = target.deregistered.has_value();  // a draining one is on its way out anyway
    for (const auto& [name, group] : model.groups) {
      if (group.instances.contains(groups::InstanceId{target.id})) {
        candidate.owner = name.value;
        inside = inside || attached(group.group, target_group.target_group.arn);
      }
    }
    if (!inside) {
      outside.push_back(candidate);
    }
  }
  return outside;
}

std::optional<double> traffic_share(const engine::TargetGroupModel& group,
                                    const std::string& target) {
  const auto found = group.traffic_share.find(target);
  return found == group.traffic_share.end() ? std::nullopt : std::optional{found->second};
}

const engine::InstanceUse* use_of(const engine::GroupModel& group, const groups::InstanceId& id) {
  const auto found = group.use.find(id);
  return found == group.use.end() ? nullptr : &found->second;
}

const groups::InstanceObservation* observation_of(const engine::GroupModel& group,
                                                  const groups::InstanceId& id) {
  const auto found = group.facts.find(id);
  return found == group.facts.end() || !found->second.observation.has_value()
             ? nullptr
             : &*found->second.observation;
}

const stacks::InstanceType* size_of(const engine::Model& model,
                                    const stacks::StackName& stack,
                                    const std::string& instance_type) {
  const auto found = model.stacks.find(stack);
  if (found == model.stacks.end()) {
    return nullptr;
  }
  const auto& types = found->second.metadata.instance_types;
  const auto type = types.find(instance_type);
  return type == types.end() ? nullptr : &type->second;
}

std::string percent(double share) {
  return format_fixed(share * 100, 0) + " %";
}

std::string seconds_text(Duration duration) {
  const double seconds = seconds_of(duration);
  return format_fixed(seconds,
                      seconds < 10 && duration % std::chrono::seconds{1} != Duration{} ? 1 : 0) +
         " s";
}

std::string listed(const std::vector<std::string>& names) {
  if (names.size() < 2) {
    return join(names, "");
  }
  const std::vector<std::string> all_but_last(names.begin(), names.end() - 1);
  return join(all_but_last, ", ") + " and " + names.back();
}

}  // namespace tidegate::status
