#include "net/loop.h"

#include <thread>

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace tidegate::net {
namespace {
constexpr auto kDeadline = std::chrono::seconds{20};
}  // namespace

TEST_CASE("loop: runs timers in the order of their times and never a cancelled one") {
  EventLoop loop;
  std::string order;
  loop.after(std::chrono::milliseconds{20}, [&] {
    order += 'b';
    loop.stop();
  });
  loop.after(std::chrono::milliseconds{1}, [&] { order += 'a'; });
  const TimerId cancelled = loop.after(std::chrono::milliseconds{2}, [&] { order += 'x'; });
  loop.cancel(cancelled);
  loop.cancel(cancelled);
  loop.run();
  CHECK(order == "ab");
}

TEST_CASE("loop: tasks of another thread run on the loop's thread, in order") {
  EventLoop loop;
  const auto loop_thread = std::this_thread::get_id();
  std::string order;
  std::jthread other{[&] {
    for (char c = 'a'; c <= 'z'; ++c) {
      loop.post([&, c] {
        CHECK(std::this_thread::get_id() == loop_thread);
        order += c;
        if (c == 'z') loop.stop();
      });
    }
  }};
  loop.run();
  CHECK(order == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("loop: a watch may end itself, and a reused descriptor number gets no stale event") {
  EventLoop loop;
  auto first = socket_pair(SOCK_STREAM);
  auto second = socket_pair(SOCK_STREAM);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  int calls = 0;
  for (auto* pair : {&*first, &*second}) {
    loop.watch(pair->first.get(), EPOLLIN, [&](std::uint32_t) {
      ++calls;
      loop.unwatch(first->first.get());
      loop.unwatch(second->first.get());
    });
    CHECK(::write(pair->second.get(), "x", 1) == 1);
  }
  CHECK(loop.turn(kDeadline));
  CHECK(calls == 1);
  loop.post([] {});
  CHECK(loop.turn(kDeadline));
  CHECK(calls == 1);
}

TEST_CASE("socket: descriptors travel with a message") {
  auto pair = socket_pair(SOCK_SEQPACKET);
  REQUIRE(pair.has_value());
  auto inner = socket_pair(SOCK_STREAM);
  REQUIRE(inner.has_value());
  const int fds[] = {inner->first.get()};
  CHECK(send_with_fds(pair->first.get(), "hello", fds).has_value());
  std::array<char, 64> buffer{};
  auto received = receive_with_fds(pair->second.get(), buffer);
  REQUIRE(received.has_value());
  CHECK(received->size == 5);
  REQUIRE(received->fds.size() == 1);
  CHECK(::write(received->fds[0].get(), "y", 1) == 1);
  char byte = 0;
  CHECK(::read(inner->second.get(), &byte, 1) == 1);
  CHECK(receive_with_fds(pair->second.get(), buffer).error().code == ErrorCode::Unavailable);
}

TEST_CASE("socket: addresses read and print") {
  CHECK(SocketAddress::parse("127.0.0.1:80")->text() == "127.0.0.1:80");
  CHECK(SocketAddress::parse("[::1]:65535")->text() == "[::1]:65535");
  for (const char* bad : {"", "127.0.0.1", "localhost:80", "127.0.0.1:65536", "127.0.0.1:-1"}) {
    CHECK(!SocketAddress::parse(bad).has_value());
  }
  CHECK(!SocketAddress::unix_path(std::string(101, 'x')).has_value());
  CHECK(SocketAddress::unix_path(std::string(100, 'x')).has_value());
}

TEST_CASE("socket: a port that is taken says so") {
  const auto first = listen_tcp(*SocketAddress::parse("127.0.0.1:0"), PortSharing::Exclusive);
  REQUIRE(first.has_value());
  const auto second = listen_tcp(local_address(first->get()), PortSharing::Exclusive);
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::AlreadyExists);
}

}  // namespace tidegate::net
