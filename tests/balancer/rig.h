// For tests: a whole balancer inside the test's process, with real sockets on loopback and ports
// given by the kernel.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "balancer/balancer.h"
#include "balancer/raw_client.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidegate::balancer {

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
