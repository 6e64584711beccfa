#include "balancer/balancer.h"

#include <atomic>
#include <map>

#include <doctest/doctest.h>

#include "balancer/origin.h"
#include "balancer/raw_client.h"
#include "balancer/rig.h"

namespace tidegate::balancer {
namespace {

using balancing::TargetHealthState;
using balancing::TargetIntent;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("balancer: a request reaches the target with what ALB adds, and its answer comes back") {
  RecordingOrigin origin{"hello"};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  client.send(
      "GET /a?b HTTP/1.1\r\nHost: x.example\r\nX-Forwarded-For: 1.2.3.4\r\n"
      "X-Forwarded-Proto: https\r\nX-Amzn-Trace-Id: Root=1-2-3\r\nA:  b\r\n\r\n");
  const RawClient::Answer answer = client.answer();
  CHECK(answer.status == 200);
  CHECK(answer.body == "hello");
  REQUIRE(origin.requests().size() == 1);
  const std::string request = origin.requests()[0];
  CHECK(request.starts_with("GET /a?b HTTP/1.1\r\nHost: x.example\r\nA: b\r\n"));
  CHECK(contains(request, "X-Forwarded-For: 1.2.3.4, 127.0.0.1\r\n"));
  CHECK(contains(request, "X-Forwarded-Proto: http\r\n"));
  CHECK(contains(request, "X-Forwarded-Port: " + std::to_string(rig.address().port()) + "\r\n"));
  CHECK(contains(request, "X-Amzn-Trace-Id: Self=1-"));
  CHECK(contains(request, ";Root=1-2-3\r\n"));
}

TEST_CASE("balancer: requests of one connection, and of many, share target connections") {
  RecordingOrigin origin;
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  for (int i = 0; i < 5; ++i) {
    RawClient client{rig.address()};
    for (int j = 0; j < 10; ++j) {
      client.send(kGet);
      CHECK(client.answer().status == 200);
    }
  }
  CHECK(origin.requests().size() == 50);
  CHECK(origin.connections() == 1);
}

TEST_CASE("balancer: pipelined requests are answered in order") {
  RecordingOrigin origin;
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  std::string many;
  for (int i = 0; i < 50; ++i) {
    many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.send(many);
  for (int i = 0; i < 50; ++i) {
    CHECK(client.answer().status == 200);
  }
  for (int i = 0; i < 50; ++i) {
    CHECK(origin.requests()[static_cast<std::size_t>(i)].starts_with("GET /" + std::to_string(i) +
                                                                     " "));
  }
}

TEST_CASE("balancer: round robin over targets, rules by path and host, 503 where nobody serves") {
  RecordingOrigin a{"a"}, b{"b"}, c{"c"};
  Rig rig;
  rig.add_target(a.port());
  rig.add_target(b.port());
  rig.add_group("other");
  rig.add_target(c.port(), 1);
  rig.add_group("empty");
  auto rule = [&](std::int32_t priority, balancing::RuleCondition condition, const char* group) {
    balancing::Rule& added = rig.config().listeners[0].rules.emplace_back();
    added.priority = priority;
    added.conditions = {std::move(condition)};
    added.action.target_group = balancing::TargetGroupArn{group};
  };
  rule(1, {balancing::RuleCondition::Field::PathPattern, {"/c/*"}}, "other");
  rule(2, {balancing::RuleCondition::Field::HostHeader, {"empty.*"}}, "empty");
  rig.apply();
  RawClient client{rig.address()};
  std::map<std::string, int> answers;
  for (int i = 0; i < 10; ++i) {
    client.send(kGet);
    ++answers[client.answer().body];
  }
  CHECK(answers == std::map<std::string, int>{{"a", 5}, {"b", 5}});
  for (const char* path : {"/c/x", "/%63/x", "/x/../c/y"}) {
    client.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.answer().body == "c");
  }
  CHECK(contains(c.requests()[1], "GET /%63/x HTTP/1.1\r\n"));
  client.send("GET / HTTP/1.1\r\nHost: Empty.example:80\r\n\r\n");
  CHECK(client.answer().status == 503);
  client.send(kGet);
  CHECK(client.answer().status == 200);
  const auto report = rig.load_balancer();
  CHECK(report.requests == 14);
  CHECK(report.elb_503 == 1);
  CHECK(report.elb_5xx == 1);
  CHECK(rig.target("i-1").requests >= 5);
}

TEST_CASE("balancer: bodies of any size go both ways untouched") {
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i)
    large[i] = static_cast<char>('a' + i * 7 % 26);
  Origin origin{[&](OriginConnection& connection) {
    while (true) {
      const std::string request = connection.request();
      if (request.empty()) return;
      connection.ok(request.substr(request.find("\r\n\r\n") + 4));
    }
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  for (const std::size_t size : {std::size_t{1}, std::size_t{65536}, large.size()}) {
    const std::string body = large.substr(0, size);
    std::thread sender{[&] {
      client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
                  "\r\n\r\n" + body);
    }};
    const RawClient::Answer answer = client.answer();
    sender.join();
    CHECK(answer.status == 200);
    CHECK(answer.body == body);
  }
}

TEST_CASE("balancer: an answer as long as its connection is chunked for 1.1 and closed for 1.0") {
  Origin origin{[&](OriginConnection& connection) {
    connection.request();
    connection.send("HTTP/1.0 200 OK\r\n\r\nsome text");
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient modern{rig.address()};
  modern.send(kGet);
  const RawClient::Answer answer = modern.answer();
  CHECK(contains(answer.head, "Transfer-Encoding: chunked\r\n"));
  CHECK(answer.body == "some text");
  modern.send(kGet);
  CHECK(modern.answer().body == "some text");
  RawClient old{rig.address()};
  old.send("GET / HTTP/1.0\r\n\r\n");
  const std::string all = old.rest();
  CHECK(all.ends_with("\r\n\r\nsome text"));
  CHECK(!contains(all, "chunked"));
  CHECK(contains(all, "Connection: close\r\n"));
}

TEST_CASE("balancer: an answer that is cut short never looks whole") {
  for (const char* head : {"Content-Length: 100\r\n\r\nshort",
                           "Transfer-Encoding: chunked\r\n\r\n5\r\nsh",
                           "Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz"}) {
    CAPTURE(head);
    Origin origin{[&](OriginConnection& connection) {
      connection.request();
      connection.send("HTTP/1.1 200 OK\r\n" + std::string{head});
    }};
    Rig rig;
    rig.add_target(origin.port());
    rig.apply();
    RawClient client{rig.address()};
    client.send(kGet);
    CHECK(client.answer().status == 0);
    CHECK(client.was_reset());
  }
}

TEST_CASE("balancer: what a target answers wrongly is a 502, and the next request is served") {
  std::atomic<int> turn = 0;
  const std::vector<std::string> wrong{
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: " + std::string(33 * 1024, 'x') + "\r\n\r\n",
      "",
  };
  Origin origin{[&](OriginConnection& connection) {
    if (connection.request().empty()) return;
    const auto at = static_cast<std::size_t>(turn++);
    if (at < wrong.size()) {
      connection.send(wrong[at]);
    } else {
      connection.ok("fine");
    }
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    CAPTURE(wrong[i]);
    client.send(kGet);
    CHECK(client.answer().status == 502);
  }
  client.send(kGet);
  CHECK(client.answer().body == "fine");
  CHECK(rig.load_balancer().elb_502 == wrong.size());
}

TEST_CASE("balancer: a refused connect is retried on another target, else 502") {
  RecordingOrigin good{"good"};
  auto dead = std::make_unique<Origin>([](OriginConnection&) {});
  const std::uint16_t dead_port = dead->port();
  dead.reset();
  Rig rig;
  rig.add_target(dead_port);
  rig.apply();
  RawClient client{rig.address()};
  client.send(kGet);
  CHECK(client.answer().status == 502);
  rig.add_target(good.port());
  rig.apply();
  for (int i = 0; i < 6; ++i) {
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    CHECK(client.answer().body == "good");
  }
  CHECK(good.requests()[0].ends_with("\r\n\r\nhi"));
  CHECK(rig.target("i-0").connection_errors >= 3);
}

TEST_CASE("balancer: a reset before the first byte is retried for what may be repeated only") {
  std::atomic<int> resets = 0;
  Origin bad{[&](OriginConnection& connection) {
    if (connection.request().empty()) return;
    ++resets;
    connection.reset();
  }};
  RecordingOrigin good{"good"};
  Rig rig;
  rig.add_target(bad.port());
  rig.add_target(good.port());
  rig.apply();
  RawClient client{rig.address()};
  int failed = 0;
  for (int i = 0; i < 4; ++i) {
    client.send(kGet);
    CHECK(client.answer().body == "good");
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    failed += client.answer().status == 502 ? 1 : 0;
  }
  CHECK(failed > 0);
  CHECK(resets > failed);
}

TEST_CASE("balancer: a pooled connection that the target has closed costs no request") {
  Origin origin{[](OriginConnection& connection) {  // one request per connection, without saying so
    if (connection.request().empty()) return;
    connection.ok("one");
  }};
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  for (int i = 0; i < 200; ++i) {
    client.send(kGet);
    CHECK(client.answer().body == "one");
  }
}

TEST_CASE("balancer: draining takes no new request, lets open ones end, and un-drains") {
  std::atomic<bool> release = false;
  Origin slow{[&](OriginConnection& connection) {
    while (!connection.request().empty()) {
      eventually([&] { return release.load(); });
      connection.ok("slow");
    }
  }};
  RecordingOrigin other{"other"};
  Rig rig;
  rig.add_target(slow.port());
  rig.apply();
  RawClient waiting{rig.address()};
  waiting.send(kGet);
  REQUIRE(eventually([&] { return rig.target("i-0").in_flight == 1; }));
  rig.config().target_groups[0].targets[0].intent = TargetIntent::Draining;
  rig.add_target(other.port());
  rig.apply();
  CHECK(rig.target("i-0").health.state == TargetHealthState::Draining);
  CHECK(rig.target("i-0").applied_intent == TargetIntent::Draining);
  RawClient client{rig.address()};
  for (int i = 0; i < 4; ++i) {
    client.send(kGet);
    CHECK(client.answer().body == "other");
  }
  release = true;
  CHECK(waiting.answer().body == "slow");
  CHECK(eventually([&] { return rig.target("i-0").in_flight == 0; }));
  waiting.send(kGet);
  CHECK(waiting.answer().body == "other");
  rig.config().target_groups[0].targets[0].intent = TargetIntent::Serving;
  rig.config().target_groups[0].targets.pop_back();
  rig.apply();
  waiting.send(kGet);
  CHECK(waiting.answer().body == "slow");
}

TEST_CASE("balancer: a dead target's requests go elsewhere, or are told so") {
  Origin silent{[](OriginConnection& connection) {
    while (!connection.request().empty()) {
    }
  }};
  RecordingOrigin other{"other"};
  Rig rig;
  rig.add_target(silent.port());
  rig.apply();
  RawClient repeatable{rig.address()}, once{rig.address()};
  repeatable.send(kGet);
  once.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(eventually([&] { return rig.target("i-0").in_flight == 2; }));
  rig.config().target_groups[0].targets[0].intent = TargetIntent::Dead;
  rig.add_target(other.port());
  rig.apply();
  CHECK(repeatable.answer().body == "other");
  CHECK(once.answer().status == 502);
  CHECK(rig.target("i-0").in_flight == 0);
  rig.config().target_groups[0].targets.pop_back();
  rig.apply();
  repeatable.send(kGet);
  CHECK(repeatable.answer().status == 503);
}

TEST_CASE("balancer: snapshots swap under load without a failed request") {
  RecordingOrigin a{"a"}, b{"b"}, c{"c"};
  Rig rig{2};
  rig.add_target(a.port());
  rig.add_target(b.port());
  rig.add_target(c.port());
  rig.apply();
  std::atomic<bool> stop = false;
  std::atomic<int> served = 0, failed = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      RawClient client{rig.address()};
      while (!stop) {
        client.send(kGet);
        client.answer().status == 200 ? ++served : ++failed;
      }
    });
  }
  for (int round = 0; round < 150; ++round) {
    auto& targets = rig.config().target_groups[0].targets;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      targets[i].intent =
          static_cast<int>(i) == round % 3 ? TargetIntent::Draining : TargetIntent::Serving;
    }
    if (round % 5 == 0) targets[static_cast<std::size_t>(round / 5 % 3)].incarnation += 1;
    rig.apply();
  }
  CHECK(eventually([&] { return served > 100; }));
  stop = true;
  for (std::thread& client : clients) {
    client.join();
  }
  CHECK(failed == 0);
}

TEST_CASE("balancer: health is probed, fails open only for what was healthy, and comes back") {
  std::atomic<int> status = 500;
  Origin origin{[&](OriginConnection& connection) {
    while (true) {
      const std::string request = connection.request();
      if (request.empty()) return;
      if (request.starts_with("GET /health ")) {
        connection.send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n");
      } else {
        connection.ok("served");
      }
    }
  }};
  Rig rig;
  balancing::TargetGroupConfig& group = rig.config().target_groups[0];
  group.health_check = {.path = "/health",
                        .interval = std::chrono::milliseconds{20},
                        .timeout = std::chrono::seconds{20},
                        .healthy_threshold = 2,
                        .unhealthy_threshold = 2};
  group.initial_probe_interval = std::chrono::milliseconds{5};
  group.initial_probe_timeout = std::chrono::seconds{20};
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  client.send(kGet);
  CHECK(client.answer().status == 503);
  CHECK(eventually([&] { return rig.target("i-0").health.state == TargetHealthState::Unhealthy; }));
  CHECK(rig.target("i-0").health.description == "Health checks failed with these codes: [500]");
  CHECK(rig.target("i-0").last_probe == "HTTP 500");
  client.send(kGet);
  CHECK(client.answer().status == 503);
  status = 200;
  CHECK(eventually([&] { return rig.target("i-0").health.state == TargetHealthState::Healthy; }));
  client.send(kGet);
  CHECK(client.answer().body == "served");
  status = 404;
  CHECK(eventually([&] { return rig.target("i-0").health.state == TargetHealthState::Unhealthy; }));
  client.send(kGet);
  CHECK(client.answer().body == "served");  // fail-open: it is all there is
  origin.stop();
  CHECK(eventually([&] { return rig.target("i-0").last_probe == "connection refused"; }));
}

TEST_CASE("balancer: nobody answers within the idle timeout is a 504, and a slow body a 408") {
  Origin silent{[](OriginConnection& connection) {
    connection.request();
    connection.request();
  }};
  Rig rig;
  rig.config().listeners[0].idle_timeout = std::chrono::milliseconds{100};
  rig.add_target(silent.port());
  rig.apply();
  RawClient client{rig.address()};
  client.send(kGet);
  CHECK(client.answer().status == 504);
  RawClient slow{rig.address()};
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  CHECK(slow.answer().status == 408);
  RawClient idle{rig.address()};
  CHECK(idle.rest().empty());
  CHECK(rig.load_balancer().elb_504 == 1);
  CHECK(rig.load_balancer().elb_4xx == 1);
}

TEST_CASE("balancer: a client that resets while it waits is counted, and its target let go") {
  Origin silent{[](OriginConnection& connection) {
    connection.request();
    connection.request();
  }};
  Rig rig;
  rig.add_target(silent.port());
  rig.apply();
  RawClient client{rig.address()};
  client.send(kGet);
  REQUIRE(eventually([&] { return rig.target("i-0").in_flight == 1; }));
  client.reset();
  CHECK(eventually([&] { return rig.target("i-0").in_flight == 0; }));
  CHECK(rig.load_balancer().elb_4xx == 1);
  CHECK(eventually([&] { return rig.load_balancer().active_connections == 0; }));
}

TEST_CASE("balancer: targets that left are forgotten once nothing of them is open") {
  RecordingOrigin origin;
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  RawClient client{rig.address()};
  client.send(kGet);
  CHECK(client.answer().status == 200);
  rig.config().target_groups[0].targets.clear();
  rig.apply();
  CHECK(rig.report().targets.empty());
  client.send(kGet);
  CHECK(client.answer().status == 503);
  rig.add_target(origin.port());
  rig.apply();
  client.send(kGet);
  CHECK(client.answer().status == 200);
}

}  // namespace tidegate::balancer
