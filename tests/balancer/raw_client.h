// For tests: a blocking client that speaks bytes, and waits with a deadline ten times too long.
#pragma once

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/socket.h>

#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidegate::balancer {

constexpr auto kTestDeadline = std::chrono::seconds{60};

inline void set_receive_deadline(int fd) {
  const timeval deadline{.tv_sec = kTestDeadline.count(), .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
}

inline void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

/// Waits until `done` holds; false when the deadline passes.
inline bool eventually(const std::function<bool()>& done) {
  const MonotonicInstant end = net::monotonic_now() + kTestDeadline;
  while (!done()) {
    if (net::monotonic_now() > end) return false;
    ::sched_yield();
  }
  return true;
}

/// A blocking client that speaks bytes.
class RawClient {
 public:
  explicit RawClient(const net::SocketAddress& address)
      : fd_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    set_receive_deadline(fd_.get());
    REQUIRE(::connect(fd_.get(), address.get(), address.size()) == 0);
  }
  void send(std::string_view text) { send_all(fd_.get(), text); }
  void finish() { ::shutdown(fd_.get(), SHUT_WR); }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }
  /// At least `size` bytes, or what came before the end.
  std::string read(std::size_t size) {
    while (input_.size() < size && more()) {
    }
    return std::exchange(input_, {});
  }
  std::string rest() {
    while (more()) {
    }
    return std::exchange(input_, {});
  }
  /// One whole answer, decoded; status 0 when the connection ended before it was whole.
  struct Answer {
    int status = 0;
    std::string head, body;
  };
  Answer answer(http1::Method method = http1::Method::Get) {
    while (true) {
      http1::ResponseParser parser;
      std::string copy = input_;
      if (parser.parse(copy, method) == http1::Parse::Complete) {
        const http1::ResponseHead& head = parser.head();
        Answer out{head.status, copy.substr(0, head.size), {}};
        input_.erase(0, head.size);
        if (head.status < 200) return out;
        return read_body(std::move(out), head.body);
      }
      if (!more()) return {};
    }
  }
  bool was_reset() const { return reset_; }

 private:
  Answer read_body(Answer out, http1::Framing framing) {
    http1::BodyReader reader{framing};
    while (true) {
      while (!input_.empty() && reader.state() == http1::BodyState::More) {
        const auto piece = reader.next(input_);
        out.body += piece.payload;
        input_.erase(0, piece.consumed);
      }
      if (reader.state() == http1::BodyState::Done) return out;
      if (!more()) {
        return framing.kind == http1::Framing::Kind::UntilClose ? out : Answer{};
      }
    }
  }
  bool more() {
    char buffer[65536];
    const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (size < 0) {
      REQUIRE_MESSAGE(errno == ECONNRESET, "nothing came within the deadline");
      reset_ = true;
    }
    if (size > 0) input_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  net::Fd fd_;
  std::string input_;
  bool reset_ = false;
};

}  // namespace tidegate::balancer
