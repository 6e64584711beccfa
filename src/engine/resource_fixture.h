// Resources of a stack, put into the engine's own state one by one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/resources.h"
#include "engine/state_fixture.h"

namespace tidegate::engine {

struct ResourceBench : StateBench {
  stacks::Stack stack;

  ResourceBench() { stack.name = stacks::StackName{"web"}; }

  Status create(stacks::ResourceProperties properties) {
    stacks::PlannedResource planned;
    planned.properties = std::move(properties);
    return create_resource(state, stack, planned, now());
  }
  Status try_modify(stacks::ResourceProperties properties, std::vector<std::string> changed = {}) {
    stacks::ResourceChange change;
    change.resource.properties = std::move(properties);
    change.changed_properties = std::move(changed);
    return modify_resource(state, change, now());
  }
  void modify(stacks::ResourceProperties properties, std::vector<std::string> changed = {}) {
    pass(std::chrono::seconds{9});
    REQUIRE(try_modify(std::move(properties), std::move(changed)).has_value());
  }
  Readiness remove(const std::string& type,
                   const std::string& physical_id,
                   DeleteStack::Haste haste = DeleteStack::Haste::Drain) {
    return delete_resource(state, type, physical_id, haste, now());
  }

  static balancing::Listener listener(const std::string& arn, std::uint16_t port) {
    balancing::Listener value;
    value.arn = balancing::ListenerArn{arn};
    value.load_balancer = balancing::LoadBalancerArn{"lb"};
    value.port = port;
    return value;
  }
  static balancing::Rule rule(const std::string& arn, std::int32_t priority) {
    balancing::Rule value;
    value.arn = balancing::RuleArn{arn};
    value.listener = balancing::ListenerArn{"l"};
    value.priority = priority;
    return value;
  }
  static balancing::LoadBalancer load_balancer(const std::string& name) {
    balancing::LoadBalancer value;
    value.arn = balancing::LoadBalancerArn{name};
    value.name = name;
    return value;
  }
  static balancing::TargetGroup target_group(const std::string& name) {
    balancing::TargetGroup value;
    value.arn = balancing::TargetGroupArn{name};
    value.name = name;
    return value;
  }
  static scaling::TargetTrackingPolicy policy(double target) {
    scaling::TargetTrackingPolicy value;
    value.name = scaling::PolicyName{"p"};
    value.arn = "arn:p";
    value.group_name = "g";
    value.target_value = target;
    value.timing = scaling::timing_of(scaling::TimingProfile::Fast);
    return value;
  }
  static groups::LaunchTemplate launch_template(const std::string& id, const std::string& name) {
    groups::LaunchTemplate value;
    value.id = groups::LaunchTemplateId{id};
    value.name = name;
    value.versions.emplace_back();
    return value;
  }
  static groups::AutoScalingGroup sized(std::int32_t min, std::int32_t max, std::int32_t desired) {
    groups::AutoScalingGroup value;
    value.name = groups::GroupName{"g"};
    value.min_size = min;
    value.max_size = max;
    value.desired_capacity = desired;
    return value;
  }
  static alarms::Alarm alarm(const std::string& name) {
    alarms::Alarm value;
    value.name = alarms::AlarmName{name};
    return value;
  }
  static caches::CacheCluster cache(const std::string& id) {
    caches::CacheCluster value;
    value.id = caches::CacheClusterId{id};
    value.node_type = "cache.t3.micro";
    return value;
  }
};

}  // namespace tidegate::engine
