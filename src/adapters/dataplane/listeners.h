// The listening sockets of all load balancers: which (address, port) a listener got, and the
// descriptors on their way to the balancer. A port that cannot be bound becomes port + 8000, or an
// error with StrictPort (CONTRACT "Addresses"). The adapter's thread only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/balancing/wire.h"
#include "net/socket.h"

namespace tidegate::dataplane {

inline constexpr std::uint16_t kOtherPortOffset = 8000;

struct BoundSocket {
  balancing::SocketName name;
  net::Fd fd;
};

class Listeners {
 public:
  explicit Listeners(std::uint32_t workers) : workers_(workers) {}

  /// Sockets that a running balancer or its shim holds already.
  void know(const std::vector<balancing::SocketName>& names);
  /// Everything is forgotten: the balancer and its shim are gone.
  void forget() { held_.clear(); }

  /// Finds or binds the listener's sockets; new ones are appended to `fresh`. bound_port 0 when it
  /// could not be had.
  struct Outcome {
    balancing::ListenerBinding binding;
    std::vector<BoundSocket> fresh;
  };
  Outcome ensure(const balancing::ListenerConfig& listener);
  /// Names that no listener of `config` (ports as bound) uses any more; they are forgotten.
  std::vector<balancing::SocketName> drop_unused(const balancing::DataPlaneConfig& config);

 private:
  bool holds(const std::string& address, std::uint16_t port) const;
  Result<std::vector<BoundSocket>> bind(const std::string& address, std::uint16_t port);

  std::uint32_t workers_;
  std::set<balancing::SocketName> held_;
  std::map<std::pair<std::string, std::uint16_t>, std::string>
      notes_;  // why that port became another
};

/// "nginx (pid 812)" of the process that listens on that port, or empty when it cannot be told.
std::string port_holder(std::uint16_t port);

}  // namespace tidegate::dataplane
