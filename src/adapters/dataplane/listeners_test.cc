#include "adapters/dataplane/listeners.h"

#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace tidegate;
using dataplane::kOtherPortOffset;
using dataplane::Listeners;

namespace {

constexpr const char* kAddress = "127.83.19.7";

Result<net::Fd> hold_port(std::uint16_t port) {
  TG_ASSIGN_OR_RETURN(const auto address, net::SocketAddress::ip(kAddress, port));
  return net::listen_tcp(address, net::PortSharing::Exclusive);
}

/// A port that is free together with the one that stands in for it.
std::uint16_t free_port() {
  for (std::uint16_t port = 20000; port < 30000; ++port) {
    if (hold_port(port) && hold_port(port + kOtherPortOffset)) {
      return port;
    }
  }
  FAIL("no free pair of ports");
  return 0;
}

balancing::ListenerConfig listener_at(std::uint16_t port) {
  balancing::ListenerConfig listener;
  listener.arn = balancing::ListenerArn{"arn:listener"};
  listener.address = kAddress;
  listener.port = port;
  return listener;
}

balancing::DataPlaneConfig config_with(const std::vector<std::uint16_t>& ports) {
  balancing::DataPlaneConfig config;
  for (const auto port : ports) {
    config.listeners.push_back(listener_at(port));
  }
  return config;
}

std::string my_name() {
  std::string name;
  std::ifstream{"/proc/self/comm"} >> name;
  return name + " (pid " + std::to_string(getpid()) + ")";
}

}  // namespace

TEST_CASE("listeners: a listener gets one socket per worker, and the same ones when asked again") {
  const auto port = free_port();
  Listeners listeners{3};
  const auto first = listeners.ensure(listener_at(port));
  CHECK(first.binding.bound_port == port);
  CHECK(first.binding.arn == balancing::ListenerArn{"arn:listener"});
  CHECK(first.binding.note.empty());
  REQUIRE(first.fresh.size() == 3);
  for (std::uint32_t worker = 0; worker < 3; ++worker) {
    CHECK(first.fresh[worker].name == balancing::SocketName{kAddress, port, worker});
  }
  CHECK_FALSE(hold_port(port));  // they really are bound
  const auto again = listeners.ensure(listener_at(port));
  CHECK(again.fresh.empty());
  CHECK(again.binding == first.binding);
}

TEST_CASE("listeners: a taken port becomes port + 8000, and the note names who holds it") {
  const auto port = free_port();
  const auto holder = hold_port(port);
  REQUIRE(holder);
  Listeners listeners{1};
  const auto outcome = listeners.ensure(listener_at(port));
  CHECK(outcome.binding.bound_port == port + kOtherPortOffset);
  CHECK(outcome.binding.note == "port " + std::to_string(port) + " is taken by " + my_name());
  REQUIRE(outcome.fresh.size() == 1);
  CHECK(outcome.fresh[0].name.port == port + kOtherPortOffset);
  SUBCASE("and stays there when asked again, with the same note") {
    const auto again = listeners.ensure(listener_at(port));
    CHECK(again.fresh.empty());
    CHECK(again.binding.bound_port == port + kOtherPortOffset);
    CHECK(again.binding.note == outcome.binding.note);
  }
  SUBCASE("and stays there for a control plane that finds it, which no longer knows why") {
    Listeners next{1};
    next.know({outcome.fresh[0].name});
    const auto again = next.ensure(listener_at(port));
    CHECK(again.binding.bound_port == port + kOtherPortOffset);
    CHECK(again.binding.note.find("could not be had") != std::string::npos);
  }
}

TEST_CASE("listeners: with StrictPort a taken port is an error that names the holder") {
  const auto port = free_port();
  const auto holder = hold_port(port);
  REQUIRE(holder);
  auto listener = listener_at(port);
  listener.strict_port = true;
  Listeners listeners{2};
  const auto outcome = listeners.ensure(listener);
  CHECK(outcome.binding.bound_port == 0);
  CHECK(outcome.fresh.empty());
  CHECK(outcome.binding.note.find(my_name()) != std::string::npos);
}

TEST_CASE("listeners: when the stand-in is taken too, both are named and nothing is bound") {
  const auto port = free_port();
  const auto holder = hold_port(port);
  const auto other = hold_port(port + kOtherPortOffset);
  REQUIRE(holder);
  REQUIRE(other);
  Listeners listeners{1};
  const auto outcome = listeners.ensure(listener_at(port));
  CHECK(outcome.binding.bound_port == 0);
  CHECK(outcome.fresh.empty());
  CHECK(outcome.binding.note.find("port " + std::to_string(port) + " ") != std::string::npos);
  CHECK(outcome.binding.note.find("port " + std::to_string(port + kOtherPortOffset) + " ") !=
        std::string::npos);
}

TEST_CASE("listeners: sockets that a running balancer holds are not bound again") {
  const auto port = free_port();
  Listeners listeners{2};
  listeners.know({{kAddress, port, 0}, {kAddress, port, 1}});
  const auto outcome = listeners.ensure(listener_at(port));
  CHECK(outcome.fresh.empty());
  CHECK(outcome.binding.bound_port == port);
  listeners.forget();
  CHECK(listeners.ensure(listener_at(port)).fresh.size() == 2);
}

TEST_CASE("listeners: what no listener uses any more is dropped once, by name") {
  const auto kept = free_port();
  const auto gone = static_cast<std::uint16_t>(kept + 1);
  Listeners listeners{1};
  listeners.know({{kAddress, kept, 0}, {kAddress, gone, 0}});
  CHECK(listeners.drop_unused(config_with({kept, gone})).empty());
  const std::vector<balancing::SocketName> expected{{kAddress, gone, 0}};
  CHECK(listeners.drop_unused(config_with({kept})) == expected);
  CHECK(listeners.drop_unused(config_with({kept})).empty());
  CHECK(listeners.ensure(listener_at(kept)).fresh.empty());
}

TEST_CASE("listeners: a port above 57535 has no stand-in") {
  std::uint16_t port = 65535;
  auto holder = hold_port(port);
  while (!holder && port > 65535 - kOtherPortOffset + 1) {
    holder = hold_port(--port);
  }
  REQUIRE(holder);
  Listeners listeners{1};
  const auto outcome = listeners.ensure(listener_at(port));
  CHECK(outcome.binding.bound_port == 0);
  CHECK(outcome.fresh.empty());
}

TEST_CASE("listeners: nobody holds a free port") {
  CHECK(dataplane::port_holder(free_port()).empty());
}
