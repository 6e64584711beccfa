// The control wire of the balancer, versioned: JSON messages over a unix stream socket, each behind
// its length (4 bytes, big-endian). Old balancers outlive upgrades: unknown members are ignored,
// missing ones have the defaults of the structs. Pure; sockets and descriptors are the callers'.
//
//   balancer → control   Hello    once per connection: who I am, which listening sockets I hold
//   control → balancer   Sockets  names of the listening sockets whose descriptors come with it
//   control → balancer   Config   the whole configuration; replaces the one before
//   balancer → control   Report   what changed since the last one on this connection (the first:
//   all)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "core/balancing/data_plane.h"

namespace tidegate::balancing {

constexpr std::int64_t kWireVersion = 1;
constexpr std::size_t kWireMessageBytesMax = 64 * 1024 * 1024;  // 10 000 targets are 5 MB
constexpr std::size_t kSocketsPerMessageMax = 200;              // SCM_MAX_FD is 253

/// "listen.<address>-<port>.<worker>": one listening socket of one worker. At most 31 bytes and
/// none of ":,=", so that a shim can hold it.
struct SocketName {
  std::string address;
  std::uint16_t port = 0;
  std::uint32_t worker = 0;
  auto operator<=>(const SocketName&) const = default;
};
std::string to_string(const SocketName& name);
std::optional<SocketName> parse_socket_name(std::string_view text);

struct HelloMessage {
  std::int64_t version = kWireVersion;
  std::string epoch;  // of this start of the balancer
  std::int64_t pid = 0;
  std::uint32_t workers = 0;
  std::uint64_t generation = 0;  // of the snapshot it serves; 0: none
  std::vector<SocketName> sockets;
  bool operator==(const HelloMessage&) const = default;
};
struct SocketsMessage {
  std::vector<SocketName> names;  // one descriptor each, in this order
  bool operator==(const SocketsMessage&) const = default;
};
struct ConfigMessage {
  DataPlaneConfig config;
  bool operator==(const ConfigMessage&) const = default;
};
/// `report.targets` and `report.load_balancers` hold what changed; `report.bindings` and
/// `report.connected` stay empty (the control side knows them).
struct ReportMessage {
  DataPlaneReport report;
  bool all_targets = false;  // `report.targets` is complete: who is not in it is gone
  bool operator==(const ReportMessage&) const = default;
};
using WireMessage = std::variant<HelloMessage, SocketsMessage, ConfigMessage, ReportMessage>;

/// With its length in front.
std::string encode(const WireMessage& message);
/// One message without its length. Error: Corrupt; Unsupported for an unknown type, to be skipped.
Result<WireMessage> decode(std::string_view text);

/// Cuts a byte stream into messages.
class WireReader {
 public:
  void append(std::string_view bytes) { buffer_ += bytes; }
  /// The next whole message without its length; absent until it is there. Error: Corrupt when a
  /// length is over kWireMessageBytesMax: the connection is of no use any more.
  Result<std::optional<std::string>> next();

 private:
  std::string buffer_;
  std::size_t read_ = 0;
};

Json to_json(const DataPlaneConfig& config);
Result<DataPlaneConfig> config_from_json(const Json& json);
Json to_json(const DataPlaneReport& report);
Result<DataPlaneReport> report_from_json(const Json& json);

/// Folds a report of changes into what is known of the same epoch.
void merge(DataPlaneReport& known, const ReportMessage& message);

}  // namespace tidegate::balancing
