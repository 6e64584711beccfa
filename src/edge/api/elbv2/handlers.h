// Elastic Load Balancing v2: load balancers, listeners, rules, target groups and the health of
// their targets; registering and deregistering by hand.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/elbv2.h"
#include "engine/queries.h"

namespace tidegate::api::elbv2 {

std::vector<Entry> entries();

LoadBalancer load_balancer_answer(const balancing::LoadBalancer& load_balancer);
Listener listener_answer(const balancing::Listener& listener);
Rule rule_answer(const balancing::Rule& rule);
/// Every listener has one: the action of requests that no other rule matches.
Rule default_rule_answer(const balancing::Listener& listener);
TargetGroup target_group_answer(const engine::Model& model,
                                const balancing::TargetGroup& target_group);
TargetHealthDescription health_answer(const engine::Model& model,
                                      const engine::TargetGroupModel& group,
                                      const balancing::Target& target);

}  // namespace tidegate::api::elbv2
