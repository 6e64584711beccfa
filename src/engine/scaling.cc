// Scaling: each policy's alarms on its own samples, its vote, and what the votes make of the
// group's desired capacity.
#include <algorithm>

#include "base/text.h"
#include "engine/coasting/readings.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

using groups::LifecycleState;

using Datapoints = std::vector<std::optional<double>>;

/// Evaluates one alarm view on its datapoints.
void evaluate_view(
    EngineState& state, alarms::Alarm& alarm, const Datapoints& values, Instant end, Instant now) {
  apply_evaluation(state, alarm, alarms::evaluate(alarm, values, end - alarm.period, now), now);
}

std::int32_t range_of(const alarms::Alarm& alarm) {
  return alarms::evaluation_range(alarm.evaluation_periods, alarm.period);
}

Json inputs_of(const scaling::GroupCapacity& capacity) {
  return Json::object({{"min", capacity.min_size},
                       {"max", capacity.max_size},
                       {"desired", capacity.desired},
                       {"measured", capacity.measured},
                       {"warming", capacity.warming}});
}

std::string_view kind_name(scaling::VoteKind kind) {
  switch (kind) {
    case scaling::VoteKind::ScaleOut:
      return "scale out";
    case scaling::VoteKind::ScaleIn:
      return "scale in";
    case scaling::VoteKind::Hold:
      return "hold";
    case scaling::VoteKind::NoData:
      return "no data";
  }
  return "?";
}

Json votes_of(const std::vector<scaling::Vote>& votes) {
  Json list = Json::array();
  for (const auto& vote : votes) {
    Json entry = Json::object({{"policy", vote.policy.value},
                               {"vote", std::string{kind_name(vote.kind)}},
                               {"capacity", vote.capacity},
                               {"unclamped", vote.unclamped_capacity},
                               {"why", vote.why}});
    if (vote.metric) {
      entry.set("metric", *vote.metric);
    }
    if (!vote.blocked_by.empty()) {
      entry.set("blocked_by", vote.blocked_by);
    }
    list.push(std::move(entry));
  }
  return list;
}

LedgerEntry entry_of(const GroupModel& group,
                     const scaling::GroupCapacity& capacity,
                     const std::vector<scaling::Vote>& votes,
                     Instant now) {
  LedgerEntry entry;
  entry.at = now;
  entry.group = group.group.name.value;
  entry.inputs = inputs_of(capacity);
  entry.votes = votes_of(votes);
  return entry;
}

struct Voting {
  std::vector<scaling::TargetTrackingPolicy> policies;
  std::vector<scaling::Vote> votes;
  bool due = false;  // some policy may vote at this tick
};

void vote_one(EngineState& state,
              PolicyModel& policy,
              const scaling::GroupCapacity& capacity,
              Voting& voting,
              Instant now) {
  PolicyRun& run = run_of(state, policy.policy);
  const auto& timing = policy.policy.timing;
  const auto high = state.model.alarms.find(policy.policy.high_alarm);
  if (high == state.model.alarms.end() || !policy.policy.enabled) {
    return;
  }
  const auto low = state.model.alarms.find(policy.policy.low_alarm);
  alarms::Alarm* low_alarm = low == state.model.alarms.end() ? nullptr : &low->second;
  if (now >= run.next_vote || !policy.last_vote) {
    const Instant end{now.time_since_epoch() / timing.slide * timing.slide};
    const auto high_values = run.window.datapoints(end, timing.period, range_of(high->second));
    evaluate_view(state, high->second, high_values, end, now);
    std::optional<scaling::AlarmReading> low_reading;
    if (low_alarm != nullptr) {
      const auto values = run.window.low_datapoints(end, timing.period, range_of(*low_alarm));
      evaluate_view(state, *low_alarm, values, end, now);
      low_reading.emplace(*low_alarm,
                          scaling::mean_of_newest(values, timing.low_evaluation_periods));
    }
    const scaling::AlarmReading high_reading{high->second, scaling::mean_of_newest(high_values, 1)};
    policy.last_vote = scaling::vote(policy.policy, capacity, high_reading, low_reading);
    run.next_vote = end + timing.vote_interval;
    voting.due = true;
  }
  voting.policies.push_back(policy.policy);
  voting.votes.push_back(*policy.last_vote);
}

