// The balancer process: workers that carry traffic, and a control thread that listens to whoever
// configures it, keeps health, and reports. It goes on serving its last configuration while nobody
// is connected; any number of control connects may come and go. Lives on one EventLoop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "balancer/health_table.h"
#include "balancer/routes/snapshot.h"
#include "balancer/worker/worker.h"
#include "core/balancing/wire.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidegate::balancer {

struct BalancerOptions {
  std::size_t workers = 1;
  Worker::Options::Pin pin = Worker::Options::Pin::ToCore;
  ProxyLimits limits;
  std::vector<std::pair<balancing::SocketName, net::Fd>> listeners;
  net::Fd control;  // listening unix stream socket; may be empty
  /// New connections wait in the kernel until every target has been probed once, at most so long:
  /// a restart must not answer 503 only because it has not looked yet.
  MonotonicTime::duration first_look = std::chrono::milliseconds{500};
  MonotonicTime::duration report_every = std::chrono::milliseconds{200};
};

class Balancer {
 public:
  Balancer(net::EventLoop& loop, BalancerOptions options);
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  ~Balancer();

  /// Serves that configuration from now on. Listeners without a socket wait for one.
  void apply(const balancing::DataPlaneConfig& config);
  void add_listener(const balancing::SocketName& name, net::Fd fd);
  /// The state of everything, as reports have it.
  balancing::DataPlaneReport report();

 private:
  struct Connection {
    net::Fd fd;
    balancing::WireReader reader;
    std::deque<net::Fd> received;  // descriptors that no Sockets message has named yet
    std::string out;
    std::map<std::string, balancing::TargetReport> sent_targets;
    std::map<balancing::LoadBalancerArn, balancing::LoadBalancerReport> sent_load_balancers;
    std::optional<std::uint64_t> sent_generation;
    bool broken = false;
  };

  void start_probe(ProbeRequest request);
  void begin_accepting();
  void accept_control();
  void on_control(Connection& connection, std::uint32_t events);
  void read_control(Connection& connection);
  void take_message(Connection& connection, const balancing::WireMessage& message);
  void take_sockets(Connection& connection, const balancing::SocketsMessage& message);
  void send(Connection& connection, const balancing::WireMessage& message);
  void flush(Connection& connection);
  void drop_broken();
  void tick();
  void report_to(Connection& connection, const balancing::DataPlaneReport& report);
  std::uint64_t applied_generation();

  net::EventLoop& loop_;
  BalancerOptions options_;
  std::string epoch_;
  Handover handover_;
  HealthTable health_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_prober_ = 0;
  std::uint64_t sequence_ = 0;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> generations_;  // sequence → generation
  std::set<balancing::SocketName> sockets_;
  std::set<balancing::SocketName> used_sockets_;  // a configuration has named their listener
  std::vector<std::unique_ptr<Connection>> connections_;
  bool accepting_ = false;
  std::optional<MonotonicInstant> accept_by_;
  std::optional<net::TimerId> tick_timer_;
};

}  // namespace tidegate::balancer
