// What `status` and `explain` look up again and again in the model. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/queries.h"

namespace tidegate::status {

/// Groups of a stack, by name.
std::vector<const engine::GroupModel*> groups_of(const engine::Model& model,
                                                 const stacks::Stack& stack);
/// Load balancers of a stack, in creation order.
std::vector<const balancing::LoadBalancer*> load_balancers_of_stack(const engine::Model& model,
                                                                    const stacks::Stack& stack);
/// Those that no stack has that is there: made by calls (Terraform), or kept by a deleted stack.
std::vector<const engine::GroupModel*> groups_without_stack(const engine::Model& model);
std::vector<const balancing::LoadBalancer*> load_balancers_without_stack(
    const engine::Model& model);
/// Listeners of a load balancer, by port.
std::vector<const balancing::Listener*> listeners_of(const engine::Model& model,
                                                     const balancing::LoadBalancerArn& arn);
/// Target groups that a group is attached to; those that exist.
std::vector<const engine::TargetGroupModel*> target_groups_of(
    const engine::Model& model, const groups::AutoScalingGroup& group);
/// Policies of a group, by name.
std::vector<const engine::PolicyModel*> policies_of(const engine::Model& model,
                                                    const groups::GroupName& group);

/// An instance as one target group has it.
struct TargetSeen {
  const engine::TargetGroupModel* target_group = nullptr;
  const balancing::Target* target = nullptr;
  balancing::TargetHealth health;
  std::string last_probe;
};
/// One per target group of its group that it is registered with.
std::vector<TargetSeen> targets_of(const engine::Model& model,
                                   const engine::GroupModel& group,
                                   const groups::InstanceId& instance);
/// The one that is furthest from serving; null when it is registered nowhere.
const TargetSeen* worst_of(const std::vector<TargetSeen>& targets);

/// InService, and healthy in every target group of its group.
bool serves(const engine::Model& model,
            const engine::GroupModel& group,
            const groups::Instance& instance);
std::int64_t serving_count(const engine::Model& model, const engine::GroupModel& group);

/// A registered target that belongs to no group attached to its target group.
struct OutsideTarget {
  const engine::TargetGroupModel* target_group = nullptr;
  const balancing::Target* target = nullptr;
  std::string owner;  // the group it is of, if it is of one
};
std::vector<OutsideTarget> outside_targets(const engine::Model& model,
                                           const engine::TargetGroupModel& target_group);

/// Of its target group's requests over the last minute, 0..1.
std::optional<double> traffic_share(const engine::TargetGroupModel& group,
                                    const std::string& target);

const engine::InstanceUse* use_of(const engine::GroupModel& group, const groups::InstanceId& id);
const groups::InstanceObservation* observation_of(const engine::GroupModel& group,
                                                  const groups::InstanceId& id);

/// The size of an instance type in a stack; null when the stack does not name it.
const stacks::InstanceType* size_of(const engine::Model& model,
                                    const stacks::StackName& stack,
                                    const std::string& instance_type);

/// "98 %", "3.1 s", "a, b and c".
std::string percent(double share);
std::string seconds_text(Duration duration);
std::string listed(const std::vector<std::string>& names);

}  // namespace tidegate::status
