// Coasting: the ticks of a stretch in which only the load changes, without the work of a tick. A
// policy's alarms see the same samples as they would; whatever it cannot prove to be without
// consequence is left to a whole tick. Used by simulations of months, never by `serve`.
#include <algorithm>

#include "engine/coasting/phase.h"
#include "engine/coasting/readings.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

using alarms::StateValue;
using groups::LifecycleState;

/// What a policy's vote comes to, as far as the ledger can tell votes apart.
enum class Standing {
  NoData,   // an alarm or its window has too little
  Calm,     // no alarm is in ALARM
  Covered,  // ALARM, and the desired capacity is what the formula asks for
  Limited,  // ALARM, and MinSize or MaxSize keeps the capacity
  Warming,  // scaling in waits for instances that warm up
  Moves,    // it votes for another capacity
};

/// One policy: its samples, and what they come to where it votes at each of them.
class PolicyWatch {
 public:
  PolicyWatch(EngineState& state,
              const scaling::TargetTrackingPolicy& policy,
              const GroupModel& group)
      : policy_(policy),
        run_(run_of(state, policy)),
        group_run_(state.groups[group.group.name]),
        capacity_(capacity_of(group, group_run_)),
        high_(state.model.alarms.find(policy.high_alarm)->second) {
    const auto low = state.model.alarms.find(policy.low_alarm);
    low_ = low == state.model.alarms.end() ? nullptr : &low->second;
    const auto phases = static_cast<std::size_t>(policy.timing.period / policy.timing.slide);
    phases_.assign(phases,
                   Phase{static_cast<std::size_t>(policy.timing.high_evaluation_periods),
                         static_cast<std::size_t>(policy.timing.low_evaluation_periods)});
    low_threshold_ = low_ != nullptr ? low_->threshold : 0;
  }

  void sample(Instant t, double sum) {
    run_.window.add(
        {t, sum, static_cast<std::int32_t>(group_run_.measured.size()), group_run_.measured_hash});
  }

  bool by_requests() const {
    return policy_.metric == scaling::PredefinedMetric::AlbRequestCountPerTarget;
  }

  /// Whether a whole tick at `t` would leave alarms and vote as they are.
  bool stays(Instant t) {
    const auto& timing = policy_.timing;
    if (timing.vote_interval > Duration{0}) {
      return true;  // its next vote is a deadline of the engine's own
    }
    const std::int64_t slides = t.time_since_epoch() / timing.slide;
    const Instant end{slides * timing.slide};
    Phase& phase = phases_[static_cast<std::size_t>(slides) % phases_.size()];
    if (!phase.is_known()) {
      const auto count = std::max(timing.high_evaluation_periods, timing.low_evaluation_periods);
      if (!phase.learn(run_.window.datapoints(end, timing.period, count),
                       run_.window.low_datapoints(end, timing.period, count),
                       high_.threshold,
                       low_threshold_)) {
        return false;
      }
    } else {
      const auto newest = run_.window.datapoints(end, timing.period, 1).front();
      if (!newest) {
        return false;
      }
      phase.add(*newest, high_.threshold, low_threshold_);
    }
    return matches(phase);
  }

 private:
  bool matches(const Phase& phase) {
    if (phase.high_state(high_.state) != high_.state ||
        (low_ != nullptr && phase.low_state(low_->state) != low_->state)) {
      return false;
    }
    const Standing standing = standing_of(phase);
    if (!standing_) {
      standing_ = standing_before();
    }
    return standing_ == standing && standing != Standing::Moves;
  }

  /// What the last whole tick voted.
  std::optional<Standing> standing_before() const {
    const std::string& last = run_.last_non_decision;
    if (last.starts_with("no data|")) {
      return Standing::NoData;
    }
    if (!last.starts_with("hold|")) {
      return std::nullopt;
    }
    if (last.find("MaxSize is") != std::string::npos ||
        last.find("MinSize is") != std::string::npos) {
      return Standing::Limited;
    }
    if (last.find("warming up") != std::string::npos) {
      return Standing::Warming;
    }
    return last == "hold|" ? std::optional{is_alarmed() ? Standing::Covered : Standing::Calm}
                           : std::nullopt;
  }

  bool is_alarmed() const {
    return high_.state == StateValue::Alarm ||
           (high_.state == StateValue::Ok && low_ != nullptr && low_->state == StateValue::Alarm);
  }

