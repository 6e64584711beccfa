#include "engine/engine.h"

#include <algorithm>

#include "engine/state.h"

namespace tidegate::engine {
namespace {

/// Nothing exists that could change by itself: no group, no stack at work, no target of any kind.
bool is_quiet(const EngineState& state) {
  return state.model.groups.empty() && state.model.listeners.empty() &&
         state.model.alarms.empty() && state.model.caches.empty() && state.orphans.empty() &&
         std::all_of(state.model.standalone.begin(),
                     state.model.standalone.end(),
                     [](const auto& entry) { return entry.second.value.terminated.has_value(); });
}

void say_trouble(EngineState& state, const Status& stored) {
  std::vector<std::string> troubles;
  if (!stored) {
    troubles.push_back("the state store does not take changes: " + stored.error().message +
                       "; nothing is launched or ended until it does");
  }
  for (const auto& failure : state.ports.notifier.failures()) {
    troubles.push_back("receiver " + failure.receiver + ": " + failure.detail);
  }
  if (troubles.empty()) {
    return;  // old delivery failures stay until something replaces them
  }
  state.model.troubles = std::move(troubles);
  state.view_stale = true;
}

void clear_store_trouble(EngineState& state) {
  const auto gone = std::erase_if(
      state.model.troubles, [](const std::string& t) { return t.starts_with("the state store"); });
  state.view_stale = state.view_stale || gone > 0;
}

/// Samples keep their distance, also where something else woke the engine in between.
Instant next_due(const EngineState& state, Instant now) {
  if (is_quiet(state)) {
    return now + kPublishInterval;
  }
  const Instant sample = state.last_sample + kSampleInterval;
  return sample > now ? sample : now + kSampleInterval;
}

/// Everything that changed is durable afterwards; an estimate remembers by its model alone.
Status keep(EngineState& state) {
  if (state.settings.purpose == Purpose::Estimate) {
    state.journal.forget();
    return Ok{};
  }
  return state.journal.flush(state.model, state.notifications);
}

}  // namespace

Engine::Engine(Settings settings, Ports ports)
    : state_(std::make_unique<EngineState>(std::move(settings), ports)) {
  state_->model.region = state_->settings.region;
  state_->model.account_id = state_->settings.account_id;
  state_->model.home_id = state_->settings.home_id;
  state_->model.instance_scale = state_->settings.instance_scale;
}

Engine::~Engine() = default;

Status Engine::recover(Instant now) {
  TG_RETURN_IF_ERROR(state_->journal.load(state_->model, state_->notifications));
  const auto host = state_->ports.compute.capacity();
  state_->model.host_vcpus = host.vcpus;
  state_->model.host_memory_mib = host.memory_mib;
  remember_ledger(*state_);
  state_->due = now;
  return Ok{};
}

void Engine::wake() {
  state_->due = Instant{};
}

Instant Engine::tick(Instant now) {
  EngineState& state = *state_;
  if (now < state.due) {
    return state.due;
  }
  const std::size_t entries = state.new_ledger.size();
  state.model.now = now;
  state.plan_due.reset();
  state.due = next_due(state, now);
  observe(state, now);
  sample(state, now);
  evaluate_alarms(state, now);
  scale(state, now);
  advance_stacks(state, now);
  plan_groups(state, now);
  keep_accounts(state, now);
  state.calm = state.journal.clean() && state.new_ledger.size() == entries;
  const Status stored = keep(state);
  say_trouble(state, stored);
  if (stored) {
    clear_store_trouble(state);
    act(state, now);
  }
  return state.due;
}

const Model& Engine::model() const {
  return state_->model;
}

std::shared_ptr<const Model> Engine::view() {
  EngineState& state = *state_;
  const bool old = state.model.now - state.view_made >= kPublishInterval && !is_quiet(state);
  if (state.view == nullptr || state.view_stale || old) {
    ++state.model.version;
    state.view = std::make_shared<const Model>(state.model);
    state.view_made = state.model.now;
    state.view_stale = false;
  }
  return state.view;
}

std::vector<LedgerEntry> Engine::take_ledger() {
  return std::exchange(state_->new_ledger, {});
}

const stacks::Stack* stack_of(const Model& model, const GroupModel& group) {
  const auto found = model.stacks.find(group.stack);
  return found == model.stacks.end() ? nullptr : &found->second;
}

scaling::TimingProfile timing_of_resource(const Model& model,
                                          std::string_view type,
                                          const std::string& physical_id) {
  for (const auto& [name, stack] : model.stacks) {
    for (const auto& resource : stack.resources) {
      if (resource.type == type && resource.physical_id == physical_id) {
        return stack.metadata.timing;
      }
    }
  }
  return scaling::TimingProfile::Fast;
}

const groups::LaunchTemplateVersion* launch_version(const Model& model,
                                                    const groups::AutoScalingGroup& group) {
  const auto found = model.launch_templates.find(group.launch_template.id);
  return found == model.launch_templates.end()
             ? nullptr
             : resolve(found->second, group.launch_template.version);
}

std::uint16_t application_port(const Model& model, const groups::AutoScalingGroup& group) {
  for (const auto& arn : group.target_groups) {
    const auto found = model.target_groups.find(arn);
    if (found != model.target_groups.end()) {
      return found->second.target_group.port;
    }
  }
  return 0;
}

}  // namespace tidegate::engine
