// For tests: a whole balancer inside the test's process, origins that record the bytes which reach
// them, and a raw client. Real sockets on loopback, ports given by the kernel, and every wait has a
// deadline ten times too long.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "balancer/balancer.h"
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

/// The balancer, with one listener per worker on one port.
class Rig {
 public:
  explicit Rig(std::size_t workers = 1, ProxyLimits limits = {}) {
    auto first = net::listen_tcp(*net::SocketAddress::ip("127.0.0.1", 0), net::PortSharing::Shared);
    REQUIRE(first.has_value());
    address_ = net::local_address(first->get());
    BalancerOptions options;
    options.workers = workers;
    options.pin = Worker::Options::Pin::Nowhere;
    options.limits = limits;
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      auto fd =
          worker == 0 ? std::move(first) : net::listen_tcp(address_, net::PortSharing::Shared);
      REQUIRE(fd.has_value());
      options.listeners.emplace_back(balancing::SocketName{"127.0.0.1", address_.port(), worker},
                                     std::move(*fd));
    }
    balancer_ = std::make_unique<Balancer>(loop_, std::move(options));
    thread_ = std::thread{[this] { loop_.run(); }};
    balancing::ListenerConfig& listener = config_.listeners.emplace_back();
    listener.arn = balancing::ListenerArn{"listener"};
    listener.load_balancer = balancing::LoadBalancerArn{"lb"};
    listener.address = "127.0.0.1";
    listener.port = address_.port();
    listener.default_target_group = balancing::TargetGroupArn{"tg"};
    add_group("tg");
  }
  ~Rig() {
    on_loop([this] { balancer_.reset(); });
    loop_.stop();
    thread_.join();
  }

  const net::SocketAddress& address() const { return address_; }
  balancing::DataPlaneConfig& config() { return config_; }
  balancing::TargetGroupConfig& add_group(const char* arn) {
    balancing::TargetGroupConfig& group = config_.target_groups.emplace_back();
    group.arn = balancing::TargetGroupArn{arn};
    group.health_check.enabled = false;
    return group;
  }
  balancing::TargetConfig& add_target(std::uint16_t port, std::size_t group = 0) {
    auto& targets = config_.target_groups[group].targets;
    balancing::TargetConfig& added = targets.emplace_back();
    added.id = "i-" + std::to_string(targets.size() - 1);
    added.address = "127.0.0.1";
    added.port = port;
    return added;
  }
  /// Applied by every worker when it returns.
  void apply() {
    ++config_.generation;
    on_loop([this] { balancer_->apply(config_); });
    REQUIRE(eventually([this] { return report().generation == config_.generation; }));
  }
  balancing::DataPlaneReport report() {
    balancing::DataPlaneReport out;
    on_loop([&] { out = balancer_->report(); });
    return out;
  }
  balancing::TargetReport target(const std::string& id) {
    for (const balancing::TargetReport& target : report().targets) {
      if (target.id == id) return target;
    }
    return {};
  }
  balancing::LoadBalancerReport load_balancer() { return report().load_balancers.at(0); }

 private:
  void on_loop(const std::function<void()>& task) {
    std::mutex mutex;
    std::condition_variable done_changed;
    bool done = false;
    loop_.post([&] {
      task();
      const std::lock_guard lock{mutex};
      done = true;
      done_changed.notify_one();
    });
    std::unique_lock lock{mutex};
    done_changed.wait(lock, [&] { return done; });
  }
  net::EventLoop loop_;
  net::SocketAddress address_;
  std::unique_ptr<Balancer> balancer_;
  balancing::DataPlaneConfig config_;
  std::thread thread_;
};

}  // namespace tidegate::balancer