  Standing standing_of(const Phase& phase) const {
    if (high_.state == StateValue::Alarm) {
      return high_standing(phase.newest());
    }
    if (high_.state == StateValue::InsufficientData) {
      return Standing::NoData;
    }
    if (low_ == nullptr || low_->state == StateValue::Ok) {
      return Standing::Calm;
    }
    return low_->state == StateValue::Alarm ? low_standing(phase.low_mean()) : Standing::NoData;
  }

  Standing high_standing(double metric) const {
    if (capacity_.measured <= 0) {
      return Standing::NoData;
    }
    const auto wanted = scaling::wanted_capacity(capacity_.measured, metric, policy_.target_value);
    if (wanted <= capacity_.desired) {
      return Standing::Covered;
    }
    const auto clamped = std::clamp(wanted, capacity_.min_size, capacity_.max_size);
    return clamped <= capacity_.desired ? Standing::Limited : Standing::Moves;
  }

  Standing low_standing(std::optional<double> metric) const {
    if (!metric || capacity_.measured <= 0) {
      return Standing::NoData;
    }
    const auto wanted = scaling::wanted_capacity(capacity_.measured, *metric, policy_.target_value);
    if (wanted >= capacity_.desired) {
      return Standing::Covered;
    }
    if (std::clamp(wanted, capacity_.min_size, capacity_.max_size) >= capacity_.desired) {
      return Standing::Limited;
    }
    return capacity_.warming > 0 ? Standing::Warming : Standing::Moves;
  }

  const scaling::TargetTrackingPolicy& policy_;
  PolicyRun& run_;
  const GroupRun& group_run_;
  scaling::GroupCapacity capacity_;
  const alarms::Alarm& high_;
  const alarms::Alarm* low_ = nullptr;
  double low_threshold_ = 0;
  std::vector<Phase> phases_;
  std::optional<Standing> standing_;
};

/// One group and what its next sample is made of.
struct GroupWatch {
  groups::GroupName name;
  std::size_t measured = 0;
  double quota = 0;  // of each measured instance
  std::vector<PolicyWatch> policies;

  double cpu_sum(Duration used, Duration elapsed) const {
    const double percent = cpu_percent(used, elapsed, quota);
    double sum = 0;
    for (std::size_t i = 0; i < measured; ++i) {
      sum += percent;  // one by one, as a tick adds them: the same sum to the last bit
    }
    return sum;
  }
  double request_sum(std::uint64_t requests) const {
    return static_cast<double>(requests) * static_cast<double>(measured) *
           (60.0 / seconds_of(kSampleInterval));
  }
};

bool is_at_rest(const groups::Instance& instance, const groups::InstanceFacts* facts) {
  if (facts == nullptr || !facts->observation || facts->liveness_failing == true ||
      instance.health_status != groups::HealthStatus::Healthy ||
      instance.termination_reason != groups::TerminationReason::None) {
    return false;
  }
  if (instance.lifecycle_state == LifecycleState::Pending) {
    return facts->observation->phase == groups::InstancePhase::Launching;
  }
  return instance.lifecycle_state == LifecycleState::InService &&
         facts->observation->phase == groups::InstancePhase::Running &&
         facts->observation->process_alive &&
         std::all_of(facts->targets.begin(), facts->targets.end(), [](const auto& target) {
           return target.health.state == balancing::TargetHealthState::Healthy;
         });
}

bool is_at_rest(const GroupModel& group) {
  return !group.group.deleting && group.blockers.empty() &&
         std::all_of(group.instances.begin(), group.instances.end(), [&](const auto& entry) {
           const auto facts = group.facts.find(entry.first);
           return is_at_rest(entry.second, facts == group.facts.end() ? nullptr : &facts->second);
         });
}

bool is_at_rest(const EngineState& state) {
  const bool leaves_own_alarms =
      state.settings.purpose == Purpose::Estimate ||
      std::none_of(state.model.alarms.begin(), state.model.alarms.end(), [](const auto& entry) {
        return entry.second.policy_arn.empty();
      });
  return state.calm && state.last_sample == state.model.now &&
         state.due == state.model.now + kSampleInterval && leaves_own_alarms &&
         state.model.data_plane_connected && state.work.empty() && state.orphans.empty() &&
         state.notifications.empty() &&
         std::all_of(state.model.groups.begin(), state.model.groups.end(), [](const auto& entry) {
           return is_at_rest(entry.second);
         });
}

