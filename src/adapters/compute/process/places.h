// Where instances are: an address of the home's range each, or, without a network of their own, a
// port of 127.0.0.1 and a loopback address for the metadata service. Given round robin: what was
// just freed may still be in somebody's connection table. Any one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/compute/process/form.h"
#include "base/result.h"
#include "net/link/ipv4.h"

namespace tidegate::compute_process {

struct Place {
  link::Ipv4 address;
  std::uint16_t port = 0;
  link::Ipv4 metadata{};
  bool operator==(const Place&) const = default;
};

/// For load balancers without a network of the home's own: a /24 of 127.64.0.0/10 by the home's id,
/// never 127.77, where metadata services listen.
link::Ipv4Range loopback_range(const std::string& home_id);

/// Ports of instances that share the machine's network; below those that connections get.
inline constexpr std::uint16_t kFirstSharedPort = 20000;
inline constexpr std::uint16_t kSharedPorts = 12000;

class Places {
 public:
  Places(Form::Network network, link::Ipv4Range range, const std::string& home_id);

  /// `port`: what the application is to listen on where it has an address of its own. Error:
  /// ResourceExhausted.
  Result<Place> next(std::uint16_t port, const std::vector<Place>& taken);
  /// Goes on behind that one.
  void remember(const Place& place);

 private:
  Result<Place> next_address(std::uint16_t port, const std::vector<Place>& taken);
  Result<Place> next_port(const std::vector<Place>& taken);

  Form::Network network_;
  link::Ipv4Range range_;
  std::uint32_t next_ = 2;
};

}  // namespace tidegate::compute_process
