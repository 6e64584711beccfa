// The model: everything the control plane knows at one moment. The engine changes its own copy on
// its one thread and publishes immutable copies; edge reads those and nothing else (queries.h).
// Plain values, ordered by id.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "core/alarms/alarm.h"
#include "core/alarms/history.h"
#include "core/balancing/data_plane.h"
#include "core/balancing/load_balancer.h"
#include "core/caches/cache_cluster.h"
#include "core/cost/account.h"
#include "core/groups/activity.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/instance.h"
#include "core/groups/plan.h"
#include "core/groups/standalone.h"
#include "core/scaling/target_tracking.h"
#include "core/stacks/stack.h"

namespace tidegate::engine {

/// One decision, or one non-decision that changed: what was seen, who voted how, what was done,
/// what would change it.
struct LedgerEntry {
  std::uint64_t sequence = 0;  // from 1, per control plane home
  Instant at;
  std::string group;
  std::string instance;      // empty: of the group
  std::string activity;      // empty: none
  bool decided = false;      // false: a non-decision that changed
  std::string what;          // "desired 1 -> 2", "launch i-…", "no scale in"
  std::string why;           // one sentence
  std::string would_change;  // what would change it; empty for decisions
  Json inputs;               // {"metric":…,"capacity":…,"alarms":…}
  Json cost;   // {"MonthlyBefore":68,"MonthlyAfter":136} of the group's instances, when decided
  Json votes;  // [{"policy":…,"vote":…,"capacity":…,"unclamped":…,"why":…}]
};
inline constexpr std::size_t kMaxLedgerKept = 2000;  // in memory, over all groups; the file has all

/// What an instance used and got, over the last second.
struct InstanceUse {
  std::optional<double> cpu_percent;     // of its own quota, 0..100
  std::optional<double> busiest_thread;  // share of one CPU, 0..1
  std::optional<double>
      traffic_share;  // of its target group's requests over the last 60 s, 0..1; absent without any
  double requests_per_second = 0;
};

struct GroupModel {
  groups::AutoScalingGroup group;
  stacks::StackName stack;
  std::map<groups::InstanceId, groups::Instance> instances;  // without Terminated ones
  std::map<groups::InstanceId, groups::InstanceFacts> facts;
  std::map<groups::InstanceId, InstanceUse> use;
  std::deque<groups::Activity> activities;  // newest start first; running ones among them
  std::vector<groups::Blocker> blockers;    // present ones
  std::optional<double> cpu_percent;        // of the instances in service and warm, newest second
};

struct StandaloneModel {
  groups::StandaloneInstance value;
  groups::InstanceFacts facts;
};

struct PolicyModel {
  scaling::TargetTrackingPolicy policy;
  std::optional<scaling::Vote> last_vote;
};

struct TargetGroupModel {
  balancing::TargetGroup target_group;
  std::vector<balancing::TargetReport> reports;  // newest, one per target that has one
  std::map<std::string, double> traffic_share;   // by target id, last 60 s
};

struct CacheModel {
  caches::CacheCluster cluster;
  std::optional<caches::CacheObservation> seen;  // the driver's newest
};

struct Model {
  Instant now;  // of the tick that published it
  std::uint64_t version = 0;
  std::string region;
  std::string account_id;
  std::string home_id;
  std::map<stacks::StackName, stacks::Stack>
      stacks;  // deleted ones stay until the name is used again
  std::map<groups::GroupName, GroupModel> groups;
  std::deque<groups::PastActivity> past_activities;  // of deleted groups, newest deletion first
  std::map<groups::LaunchTemplateId, groups::LaunchTemplate> launch_templates;
  std::map<groups::InstanceId, StandaloneModel> standalone;  // also Terminated ones, for a while
  std::map<scaling::PolicyName, PolicyModel> policies;       // by policy_key()
  std::map<balancing::LoadBalancerArn, balancing::LoadBalancer> load_balancers;
  std::map<balancing::ListenerArn, balancing::Listener> listeners;
  std::map<balancing::RuleArn, balancing::Rule> rules;
  std::map<balancing::TargetGroupArn, TargetGroupModel> target_groups;
  std::map<alarms::AlarmName, alarms::Alarm> alarms;
  std::map<stacks::StackName, cost::Account> costs;  // of each stack
  std::deque<alarms::HistoryItem> alarm_history;     // oldest first
  std::map<caches::CacheClusterId, CacheModel> caches;
  std::vector<balancing::LoadBalancerReport> load_balancer_reports;
  bool data_plane_connected = false;
  std::deque<LedgerEntry> ledger;     // newest last
  std::vector<std::string> troubles;  // of the control plane itself: "state store: disk full, …"
  std::vector<std::string> host_troubles;  // of what runs the instances
  double host_vcpus = 0;
  std::int64_t host_memory_mib = 0;
  std::optional<double> instance_scale;  // of the catalogue's types; absent: auto
};

/// "<group>/<name>": names of policies are unique within their group.
scaling::PolicyName policy_key(const scaling::TargetTrackingPolicy& policy);

/// The image that everything can be made from without any declaration: this machine's own root.
inline constexpr const char* kHostImage = "ami-host";
/// What image ids mean in this home: kHostImage, and what Metadata.Tidegate.Images of the stacks
/// that exist says; where several say something, the first by stack name.
std::map<std::string, stacks::Image> images_of(const Model& model);
/// The same for one id, as `stack` (empty: none) sees it: what it says itself wins.
std::optional<stacks::Image> image_of(const Model& model,
                                      const stacks::StackName& stack,
                                      const std::string& id);
/// The size of an instance type as `stack` (empty: none) sees it, else as any stack does, else the
/// catalogue's, scaled so that `instances` of it fit this host.
std::optional<stacks::InstanceType> size_of(const Model& model,
                                            const stacks::StackName& stack,
                                            const std::string& type,
                                            std::int32_t instances);
/// Zones that groups and instances may be in: a, b and c of the region, and those of subnets.
std::vector<std::string> zones_of(const Model& model);

/// Instances in service of the cache's stack, by id, and whether each has a connection to it.
std::map<groups::InstanceId, bool> connected_instances(const Model& model, const CacheModel& cache);

/// A target's zone is one the load balancers of its group serve, and some listener or rule forwards
/// to the group.
bool target_group_in_use(const Model& model, const balancing::TargetGroupArn& arn);
/// Zones of the load balancers that forward to it; empty when none does.
std::vector<std::string> zones_served(const Model& model, const balancing::TargetGroupArn& arn);
/// Load balancers that forward to it.
std::vector<balancing::LoadBalancerArn> load_balancers_of(const Model& model,
                                                          const balancing::TargetGroupArn& arn);

/// Zones of the subnets that calls may name: the default ones, and those that the Metadata of
/// stacks that exist gives a zone.
std::map<std::string, std::string> subnet_zones(const Model& model);

/// The state of one registered target, as DescribeTargetHealth gives it: the balancer's report, or
/// what is known before there is one (unused/NotInUse, initial/RegistrationInProgress, draining).
balancing::TargetHealth target_health(const Model& model,
                                      const TargetGroupModel& group,
                                      const balancing::Target& target);

}  // namespace tidegate::engine
