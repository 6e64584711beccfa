#include "net/socket.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

namespace tidegate::net {
namespace {

constexpr std::size_t kUnixPathMax = 100;

template <typename T>
T* as(sockaddr* address) {
  return reinterpret_cast<T*>(address);
}
template <typename T>
const T* as(const sockaddr* address) {
  return reinterpret_cast<const T*>(address);
}

Status set_option(int fd, int level, int name, int value) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) {
    return errno_error("setsockopt", errno);
  }
  return Ok{};
}

Error invalid_address(std::string_view text) {
  return {ErrorCode::InvalidArgument,
          "ValidationError",
          "'" + std::string{text} + "' is no literal address with port (like 127.0.0.1:8080)"};
}

}  // namespace

Error errno_error(std::string_view what, int error_number) {
  ErrorCode code = ErrorCode::Unavailable;
  if (error_number == EADDRINUSE) code = ErrorCode::AlreadyExists;
  if (error_number == EACCES || error_number == EPERM) code = ErrorCode::PermissionDenied;
  if (error_number == EADDRNOTAVAIL || error_number == EINVAL) code = ErrorCode::InvalidArgument;
  if (error_number == EMFILE || error_number == ENFILE) code = ErrorCode::ResourceExhausted;
  if (error_number == ENOENT) code = ErrorCode::NotFound;
  return {code,
          "SocketError",
          std::string{what} + ": " + std::generic_category().message(error_number)};
}

Result<SocketAddress> SocketAddress::ip(std::string_view address, std::uint16_t port) {
  SocketAddress out;
  const std::string text{address};
  auto* v4 = as<sockaddr_in>(out.get());
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size_ = sizeof *v4;
    return out;
  }
  auto* v6 = as<sockaddr_in6>(out.get());
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size_ = sizeof *v6;
    return out;
  }
  return invalid_address(address);
}

Result<SocketAddress> SocketAddress::unix_path(std::string_view path) {
  if (path.empty() || path.size() > kUnixPathMax) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "the socket path '" + std::string{path} + "' is not of 1..100 bytes"};
  }
  SocketAddress out;
  auto* local = as<sockaddr_un>(out.get());
  local->sun_family = AF_UNIX;
  std::memcpy(local->sun_path, path.data(), path.size());
  out.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return out;
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid_address(text);
  const std::optional<std::int64_t> port = parse_int(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return invalid_address(text);
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return ip(host, static_cast<std::uint16_t>(*port));
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &as<sockaddr_in>(get())->sin_addr, text, sizeof text);
  } else if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &as<sockaddr_in6>(get())->sin6_addr, text, sizeof text);
  } else if (family() == AF_UNIX && size_ > offsetof(sockaddr_un, sun_path)) {
    return as<sockaddr_un>(get())->sun_path;
  }
  return text;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(get())->sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>(get())->sin6_port);
  return 0;
}

std::string SocketAddress::text() const {
  if (family() == AF_UNIX) return host();
  const std::string address = host();
  return (family() == AF_INET6 ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

Result<Fd> listen_tcp(const SocketAddress& address, PortSharing sharing, int backlog) {
  Fd fd{::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return errno_error("socket", errno);
  TG_RETURN_IF_ERROR(set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1));
  if (sharing == PortSharing::Shared) {
    TG_RETURN_IF_ERROR(set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1));
  }
  TG_RETURN_IF_ERROR(set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1));
  if (::bind(fd.get(), address.get(), address.size()) != 0) {
    return errno_error("bind " + address.text(), errno);
  }
  if (::listen(fd.get(), backlog) != 0) return errno_error("listen " + address.text(), errno);
  return fd;
}

Result<Fd> listen_unix(std::string_view path, int type) {
  TG_ASSIGN_OR_RETURN(const auto address, SocketAddress::unix_path(path));
  Fd fd{::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return errno_error("socket", errno);
  ::unlink(address.host().c_str());
  if (::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), address.get(), address.size()) != 0) {
    return errno_error("bind " + address.host(), errno);
  }
  if (::listen(fd.get(), 64) != 0) return errno_error("listen " + address.host(), errno);
  return fd;
}

Result<Fd> start_connect(const SocketAddress& address, int type) {
  Fd fd{::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return errno_error("socket", errno);
  if (address.family() != AF_UNIX) {
    TG_RETURN_IF_ERROR(set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1));
  }
  if (::connect(fd.get(), address.get(), address.size()) != 0 && errno != EINPROGRESS) {
    return errno_error("connect to " + address.text(), errno);
  }
  return fd;
}

Result<std::pair<Fd, Fd>> socket_pair(int type) {
  int ends[2] = {};
  if (::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return errno_error("socketpair", errno);
  }
  return std::pair{Fd{ends[0]}, Fd{ends[1]}};
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

SocketAddress local_address(int fd) {
  SocketAddress out;
  socklen_t size = sizeof(sockaddr_storage);
  if (::getsockname(fd, out.get(), &size) == 0) out.set_size(size);
  return out;
}

Status send_with_fds(int socket, std::string_view bytes, std::span<const int> fds) {
  TG_CHECK(fds.size() <= kFdsPerMessageMax);
  alignas(cmsghdr) char control[CMSG_SPACE(kFdsPerMessageMax * sizeof(int))] = {};
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  if (sent < 0) return errno_error("sendmsg", errno);
  if (static_cast<std::size_t>(sent) != bytes.size()) return errno_error("sendmsg", EMSGSIZE);
  return Ok{};
}

Result<Received> receive_with_fds(int socket, std::span<char> into) {
  alignas(cmsghdr) char control[CMSG_SPACE(kFdsPerMessageMax * sizeof(int))] = {};
  iovec part{.iov_base = into.data(), .iov_len = into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return errno_error("recvmsg", errno);
  Received out{.size = static_cast<std::size_t>(size), .fds = {}};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      out.fds.emplace_back(fd);
    }
  }
  return out;
}

}  // namespace tidegate::net
