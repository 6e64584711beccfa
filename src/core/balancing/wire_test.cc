#include "core/balancing/wire.h"

#include <doctest/doctest.h>

namespace tidegate::balancing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

DataPlaneConfig full_config() {
  DataPlaneConfig config;
  config.generation = 7;
  config.cookie_key = "a secret";
  ListenerConfig& listener = config.listeners.emplace_back();
  listener.arn = ListenerArn{"l"};
  listener.load_balancer = LoadBalancerArn{"lb"};
  listener.address = "127.64.0.1";
  listener.port = 8080;
  listener.strict_port = true;
  listener.idle_timeout = seconds{61};
  listener.default_target_group = TargetGroupArn{"tg"};
  Rule& rule = listener.rules.emplace_back();
  rule.arn = RuleArn{"r"};
  rule.listener = listener.arn;
  rule.priority = 5;
  rule.conditions = {{RuleCondition::Field::HostHeader, {"a", "b"}},
                     {RuleCondition::Field::PathPattern, {"/x/*"}}};
  rule.action.target_group = TargetGroupArn{"tg2"};
  TargetGroupConfig& group = config.target_groups.emplace_back();
  group.arn = TargetGroupArn{"tg"};
  group.in_use = false;
  group.health_check = {.enabled = false,
                        .protocol = "HTTPS",
                        .path = "/h",
                        .port = "81",
                        .interval = seconds{6},
                        .timeout = seconds{3},
                        .healthy_threshold = 4,
                        .unhealthy_threshold = 7,
                        .matcher = "200-204"};
  group.initial_probe_interval = milliseconds{101};
  group.initial_probe_timeout = milliseconds{202};
  group.stickiness = {.enabled = true, .duration = seconds{62}};
  group.targets = {{.id = "i-1",
                    .address = "10.0.0.1",
                    .port = 8000,
                    .zone = "a",
                    .intent = TargetIntent::Closing,
                    .zone_enabled = false,
                    .incarnation = 3}};
  return config;
}

DataPlaneReport full_report() {
  DataPlaneReport report;
  report.epoch = "e";
  report.generation = 9;
  TargetReport& target = report.targets.emplace_back();
  target.target_group = TargetGroupArn{"tg"};
  target.id = "i-1";
  target.port = 8000;
  target.health = {TargetHealthState::Unhealthy, "Target.Timeout", "Request timed out"};
  target.last_probe = "timed out after 2 s";
  target.ever_healthy = true;
  target.applied_intent = TargetIntent::Dead;
  target.draining_for = std::chrono::milliseconds{1500};
  target.requests = 1;
  target.responses_2xx = 2;
  target.responses_3xx = 3;
  target.responses_4xx = 4;
  target.responses_5xx = 5;
  target.connection_errors = 6;
  target.response_time_sum = 7.25;
  target.response_time_count = 8;
  target.response_time_max = 0.5;
  target.response_times = {{-300, 7}, {-2, 1}};
  target.in_flight = 9;
  target.websockets = 10;
  report.load_balancers = {{.arn = LoadBalancerArn{"lb"},
                            .requests = 1,
                            .new_connections = 2,
                            .rejected_connections = 3,
                            .processed_bytes = 4,
                            .active_connections = 5,
                            .elb_3xx = 6,
                            .elb_4xx = 7,
                            .elb_5xx = 8,
                            .elb_500 = 9,
                            .elb_502 = 10,
                            .elb_503 = 11,
                            .elb_504 = 12,
                            .rule_evaluations = 13}};
  return report;
}

}  // namespace

TEST_CASE("wire: every message comes back as it was, whatever the cuts of the stream") {
  const std::vector<WireMessage> messages{
      HelloMessage{.version = 1,
                   .epoch = "e",
                   .pid = 42,
                   .workers = 2,
                   .generation = 3,
                   .sockets = {{"127.0.0.1", 80, 1}}},
      SocketsMessage{{{"127.0.0.1", 8080, 0}, {"10.64.0.1", 65535, 99}}},
      ConfigMessage{full_config()},
      ReportMessage{full_report(), true},
  };
  std::string stream;
  for (const WireMessage& message : messages) {
    stream += encode(message);
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, stream.size()}) {
    WireReader reader;
    std::vector<WireMessage> got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.append(std::string_view{stream}.substr(at, step));
      while (true) {
        const auto next = reader.next();
        REQUIRE(next.has_value());
        if (!next->has_value()) break;
        const auto message = decode(**next);
        REQUIRE(message.has_value());
        got.push_back(*message);
      }
    }
    CHECK(got == messages);
  }
}

