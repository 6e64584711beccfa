// Descriptors and sockets: owning, non-blocking, close-on-exec, failures as Results. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace tidegate::net {

using Fd = FileDescriptor;

/// An IPv4, IPv6 or unix address as the kernel takes it.
class SocketAddress {
 public:
  SocketAddress() = default;
  /// A literal address ("127.0.0.1", "::1"); names are not resolved. Error: InvalidArgument.
  static Result<SocketAddress> ip(std::string_view address, std::uint16_t port);
  /// A path of at most 100 bytes (CONTRACT). Error: InvalidArgument.
  static Result<SocketAddress> unix_path(std::string_view path);
  /// "127.0.0.1:80", "[::1]:80". Error: InvalidArgument.
  static Result<SocketAddress> parse(std::string_view text);

  /// The literal without the port; the path of a unix address.
  std::string host() const;
  std::uint16_t port() const;
  /// "127.0.0.1:80".
  std::string text() const;
  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  void set_size(socklen_t size) { size_ = size; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_storage);
};

enum class PortSharing { Exclusive, Shared };  // Shared: SO_REUSEPORT, one socket per worker

/// A listening TCP socket, non-blocking, TCP_NODELAY (accepted sockets inherit it). Port 0 takes a
/// free one. Error: AlreadyExists (taken), PermissionDenied (port < 1024 without the right),
/// InvalidArgument (address not of this host).
Result<Fd> listen_tcp(const SocketAddress& address, PortSharing sharing, int backlog = 4096);
/// A listening unix socket (SOCK_STREAM or SOCK_SEQPACKET), mode 0600; a stale path is replaced.
Result<Fd> listen_unix(std::string_view path, int type);
/// Connects, non-blocking: EINPROGRESS is success, the outcome comes with writability.
Result<Fd> start_connect(const SocketAddress& address, int type = SOCK_STREAM);
/// A connected pair, non-blocking.
Result<std::pair<Fd, Fd>> socket_pair(int type);
/// What SO_ERROR tells of a finished connect; 0 when it succeeded.
int connect_error(int fd);
/// The local address of a socket.
SocketAddress local_address(int fd);

/// One message with descriptors (SCM_RIGHTS) over a unix socket that is able to take it whole.
Status send_with_fds(int socket, std::string_view bytes, std::span<const int> fds);

struct Received {
  std::size_t size = 0;  // 0: the other side closed
  std::vector<Fd> fds;
};
constexpr std::size_t kFdsPerMessageMax = 250;  // SCM_MAX_FD is 253
/// Error: Unavailable when nothing is there yet (EAGAIN) or the connection broke.
Result<Received> receive_with_fds(int socket, std::span<char> into);

/// "connect to 10.64.0.7:8080: Connection refused".
Error errno_error(std::string_view what, int error_number);

}  // namespace tidegate::net
