// The engine's own state: the model, what of it is not persisted yet, and what is only known since
// this process started. Private to this module: the steps of a tick (observe, telemetry, alarming,
// scaling, planning, acting) are functions over it, one file each. Engine thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/scaling/sliding_window.h"
#include "engine/caches/caching.h"
#include "engine/engine.h"
#include "engine/journal/journal.h"
#include "engine/model.h"

namespace tidegate::engine {

inline constexpr Duration kSampleInterval =
    std::chrono::milliseconds{200};  // CONTRACT "Timing": 5 Hz
inline constexpr Duration kPublishInterval = std::chrono::seconds{1};
inline constexpr Duration kOverdue =
    std::chrono::seconds{5};  // an unseen effect is asked for again
inline constexpr Duration kTrafficWindow = std::chrono::seconds{60};

/// CPU accounting of one instance since this process started.
struct CpuTrack {
  Instant sampled;
  Duration used{};
  std::optional<double> percent;        // of its quota, over the last sample interval
  metrics::StatisticSet since_publish;  // of the samples since the last published second
};

/// What was last asked of the compute driver for an instance: asked again when overdue.
struct Asked {
  enum class What { Nothing, Launch, Stop, Kill };
  What what = What::Nothing;
  Instant at;
};

struct GroupRun {
  std::map<groups::InstanceId, CpuTrack> cpu;
  std::map<groups::InstanceId, Asked> asked;
  std::map<groups::InstanceId, std::string_view> told;  // its target lifecycle state, last
  std::set<groups::InstanceId> measured;                // InService and warm, at the last sample
  std::uint64_t measured_hash = 0;                      // of that set
  metrics::StatisticSet since_publish;                  // of the group's mean
  std::optional<Instant>
      restarted;  // when the measured set or the capacity last changed: windows start anew
  std::optional<Instant> capacity_seen;  // the group's capacity_changed that was taken into account
  std::vector<groups::Blocker> blockers;  // last ones written to the ledger
};

struct PolicyRun {
  explicit PolicyRun(const scaling::TargetTrackingPolicy& policy);

  scaling::SlidingWindow window;
  Instant next_vote;
  std::string last_non_decision;  // what the ledger holds already
};

/// What is left to do of a stack in progress; planned anew from its template after a restart.
struct StackWork {
  stacks::StackPlan plan;
  DeleteStack::Haste haste = DeleteStack::Haste::Drain;
};

struct CounterPoint {
  Instant at;
  std::map<std::string, std::uint64_t> requests;  // by "target group arn|target id"
};

struct EngineState {
  EngineState(Settings given, Ports given_ports)
      : settings(std::move(given)),
        ports(given_ports),
        ids(settings.seed),
        journal(ports.store, settings.epoch) {}

  Settings settings;
  Ports ports;
  Rng ids;
  Model model;
  Journal journal;

  std::map<groups::GroupName, GroupRun> groups;
  std::map<scaling::PolicyName, PolicyRun> policies;  // by policy_key()
  std::map<alarms::AlarmName, Instant> next_evaluation;
  std::map<stacks::StackName, StackWork> work;  // of stacks in progress
  std::vector<groups::InstanceId> orphans;      // the driver has them, the model does not
  std::map<groups::InstanceId, Asked> orphans_asked;
  std::map<groups::InstanceId, Asked> standalone_asked;
  std::map<std::string, ports::Notification>
      notifications;  // journalled, not handed over yet; by id
  std::map<caches::CacheClusterId, AskedCache> caches_asked;
  std::vector<caches::CacheClusterId> cache_orphans;  // the driver has them, the model does not
  std::map<caches::CacheClusterId, caches::CacheObservation> last_caches;  // last published reading
  balancing::DataPlaneConfig published;
  std::map<std::string, balancing::TargetReport> target_reports;  // newest, by report_key()
  std::map<std::string, balancing::TargetReport>
      last_second;  // of the last published second, for differences
  std::map<balancing::LoadBalancerArn, balancing::LoadBalancerReport> last_load_balancers;
  std::map<std::string, std::uint64_t> sampled_requests;  // at the last sample, by report_key()
  std::deque<CounterPoint> counters;                      // one per second, kTrafficWindow long

