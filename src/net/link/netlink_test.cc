// In a network namespace of the test's own.
#include "net/link/netlink.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace tidegate::link {
namespace {

/// False without root: nothing to test then.
bool in_own_namespace() {
  if (::geteuid() == 0 && ::unshare(CLONE_NEWNET) == 0) return true;
  MESSAGE("needs root: not run");
  return false;
}

std::string routes() {
  std::ifstream in("/proc/thread-self/net/route");
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("netlink: loopback comes up, and an address goes on it and off it, twice each") {
  if (!in_own_namespace()) return;
  Result<Netlink> netlink = Netlink::open();
  REQUIRE(netlink);
  CHECK(netlink->set_up("lo"));
  for (int i = 0; i < 2; ++i) {
    CHECK(netlink->add_address("lo", *parse_ipv4("10.64.15.255"), 32));
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(netlink->remove_address("lo", *parse_ipv4("10.64.15.255"), 32));
  }
  CHECK(netlink->set_up("nosuch").error().code == ErrorCode::NotFound);
}

TEST_CASE("netlink: a veth pair, its route, and nothing left when it is gone") {
  if (!in_own_namespace()) return;
  const FileDescriptor there{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  REQUIRE(::unshare(CLONE_NEWNET) == 0);
  Result<Netlink> netlink = Netlink::open();
  REQUIRE(netlink);
  CHECK(netlink->add_veth("tgab-001", "eth0", there.get()));
  CHECK(netlink->add_veth("tgab-001", "eth0", there.get()).error().code ==
        ErrorCode::AlreadyExists);
  CHECK(netlink->set_up("tgab-001"));
  CHECK(netlink->add_address("tgab-001", *parse_ipv4("169.254.1.1"), 32));
  Route route;
  route.destination = {*parse_ipv4("10.64.0.2"), 32};
  route.link = "tgab-001";
  CHECK(netlink->add_route(route));
  CHECK(netlink->add_route(route));
  CHECK(routes().find("0200400A") != std::string::npos);
  Route whole;
  whole.kind = Route::Kind::Unreachable;
  whole.destination = *parse_ipv4_range("10.64.0.0/20");
  CHECK(netlink->add_route(whole));
  CHECK(netlink->remove_route(whole));
  CHECK(netlink->remove_route(whole));
  const auto links = netlink->links();
  REQUIRE(links);
  CHECK(std::count(links->begin(), links->end(), "tgab-001") == 1);
  CHECK(netlink->remove_link("tgab-001"));
  CHECK(netlink->remove_link("tgab-001"));
  CHECK(routes().find("0200400A") == std::string::npos);
}

}  // namespace
}  // namespace tidegate::link
