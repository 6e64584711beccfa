// The simulated data plane: ports::DataPlane over virtual time. It probes the simulated cloud's
// instances as the balancer does, with the target state machine of core/balancing, and reports what
// it found.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ports/data_plane.h"
#include "sim/cloud.h"

namespace tidegate::sim {

class FrontDoor final : public ports::DataPlane {
 public:
  FrontDoor(VirtualClock& clock, Cloud& cloud) : clock_(clock), cloud_(cloud) {}

  void publish(const balancing::DataPlaneConfig& config) override;
  const balancing::DataPlaneReport& report() override;
  Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) override;
  void release_address(const balancing::LoadBalancerArn& arn) override { addresses_.erase(arn); }

  const balancing::DataPlaneConfig& config() const { return config_; }
  /// A balancer that is away answers nothing and applies nothing.
  void set_connected(bool connected) { connected_ = connected; }
  /// Ports that are taken by somebody else: bound as port + 8000, or refused with strict_port.
  void take_port(std::uint16_t port) { taken_.push_back(port); }
  /// What is going on at a target, as its report shows it.
  struct Traffic {
    std::int64_t in_flight = 0;
    std::int64_t websockets = 0;
    std::uint64_t requests = 0;
  };
  Traffic& traffic(const std::string& target_id) { return traffic_[target_id]; }

 private:
  struct Probing {
    std::uint32_t incarnation = 0;
    std::int32_t successes = 0;
    std::int32_t failures = 0;
    bool ever_healthy = false;
    balancing::TargetHealth health;
    Instant next_probe;
  };

  void probe(const balancing::TargetGroupConfig& group,
             const balancing::TargetConfig& target,
             Probing& probing);
  void probe_once(const balancing::TargetGroupConfig& group,
                  const balancing::TargetConfig& target,
                  Probing& probing);
  void bind_listeners();

  VirtualClock& clock_;
  Cloud& cloud_;
  bool connected_ = true;
  balancing::DataPlaneConfig config_;
  balancing::DataPlaneReport report_;
  std::map<std::string, Probing> probing_;  // by target group and target
  std::map<std::string, Traffic> traffic_;
  std::map<balancing::LoadBalancerArn, std::string> addresses_;
  std::vector<std::uint16_t> taken_;
  std::uint32_t next_address_ = 254;
};

}  // namespace tidegate::sim
