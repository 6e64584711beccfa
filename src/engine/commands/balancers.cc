// Load balancers, target groups, listeners and rules by calls. Everything is made and deleted by
// the same functions as a stack's resources (resources.h), so that both live alike.

#include "engine/commands/balancers.h"

#include <algorithm>
#include <set>

#include "core/stacks/template.h"
#include "engine/commands/execution.h"
#include "engine/resources.h"

namespace tidegate::engine {
namespace {

using balancing::Listener;
using balancing::LoadBalancer;
using balancing::Rule;
using balancing::TargetGroup;

Error refused(const char* name, std::string message) {
  return Error{ErrorCode::InvalidArgument, name, std::move(message)};
}

Error not_found(const char* name, std::string message) {
  return Error{ErrorCode::NotFound, name, std::move(message)};
}

template <typename Map, typename Key>
auto* find(Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

bool same_but_runtime(const LoadBalancer& wanted, const LoadBalancer& old) {
  return wanted.scheme == old.scheme && wanted.subnets == old.subnets &&
         wanted.security_groups == old.security_groups && wanted.tags == old.tags;
}

bool same_but_runtime(const TargetGroup& wanted, const TargetGroup& old) {
  return wanted.target_type == old.target_type && wanted.port == old.port &&
         wanted.health_check == old.health_check && wanted.tags == old.tags;
}

Status check_tags(const balancing::Tags& tags) {
  return tags.size() <= kMaxTags
             ? Status{Ok{}}
             : refused("TooManyTags",
                       "There are too many tags: " + std::to_string(tags.size()) + "; at most " +
                           std::to_string(kMaxTags) + " on one resource");
}

class Run {
 public:
  explicit Run(const Execution& execution) : at_(execution), model_(execution.state.model) {}

  Result<Answer> operator()(const CreateLoadBalancer& command) const {
    LoadBalancer wanted = command.wanted;
    for (const auto& [arn, old] : model_.load_balancers) {
      if (old.name != wanted.name) {
        continue;
      }
      if (same_but_runtime(wanted, old)) {
        return Answer{BalancerAnswer{old}};
      }
      return refused("DuplicateLoadBalancerName",
                     "A load balancer with the same name '" + wanted.name +
                         "' exists, but with different settings");
    }
    if (model_.load_balancers.size() >= kMaxLoadBalancers) {
      return refused(
          "TooManyLoadBalancers",
          "The limit of " + std::to_string(kMaxLoadBalancers) + " load balancers has been reached");
    }
    TG_RETURN_IF_ERROR(check_tags(wanted.tags));
    TG_ASSIGN_OR_RETURN(wanted.zones, zones_of(wanted.subnets));
    wanted.arn.value = arn("loadbalancer/app/" + wanted.name + "/" + new_id());
    TG_RETURN_IF_ERROR(create(wanted));
    return Answer{BalancerAnswer{model_.load_balancers.at(wanted.arn)}};
  }

  Result<Answer> operator()(const ChangeLoadBalancer& command) const {
    LoadBalancer* found = find(model_.load_balancers, command.arn);
    if (found == nullptr) {
      return no_load_balancer(command.arn);
    }
    TG_RETURN_IF_ERROR(balancing::set_attributes(*found, command.attributes));
    if (command.subnets) {
      TG_ASSIGN_OR_RETURN(found->zones, zones_of(*command.subnets));
      found->subnets = *command.subnets;
    }
    if (command.security_groups) {
      found->security_groups = *command.security_groups;
    }
    touch(EntityKind::LoadBalancer, command.arn.value);
    return Answer{BalancerAnswer{*found}};
  }

  Result<Answer> operator()(const DeleteLoadBalancer& command) const {
    const LoadBalancer* found = find(model_.load_balancers, command.arn);
    if (found == nullptr) {
      return Answer{Ok{}};
    }
    if (found->deletion_protection) {
      return refused("OperationNotPermitted",
                     "Load balancer '" + command.arn.value +
                         "' cannot be deleted because deletion protection is enabled");
    }
    std::vector<balancing::ListenerArn> listeners;
    for (const auto& [arn, listener] : model_.listeners) {
      if (listener.load_balancer == command.arn) {
        listeners.push_back(arn);
      }
    }
    for (const auto& arn : listeners) {
      remove_listener(arn);
    }
    remove("AWS::ElasticLoadBalancingV2::LoadBalancer", command.arn.value);
    return Answer{Ok{}};
  }

  Result<Answer> operator()(const CreateTargetGroup& command) const {
    TargetGroup wanted = command.wanted;
    for (const auto& [arn, old] : model_.target_groups) {
      if (old.target_group.name != wanted.name) {
        continue;
      }
      if (same_but_runtime(wanted, old.target_group)) {
        return Answer{BalancerAnswer{old.target_group}};
      }
      return refused("DuplicateTargetGroupName",
                     "A target group with the same name '" + wanted.name +
                         "' exists, but with different settings");
    }
    if (model_.target_groups.size() >= kMaxTargetGroups) {
      return refused(
          "TooManyTargetGroups",
          "The limit of " + std::to_string(kMaxTargetGroups) + " target groups has been reached");
    }
    TG_RETURN_IF_ERROR(check_tags(wanted.tags));
    wanted.arn.value = arn("targetgroup/" + wanted.name + "/" + new_id());
    TG_RETURN_IF_ERROR(create(wanted));
    return Answer{BalancerAnswer{model_.target_groups.at(wanted.arn).target_group}};
  }

  Result<Answer> operator()(const ChangeTargetGroup& command) const {
    TargetGroupModel* found = find(model_.target_groups, command.arn);
    if (found == nullptr) {
      return no_target_group();
    }
    TG_RETURN_IF_ERROR(balancing::set_attributes(found->target_group, command.attributes));
    if (command.health_check) {
      found->target_group.health_check = *command.health_check;
    }
    touch(EntityKind::TargetGroup, command.arn.value);
    return Answer{BalancerAnswer{found->target_group}};
  }

  Result<Answer> operator()(const DeleteTargetGroup& command) const {
    if (!load_balancers_of(model_, command.arn).empty()) {
      return refused(
          "ResourceInUse",
          "Target group '" + command.arn.value + "' is currently in use by a listener or a rule");
    }
    remove("AWS::ElasticLoadBalancingV2::TargetGroup", command.arn.value);
    return Answer{Ok{}};
  }

  Result<Answer> operator()(const CreateListener& command) const {
    Listener wanted = command.wanted;
    if (find(model_.load_balancers, wanted.load_balancer) == nullptr) {
      return no_load_balancer(wanted.load_balancer);
    }
    TG_RETURN_IF_ERROR(check_forward(wanted.default_action.target_group, wanted.load_balancer));
    std::size_t listeners = 0;
    for (const auto& [arn, old] : model_.listeners) {
      if (old.load_balancer != wanted.load_balancer) {
        continue;
      }
      ++listeners;
      if (old.port == wanted.port) {
        if (old.default_action == wanted.default_action && old.tags == wanted.tags) {
          return Answer{BalancerAnswer{old}};
        }
        return port_taken();
      }
    }
    if (listeners >= kMaxListeners) {
      return refused("TooManyListeners",
                     "The limit of " + std::to_string(kMaxListeners) +
                         " listeners of one load balancer has been reached");
    }
    TG_RETURN_IF_ERROR(check_tags(wanted.tags));
    wanted.arn.value = arn("listener/" + path_of(wanted.load_balancer.value) + "/" + new_id());
    TG_RETURN_IF_ERROR(create(wanted));
    return Answer{BalancerAnswer{model_.listeners.at(wanted.arn)}};
  }

  Result<Answer> operator()(const ChangeListener& command) const {
    Listener* found = find(model_.listeners, command.arn);
    if (found == nullptr) {
      return no_listener();
    }
    if (command.action) {
      TG_RETURN_IF_ERROR(check_forward(command.action->target_group, found->load_balancer));
      found->default_action = *command.action;
    }
    if (command.port && *command.port != found->port) {
      const bool taken =
          std::any_of(model_.listeners.begin(), model_.listeners.end(), [&](const auto& entry) {
            return entry.second.load_balancer == found->load_balancer &&
                   entry.second.port == *command.port;
          });
      if (taken) {
        return port_taken();
      }
      found->port = *command.port;
      found->bound_port = 0;
      found->bind_note.clear();
    }
    touch(EntityKind::Listener, command.arn.value);
    return Answer{BalancerAnswer{*found}};
  }

  Result<Answer> operator()(const DeleteListener& command) const {
    if (find(model_.listeners, command.arn) == nullptr) {
      return no_listener();
    }
    remove_listener(command.arn);
    return Answer{Ok{}};
  }

  Result<Answer> operator()(const CreateRule& command) const {
    Rule wanted = command.wanted;
    const Listener* listener = find(model_.listeners, wanted.listener);
    if (listener == nullptr) {
      return no_listener();
    }
    TG_RETURN_IF_ERROR(check_forward(wanted.action.target_group, listener->load_balancer));
    std::size_t rules = 0;
    for (const auto& [arn, old] : model_.rules) {
      const Listener* owner = find(model_.listeners, old.listener);
      rules += owner != nullptr && owner->load_balancer == listener->load_balancer ? 1U : 0U;
      if (old.listener == wanted.listener && old.priority == wanted.priority) {
        return priority_taken(wanted.priority);
      }
    }
    if (rules >= kMaxRules) {
      return refused("TooManyRules",
                     "The limit of " + std::to_string(kMaxRules) +
                         " rules of one load balancer has been reached");
    }
    TG_RETURN_IF_ERROR(check_tags(wanted.tags));
    wanted.arn.value = arn("listener-rule/" + path_of(wanted.listener.value) + "/" + new_id());
    TG_RETURN_IF_ERROR(create(wanted));
    return Answer{BalancerAnswer{std::vector<Rule>{model_.rules.at(wanted.arn)}}};
  }

  Result<Answer> operator()(const ChangeRule& command) const {
    Rule* found = find(model_.rules, command.arn);
    if (found == nullptr) {
      return no_rule();
    }
    if (command.action) {
      const Listener* listener = find(model_.listeners, found->listener);
      TG_RETURN_IF_ERROR(check_forward(
          command.action->target_group,
          listener != nullptr ? listener->load_balancer : balancing::LoadBalancerArn{}));
      found->action = *command.action;
    }
    if (command.conditions) {
      found->conditions = *command.conditions;
    }
    touch(EntityKind::Rule, command.arn.value);
    return Answer{BalancerAnswer{std::vector<Rule>{*found}}};
  }

  Result<Answer> operator()(const DeleteRule& command) const {
    if (find(model_.rules, command.arn) == nullptr) {
      return no_rule();
    }
    remove("AWS::ElasticLoadBalancingV2::ListenerRule", command.arn.value);
    return Answer{Ok{}};
  }

  /// All at once: two rules may change places.
  Result<Answer> operator()(const SetRulePriorities& command) const {
    std::vector<Rule> changed;
    for (const auto& [arn, priority] : command.priorities) {
      Rule* found = find(model_.rules, arn);
      if (found == nullptr) {
        return no_rule();
      }
      found->priority = priority;
      touch(EntityKind::Rule, arn.value);
      changed.push_back(*found);
    }
    std::set<std::pair<balancing::ListenerArn, std::int32_t>> taken;
    for (const auto& [arn, rule] : model_.rules) {
      if (!taken.emplace(rule.listener, rule.priority).second) {
        return priority_taken(rule.priority);
      }
    }
    return Answer{BalancerAnswer{std::move(changed)}};
  }

  Result<Answer> operator()(const ChangeTags& command) const {
    for (const std::string& arn : command.arns) {
      TG_ASSIGN_OR_RETURN(balancing::Tags* const tags, tags_of(arn));
      for (const auto& [key, value] : command.added) {
        tags->insert_or_assign(key, value);
      }
      for (const std::string& key : command.removed) {
        tags->erase(key);
      }
      TG_RETURN_IF_ERROR(check_tags(*tags));
    }
    return Answer{Ok{}};
  }

 private:
  static Error no_load_balancer(const balancing::LoadBalancerArn& arn) {
    return not_found("LoadBalancerNotFound", "Load balancer '" + arn.value + "' not found");
  }
  static Error no_target_group() {
    return not_found("TargetGroupNotFound", "One or more target groups not found");
  }
  static Error no_listener() {
    return not_found("ListenerNotFound", "One or more listeners not found");
  }
  static Error no_rule() { return not_found("RuleNotFound", "One or more rules not found"); }
  static Error port_taken() {
    return refused("DuplicateListener",
                   "A listener already exists on this port for this load balancer");
  }
  static Error priority_taken(std::int32_t priority) {
    return refused("PriorityInUse",
                   "Priority '" + std::to_string(priority) + "' is currently in use");
  }

  void touch(EntityKind kind, const std::string& id) const { at_.state.journal.touch(kind, id); }
  std::string new_id() const { return at_.state.ids.hex(16); }
  std::string arn(const std::string& rest) const {
    return "arn:aws:elasticloadbalancing:" + at_.state.settings.region + ":" +
           at_.state.settings.account_id + ":" + rest;
  }
  /// "app/<name>/<id>…" of an ARN.
  static std::string path_of(const std::string& arn) {
    const std::size_t slash = arn.find('/');
    return slash == std::string::npos ? std::string{} : arn.substr(slash + 1);
  }

  Status create(stacks::ResourceProperties value) const {
    stacks::PlannedResource planned;
    planned.properties = std::move(value);
    return create_resource(at_.state, stacks::Stack{}, planned, at_.now);
  }
  void remove(const char* type, const std::string& physical_id) const {
    static_cast<void>(
        delete_resource(at_.state, type, physical_id, DeleteStack::Haste::Drain, at_.now));
  }
  void remove_listener(const balancing::ListenerArn& arn) const {
    std::vector<std::string> rules;
    for (const auto& [rule_arn, rule] : model_.rules) {
      if (rule.listener == arn) {
        rules.push_back(rule_arn.value);
      }
    }
    for (const std::string& rule : rules) {
      remove("AWS::ElasticLoadBalancingV2::ListenerRule", rule);
    }
    remove("AWS::ElasticLoadBalancingV2::Listener", arn.value);
  }

  Result<std::vector<std::string>> zones_of(const std::vector<std::string>& subnets) const {
    const auto known = subnet_zones(model_);
    std::set<std::string> zones;
    for (const std::string& subnet : subnets) {
      const auto zone = known.find(subnet);
      if (zone == known.end()) {
        return not_found("SubnetNotFound", "The subnet ID '" + subnet + "' does not exist");
      }
      if (!zones.insert(zone->second).second) {
        return refused("InvalidConfigurationRequest",
                       "A load balancer cannot be attached to multiple subnets in the same "
                       "Availability Zone ('" +
                           zone->second + "')");
      }
    }
    return std::vector<std::string>{zones.begin(), zones.end()};
  }

  /// AWS: a target group belongs to one load balancer at most.
  Status check_forward(const balancing::TargetGroupArn& target,
                       const balancing::LoadBalancerArn& owner) const {
    if (find(model_.target_groups, target) == nullptr) {
      return not_found("TargetGroupNotFound", "Target groups '" + target.value + "' not found");
    }
    const auto users = load_balancers_of(model_, target);
    if (std::any_of(users.begin(), users.end(), [&](const auto& arn) { return arn != owner; })) {
      return refused("TargetGroupAssociationLimit",
                     "The following target groups cannot be associated with more than one load "
                     "balancer: " +
                         target.value);
    }
    std::size_t used = 0;
    for (const auto& [arn, group] : model_.target_groups) {
      const auto its = load_balancers_of(model_, arn);
      used += arn != target && std::find(its.begin(), its.end(), owner) != its.end() ? 1U : 0U;
    }
    return used < kMaxTargetGroupsOfBalancer
               ? Status{Ok{}}
               : refused("TooManyUniqueTargetGroupsPerLoadBalancer",
                         "The limit of " + std::to_string(kMaxTargetGroupsOfBalancer) +
                             " target groups of one load balancer has been reached");
  }

  Result<balancing::Tags*> tags_of(const std::string& arn) const {
    if (auto* found = find(model_.load_balancers, balancing::LoadBalancerArn{arn})) {
      touch(EntityKind::LoadBalancer, arn);
      return &found->tags;
    }
    if (auto* found = find(model_.target_groups, balancing::TargetGroupArn{arn})) {
      touch(EntityKind::TargetGroup, arn);
      return &found->target_group.tags;
    }
    if (auto* found = find(model_.listeners, balancing::ListenerArn{arn})) {
      touch(EntityKind::Listener, arn);
      return &found->tags;
    }
    if (auto* found = find(model_.rules, balancing::RuleArn{arn})) {
      touch(EntityKind::Rule, arn);
      return &found->tags;
    }
    return balancing::no_such_resource(arn);
  }

  const Execution& at_;
  Model& model_;
};

}  // namespace

Result<Answer> run(const Execution& on, const BalancerCommand& command) {
  return std::visit(Run{on}, command);
}

}  // namespace tidegate::engine
