#include "sim/front_door.h"

#include <algorithm>

namespace tidegate::sim {

using balancing::TargetHealthState;

void FrontDoor::publish(const balancing::DataPlaneConfig& config) {
  if (connected_ && config.generation > config_.generation) {
    config_ = config;
  }
}

Result<std::string> FrontDoor::assign_address(const balancing::LoadBalancerArn& arn) {
  const auto [entry, fresh] =
      addresses_.try_emplace(arn, "10.64.255." + std::to_string(next_address_));
  next_address_ -= fresh ? 1 : 0;
  return entry->second;
}

void FrontDoor::probe_once(const balancing::TargetGroupConfig& group,
                           const balancing::TargetConfig& target,
                           Probing& probing) {
  const SimulatedInstance* instance = cloud_.at_address(target.address);
  const bool answers = instance != nullptr && cloud_.serves(*instance);
  probing.successes = answers ? probing.successes + 1 : 0;
  probing.failures = answers ? 0 : probing.failures + 1;
  const bool initial = probing.health.state == TargetHealthState::Initial;
  if (answers && (initial || probing.successes >= group.health_check.healthy_threshold)) {
    probing.ever_healthy = true;
    probing.health = {TargetHealthState::Healthy, "", ""};
  } else if (!answers && !initial && probing.failures >= group.health_check.unhealthy_threshold) {
    probing.health = {TargetHealthState::Unhealthy, "Target.Timeout", "Request timed out"};
  }
}

void FrontDoor::probe(const balancing::TargetGroupConfig& group,
                      const balancing::TargetConfig& target,
                      Probing& probing) {
  if (!group.in_use || !target.zone_enabled) {
    probing.health = {TargetHealthState::Unused,
                      "Target.NotInUse",
                      "Target group is not configured to receive traffic from the load balancer"};
    return;
  }
  if (target.intent != balancing::TargetIntent::Serving) {
    probing.health = {TargetHealthState::Draining,
                      "Target.DeregistrationInProgress",
                      "Target deregistration is in progress"};
    return;
  }
  const bool fresh = probing.health.state == TargetHealthState::Unused ||
                     probing.health.state == TargetHealthState::Draining;
  if (fresh || probing.incarnation != target.incarnation) {
    probing = Probing{target.incarnation,
                      0,
                      0,
                      probing.ever_healthy,
                      {TargetHealthState::Initial,
                       "Elb.InitialHealthChecking",
                       "Initial health checks in progress"},
                      clock_.now()};
  }
  while (probing.next_probe <= clock_.now()) {
    probe_once(group, target, probing);
    const bool initial = probing.health.state == TargetHealthState::Initial;
    const Duration interval = initial ? group.initial_probe_interval : group.health_check.interval;
    probing.next_probe = clock_.now() + interval;
  }
}

void FrontDoor::bind_listeners() {
  report_.bindings.clear();
  for (const auto& listener : config_.listeners) {
    const bool taken = std::find(taken_.begin(), taken_.end(), listener.port) != taken_.end();
    balancing::ListenerBinding binding{listener.arn, listener.port, ""};
    if (taken) {
      binding.note = "port " + std::to_string(listener.port) + " is taken by another program";
      binding.bound_port = listener.strict_port ? std::uint16_t{0}
                                                : static_cast<std::uint16_t>(listener.port + 8000);
    }
    report_.bindings.push_back(std::move(binding));
  }
}

const balancing::DataPlaneReport& FrontDoor::report() {
  report_.connected = connected_;
  if (!connected_) {
    return report_;
  }
  report_.generation = config_.generation;
  bind_listeners();
  report_.targets.clear();
  std::map<std::string, Probing> kept;
  for (const auto& group : config_.target_groups) {
    for (const auto& target : group.targets) {
      const std::string key = group.arn.value + "|" + target.id;
      Probing& probing = kept[key];
      if (const auto old = probing_.find(key); old != probing_.end()) {
        probing = old->second;
      } else {
        probing.incarnation = target.incarnation;
        probing.health = {TargetHealthState::Initial,
                          "Elb.RegistrationInProgress",
                          "Target registration is in progress"};
        probing.next_probe = clock_.now();
      }
      probe(group, target, probing);
      const Traffic& traffic = traffic_[target.id];
      balancing::TargetReport report;
      report.target_group = group.arn;
      report.id = target.id;
      report.port = target.port;
      report.health = probing.health;
      report.ever_healthy = probing.ever_healthy;
      report.applied_intent = target.intent;
      report.requests = report.responses_2xx = traffic.requests;
      report.in_flight = traffic.in_flight;
      report.websockets = traffic.websockets;
      report_.targets.push_back(std::move(report));
    }
  }
  probing_ = std::move(kept);
  return report_;
}

}  // namespace tidegate::sim
