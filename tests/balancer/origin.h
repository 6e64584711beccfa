// For tests: origins on loopback that record the bytes which reach them. A thread per connection.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "balancer/raw_client.h"
#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/socket.h"

namespace tidegate::balancer {

/// One connection at an origin: reads requests, answers as the test says.
class OriginConnection {
 public:
  OriginConnection(int fd, std::size_t number) : fd_(fd), number_(number) {}
  int fd() const { return fd_; }
  std::size_t number() const { return number_; }
  /// One whole request as its raw bytes; empty at the end of the connection.
  std::string request() {
    while (true) {
      http1::RequestParser parser;
      if (parser.parse(input_) == http1::Parse::Complete) return whole(parser.head());
      if (!more()) return {};
    }
  }
  void send(std::string_view text) { send_all(fd_, text); }
  void ok(std::string_view body) {
    send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string{body});
  }
  /// Bytes beyond the requests taken.
  std::string some() {
    if (input_.empty()) more();
    return std::exchange(input_, {});
  }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  std::string whole(const http1::RequestHead& head) {
    std::size_t used = head.size;
    http1::BodyReader body{head.body};
    while (body.state() == http1::BodyState::More) {
      if (used == input_.size() && !more()) return input_;
      used += body.next(std::string_view{input_}.substr(used)).consumed;
    }
    std::string out = input_.substr(0, used);
    input_.erase(0, used);
    return out;
  }
  bool more() {
    char buffer[65536];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size > 0) input_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  int fd_;
  std::size_t number_;
  std::string input_;
};

/// A server thread per connection; the handler runs until it returns, then the connection closes.
class Origin {
 public:
  using Handler = std::function<void(OriginConnection&)>;
  explicit Origin(Handler handler) : handler_(std::move(handler)) {
    auto fd = net::listen_tcp(*net::SocketAddress::ip("127.0.0.1", 0), net::PortSharing::Exclusive);
    REQUIRE(fd.has_value());
    listener_ = std::move(*fd);
    const int flags = ::fcntl(listener_.get(), F_GETFL);
    ::fcntl(listener_.get(), F_SETFL, flags & ~O_NONBLOCK);
    port_ = net::local_address(listener_.get()).port();
    acceptor_ = std::thread{[this] { accept_all(); }};
  }
  ~Origin() { stop(); }
  /// The process dies: nobody listens any more, connections are reset.
  void stop() {
    if (!acceptor_.joinable()) return;
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    listener_.reset();
    {
      const std::lock_guard lock{mutex_};
      for (const int fd : open_) {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        ::shutdown(fd, SHUT_RDWR);
      }
    }
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  std::uint16_t port() const { return port_; }
  std::size_t connections() const {
    const std::lock_guard lock{mutex_};
    return count_;
  }
  /// Raw requests, in the order they came.
  std::vector<std::string> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  void record(std::string request) {
    const std::lock_guard lock{mutex_};
    requests_.push_back(std::move(request));
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      set_receive_deadline(fd);
      const std::lock_guard lock{mutex_};
      open_.push_back(fd);
      threads_.emplace_back([this, fd, number = count_++] {
        OriginConnection connection{fd, number};
        handler_(connection);
        const std::lock_guard inner{mutex_};
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }
  Handler handler_;
  net::Fd listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::size_t count_ = 0;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

/// Records every request and answers 200 with `body`.
class RecordingOrigin : public Origin {
 public:
  explicit RecordingOrigin(std::string body = "ok")
      : Origin([this, body](OriginConnection& connection) {
          while (true) {
            std::string request = connection.request();
            if (request.empty()) return;
            record(std::move(request));
            connection.ok(body);
          }
        }) {}
  ~RecordingOrigin() { stop(); }
};

}  // namespace tidegate::balancer
