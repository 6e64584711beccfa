// Duration cookies through a whole balancer.
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "balancer/origin.h"
#include "balancer/raw_client.h"
#include "balancer/rig.h"

namespace tidegate::balancer {
namespace {

constexpr const char* kName = "AWSALB=";

/// Three targets that answer their number.
class StickyRig : public Rig {
 public:
  explicit StickyRig(std::size_t workers = 1) : Rig(workers) {
    for (const char* body : {"0", "1", "2"}) {
      origins.push_back(std::make_unique<RecordingOrigin>(body));
      add_target(origins.back()->port());
    }
    config().target_groups[0].stickiness = {true, std::chrono::hours{1}};
    config().cookie_key = "the key of the home";
  }
  std::vector<std::unique_ptr<RecordingOrigin>> origins;
};

RawClient::Answer get(Rig& rig, const std::string& cookie = {}) {
  RawClient client{rig.address()};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n" +
              (cookie.empty() ? "" : "Cookie: a=b; " + cookie + "; c=d\r\n") + "\r\n");
  return client.answer();
}

/// "AWSALB=…" of an answer; empty when it has none.
std::string cookie_of(const RawClient::Answer& answer, const std::string& name = kName) {
  const std::size_t at = answer.head.find("Set-Cookie: " + name);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + std::string{"Set-Cookie: "}.size();
  return answer.head.substr(begin, answer.head.find(';', begin) - begin);
}

}  // namespace

TEST_CASE("stickiness: who sends the cookie back gets the same target, whoever comes in between") {
  StickyRig rig{2};
  rig.apply();
  const RawClient::Answer first = get(rig);
  REQUIRE(first.status == 200);
  std::string cookie = cookie_of(first);
  REQUIRE_FALSE(cookie.empty());
  for (int i = 0; i < 20; ++i) {
    get(rig);
    const RawClient::Answer again = get(rig, cookie);
    CHECK(again.body == first.body);
    cookie = cookie_of(again);  // each answer brings it anew
    CHECK_FALSE(cookie.empty());
  }
}

TEST_CASE("stickiness: the cookie for other sites alone is enough, and has its attributes") {
  StickyRig rig;
  rig.apply();
  const RawClient::Answer first = get(rig);
  const std::string cors = cookie_of(first, "AWSALBCORS=");
  REQUIRE_FALSE(cors.empty());
  CHECK(first.head.find("; SameSite=None; Secure\r\n") != std::string::npos);
  for (int i = 0; i < 6; ++i) {
    CHECK(get(rig, cors).body == first.body);
  }
}

TEST_CASE("stickiness: off, there is no cookie, and a cookie changes nothing") {
  StickyRig rig;
  rig.apply();
  const std::string cookie = cookie_of(get(rig));
  rig.config().target_groups[0].stickiness.enabled = false;
  rig.apply();
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    const RawClient::Answer answer = get(rig, cookie);
    CHECK(answer.head.find("Set-Cookie") == std::string::npos);
    seen += answer.body;
  }
  CHECK(seen.find_first_of("0") != std::string::npos);
  CHECK(seen.find_first_of("1") != std::string::npos);
  CHECK(seen.find_first_of("2") != std::string::npos);
}

TEST_CASE("stickiness: a made-up cookie chooses nothing; the answer has a good one") {
  StickyRig rig;
  rig.apply();
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    const RawClient::Answer answer = get(rig, "AWSALB=" + std::string(32, 'A'));
    seen += answer.body;
    CHECK(get(rig, cookie_of(answer)).body == answer.body);
  }
  CHECK(seen.size() == 3);
  CHECK(seen[0] != seen[1]);
}

TEST_CASE("stickiness: a target that drains is left for another one, for good") {
  StickyRig rig;
  rig.apply();
  const RawClient::Answer first = get(rig);
  const auto leaving = static_cast<std::size_t>(first.body[0] - '0');
  rig.config().target_groups[0].targets[leaving].intent = balancing::TargetIntent::Draining;
  rig.apply();
  const RawClient::Answer moved = get(rig, cookie_of(first));
  REQUIRE(moved.status == 200);
  CHECK(moved.body != first.body);
  for (int i = 0; i < 6; ++i) {
    CHECK(get(rig, cookie_of(moved)).body == moved.body);
  }
}

TEST_CASE("stickiness: a target that refuses is replaced by another one and its cookie") {
  StickyRig rig;
  rig.apply();
  const RawClient::Answer first = get(rig);
  rig.origins[static_cast<std::size_t>(first.body[0] - '0')]->stop();
  const RawClient::Answer moved = get(rig, cookie_of(first));
  CHECK(moved.status == 200);
  CHECK(moved.body != first.body);
  CHECK(get(rig, cookie_of(moved)).body == moved.body);
}

TEST_CASE(
    "stickiness: another balancer of the home knows the cookie, one of another home does not") {
  StickyRig rig;
  rig.apply();
  const RawClient::Answer first = get(rig);
  const std::string cookie = cookie_of(first);
  Rig twin;
  Rig stranger;
  for (Rig* other : {&twin, &stranger}) {
    for (const auto& origin : rig.origins) {
      other->add_target(origin->port());
    }
    other->config().target_groups[0].stickiness = {true, std::chrono::hours{1}};
    other->config().cookie_key = other == &twin ? rig.config().cookie_key : "another key";
    other->apply();
  }
  for (int i = 0; i < 4; ++i) {
    CHECK(get(twin, cookie).body == first.body);
  }
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    seen += get(stranger, cookie).body;
  }
  CHECK(seen[0] != seen[1]);
}

TEST_CASE("stickiness: a WebSocket's answer brings the cookies too") {
  Origin origin{[](OriginConnection& connection) {
    connection.request();
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    connection.some();
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.config().target_groups[0].stickiness.enabled = true;
  rig.apply();
  RawClient client{rig.address()};
  client.send(
      "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  const RawClient::Answer answer = client.answer();
  CHECK(answer.status == 101);
  CHECK_FALSE(cookie_of(answer).empty());
  CHECK_FALSE(cookie_of(answer, "AWSALBCORS=").empty());
}

}  // namespace tidegate::balancer
