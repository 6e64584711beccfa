// The data plane: balancers that carry traffic. Non-blocking; called from the engine thread only.
// Implementations: adapters/dataplane, sim.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/balancing/data_plane.h"

namespace tidegate::ports {

class DataPlane {
 public:
  DataPlane() = default;
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;
  virtual ~DataPlane() = default;

  /// Replaces what the balancers do. Generations grow; the same generation twice does nothing.
  virtual void publish(const balancing::DataPlaneConfig& config) = 0;
  /// The newest that is known; cheap.
  virtual const balancing::DataPlaneReport& report() = 0;
  /// An address for a load balancer of that ARN, the same for the same ARN. Error:
  /// ResourceExhausted.
  virtual Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) = 0;
  virtual void release_address(const balancing::LoadBalancerArn& arn) = 0;
};

}  // namespace tidegate::ports
