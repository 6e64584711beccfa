// What a home's instances need of the machine's network: the range of addresses, claimed by a lock
// file in /run; a routed veth per instance; the range itself unreachable where no instance is;
// masquerading in an nft table of the home; ip_forward, which the last home puts back. All names
// carry the home id. Made at the first launch, so that an idle home changes nothing. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "net/link/ipv4.h"

namespace tidegate::compute_process {

/// The range is this home's while the lock, or a copy of it in a shim, is open.
struct ClaimedRange {
  link::Ipv4Range range;
  FileDescriptor lock;
};

/// `wanted` (TIDEGATE_RANGE), else the one this home had, else the first free /20 of 10.64.0.0/10
/// that no route of this machine touches. Errors: InvalidArgument (no range, or smaller than /28),
/// ResourceExhausted (naming the holder, or all taken).
Result<ClaimedRange> claim_range(const std::string& home, const std::optional<std::string>& wanted);

/// Load balancers have the top of the range; instances are given addresses below it.
inline constexpr std::uint32_t kAddressesForLoadBalancers = 256;  // or a quarter of a small range
std::uint32_t instance_addresses(const link::Ipv4Range& range);

/// What the names of a home's instance links on this machine begin with.
std::string link_prefix(const std::string& home_id);

struct InstanceNetwork {
  FileDescriptor network_namespace;
  std::string veth;
};

class HostNetwork {
 public:
  /// home_id: 1..8 characters of [a-z0-9].
  HostNetwork(std::string home_id, std::string home, link::Ipv4Range range);

  /// Route, table and ip_forward; does nothing when done. Error: with the step that was refused.
  Status set_up();
  /// Undoes set_up(), also another run's; ip_forward when no other home needs it.
  void tear_down();
  /// A namespace with lo, eth0 with that address and a way out. Error: with the step.
  Result<InstanceNetwork> add_instance(link::Ipv4 address) const;
  std::string veth_of(link::Ipv4 address) const;
  void remove_veth(const std::string& name);
  /// Links of this home.
  std::vector<std::string> veths() const;

 private:
  Status add_table() const;
  void remove_table() const;
  Status forward() const;
  void stop_forwarding() const;

  std::string home_id_;
  std::string home_;
  link::Ipv4Range range_;
  bool is_set_up_ = false;
};

/// Whether nft takes commands here. Error: with what it said.
Status probe_nft();

/// For the instances. Where the machine's resolver listens on loopback they ask kDnsForwarder,
/// which the home's nft table leads to it: no process of ours, so that names are found while
/// `serve` is away.
inline constexpr const char* kDnsForwarder = "169.254.169.253";
struct ResolvConf {
  std::string text;
  std::optional<link::Ipv4> forward_to;  // the machine's resolver, on loopback
};
/// machine: /etc/resolv.conf; upstream: systemd-resolved's own list of servers, or empty.
ResolvConf resolv_conf_from(std::string_view machine, std::string_view upstream);
/// Of this machine, now.
ResolvConf machine_resolv_conf();
/// As it stands, for those who share the machine's network.
std::string machines_own_resolv_conf();

}  // namespace tidegate::compute_process
