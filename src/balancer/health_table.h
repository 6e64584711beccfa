// Groups, targets and load balancers that the balancer knows, with the health of each target:
// applies configurations, decides when to probe, folds outcomes in, and publishes what workers may
// use. Control thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "balancer/routes/snapshot.h"
#include "balancer/worker/prober.h"
#include "base/unique_function.h"
#include "core/balancing/target_health.h"
#include "net/loop.h"

namespace tidegate::balancer {

class HealthTable {
 public:
  /// `start_probe` hands a probe to a worker; its result comes back through finish_probe().
  using StartProbe = UniqueFunction<void(ProbeRequest)>;
  HealthTable(net::EventLoop& loop, std::size_t workers, StartProbe start_probe);
  HealthTable(const HealthTable&) = delete;
  HealthTable& operator=(const HealthTable&) = delete;
  ~HealthTable();

  /// Takes over the configuration and compiles it; the caller publishes the result at once.
  std::unique_ptr<Snapshot> apply(const balancing::DataPlaneConfig& config);
  void finish_probe(const ProbeResult& result);
  /// Frees targets that left the configuration, once no worker holds them. Call after the newest
  /// snapshot is applied by all.
  void reclaim();

  /// What is known of all targets and load balancers; `intent` as of the newest configuration.
  std::vector<balancing::TargetReport> target_reports();
  std::vector<balancing::LoadBalancerReport> load_balancer_reports() const;
  /// Every target that is probed at all has had a first outcome.
  bool all_seen() const;

 private:
  struct Group;
  struct Target {
    explicit Target(std::size_t workers) : state(workers) {}
    TargetState state;
    balancing::TargetConfig config;
    balancing::TargetStatus status;
    Group* group = nullptr;
    std::optional<net::TimerId> timer;
    std::optional<MonotonicInstant> probed_at;  // start of the last probe
    std::optional<MonotonicInstant> draining_since;
    std::uint64_t token = 0;  // of the probe on its way; 0: none
    bool seen = false;        // an outcome of this incarnation has come
    bool mentioned = true;    // in the configuration being applied
  };
  struct Group {
    GroupState state;
    balancing::TargetGroupConfig config;
    std::vector<Target*> targets;
    bool mentioned = true;
  };

  Group& take_group(const balancing::TargetGroupConfig& config);
  Target& take_target(Group& group, const balancing::TargetConfig& config);
  LoadBalancerState& load_balancer(const balancing::LoadBalancerArn& arn);
  void retire_unmentioned();
  void publish_eligibility(Target& target);
  void schedule(Target& target);
  void probe(Target& target);
  void cancel(Target& target);

  net::EventLoop& loop_;
  const std::size_t workers_;
  StartProbe start_probe_;
  std::string own_cookie_key_;  // where the configuration brings none
  std::uint64_t next_token_ = 1;
  std::map<std::string, std::unique_ptr<Target>> targets_;  // by group, id, address and port
  std::map<balancing::TargetGroupArn, std::unique_ptr<Group>> groups_;
  // Never freed: a worker's connections point to their counters, and there are few.
  std::map<balancing::LoadBalancerArn, std::unique_ptr<LoadBalancerState>> load_balancers_;
  std::map<std::uint64_t, Target*> probes_;  // by token
  std::vector<std::unique_ptr<Target>> retired_targets_;
  std::vector<std::unique_ptr<Group>> retired_groups_;
};

}  // namespace tidegate::balancer