/// When time alone makes the engine do something.
Instant own_deadline(const EngineState& state) {
  Instant deadline = state.plan_due.value_or(Instant::max());
  for (const auto& [name, group] : state.model.groups) {
    const auto run = state.groups.find(name);
    for (const auto& [id, instance] : group.instances) {
      const bool is_measured = run != state.groups.end() && run->second.measured.contains(id);
      if (const auto warm = warm_from(state.model, group, instance); warm && !is_measured) {
        deadline = std::min(deadline, *warm);
      }
    }
  }
  for (const auto& [arn, group] : state.model.target_groups) {
    const Duration delay = group.target_group.deregistration_delay;
    for (const auto& target : group.target_group.targets) {
      if (target.deregistered) {
        const Instant drained = *target.deregistered + delay;
        deadline = std::min(deadline,
                            drained > state.model.now ? drained : drained + groups::kClosingTime);
      }
    }
  }
  for (const auto& [name, run] : state.policies) {
    const auto policy = state.model.policies.find(name);
    if (policy != state.model.policies.end() &&
        policy->second.policy.timing.vote_interval > Duration{0}) {
      deadline = std::min(deadline, run.next_vote);
    }
  }
  return deadline;
}

/// Absent: instances of the group differ, or its policies have a say in each other's reasons.
std::optional<GroupWatch> watch_of(EngineState& state, const GroupModel& group) {
  GroupWatch watch{group.group.name, 0, 0, {}};
  const GroupRun& run = state.groups[group.group.name];
  watch.measured = run.measured.size();
  for (const auto& id : run.measured) {
    const double quota = group.facts.at(id).observation->cpu_quota;
    if (watch.quota != 0 && quota != watch.quota) {
      return std::nullopt;
    }
    watch.quota = quota;
  }
  for (const auto& [name, policy] : state.model.policies) {
    const auto& one = policy.policy;
    if (one.group_name != group.group.name.value) {
      continue;
    }
    const bool votes_at_each_sample =
        one.timing.vote_interval == Duration{0} && one.timing.slide == kSampleInterval;
    if (!one.enabled || !policy.last_vote || !state.model.alarms.contains(one.high_alarm) ||
        (!votes_at_each_sample && one.timing.vote_interval == Duration{0})) {
      return std::nullopt;
    }
    watch.policies.emplace_back(state, one, group);
  }
  return watch.policies.size() <= 1 ? std::optional{std::move(watch)} : std::nullopt;
}

/// Takes the sample of time `t`; false when a whole tick has to look at it.
bool step(GroupWatch& group, const SteadyLoad::Use& use, Instant t, Duration elapsed) {
  bool stays = true;
  for (PolicyWatch& policy : group.policies) {
    if (group.measured > 0) {
      policy.sample(t,
                    policy.by_requests() ? group.request_sum(use.requests)
                                         : group.cpu_sum(use.cpu_used, elapsed));
    }
    stays = policy.stays(t) && stays;
  }
  return stays;
}

/// What a whole tick at `t` would have left for the next one to count from.
void take_counters(EngineState& state, Instant t) {
  state.model.now = t;
  state.last_sample = t;
  observe(state, t);
  for (auto& [name, group] : state.model.groups) {
    for (const auto& [id, facts] : group.facts) {
      CpuTrack& track = state.groups[name].cpu[id];
      track.sampled = facts.observation->sampled;
      track.used = facts.observation->cpu_used;
    }
  }
  for (auto& [key, requests] : state.sampled_requests) {
    const auto report = state.target_reports.find(key);
    requests = report == state.target_reports.end() ? requests : report->second.requests;
  }
}

}  // namespace

Instant Engine::coast(SteadyLoad& load, Instant until) {
  EngineState& state = *state_;
  const Instant end = std::min(until, own_deadline(state));
  if (!is_at_rest(state) || state.due >= end) {
    return state.due;
  }
  std::vector<GroupWatch> watched;
  for (const auto& [name, group] : state.model.groups) {
    auto watch = watch_of(state, group);
    if (!watch) {
      return state.due;
    }
    watched.push_back(std::move(*watch));
  }
  Instant last = state.model.now;
  for (; state.due < end; state.due = last + kSampleInterval) {
    load.advance_to(state.due);
    bool stays = true;
    for (GroupWatch& group : watched) {
      stays = step(group, load.use_of(group.name), state.due, state.due - last) && stays;
    }
    if (!stays) {
      return state.due;
    }
    last = state.due;
  }
  take_counters(state, last);
  return state.due;
}

}  // namespace tidegate::engine
