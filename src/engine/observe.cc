// Observe: what drivers and balancers say, folded into facts. Nothing is decided here.
#include <algorithm>
#include <set>

#include "engine/fleet/fleet.h"

namespace tidegate::engine {
namespace {

groups::TargetFacts facts_of(const balancing::TargetReport& report) {
  return {report.target_group,
          report.health,
          report.last_probe,
          report.ever_healthy,
          report.applied_intent,
          report.in_flight,
          report.websockets,
          report.port,
          report.draining_for};
}

bool has_no_user_data(const Model& model, const groups::Instance& instance) {
  const auto found = model.launch_templates.find(instance.launch_template.id);
  const auto* version = found == model.launch_templates.end()
                            ? nullptr
                            : resolve(found->second, instance.launch_template.version);
  return version != nullptr && version->user_data.empty();
}

groups::InstanceFacts gather(const EngineState& state,
                             const GroupModel& group,
                             const groups::Instance& instance,
                             const groups::InstanceObservation* observation) {
  const groups::InstanceId& id = instance.id;
  groups::InstanceFacts facts;
  facts.without_user_data = has_no_user_data(state.model, instance);
  facts.data_plane_connected = state.model.data_plane_connected;
  if (observation != nullptr) {
    facts.observation = *observation;
  }
  for (const auto& arn : group.group.target_groups) {
    const auto found = state.target_reports.find(report_key(arn, id.value));
    if (found != state.target_reports.end()) {
      facts.targets.push_back(facts_of(found->second));
    }
  }
  if (group.group.liveness) {
    const auto found =
        state.target_reports.find(report_key(liveness_group(group.group.name), id.value));
    if (found != state.target_reports.end()) {
      facts.liveness_failing =
          found->second.health.state == balancing::TargetHealthState::Unhealthy;
    }
  }
  return facts;
}

void take_report(EngineState& state, Instant now) {
  const balancing::DataPlaneReport& report = state.ports.data_plane.report();
  if (report.connected != state.model.data_plane_connected) {
    state.model.data_plane_connected = report.connected;
    state.data_plane_connected_since = now;
    state.view_stale = true;
  }
  if (!report.connected) {
    return;  // the last known reports stay; facts say that they are stale
  }
  state.target_reports.clear();
  for (auto& [arn, group] : state.model.target_groups) {
    group.reports.clear();
  }
  for (const auto& target : report.targets) {
    state.target_reports.insert_or_assign(report_key(target.target_group, target.id), target);
    const auto group = state.model.target_groups.find(target.target_group);
    if (group != state.model.target_groups.end()) {
      group->second.reports.push_back(target);
    }
  }
  state.model.load_balancer_reports = report.load_balancers;
  for (const auto& binding : report.bindings) {
    const auto found = state.model.listeners.find(binding.arn);
    if (found == state.model.listeners.end() || (found->second.bound_port == binding.bound_port &&
                                                 found->second.bind_note == binding.note)) {
      continue;
    }
    found->second.bound_port = binding.bound_port;
    found->second.bind_note = binding.note;
    state.journal.touch(EntityKind::Listener, binding.arn.value);
    state.view_stale = true;
  }
}

/// Where instances have no address of their own the port says which one it is.
bool shares_a_network(const groups::Instance& instance) {
  return instance.address.starts_with("127.");
}

void fold(EngineState& state,
          GroupModel& group,
          const std::map<groups::InstanceId, const groups::InstanceObservation*>& seen,
          Instant now) {
  std::map<groups::InstanceId, groups::InstanceFacts> facts;
  for (auto& [id, instance] : group.instances) {
    const auto observed = seen.find(id);
    const auto* observation = observed == seen.end() ? nullptr : observed->second;
    if (observation != nullptr && !observation->address.empty() &&
        observation->address != instance.address) {
      instance.address = observation->address;
      if (shares_a_network(instance)) {
        instance.port = observation->port;  // the one that the driver had for it
      }
      state.journal.touch(EntityKind::Instance, id.value, group.group.name.value);
      update_registration(state, group.group, instance, now);
      state.view_stale = true;
    }
    facts.emplace(id, gather(state, group, instance, observation));
  }
  group.facts = std::move(facts);
}

}  // namespace

std::string report_key(const balancing::TargetGroupArn& target_group,
                       const std::string& target_id) {
  return target_group.value + "|" + target_id;
}

balancing::TargetGroupArn liveness_group(const groups::GroupName& group) {
  return balancing::TargetGroupArn{"liveness/" + group.value};
}

void observe(EngineState& state, Instant now) {
  take_report(state, now);
  if (auto troubles = state.ports.compute.troubles(); troubles != state.model.host_troubles) {
    state.model.host_troubles = std::move(troubles);
    state.view_stale = true;
  }
  observe_caches(state);
  const auto snapshot = state.ports.compute.snapshot();
  std::map<groups::InstanceId, const groups::InstanceObservation*> seen;
  for (const auto& observation : snapshot) {
    seen.emplace(observation.id, &observation);
  }
  std::set<groups::InstanceId> known;
  for (auto& [name, group] : state.model.groups) {
    fold(state, group, seen, now);
    for (const auto& [id, instance] : group.instances) {
      known.insert(id);
    }
  }
  observe_standalone(state, seen);
  for (const auto& [id, instance] : state.model.standalone) {
    if (!instance.value.terminated) {
      known.insert(id);
    }
  }
  state.orphans.clear();
  for (const auto& [id, observation] : seen) {
    if (!known.contains(id)) {
      state.orphans.push_back(id);
    }
  }
}

void update_registration(EngineState& state,
                         const groups::AutoScalingGroup& group,
                         const groups::Instance& instance,
                         Instant now) {
  const bool wanted =
      groups::is_registered_state(instance.lifecycle_state) && !instance.kept_from_load_balancers;
  for (const auto& arn : group.target_groups) {
    const auto found = state.model.target_groups.find(arn);
    if (found == state.model.target_groups.end()) {
      continue;
    }
    auto& target_group = found->second.target_group;
    auto& targets = target_group.targets;
    const auto at = std::find_if(
        targets.begin(), targets.end(), [&](const auto& t) { return t.id == instance.id.value; });
    if (wanted && !instance.address.empty() && at == targets.end()) {
      targets.push_back({instance.id.value,
                         shares_a_network(instance) ? instance.port : target_group.port,
                         instance.address,
                         instance.zone,
                         now,
                         std::nullopt});
    } else if (wanted && at != targets.end()) {
      at->address = instance.address;
      at->port = shares_a_network(instance) ? instance.port : at->port;
      at->deregistered.reset();
    } else if (!wanted && at != targets.end() && !instance.in_service_since) {
      targets.erase(at);  // it never got a request: there is nothing to drain
    } else if (!wanted && at != targets.end() && !at->deregistered) {
      at->deregistered = now;
    } else {
      continue;
    }
    state.journal.touch(EntityKind::TargetGroup, arn.value);
    state.view_stale = true;
  }
}

}  // namespace tidegate::engine