  std::optional<Instant> data_plane_connected_since;
  Instant due;                      // next tick that does anything
  std::optional<Instant> plan_due;  // the earliest deadline that a group's plan waits for
  bool calm = false;                // the last tick decided nothing and changed nothing to keep
  Instant last_sample;
  Duration sampled_over{};  // how long before it the one before was
  Instant last_publish;
  std::uint64_t seen_version = 1;  // of the model, grows with each change
  std::shared_ptr<const Model> view;
  Instant view_made;
  bool view_stale = true;  // a command or a decision changed something that readers must see
  std::vector<LedgerEntry> new_ledger;
};

/// One key for a target's report.
std::string report_key(const balancing::TargetGroupArn& target_group, const std::string& target_id);

/// The hidden target group through which the balancer probes a group's Liveness; no listener
/// forwards to it.
balancing::TargetGroupArn liveness_group(const groups::GroupName& group);

/// The entries that the home's ledger file had at the start: they are shown, and counted on from.
void remember_ledger(EngineState& state);
/// Writes a decision, or a non-decision that changed, into the ledger.
void record(EngineState& state, LedgerEntry entry);

/// Takes an evaluation over into the alarm: a transition is journalled, shown, and told to its
/// receivers.
void apply_evaluation(EngineState& state,
                      alarms::Alarm& alarm,
                      const alarms::Evaluation& evaluation,
                      Instant now);

/// Writes what happened to an alarm into its history, and lets what is too old go.
void remember(EngineState& state, alarms::HistoryItem item);
/// Who is behind an alarm's action: a receiver of some stack's Metadata.
std::optional<ports::Receiver> find_receiver(const Model& model, const std::string& action);

// The steps of a tick, in order; each is in the file of its name.
void observe(EngineState& state, Instant now);  // observe.cc: snapshots and reports into facts
void sample(EngineState& state, Instant now);   // telemetry.cc: CPU, counters, windows, metrics
void evaluate_alarms(EngineState& state, Instant now);  // alarming.cc: the user's own
void scale(EngineState& state, Instant now);            // scaling.cc: votes → desired capacity
void plan_groups(EngineState& state, Instant now);      // planning.cc: desired → instances
void advance_stacks(EngineState& state, Instant now);   // stack_executor.cc
void act(EngineState& state,
         Instant now);  // acting.cc: what persisted state asks of drivers and balancers

/// Brings the account of every stack to the rate at which it spends from now on. Before each flush:
/// the rate changes with what is journalled, and in the same batch.
void keep_accounts(EngineState& state, Instant now);
/// What the group's instances cost a month; nothing when none of their types has a price.
double monthly_price_of(const EngineState& state, const GroupModel& group);
/// What one more instance of the group costs a month.
double price_of_next(const EngineState& state, const GroupModel& group);
/// A decision's cost, for the ledger: of the group's instances, before and after it.
Json decision_cost(double monthly_before, double monthly_after);

// Entities by key, for the steps.
/// What this process knows of a policy; made when first asked for.
PolicyRun& run_of(EngineState& state, const scaling::TargetTrackingPolicy& policy);
const stacks::Stack* stack_of(const Model& model, const GroupModel& group);
/// The timing profile of the stack that made a resource; fast for what no stack made.
scaling::TimingProfile timing_of_resource(const Model& model,
                                          std::string_view type,
                                          const std::string& physical_id);
/// The version of the template that the group launches from now; null when there is none.
const groups::LaunchTemplateVersion* launch_version(const Model& model,
                                                    const groups::AutoScalingGroup& group);
/// The application's port: the first target group's, or 0.
std::uint16_t application_port(const Model& model, const groups::AutoScalingGroup& group);
/// Puts the instance's target into (or out of) every target group of its group, as its life asks
/// for.
void update_registration(EngineState& state,
                         const groups::AutoScalingGroup& group,
                         const groups::Instance& instance,
                         Instant now);
/// Sets desired capacity with its cause, journalled, ledgered.
void change_desired(EngineState& state,
                    GroupModel& group,
                    std::int32_t desired,
                    std::string cause,
                    LedgerEntry entry);
/// Applies planner actions to a group, journalled, ledgered.
void apply_actions(EngineState& state,
                   GroupModel& group,
                   const std::vector<groups::Action>& actions,
                   Instant now);

}  // namespace tidegate::engine