/// Ledgers what kept the group from changing, once per change of the reason.
void record_non_decision(EngineState& state,
                         const GroupModel& group,
                         const scaling::GroupCapacity& capacity,
                         const Voting& voting,
                         const std::string& blocked_by,
                         Instant now) {
  for (std::size_t i = 0; i < voting.votes.size(); ++i) {
    const auto& vote = voting.votes[i];
    const std::string reason = !vote.blocked_by.empty() ? vote.blocked_by : blocked_by;
    const std::string key = std::string{kind_name(vote.kind)} + "|" + reason;
    std::string& last = run_of(state, voting.policies[i]).last_non_decision;
    if (key == last) {
      continue;
    }
    last = key;
    LedgerEntry entry = entry_of(group, capacity, voting.votes, now);
    entry.what = "desired stays " + std::to_string(capacity.desired);
    entry.why = reason.empty() ? vote.why : vote.why + "; " + reason;
    const auto& timing = voting.policies[i].timing;
    const auto high_seconds =
        format_double(seconds_of(timing.period * timing.high_evaluation_periods));
    const auto low_seconds =
        format_double(seconds_of(timing.period * timing.low_evaluation_periods));
    entry.would_change = "out above " + format_double(voting.policies[i].target_value) + " for " +
                         high_seconds + " s, in below " +
                         format_double(voting.policies[i].target_value * timing.low_ratio) +
                         " for " + low_seconds + " s";
    record(state, std::move(entry));
  }
}

void scale_group(EngineState& state, GroupModel& group, Instant now) {
  const GroupRun& run = state.groups[group.group.name];
  const auto capacity = capacity_of(group, run);
  Voting voting;
  for (auto& [name, policy] : state.model.policies) {
    if (policy.policy.group_name == group.group.name.value) {
      vote_one(state, policy, capacity, voting, now);
    }
  }
  if (!voting.due) {
    return;
  }
  auto decision = scaling::combine(capacity.desired, voting.policies, voting.votes);
  if (groups::is_suspended(group.group, "AlarmNotification")) {
    decision.winner.reset();
    decision.blocked_by = "the process AlarmNotification is suspended";
  }
  if (decision.desired == capacity.desired || !decision.winner) {
    record_non_decision(state, group, capacity, voting, decision.blocked_by, now);
    return;
  }
  const auto& winner = voting.votes[*decision.winner];
  LedgerEntry entry = entry_of(group, capacity, voting.votes, now);
  entry.why = winner.why;
  change_desired(
      state,
      group,
      decision.desired,
      groups::cause_alarm_triggered(
          now, winner.alarm.value, winner.policy.value, capacity.desired, decision.desired),
      std::move(entry));
  for (const auto& policy : voting.policies) {
    run_of(state, policy).last_non_decision.clear();
  }
}

}  // namespace

scaling::GroupCapacity capacity_of(const GroupModel& group, const GroupRun& run) {
  scaling::GroupCapacity capacity;
  capacity.min_size = group.group.min_size;
  capacity.max_size = group.group.max_size;
  capacity.desired = group.group.desired_capacity;
  capacity.measured = static_cast<std::int32_t>(run.measured.size());
  std::int32_t present = 0;
  for (const auto& [id, instance] : group.instances) {
    const bool counts = instance.lifecycle_state == LifecycleState::Pending ||
                        instance.lifecycle_state == LifecycleState::InService;
    present += counts ? 1 : 0;
    capacity.warming += counts && !run.measured.contains(id) ? 1 : 0;
  }
  if (group.group.launch_failures.empty()) {  // what does not come is no reason to wait for it
    capacity.warming += std::max(0, capacity.desired - present);
  }
  return capacity;
}

PolicyRun::PolicyRun(const scaling::TargetTrackingPolicy& policy)
    : window(kSampleInterval,
             policy.timing.period *
                 alarms::evaluation_range(std::max(policy.timing.high_evaluation_periods,
                                                   policy.timing.low_evaluation_periods),
                                          policy.timing.period)) {}

PolicyRun& run_of(EngineState& state, const scaling::TargetTrackingPolicy& policy) {
  return state.policies.try_emplace(policy_key(policy), policy).first->second;
}

void change_desired(EngineState& state,
                    GroupModel& group,
                    std::int32_t desired,
                    std::string cause,
                    LedgerEntry entry) {
  entry.decided = true;
  const double price = price_of_next(state, group);
  entry.cost = decision_cost(price * group.group.desired_capacity, price * desired);
  entry.what =
      "desired " + std::to_string(group.group.desired_capacity) + " -> " + std::to_string(desired);
  group.group.desired_capacity = desired;
  group.group.capacity_cause = std::move(cause);
  group.group.capacity_changed = entry.at;
  state.journal.touch(EntityKind::Group, group.group.name.value);
  record(state, std::move(entry));
}

void scale(EngineState& state, Instant now) {
  for (auto& [name, group] : state.model.groups) {
    if (!group.group.deleting) {
      scale_group(state, group, now);
    }
  }
}

}  // namespace tidegate::engine
