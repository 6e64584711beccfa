// rtnetlink: links, addresses and routes of the network namespace in which it was opened (that of
// the calling thread), without forking `ip`. One request at a time, each acknowledged; any one
// thread. Every change is idempotent: what is there already, or gone already, is no error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "net/link/ipv4.h"

namespace tidegate::link {

struct Route {
  enum class Kind { Unicast, Unreachable };
  Kind kind = Kind::Unicast;
  Ipv4Range destination;
  std::string link;             // of a unicast route
  std::optional<Ipv4> gateway;  // taken to be on the link
  std::optional<Ipv4> source;
  std::uint32_t metric = 0;  // of the same destination the lowest is used
};

class Netlink {
 public:
  /// Error: PermissionDenied, Unavailable.
  static Result<Netlink> open();

  /// A pair: `name` here, `peer` in the namespace of that descriptor. Error: AlreadyExists.
  Status add_veth(const std::string& name, const std::string& peer, int peer_namespace);
  Status set_up(const std::string& link);
  Status add_address(const std::string& link, Ipv4 address, std::uint8_t prefix);
  Status remove_address(const std::string& link, Ipv4 address, std::uint8_t prefix);
  Status add_route(const Route& route);
  Status remove_route(const Route& route);
  Status remove_link(const std::string& name);
  /// Names of all links.
  Result<std::vector<std::string>> links();

 private:
  explicit Netlink(FileDescriptor socket) : socket_(std::move(socket)) {}
  Status ask(std::string message, std::uint16_t flags, const std::string& what);
  Result<std::string> answer(const std::string& what);
  Status transact(std::string message, const std::string& what);
  Result<std::uint32_t> index_of(const std::string& link);
  Status change_address(std::uint16_t type,
                        const std::string& link,
                        Ipv4 address,
                        std::uint8_t prefix);
  Status change_route(std::uint16_t type, const Route& route);

  FileDescriptor socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace tidegate::link
