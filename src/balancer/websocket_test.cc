#include <atomic>
#include <string>

#include <doctest/doctest.h>

#include "balancer/origin.h"
#include "balancer/raw_client.h"
#include "balancer/rig.h"
#include "base/rng.h"

namespace tidegate::balancer {
namespace {

using balancing::TargetIntent;

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: x\r\n\r\n";
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: y\r\n\r\n";

std::string noise(std::size_t size) {
  Rng rng{5};
  std::string out(size, '\0');
  for (char& byte : out)
    byte = static_cast<char>(rng.below(256));
  return out;
}

// Accepts the upgrade, then echoes until the client's end, then says goodbye.
void echo(OriginConnection& connection) {
  if (connection.request().empty()) return;
  connection.send(kSwitching);
  while (true) {
    const std::string bytes = connection.some();
    if (bytes.empty()) break;
    connection.send(bytes);
  }
  connection.send("goodbye");
}

struct EchoRig {
  Origin origin{echo};
  Rig rig;
  EchoRig() {
    rig.add_target(origin.port());
    rig.apply();
  }
};

}  // namespace

TEST_CASE("websocket: 16 MB go through and back byte by byte the same, and half-close is kept") {
  EchoRig echo_rig;
  RawClient client{echo_rig.rig.address()};
  const std::string bytes = noise(16 << 20);
  client.send(std::string{kUpgrade} + "early");  // behind the request, held until 101
  const RawClient::Answer answer = client.answer();
  CHECK(answer.status == 101);
  CHECK(answer.head.find("Connection: Upgrade\r\nUpgrade: websocket\r\n") != std::string::npos);
  CHECK(answer.head.find("Sec-WebSocket-Accept: y\r\n") != std::string::npos);
  std::thread sender{[&] {
    client.send(bytes);
    client.finish();
  }};
  const std::string got = client.rest();
  sender.join();
  CHECK(got == "early" + bytes + "goodbye");
  CHECK(eventually([&] { return echo_rig.rig.target("i-0").websockets == 0; }));
}

TEST_CASE(
    "websocket: a handshake on a pooled connection that the target has closed is sent again") {
  Origin origin{[](OriginConnection& connection) {
    if (connection.request().find("websocket") == std::string::npos) {
      connection.ok("plain");  // and closes without saying so
      return;
    }
    connection.send(kSwitching);
    connection.some();
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  for (int i = 0; i < 50; ++i) {
    RawClient client{rig.address()};
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.answer().body == "plain");
    client.send(kUpgrade);
    CHECK(client.answer().status == 101);
  }
}

TEST_CASE("websocket: an open tunnel is counted, and is no request in flight") {
  EchoRig echo_rig;
  RawClient client{echo_rig.rig.address()};
  client.send(kUpgrade);
  CHECK(client.answer().status == 101);
  CHECK(eventually([&] { return echo_rig.rig.target("i-0").websockets == 1; }));
  CHECK(echo_rig.rig.target("i-0").in_flight == 0);
  client.send("ping");
  CHECK(client.read(4) == "ping");
  client.reset();
  CHECK(eventually([&] { return echo_rig.rig.target("i-0").websockets == 0; }));
}

TEST_CASE("websocket: only 101 makes a tunnel; what was sent behind is the next request") {
  std::atomic<int> turn = 0;
  RecordingOrigin plain;
  Origin origin{[&](OriginConnection& connection) {
    while (true) {
      const std::string request = connection.request();
      if (request.empty()) return;
      connection.ok(turn++ == 0 ? "no upgrade" : "second");
    }
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  client.send(std::string{kUpgrade} + "GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.answer().body == "no upgrade");
  CHECK(client.answer().body == "second");
}

TEST_CASE("websocket: 101 without the whole handshake is a 502") {
  for (const char* answer : {"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
                             "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n",
                             "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"}) {
    Origin origin{[&](OriginConnection& connection) {
      connection.request();
      connection.send(answer);
      connection.request();
    }};
    Rig rig;
    rig.add_target(origin.port());
    rig.apply();
    RawClient client{rig.address()};
    client.send(kUpgrade);
    CHECK(client.answer().status == 502);
  }
}

TEST_CASE("websocket: draining leaves tunnels alone, closing FINs them, and all of them") {
  EchoRig echo_rig;
  Rig& rig = echo_rig.rig;
  std::vector<std::unique_ptr<RawClient>> clients;
  constexpr std::size_t kClients = 80;  // more than one turn closes
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(rig.address()));
    clients.back()->send(kUpgrade);
    CHECK(clients.back()->answer().status == 101);
  }
  rig.config().target_groups[0].targets[0].intent = TargetIntent::Draining;
  rig.apply();
  for (const auto& client : clients) {
    client->send("still");
    CHECK(client->read(5) == "still");
  }
  CHECK(rig.target("i-0").websockets == kClients);
  rig.config().target_groups[0].targets[0].intent = TargetIntent::Closing;
  rig.apply();
  for (const auto& client : clients) {
    CHECK(client->rest().empty());
    CHECK(!client->was_reset());
  }
  CHECK(eventually([&] { return rig.target("i-0").websockets == 0; }));
}

TEST_CASE("websocket: a dead target's tunnels end at once") {
  EchoRig echo_rig;
  RawClient client{echo_rig.rig.address()};
  client.send(kUpgrade);
  CHECK(client.answer().status == 101);
  echo_rig.rig.config().target_groups[0].targets[0].intent = TargetIntent::Dead;
  echo_rig.rig.apply();
  CHECK(client.rest().empty());
  CHECK(echo_rig.rig.target("i-0").websockets == 0);
}

TEST_CASE("websocket: a target that dies without a word ends its tunnels") {
  EchoRig echo_rig;
  RawClient client{echo_rig.rig.address()};
  client.send(kUpgrade);
  CHECK(client.answer().status == 101);
  echo_rig.origin.stop();
  client.rest();
  CHECK(eventually([&] { return echo_rig.rig.target("i-0").websockets == 0; }));
}

TEST_CASE("websocket: a quiet tunnel ends after the idle timeout, a busy one does not") {
  EchoRig echo_rig;
  echo_rig.rig.config().listeners[0].idle_timeout = std::chrono::milliseconds{300};
  echo_rig.rig.apply();
  RawClient busy{echo_rig.rig.address()}, quiet{echo_rig.rig.address()};
  busy.send(kUpgrade);
  CHECK(busy.answer().status == 101);
  quiet.send(kUpgrade);
  CHECK(quiet.answer().status == 101);
  std::atomic<bool> ended = false;
  std::thread waiter{[&] {
    quiet.rest();
    ended = true;
  }};
  while (!ended) {
    busy.send("x");
    REQUIRE(busy.read(1) == "x");
  }
  waiter.join();
}

}  // namespace tidegate::balancer
