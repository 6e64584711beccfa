// Instances outside groups, tick by tick: seen, judged by core/groups/standalone.h, asked for.
#include <algorithm>

#include "base/json.h"
#include "engine/fleet/fleet.h"

namespace tidegate::engine {
namespace {

using groups::InstancePhase;
using groups::LifecycleState;
using groups::StandaloneInstance;
using groups::TerminationStage;

Json metadata_document(const EngineState& state, const StandaloneInstance& given) {
  const groups::Instance& instance = given.instance;
  Json tags = Json::object();
  for (const auto& [key, value] : instance.tags) {
    tags.set(key, value);
  }
  return Json::object({{"instance-id", instance.id.value},
                       {"instance-type", instance.instance_type},
                       {"ami-id", instance.image_id},
                       {"account-id", state.settings.account_id},
                       {"region", state.settings.region},
                       {"availability-zone", instance.zone},
                       {"tags", std::move(tags)},
                       {"user-data", given.made_from.user_data}});
}

ports::LaunchSpec launch_spec(const EngineState& state, const StandaloneInstance& given) {
  const groups::Instance& instance = given.instance;
  ports::LaunchSpec spec;
  spec.id = instance.id;
  spec.zone = instance.zone;
  spec.image_id = instance.image_id;
  spec.instance_type = instance.instance_type;
  spec.port = instance.port;
  spec.user_data = given.made_from.user_data;
  if (const auto image = image_of(state.model, {}, instance.image_id)) {
    spec.image.layers = image->layers;
  }
  if (const auto size = size_of(state.model, {}, instance.instance_type, kLoneInstances)) {
    spec.size = {size->vcpus, size->memory_mib};
  }
  const auto stop_seconds = groups::kStandaloneStopTimeout / std::chrono::seconds{1};
  spec.environment = {{"DRAIN_DEADLINE_S", std::to_string(stop_seconds)},
                      {"AWS_REGION", state.settings.region}};
  spec.metadata_document = metadata_document(state, given).dump();
  return spec;
}

Asked::What wanted(const StandaloneModel& standalone) {
  const groups::Instance& instance = standalone.value.instance;
  const auto& seen = standalone.facts.observation;
  if (instance.stage == TerminationStage::Killing) {
    return seen ? Asked::What::Kill : Asked::What::Nothing;
  }
  if (!seen) {
    return instance.lifecycle_state == LifecycleState::Pending ? Asked::What::Launch
                                                               : Asked::What::Nothing;
  }
  const bool running =
      seen->phase == InstancePhase::Running || seen->phase == InstancePhase::Launching;
  return running && instance.stage == TerminationStage::Stopping ? Asked::What::Stop
                                                                 : Asked::What::Nothing;
}

void say_step(EngineState& state, const StandaloneInstance& given, Instant now) {
  const groups::Instance& instance = given.instance;
  LedgerEntry entry;
  entry.at = now;
  entry.instance = instance.id.value;
  entry.decided = true;
  const char* state_name = instance.lifecycle_state == LifecycleState::InService ? "running "
                           : given.terminated                                    ? "terminated "
                                                                                 : "ending ";
  entry.what = state_name + instance.id.value;
  entry.why = given.end_reason;
  record(state, std::move(entry));
}

/// Of those that are shown though they ended, the newest stay.
void forget_oldest(EngineState& state) {
  std::vector<std::pair<Instant, groups::InstanceId>> ended;
  for (const auto& [id, standalone] : state.model.standalone) {
    if (standalone.value.terminated) {
      ended.emplace_back(*standalone.value.terminated, id);
    }
  }
  if (ended.size() <= groups::kMaxTerminatedShown) {
    return;
  }
  std::sort(ended.begin(), ended.end());
  ended.resize(ended.size() - groups::kMaxTerminatedShown);
  for (const auto& [at, id] : ended) {
    state.model.standalone.erase(id);
    state.journal.touch(EntityKind::Standalone, id.value);
  }
}

/// An ended instance is deregistered wherever it was a target.
void deregister(EngineState& state, const groups::InstanceId& id, Instant now) {
  for (auto& [arn, group] : state.model.target_groups) {
    for (auto& target : group.target_group.targets) {
      if (target.id == id.value && !target.deregistered) {
        target.deregistered = now;
        state.journal.touch(EntityKind::TargetGroup, arn.value);
      }
    }
  }
}

}  // namespace

void observe_standalone(EngineState& state, const SeenInstances& seen) {
  for (auto& [id, standalone] : state.model.standalone) {
    groups::Instance& instance = standalone.value.instance;
    const auto observed = seen.find(id);
    standalone.facts = {};
    standalone.facts.without_user_data = standalone.value.made_from.user_data.empty();
    if (observed == seen.end()) {
      continue;
    }
    standalone.facts.observation = *observed->second;
    if (!observed->second->address.empty() && observed->second->address != instance.address) {
      instance.address = observed->second->address;
      instance.port = observed->second->port;
      state.journal.touch(EntityKind::Standalone, id.value);
      state.view_stale = true;
    }
  }
}

void plan_standalone(EngineState& state, Instant now) {
  std::vector<groups::InstanceId> forgotten;
  for (auto& [id, standalone] : state.model.standalone) {
    auto made = groups::step(standalone.value, &standalone.facts, now);
    if (made.next_due && *made.next_due > now) {
      state.due = std::min(state.due, *made.next_due);
    }
    if (made.keep == groups::StandaloneStep::Keep::Forget) {
      forgotten.push_back(id);
    }
    if (!made.changed) {
      continue;
    }
    standalone.value = std::move(*made.changed);
    say_step(state, standalone.value, now);
    if (standalone.value.instance.lifecycle_state == LifecycleState::Terminating) {
      deregister(state, id, now);
    }
    state.journal.touch(EntityKind::Standalone, id.value);
  }
  for (const auto& id : forgotten) {
    state.model.standalone.erase(id);
    state.journal.touch(EntityKind::Standalone, id.value);
  }
  forget_oldest(state);
}

void act_on_standalone(EngineState& state, Instant now) {
  auto& asked = state.standalone_asked;
  std::erase_if(asked,
                [&](const auto& entry) { return !state.model.standalone.contains(entry.first); });
  for (const auto& [id, standalone] : state.model.standalone) {
    const auto what = wanted(standalone);
    if (!ask(asked[id], what, now)) {
      continue;
    }
    if (what == Asked::What::Launch) {
      state.ports.compute.launch(launch_spec(state, standalone.value));
    } else if (what == Asked::What::Stop) {
      state.ports.compute.stop(id);
    } else {
      state.ports.compute.kill(id);
    }
  }
}

void keep_outside(EngineState& state, const groups::Instance& instance, Instant now) {
  const auto found = state.model.launch_templates.find(instance.launch_template.id);
  const auto* version = found == state.model.launch_templates.end()
                            ? nullptr
                            : resolve(found->second, instance.launch_template.version);
  groups::LaunchTemplateVersion made_from;
  if (version != nullptr) {
    made_from = *version;
  }
  if (instance.lifecycle_state == LifecycleState::Terminated) {
    made_from.user_data.clear();  // nothing will run it again
  }
  state.model.standalone[instance.id].value = groups::outside_group(instance, made_from, now);
  state.journal.touch(EntityKind::Standalone, instance.id.value);
}

}  // namespace tidegate::engine
