// The simulated data plane: ports::DataPlane over virtual time. It probes the simulated cloud's
// instances as the balancer does, with the target state machine and the routing of core/balancing,
// carries requests and WebSockets, and reports what it found.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/balancing/routing.h"
#include "core/balancing/target_health.h"
#include "ports/data_plane.h"
#include "sim/cloud.h"

namespace tidegate::sim {

/// What became of an attempt to forward a request.
struct Forwarded {
  std::optional<groups::InstanceId> target;  // absent: answered by the balancer itself
  int status = 503;                          // of the balancer's own answer
};

class FrontDoor final : public ports::DataPlane {
 public:
  FrontDoor(VirtualClock& clock, Cloud& cloud) : clock_(clock), cloud_(cloud) {}

  void publish(const balancing::DataPlaneConfig& config) override;
  const balancing::DataPlaneReport& report() override;
  Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) override;
  void release_address(const balancing::LoadBalancerArn& arn) override { addresses_.erase(arn); }

  const balancing::DataPlaneConfig& config() const { return config_; }
  /// A balancer that is away reports nothing and keeps its last configuration; back again it gets
  /// the newest one, as the real one does.
  void set_connected(bool connected);
  bool is_connected() const { return connected_; }
  /// Ports that are taken by somebody else: bound as port + 8000, or refused with strict_port.
  void take_port(std::uint16_t port) { taken_.push_back(port); }

  /// What is going on at a target, as its report shows it.
  struct Traffic {
    std::int64_t in_flight = 0;
    std::int64_t websockets = 0;
    std::uint64_t requests = 0;
  };
  Traffic& traffic(const std::string& target_id) { return traffic_[target_id]; }

  /// Picks a target for a request of that listener, as the balancer does: round robin over the
  /// routable ones; a refused connection is tried on another one.
  Forwarded forward(std::size_t listener, std::string_view path);
  /// Targets that a request may be given to, over all target groups that listeners use.
  std::set<std::string> routable_targets() const;
  /// Asked before each publish; false: it does not get through.
  void set_gate(std::function<bool()> gate) { gate_ = std::move(gate); }
  /// Probes everything that is due by now.
  void probe_due();
  /// A probe of it succeeded at least once, in every target group that has it.
  bool has_answered(const groups::InstanceId& id) const;
  /// WebSockets that Closing ended, by target, and when the target began to drain.
  struct Closure {
    std::string target;
    Instant draining_since, closed;
    std::int64_t websockets = 0;
  };
  const std::vector<Closure>& closures() const { return closures_; }

 private:
  struct Watched {
    balancing::TargetStatus status;
    Instant next_probe;
    balancing::TargetIntent intent = balancing::TargetIntent::Serving;
    std::optional<Instant> draining_since;
    bool told_late = false;  // that it drains: the balancer was away
  };
  using Key = std::pair<std::string, std::string>;  // target group, target

  void take(const balancing::DataPlaneConfig& config);
  void configure(const balancing::TargetConfig& target, Watched& watched);
  std::vector<std::uint32_t> routable_in(const balancing::TargetGroupConfig& group) const;
  void probe(const balancing::TargetGroupConfig& group,
             const balancing::TargetConfig& target,
             Watched& watched);
  void bind_listeners();
  MonotonicInstant monotonic_now() const;

  VirtualClock& clock_;
  Cloud& cloud_;
  bool connected_ = true;
  balancing::DataPlaneConfig config_;
  std::optional<balancing::DataPlaneConfig> missed_;  // the newest, published while it was away
  bool catching_up_ = false;
  balancing::DataPlaneReport report_;
  std::map<Key, Watched> watched_;
  std::map<std::string, balancing::Rotation> rotations_;  // by target group
  std::map<std::string, Traffic> traffic_;
  std::set<Key> answered_;
  std::vector<Closure> closures_;
  std::map<balancing::LoadBalancerArn, std::string> addresses_;
  std::vector<std::uint16_t> taken_;
  std::uint32_t next_address_ = 254;
  std::function<bool()> gate_;
};

}  // namespace tidegate::sim
