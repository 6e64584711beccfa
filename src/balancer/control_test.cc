// The balancer's control wire, spoken from the control side over a real unix socket.
#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <sys/epoll.h>

#include "balancer/balancer.h"
#include "balancer/origin.h"
#include "balancer/raw_client.h"
#include "temporary_folder.h"

namespace tidegate::balancer {
namespace {

using balancing::ConfigMessage;
using balancing::HelloMessage;
using balancing::ReportMessage;
using balancing::SocketName;
using balancing::SocketsMessage;
using balancing::WireMessage;

constexpr const char* kGetOnce = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class ControlledBalancer {
 public:
  explicit ControlledBalancer(std::size_t workers) {
    BalancerOptions options;
    options.workers = workers;
    options.pin = Worker::Options::Pin::Nowhere;
    options.report_every = std::chrono::milliseconds{5};
    auto control = net::listen_unix(path(), SOCK_STREAM);
    REQUIRE(control.has_value());
    options.control = std::move(*control);
    balancer_ = std::make_unique<Balancer>(loop_, std::move(options));
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~ControlledBalancer() {
    loop_.post([this] { balancer_.reset(); });
    loop_.stop();
    thread_.join();
  }
  std::string path() const { return folder_.path() + "/control.sock"; }

 private:
  TemporaryFolder folder_;
  net::EventLoop loop_;
  std::unique_ptr<Balancer> balancer_;
  std::thread thread_;
};

// The control side, blocking.
class Control {
 public:
  explicit Control(const std::string& path) {
    auto fd = net::start_connect(*net::SocketAddress::unix_path(path));
    REQUIRE(fd.has_value());
    fd_ = std::move(*fd);
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    ::fcntl(fd_.get(), F_SETFL, flags & ~O_NONBLOCK);
    set_receive_deadline(fd_.get());
  }
  void send(const WireMessage& message) { send_all(fd_.get(), balancing::encode(message)); }
  void send_bytes(std::string_view bytes) { send_all(fd_.get(), bytes); }
  void send_sockets(const std::vector<SocketName>& names, const std::vector<int>& fds) {
    REQUIRE(
        net::send_with_fds(fd_.get(), balancing::encode(SocketsMessage{names}), fds).has_value());
  }
  /// The next message; absent at the end.
  std::optional<WireMessage> next() {
    while (true) {
      auto text = reader_.next();
      REQUIRE(text.has_value());
      if (text->has_value()) {
        auto message = balancing::decode(**text);
        REQUIRE(message.has_value());
        return *message;
      }
      std::array<char, 65536> buffer{};
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return std::nullopt;
      reader_.append({buffer.data(), static_cast<std::size_t>(size)});
    }
  }
  HelloMessage hello() { return std::get<HelloMessage>(*next()); }
  /// Folds reports until `done` holds.
  template <typename Done>
  balancing::DataPlaneReport report_until(Done done) {
    balancing::DataPlaneReport known;
    while (!done(known)) {
      const auto message = next();
      REQUIRE(message.has_value());
      balancing::merge(known, std::get<ReportMessage>(*message));
    }
    return known;
  }

 private:
  net::Fd fd_;
  balancing::WireReader reader_;
};

struct Listener {
  net::Fd fd;
  net::SocketAddress address;
  SocketName name;
};

Listener listen() {
  auto fd = net::listen_tcp(*net::SocketAddress::ip("127.0.0.1", 0), net::PortSharing::Shared);
  REQUIRE(fd.has_value());
  const net::SocketAddress address = net::local_address(fd->get());
  return {std::move(*fd), address, SocketName{"127.0.0.1", address.port(), 0}};
}

balancing::DataPlaneConfig config_for(const Listener& listener, std::uint16_t target_port) {
  balancing::DataPlaneConfig config;
  config.generation = 7;
  balancing::ListenerConfig& added = config.listeners.emplace_back();
  added.load_balancer = balancing::LoadBalancerArn{"lb"};
  added.address = "127.0.0.1";
  added.port = listener.name.port;
  added.default_target_group = balancing::TargetGroupArn{"tg"};
  balancing::TargetGroupConfig& group = config.target_groups.emplace_back();
  group.arn = balancing::TargetGroupArn{"tg"};
  group.health_check.enabled = false;
  balancing::TargetConfig& target = group.targets.emplace_back();
  target.id = "i-1";
  target.address = "127.0.0.1";
  target.port = target_port;
  return config;
}

}  // namespace

TEST_CASE("control: sockets and a configuration come in, reports of what changed go out") {
  RecordingOrigin origin;
  ControlledBalancer balancer{2};
  Listener listener = listen();
  Control control{balancer.path()};
  const HelloMessage hello = control.hello();
  CHECK(hello.workers == 2);
  CHECK(hello.generation == 0);
  CHECK(hello.sockets.empty());
  CHECK(hello.pid == ::getpid());
  control.send_sockets({listener.name}, {listener.fd.get()});
  listener.fd.reset();
  control.send(ConfigMessage{config_for(listener, origin.port())});
  auto report = control.report_until([](const auto& known) { return known.generation == 7; });
  CHECK(report.epoch == hello.epoch);
  REQUIRE(report.targets.size() == 1);
  CHECK(report.targets[0].health.reason == "Target.HealthCheckDisabled");
  RawClient client{listener.address};
  client.send(kGetOnce);
  CHECK(client.answer().status == 200);
  report = control.report_until([](const auto& known) {
    return !known.targets.empty() && known.targets[0].responses_2xx == 1;
  });
  CHECK(report.targets[0].requests == 1);
  CHECK(report.targets[0].response_time_count == 1);
  CHECK(report.targets[0].response_time_sum > 0);
  REQUIRE(report.targets[0].response_times.size() == 1);
  CHECK(report.targets[0].response_times.begin()->second == 1);
}

TEST_CASE("control: traffic goes on without anybody, and the next one hears everything") {
  RecordingOrigin origin;
  ControlledBalancer balancer{1};
  const Listener listener = listen();
  auto first = std::make_unique<Control>(balancer.path());
  const std::string epoch = first->hello().epoch;
  first->send_sockets({listener.name}, {listener.fd.get()});
  first->send(ConfigMessage{config_for(listener, origin.port())});
  first->report_until([](const auto& known) { return known.generation == 7; });
  first.reset();
  RawClient client{listener.address};
  client.send(kGetOnce);
  CHECK(client.answer().status == 200);
  Control second{balancer.path()};
  const HelloMessage hello = second.hello();
  CHECK(hello.epoch == epoch);
  CHECK(hello.generation == 7);
  CHECK(hello.sockets == std::vector<SocketName>{listener.name});
  const auto report = second.report_until([](const auto& known) { return !known.targets.empty(); });
  CHECK(report.targets[0].requests == 1);
  balancing::DataPlaneConfig without = config_for(listener, origin.port());
  without.generation = 8;
  without.target_groups[0].targets.clear();
  second.send(ConfigMessage{without});
  second.report_until(
      [](const auto& known) { return known.generation == 8 && known.targets.empty(); });
  client.send(kGetOnce);
  CHECK(client.answer().status == 503);
}

TEST_CASE(
    "control: a listener that leaves the configuration is closed, also for who is connected") {
  RecordingOrigin origin;
  ControlledBalancer balancer{1};
  Listener listener = listen();
  Control control{balancer.path()};
  control.hello();
  control.send_sockets({listener.name}, {listener.fd.get()});
  listener.fd.reset();
  control.send(ConfigMessage{config_for(listener, origin.port())});
  control.report_until([](const auto& known) { return known.generation == 7; });
  RawClient idle{listener.address};
  idle.send(kGetOnce);
  CHECK(idle.answer().status == 200);
  balancing::DataPlaneConfig none;
  none.generation = 8;
  control.send(ConfigMessage{none});
  CHECK(idle.rest().empty());
  CHECK(eventually([&] {
    const net::Fd fd{::socket(AF_INET, SOCK_STREAM, 0)};
    return ::connect(fd.get(), listener.address.get(), listener.address.size()) != 0;
  }));
  Control second{balancer.path()};
  CHECK(second.hello().sockets.empty());
}

TEST_CASE("control: nonsense ends its connection and nothing else") {
  RecordingOrigin origin;
  ControlledBalancer balancer{1};
  const Listener listener = listen();
  Control control{balancer.path()};
  control.hello();
  control.send_sockets({listener.name}, {listener.fd.get()});
  control.send(ConfigMessage{config_for(listener, origin.port())});
  control.report_until([](const auto& known) { return known.generation == 7; });
  const std::string broken[] = {
      std::string{"\xff\xff\xff\xff", 4},
      std::string{"\0\0\0\x02{]", 6},
      balancing::encode(SocketsMessage{{SocketName{"127.0.0.1", 80, 0}}}),  // without descriptors
  };
  for (const std::string& bytes : broken) {
    Control bad{balancer.path()};
    bad.hello();
    bad.send_bytes(bytes);
    while (bad.next()) {
    }
  }
  Control unknown{balancer.path()};
  unknown.hello();
  const std::string text = R"({"Type":"FromTheFuture"})";
  unknown.send_bytes(std::string{"\0\0\0", 3} + static_cast<char>(text.size()) + text);
  unknown.report_until([](const auto& known) { return !known.targets.empty(); });
  RawClient client{listener.address};
  client.send(kGetOnce);
  CHECK(client.answer().status == 200);
}

}  // namespace tidegate::balancer