TEST_CASE("wire: missing members have the defaults, unknown ones are ignored") {
  const auto message = decode(
      R"({"Type":"Config","New":1,"Config":{"Listeners":[],"TargetGroups":[{"Arn":"t","Targets":[{"Id":"i"}]}]}})");
  REQUIRE(message.has_value());
  TargetGroupConfig want;
  want.arn = TargetGroupArn{"t"};
  want.targets.emplace_back().id = "i";
  const DataPlaneConfig& config = std::get<ConfigMessage>(*message).config;
  CHECK(config.target_groups == std::vector<TargetGroupConfig>{want});
  CHECK(config.generation == 0);
  const auto listening =
      decode(R"({"Type":"Config","Config":{"Listeners":[{"Rules":[{}]}],"TargetGroups":[]}})");
  REQUIRE(listening.has_value());
  ListenerConfig bare;
  bare.rules.emplace_back();
  bare.rules[0].priority = 0;
  CHECK(std::get<ConfigMessage>(*listening).config.listeners == std::vector<ListenerConfig>{bare});
}

TEST_CASE("wire: a report's missing members are nothing at all") {
  const auto message = decode(
      R"({"Type":"Report","Report":{"Targets":[{"Id":"i"}],"LoadBalancers":[{"Arn":"l"}]}})");
  REQUIRE(message.has_value());
  const auto& got = std::get<ReportMessage>(*message);
  CHECK_FALSE(got.all_targets);
  DataPlaneReport want;
  want.targets.emplace_back().id = "i";
  want.load_balancers.emplace_back().arn = LoadBalancerArn{"l"};
  CHECK(got.report == want);
  const auto hello = decode(R"({"Type":"Hello"})");
  REQUIRE(hello.has_value());
  HelloMessage nothing;
  nothing.version = 0;  // none, and so not ours
  CHECK(std::get<HelloMessage>(*hello) == nothing);
}

TEST_CASE("wire: what is broken is refused") {
  CHECK(decode("{").error().code == ErrorCode::InvalidArgument);
  CHECK(decode(R"({"Type":"New"})").error().code == ErrorCode::Unsupported);
  for (
      const char* text :
      {R"({"Type":"Config","Config":{}})",
       R"({"Type":"Config","Config":{"Listeners":[]}})",
       R"({"Type":"Config","Config":{"TargetGroups":[]}})",
       R"({"Type":"Config","Config":{"Listeners":[],"TargetGroups":[{"Targets":[{"Intent":"x"}]}]}})",
       R"({"Type":"Report","Report":{"Targets":[{"State":"x"}]}})",
       R"({"Type":"Report","Report":{"Targets":[{"AppliedIntent":"x"}]}})",
       R"({"Type":"Sockets","Names":["x"]})",
       R"({"Type":"Hello","Sockets":["x"]})"}) {
    CAPTURE(text);
    CHECK(decode(text).error().code == ErrorCode::Corrupt);
  }
  WireReader reader;
  reader.append(std::string_view{"\x04\x00\x00\x01", 4});
  CHECK(reader.next().error().code == ErrorCode::Corrupt);
  WireReader largest;
  largest.append(std::string_view{"\x04\x00\x00\x00", 4});
  CHECK(largest.next().has_value());
}

TEST_CASE("wire: socket names read as they are written, and nothing else does") {
  const SocketName name{"10.64.0.1", 80, 3};
  CHECK(to_string(name) == "listen.10.64.0.1-80.3");
  CHECK(parse_socket_name("listen.10.64.0.1-80.3") == name);
  CHECK(parse_socket_name("listen.a-65535.99") == SocketName{"a", 65535, 99});
  CHECK(parse_socket_name("listen.a-1.0") == SocketName{"a", 1, 0});
  for (const char* bad : {"",
                          "listen.",
                          "listen.a-80",
                          "listen.a.1",
                          "listen.a-0.1",
                          "listen.a-65536.1",
                          "listen.a-80.-1",
                          "listen.a-80.100",
                          "listen.a-x.1",
                          "other.a-80.1"}) {
    CAPTURE(bad);
    CHECK(!parse_socket_name(bad));
  }
}

TEST_CASE("wire: a report of changes replaces what it names and leaves the rest") {
  DataPlaneReport known = full_report();
  TargetReport other = known.targets[0];
  other.port = 8001;
  known.targets.push_back(other);
  DataPlaneReport changes;
  changes.epoch = "e2";
  changes.generation = 10;
  changes.targets = {known.targets[0], known.targets[0]};
  changes.targets[0].requests = 100;
  changes.targets[1].id = "i-2";
  changes.load_balancers = {known.load_balancers[0], known.load_balancers[0]};
  changes.load_balancers[0].requests = 50;
  changes.load_balancers[1].arn = LoadBalancerArn{"lb2"};
  merge(known, {changes, false});
  CHECK(known.generation == 10);
  CHECK(known.epoch == "e2");
  REQUIRE(known.targets.size() == 3);
  CHECK(known.targets[0].requests == 100);
  CHECK(known.targets[1] == other);
  CHECK(known.targets[2].id == "i-2");
  REQUIRE(known.load_balancers.size() == 2);
  CHECK(known.load_balancers[0].requests == 50);
  changes.targets.resize(1);
  merge(known, {changes, true});
  REQUIRE(known.targets.size() == 1);
  CHECK(known.targets[0].requests == 100);
  CHECK(known.load_balancers.size() == 2);
}

}  // namespace tidegate::balancing
