#include "adapters/compute/process/places.h"

#include <algorithm>

#include <netinet/in.h>
#include <sys/socket.h>

#include "adapters/compute/process/host_network.h"
#include "base/file_descriptor.h"

namespace tidegate::compute_process {
namespace {

constexpr link::Ipv4 kLocalhost{0x7f000001};
constexpr std::uint32_t kMetadataNet = 0x7f4d0000;  // 127.77.0.0
constexpr std::uint32_t kMetadataSecond = 77 - 64;

/// FNV-1a: homes of one machine begin in different places.
std::uint32_t hash_of(const std::string& text) {
  std::uint32_t hash = 2166136261;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  }
  return hash;
}

/// Nobody listens there, on any address of this machine.
bool is_free(std::uint16_t port) {
  const FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  const auto* name = reinterpret_cast<const sockaddr*>(&any);
  return socket && ::bind(socket.get(), name, sizeof any) == 0;
}

Error none_left(const std::string& what) {
  return Error{ErrorCode::ResourceExhausted, "InsufficientFreeAddressesInSubnet", what};
}

}  // namespace

link::Ipv4Range loopback_range(const std::string& home_id) {
  const std::uint32_t hash = hash_of(home_id);
  std::uint32_t second = hash % 63;  // 64..127 without one
  if (second >= kMetadataSecond) ++second;
  const std::uint32_t third = hash / 63 % 256;
  return {link::Ipv4{0x7f000000 | (64 + second) << 16 | third << 8}, 24};
}

Places::Places(Form::Network network, link::Ipv4Range range, const std::string& home_id)
    : network_(network), range_(range) {
  if (network_ == Form::Network::Machines) next_ = hash_of(home_id) % kSharedPorts;
}

Result<Place> Places::next(std::uint16_t port, const std::vector<Place>& taken) {
  return network_ == Form::Network::Own ? next_address(port, taken) : next_port(taken);
}

void Places::remember(const Place& place) {
  if (network_ == Form::Network::Own) {
    next_ = std::max(next_, place.address.value - range_.first.value + 1);
  }
}

Result<Place> Places::next_address(std::uint16_t port, const std::vector<Place>& taken) {
  const std::uint32_t size = instance_addresses(range_);
  for (std::uint32_t i = 0; i < size; ++i) {
    if (next_ >= size) next_ = 2;
    const link::Ipv4 address = range_.at(next_++);
    const bool used = std::any_of(
        taken.begin(), taken.end(), [&](const Place& one) { return one.address == address; });
    if (!used) return Place{address, port, {}};
  }
  return none_left("no free address in " + to_string(range_));
}

Result<Place> Places::next_port(const std::vector<Place>& taken) {
  for (std::uint32_t i = 0; i < kSharedPorts; ++i) {
    const std::uint32_t offset = next_++ % kSharedPorts;
    const auto port = static_cast<std::uint16_t>(kFirstSharedPort + offset);
    const bool used =
        std::any_of(taken.begin(), taken.end(), [&](const Place& one) { return one.port == port; });
    // As many addresses as ports: an instance's metadata address is as free as its port is.
    if (!used && is_free(port)) {
      return Place{kLocalhost, port, link::Ipv4{kMetadataNet + 256 + offset}};
    }
  }
  return none_left("no free port of 127.0.0.1 between " + std::to_string(kFirstSharedPort) +
                   " and " + std::to_string(kFirstSharedPort + kSharedPorts - 1));
}

}  // namespace tidegate::compute_process
