#include "engine/model.h"

#include <algorithm>
#include <set>

#include "core/stacks/network.h"

namespace tidegate::engine {
namespace {

bool forwards_to(const Model& model,
                 const balancing::Listener& listener,
                 const balancing::TargetGroupArn& arn) {
  if (listener.default_action.target_group == arn) {
    return true;
  }
  return std::any_of(model.rules.begin(), model.rules.end(), [&](const auto& entry) {
    return entry.second.listener == listener.arn && entry.second.action.target_group == arn;
  });
}

const balancing::TargetReport* report_of(const TargetGroupModel& group,
                                         const balancing::Target& target) {
  const auto found =
      std::find_if(group.reports.begin(), group.reports.end(), [&](const auto& report) {
        return report.id == target.id && report.port == target.port;
      });
  return found == group.reports.end() ? nullptr : &*found;
}

}  // namespace

std::vector<balancing::LoadBalancerArn> load_balancers_of(const Model& model,
                                                          const balancing::TargetGroupArn& arn) {
  std::set<balancing::LoadBalancerArn> arns;
  for (const auto& [listener_arn, listener] : model.listeners) {
    if (forwards_to(model, listener, arn)) {
      arns.insert(listener.load_balancer);
    }
  }
  return {arns.begin(), arns.end()};
}

bool target_group_in_use(const Model& model, const balancing::TargetGroupArn& arn) {
  return !load_balancers_of(model, arn).empty();
}

std::vector<std::string> zones_served(const Model& model, const balancing::TargetGroupArn& arn) {
  std::set<std::string> zones;
  for (const auto& load_balancer : load_balancers_of(model, arn)) {
    const auto found = model.load_balancers.find(load_balancer);
    if (found != model.load_balancers.end()) {
      zones.insert(found->second.zones.begin(), found->second.zones.end());
    }
  }
  return {zones.begin(), zones.end()};
}

std::map<std::string, std::string> subnet_zones(const Model& model) {
  auto zones = stacks::default_subnets(model.region);
  for (const auto& [name, stack] : model.stacks) {
    if (stack.status != stacks::Status::DeleteComplete) {
      zones.insert(stack.metadata.subnet_zones.begin(), stack.metadata.subnet_zones.end());
    }
  }
  return zones;
}

balancing::TargetHealth target_health(const Model& model,
                                      const TargetGroupModel& group,
                                      const balancing::Target& target) {
  using balancing::TargetHealthState;
  if (target.deregistered) {
    return {TargetHealthState::Draining,
            "Target.DeregistrationInProgress",
            "Target deregistration is in progress"};
  }
  const auto zones = zones_served(model, group.target_group.arn);
  if (zones.empty()) {
    return {TargetHealthState::Unused,
            "Target.NotInUse",
            "Target group is not configured to receive traffic from the load balancer"};
  }
  if (!target.zone.empty() && !std::binary_search(zones.begin(), zones.end(), target.zone)) {
    return {TargetHealthState::Unused,
            "Target.NotInUse",
            "Target is in an Availability Zone that is not enabled for the load balancer"};
  }
  const auto* report = report_of(group, target);
  if (report == nullptr) {
    return {TargetHealthState::Initial,
            "Elb.RegistrationInProgress",
            "Target registration is in progress"};
  }
  return report->health;
}

}  // namespace tidegate::engine
