#include "sim/watch.h"

#include <algorithm>

#include "base/text.h"
#include "engine/journal/codec.h"
#include "engine/journal/stored_form.h"

namespace tidegate::sim {
namespace {

using groups::LifecycleState;
using groups::TerminationStage;

constexpr std::size_t kMaxBreaches = 50;
// A control plane that dies between the journal and the balancer is back after this at most.
constexpr Duration kToldLate = std::chrono::seconds{1};

bool has_blocker(const engine::GroupModel& group, std::string_view what) {
  return std::any_of(group.blockers.begin(), group.blockers.end(), [what](const auto& blocker) {
    return std::string_view{blocker.what}.starts_with(what);
  });
}

std::string name_of(ComputeCall::What what) {
  switch (what) {
    case ComputeCall::What::Launch:
      return "launch";
    case ComputeCall::What::Stop:
      return "stop";
    case ComputeCall::What::Kill:
      return "kill";
  }
  return "call";
}

/// Without what an evaluation says anew each time: it is journalled with the alarm's transitions.
std::string lasting_part(const std::string& key, const std::string& text) {
  const auto json = Json::parse(text);
  if (!key.starts_with("alarm/") || !json) {
    return text;
  }
  Json lasting = *json;
  return lasting.set("StateReason", "").set("StateReasonData", "").dump();
}

/// The two texts from a little before where they part.
std::string difference(const std::string& stored, const std::string& model) {
  constexpr std::size_t kBefore = 40;
  constexpr std::size_t kShown = 120;
  const auto parting = std::mismatch(stored.begin(), stored.end(), model.begin(), model.end());
  const auto same = static_cast<std::size_t>(parting.first - stored.begin());
  const std::size_t from = same - std::min(same, kBefore);
  return "the store has …" + stored.substr(from, kShown) + "…, the model has …" +
         model.substr(from, kShown) + "…";
}

}  // namespace

void Watch::breach(std::string sentence) {
  if (breaches_.size() < kMaxBreaches) {
    breaches_.push_back(format_iso8601_millis(clock_.now()) + " " + std::move(sentence));
  }
}

std::optional<groups::Instance> Watch::stored(const groups::InstanceId& id) const {
  for (const auto& [key, text] : store_.contents()) {
    if (key.starts_with("instance/") && key.ends_with("/" + id.value)) {
      const auto json = Json::parse(text);
      return json ? std::optional{engine::from_json<groups::Instance>(*json)} : std::nullopt;
    }
  }
  return std::nullopt;
}

void Watch::before_call(const ComputeCall& call) {
  const std::optional<groups::Instance> instance = stored(call.id);
  const std::string subject = name_of(call.what) + " of " + call.id.value;
  if (!instance) {
    // Orphans may be killed: what was launched and is not in the store any more is Terminated.
    if (call.what != ComputeCall::What::Kill || !ever_stored_.contains(call.id)) {
      breach(subject + " without a journal entry");
    }
    return;
  }
  ever_stored_.insert(call.id);
  switch (call.what) {
    case ComputeCall::What::Launch:
      if (instance->lifecycle_state != LifecycleState::Pending) {
        breach(subject + ", which the journal has as " +
               std::string{to_string(instance->lifecycle_state)});
      }
      return;
    case ComputeCall::What::Stop:
      if (instance->stage == TerminationStage::None) {
        breach(subject + ", which the journal does not have as terminating");
      }
      return;
    case ComputeCall::What::Kill:
      if (instance->stage != TerminationStage::Killing) {
        breach(subject + ", which the journal has in stage " +
               std::string{to_string(instance->stage)});
      }
      return;
  }
}

void Watch::after_tick(const engine::Model& model) {
  for (const auto& [name, group] : model.groups) {
    check_group(group);
  }
  std::erase_if(before_, [&](const auto& entry) { return !model.groups.contains(entry.first); });
  check_doubles(model);
  check_closures(model);
}

void Watch::check_group(const engine::GroupModel& group) {
  std::vector<groups::Instance> instances;
  for (const auto& [id, instance] : group.instances) {
    instances.push_back(instance);
  }
  const std::string broken = groups::check_invariants(group.group, instances);
  if (!broken.empty()) {
    breach(broken);
  }
  check_capacity(group, instances);
  Before& before = before_[group.group.name];
  check_gate(group, before);
  check_budget(group, before);
  remember(group, before);
}

void Watch::remember(const engine::GroupModel& group, Before& before) {
  before = {};
  for (const auto& [id, instance] : group.instances) {
    before.states.emplace(id, instance.lifecycle_state);
    const bool pending = instance.lifecycle_state == LifecycleState::Pending;
    before.replacing += pending && instance.replaces ? 1 : 0;
  }
}

/// Counted capacity is inside MinSize..MaxSize, but for what is said to stand in the way.
void Watch::check_capacity(const engine::GroupModel& group,
                           const std::vector<groups::Instance>& instances) {
  const std::int32_t counted = groups::counted_capacity(instances);
  const std::string& name = group.group.name.value;
  if (counted > group.group.max_size && !has_blocker(group, "scale in")) {
    breach("counted capacity " + std::to_string(counted) + " of " + name + " is above MaxSize");
  }
  if (counted < group.group.min_size && !has_blocker(group, "launch")) {
    breach("counted capacity " + std::to_string(counted) + " of " + name + " is below MinSize");
  }
}

/// InService only after an answer through the balancer's path.
void Watch::check_gate(const engine::GroupModel& group, const Before& before) {
  if (group.group.target_groups.empty()) {
    return;
  }
  for (const auto& [id, instance] : group.instances) {
    const auto was = before.states.find(id);
    const bool entered = instance.lifecycle_state == LifecycleState::InService &&
                         (was == before.states.end() || was->second == LifecycleState::Pending);
    if (entered && !door_.has_answered(id)) {
      breach(id.value + " is InService and never answered through the balancer");
    }
  }
}

void Watch::check_budget(const engine::GroupModel& group, const Before& before) {
  std::int32_t replacing = 0;
  std::int32_t failing = 0;
  std::int32_t in_service = 0;
  std::int32_t asked_for = 0;
  for (const auto& [id, instance] : group.instances) {
    const bool serves = instance.lifecycle_state == LifecycleState::InService;
    replacing += instance.lifecycle_state == LifecycleState::Pending && instance.replaces ? 1 : 0;
    in_service += serves ? 1 : 0;
    failing += serves && instance.health_status == groups::HealthStatus::Unhealthy ? 1 : 0;
    asked_for +=
        serves && instance.termination_reason == groups::TerminationReason::UserRequest ? 1 : 0;
  }
  const std::int32_t more = replacing - before.replacing - asked_for;
  if (more <= 0) {
    return;
  }
  if (replacing - asked_for > groups::max_replacements(group.group)) {
    breach(std::to_string(replacing) + " replacements are under way in " + group.group.name.value);
  }
  if (failing >= 2 && 2 * failing > in_service) {
    breach("a replacement was launched while " + std::to_string(failing) + " of " +
           std::to_string(in_service) + " instances of " + group.group.name.value + " fail");
  }
}

/// What lives in the cloud is what the model has: nothing twice, nothing unknown for long.
void Watch::check_doubles(const engine::Model& model) {
  std::map<std::string, std::int32_t> alive;
  for (const auto& [id, instance] : cloud_.instances()) {
    alive[instance.spec.group_name] += 1;
  }
  for (const auto& [name, group] : model.groups) {
    const auto known = static_cast<std::int32_t>(group.instances.size());
    std::int32_t orphans = 0;
    for (const auto& [id, instance] : cloud_.instances()) {
      const bool is_orphan =
          instance.spec.group_name == name.value && !group.instances.contains(id);
      orphans += is_orphan ? 1 : 0;
      if (is_orphan && !ever_stored_.contains(id)) {
        breach(id.value + " runs and was never in the journal");
      }
    }
    if (alive[name.value] - orphans > known) {
      breach("more instances of " + name.value + " run than the model has");
    }
  }
}

/// No WebSocket is closed by the balancer before deregistration delay and StopTimeout are over.
void Watch::check_closures(const engine::Model& model) {
  const auto& closures = door_.closures();
  for (; closures_seen_ < closures.size(); ++closures_seen_) {
    const FrontDoor::Closure& closure = closures[closures_seen_];
    for (const auto& [name, group] : model.groups) {
      if (!group.instances.contains(groups::InstanceId{closure.target})) {
        continue;
      }
      Duration patience = group.group.stop_timeout;
      for (const auto& arn : group.group.target_groups) {
        patience += model.target_groups.at(arn).target_group.deregistration_delay;
      }
      if (closure.closed - closure.draining_since < patience - kToldLate) {
        breach("the balancer closed WebSockets of " + closure.target + " " +
               format_fixed(seconds_of(closure.closed - closure.draining_since), 1) +
               " s after its draining began");
      }
    }
  }
}

void Watch::check_store(const engine::Model& model) {
  if (store_.is_failing()) {
    return;
  }
  std::map<std::string, std::string> expected = engine::stored_form(model);
  for (const auto& [key, text] : store_.contents()) {
    if (key.starts_with("notification/")) {
      continue;
    }
    const auto same = expected.find(key);
    if (same == expected.end()) {
      breach("the store has " + key + ", which the model does not have");
    } else if (same->second != text && lasting_part(key, text) != lasting_part(key, same->second)) {
      breach("of " + key + " " + difference(text, same->second));
    }
    expected.erase(key);
  }
  for (const auto& [key, text] : expected) {
    breach("the model has " + key + ", which the store does not have");
  }
}

void Watch::after_recovery(const engine::Model& model) {
  std::set<std::string> stored_ids;
  for (const auto& [key, text] : store_.contents()) {
    if (key.starts_with("instance/")) {
      stored_ids.insert(key.substr(key.rfind('/') + 1));
    }
  }
  std::size_t known = 0;
  for (const auto& [name, group] : model.groups) {
    check_gate(group, before_[name]);  // also what the one that died in the middle has done
    remember(group, before_[name]);
    for (const auto& [id, instance] : group.instances) {
      ++known;
      if (!stored_ids.contains(id.value)) {
        breach(id.value + " came out of a store that does not have it");
      }
    }
  }
  if (known != stored_ids.size()) {
    breach("the store has " + std::to_string(stored_ids.size()) +
           " instances, the control plane recovered " + std::to_string(known));
  }
}

}  // namespace tidegate::sim
