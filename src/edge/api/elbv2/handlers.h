// Elastic Load Balancing v2: load balancers, listeners, rules, target groups, their attributes,
// tags and targets. One file per kind of thing; entries() has all of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/elbv2.h"
#include "engine/queries.h"

namespace tidegate::api::elbv2 {

std::vector<Entry> entries();

std::vector<Entry> load_balancer_entries();
std::vector<Entry> target_group_entries();
std::vector<Entry> target_entries();
std::vector<Entry> listener_entries();
std::vector<Entry> rule_entries();
std::vector<Entry> tag_entries();

/// What answers need of the world and a finished command cannot ask for any more.
struct Network {
  std::string vpc;
  std::map<std::string, std::string> subnet_zones;
  std::map<std::string, std::string> default_subnets;
};
Network network_of(const engine::Model& model);

LoadBalancer load_balancer_answer(const Network& network,
                                  const balancing::LoadBalancer& load_balancer);
Listener listener_answer(const balancing::Listener& listener);
Rule rule_answer(const balancing::Rule& rule);
/// Every listener has one: the action of requests that no other rule matches.
Rule default_rule_answer(const balancing::Listener& listener);
/// load_balancers: those that forward to it.
TargetGroup target_group_answer(const Network& network,
                                const balancing::TargetGroup& target_group,
                                const std::vector<balancing::LoadBalancerArn>& load_balancers);
TargetHealthDescription health_answer(const engine::Model& model,
                                      const engine::TargetGroupModel& group,
                                      const balancing::Target& target);

}  // namespace tidegate::api::elbv2
