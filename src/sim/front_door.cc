#include "sim/front_door.h"

#include <algorithm>

namespace tidegate::sim {

using balancing::TargetIntent;

namespace {

// The engine's hidden target groups that only probe (note in engine/state.h).
constexpr std::string_view kLivenessPrefix = "liveness/";

}  // namespace

MonotonicInstant FrontDoor::monotonic_now() const {
  return MonotonicInstant{clock_.now().time_since_epoch()};
}

void FrontDoor::publish(const balancing::DataPlaneConfig& config) {
  if (gate_ && !gate_()) {
    return;
  }
  if (connected_) {
    take(config);
  } else {
    missed_ = config;
  }
}

void FrontDoor::set_connected(bool connected) {
  connected_ = connected;
  if (connected_ && missed_) {
    catching_up_ = true;
    take(*std::exchange(missed_, std::nullopt));
    catching_up_ = false;
  }
}

void FrontDoor::take(const balancing::DataPlaneConfig& config) {
  if (config.generation <= config_.generation) {
    return;
  }
  probe_due();
  config_ = config;
  std::map<Key, Watched> kept;
  for (const auto& group : config_.target_groups) {
    for (const auto& target : group.targets) {
      const Key key{group.arn.value, target.id};
      const auto old = watched_.find(key);
      const bool is_new = old == watched_.end();
      Watched watched = is_new ? Watched{} : old->second;
      watched.status = balancing::configured(
          is_new ? std::nullopt : std::optional{watched.status}, group, target, monotonic_now());
      watched.next_probe = is_new ? clock_.now() : watched.next_probe;
      configure(target, watched);
      kept.emplace(key, std::move(watched));
    }
  }
  watched_ = std::move(kept);
}

void FrontDoor::configure(const balancing::TargetConfig& target, Watched& watched) {
  const TargetIntent before = std::exchange(watched.intent, target.intent);
  if (target.intent == TargetIntent::Serving) {
    watched.draining_since.reset();
  } else if (!watched.draining_since) {
    watched.draining_since = clock_.now();
    watched.told_late = catching_up_;
  }
  Traffic& traffic = traffic_[target.id];
  if (target.intent == TargetIntent::Closing && before != TargetIntent::Closing &&
      traffic.websockets > 0) {
    const std::int64_t closed = std::exchange(traffic.websockets, 0);
    if (!watched.told_late) {
      closures_.push_back({target.id, *watched.draining_since, clock_.now(), closed});
    }
  }
  if (target.intent == TargetIntent::Dead) {
    traffic.websockets = 0;
  }
}

Result<std::string> FrontDoor::assign_address(const balancing::LoadBalancerArn& arn) {
  const auto [entry, fresh] =
      addresses_.try_emplace(arn, "10.64.255." + std::to_string(next_address_));
  next_address_ -= fresh ? 1 : 0;
  return entry->second;
}

void FrontDoor::probe(const balancing::TargetGroupConfig& group,
                      const balancing::TargetConfig& target,
                      Watched& watched) {
  const SimulatedInstance* instance = cloud_.at_address(target.address);
  balancing::ProbeOutcome outcome;
  if (instance == nullptr || !cloud_.is_alive(*instance) || clock_.now() < instance->serving_at) {
    outcome.kind = balancing::ProbeOutcome::Kind::ConnectionRefused;
  } else if (instance->frozen || instance->fails_user_data) {
    outcome.kind = balancing::ProbeOutcome::Kind::TimedOut;
    outcome.took = group.health_check.timeout;
  } else {
    outcome.status = instance->ailing ? 500 : 200;
    outcome.took = std::chrono::milliseconds{3};
  }
  if (outcome.kind == balancing::ProbeOutcome::Kind::Answered && outcome.status == 200) {
    answered_.insert({group.arn.value, target.id});
  }
  watched.status = balancing::after_probe(balancing::probe_started(std::move(watched.status)),
                                          group.health_check,
                                          outcome,
                                          monotonic_now());
}

void FrontDoor::probe_due() {
  const Instant now = clock_.now();
  for (const auto& group : config_.target_groups) {
    for (const auto& target : group.targets) {
      Watched& watched = watched_.at({group.arn.value, target.id});
      auto plan = balancing::probe_plan(watched.status, group, target);
      while (plan && watched.next_probe <= now) {
        probe(group, target, watched);
        plan = balancing::probe_plan(watched.status, group, target);
        const bool behind = now - watched.next_probe > std::chrono::minutes{1};
        watched.next_probe = (behind ? now : watched.next_probe) +
                             (plan ? plan->interval : group.health_check.interval);
      }
    }
  }
}

bool FrontDoor::has_answered(const groups::InstanceId& id) const {
  bool known = false;
  for (const auto& group : config_.target_groups) {
    const auto has = [&id](const auto& target) { return target.id == id.value; };
    if (group.arn.value.starts_with(kLivenessPrefix) ||
        std::none_of(group.targets.begin(), group.targets.end(), has)) {
      continue;
    }
    known = true;
    if (!answered_.contains({group.arn.value, id.value})) {
      return false;
    }
  }
  return known;
}

std::vector<std::uint32_t> FrontDoor::routable_in(const balancing::TargetGroupConfig& group) const {
  std::vector<balancing::Eligibility> eligible;
  for (const auto& target : group.targets) {
    eligible.push_back(
        balancing::eligibility(watched_.at({group.arn.value, target.id}).status, target));
  }
  return balancing::routable(eligible);
}

std::set<std::string> FrontDoor::routable_targets() const {
  std::set<std::string> ids;
  for (const auto& group : config_.target_groups) {
    if (group.arn.value.starts_with(kLivenessPrefix)) {
      continue;
    }
    for (const std::uint32_t position : routable_in(group)) {
      ids.insert(group.targets[position].id);
    }
  }
  return ids;
}

Forwarded FrontDoor::forward(std::size_t listener, std::string_view path) {
  if (listener >= config_.listeners.size()) {
    return {};
  }
  const balancing::RouteTable routes{config_.listeners[listener], config_.target_groups};
  const auto match = routes.match("", path);
  if (!match.target_group) {
    return {};
  }
  const auto& group = config_.target_groups[*match.target_group];
  const auto routable = routable_in(group);
  std::vector<std::uint32_t> tried;
  while (const auto chosen = rotations_[group.arn.value].pick(routable, tried)) {
    const auto& target = group.targets[*chosen];
    const SimulatedInstance* instance = cloud_.at_address(target.address);
    if (instance != nullptr && cloud_.is_alive(*instance) && clock_.now() >= instance->serving_at) {
      ++traffic_[target.id].requests;
      return {groups::InstanceId{target.id}, 200};
    }
    tried.push_back(*chosen);
  }
  return {std::nullopt, tried.empty() ? 503 : 502};
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
  probe_due();
  report_.connected = connected_;
  if (!connected_) {
    return report_;
  }
  report_.generation = config_.generation;
  bind_listeners();
  report_.targets.clear();
  for (const auto& group : config_.target_groups) {
    for (const auto& target : group.targets) {
      const Watched& watched = watched_.at({group.arn.value, target.id});
      const Traffic& traffic = traffic_[target.id];
      balancing::TargetReport report;
      report.target_group = group.arn;
      report.id = target.id;
      report.port = target.port;
      report.health = watched.status.health;
      report.last_probe = watched.status.last_probe;
      report.ever_healthy = watched.status.ever_healthy;
      report.applied_intent = target.intent;
      if (watched.draining_since) {
        report.draining_for = clock_.now() - *watched.draining_since;
      }
      report.requests = report.responses_2xx = traffic.requests;
      report.in_flight = traffic.in_flight;
      report.websockets = traffic.websockets;
      report_.targets.push_back(std::move(report));
    }
  }
  return report_;
}

}  // namespace tidegate::sim
