// What a connection's bytes come from and go to. Relaying is written against this shape, not
// against sockets, so that TLS can take its place: recv and send as the kernel has them, never
// blocking.
#pragma once

#include <cerrno>
#include <cstddef>
#include <span>
#include <string_view>

#include <sys/socket.h>

#include "net/socket.h"

namespace tidegate::balancer {

struct IoResult {
  enum class Kind { Done, WouldBlock, End, Broken } kind = Kind::Done;
  std::size_t size = 0;  // Done only
};

class PlainTransport {
 public:
  PlainTransport() = default;
  explicit PlainTransport(net::Fd fd) : fd_(std::move(fd)) {}

  IoResult recv(std::span<char> into) {
    const ssize_t size = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (size > 0) return {IoResult::Kind::Done, static_cast<std::size_t>(size)};
    return {size == 0 ? IoResult::Kind::End : failure(), 0};
  }
  IoResult send(std::string_view bytes) {
    const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) return {IoResult::Kind::Done, static_cast<std::size_t>(size)};
    return {failure(), 0};
  }
  /// FIN: the other direction stays open.
  void finish() { ::shutdown(fd_.get(), SHUT_WR); }
  /// RST instead of FIN at close: what was sent is no whole message.
  void abort_at_close() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  static constexpr bool can_splice() { return true; }
  int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

 private:
  static IoResult::Kind failure() {
    return errno == EAGAIN || errno == EINTR ? IoResult::Kind::WouldBlock : IoResult::Kind::Broken;
  }
  net::Fd fd_;
};

}  // namespace tidegate::balancer
