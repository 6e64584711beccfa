#include "core/balancing/routing.h"

#include <map>

#include <doctest/doctest.h>

namespace tidegate::balancing {
namespace {

constexpr auto kHost = RuleCondition::Field::HostHeader;
constexpr auto kPath = RuleCondition::Field::PathPattern;

Rule rule(std::int32_t priority, std::vector<RuleCondition> conditions, const char* group) {
  Rule out;
  out.priority = priority;
  out.conditions = std::move(conditions);
  out.action.target_group = TargetGroupArn{group};
  return out;
}

std::vector<TargetGroupConfig> groups(std::initializer_list<const char*> names) {
  std::vector<TargetGroupConfig> out;
  for (const char* name : names) {
    out.emplace_back().arn = TargetGroupArn{name};
  }
  return out;
}

}  // namespace

TEST_CASE("routes: the first rule by priority that matches decides, the default last") {
  ListenerConfig listener;
  listener.default_target_group = TargetGroupArn{"default"};
  listener.rules = {
      rule(30, {{kPath, {"/api/*"}}}, "late"),
      rule(20, {{kPath, {"/api/v?/x", "/exact"}}}, "path"),
      rule(10, {{kHost, {"*.Example.org"}}, {kPath, {"/both/*"}}}, "both"),
      rule(40, {{kPath, {"/gone"}}}, "unknown"),
      rule(50, {{kPath, {"/a/*"}}, {kPath, {"*z"}}}, "late"),
  };
  const auto all = groups({"default", "path", "both", "late"});
  const RouteTable table{listener, all};
  struct Case {
    const char* host;
    const char* path;
    std::optional<std::size_t> group;
    std::size_t evaluated;
  };
  const Case cases[] = {
      {"a.example.org", "/both/x", 2, 1},
      {"A.EXAMPLE.ORG:8080", "/both/", 2, 1},
      {"example.org", "/both/x", 0, 5},
      {"[::1]:80", "/both/x", 0, 5},
      {"x", "/api/v1/x", 1, 2},
      {"x", "/exact", 1, 2},
      {"x", "/exact/", 0, 5},
      {"x", "/Exact", 0, 5},
      {"x", "/api/v12/x", 3, 3},
      {"x", "/api/", 3, 3},
      {"x", "/api", 0, 5},
      {"x", "/gone", std::nullopt, 4},
      {"x", "/a/b/z", 3, 5},
      {"x", "/a/b/y", 0, 5},
  };
  for (const Case& c : cases) {
    CAPTURE(c.host);
    CAPTURE(c.path);
    const RouteTable::Match match = table.match(c.host, c.path);
    CHECK(match.target_group == c.group);
    CHECK(match.evaluated == c.evaluated);
  }
}

TEST_CASE("routes: a host is compared without its port, an address in brackets with them") {
  ListenerConfig listener;
  listener.default_target_group = TargetGroupArn{"default"};
  listener.rules = {rule(1, {{kHost, {"[::1]", "b.example.org"}}}, "named")};
  const auto all = groups({"default", "named"});
  const RouteTable table{listener, all};
  for (const char* host : {"[::1]", "[::1]:80", "b.example.org", "b.example.org:80"}) {
    CAPTURE(host);
    CHECK(table.match(host, "/").target_group == 1);
  }
  CHECK(table.match("[::2]", "/").target_group == 0);
}

TEST_CASE("routes: a default that names no known group matches nothing") {
  ListenerConfig listener;
  listener.default_target_group = TargetGroupArn{"nowhere"};
  CHECK(!RouteTable(listener, groups({"a"})).match("x", "/").target_group);
}

TEST_CASE("routes: rules of one priority keep their order") {
  ListenerConfig listener;
  listener.rules = {rule(1, {{kPath, {"/*"}}}, "a"), rule(1, {{kPath, {"*"}}}, "b")};
  CHECK(RouteTable(listener, groups({"a", "b"})).match("x", "/").target_group == 0);
}

TEST_CASE("routing path: what means the same is routed the same") {
  struct Case {
    const char* path;
    std::optional<std::string> want;
  };
  const Case cases[] = {
      {"/a/b", "/a/b"},
      {"/%61/b", "/a/b"},
      {"/%41%7e%2D", "/A~-"},
      {"/%5A%7A%61%30%39", "/Zza09"},
      {"/a%2Fb", "/a%2Fb"},
      {"/a%5cb", "/a%5cb"},
      {"/a/./b", "/a/b"},
      {"/a/../b", "/b"},
      {"/a/%2e%2E/b", "/b"},
      {"/../../b", "/b"},
      {"/a/b/..", "/a/"},
      {"/a/.", "/a/"},
      {"/.", "/"},
      {"/..", "/"},
      {"/...", "/..."},
      {"/.a", "/.a"},
      {"//a", "//a"},
      {"/%00", std::nullopt},
      {"/%", std::nullopt},
      {"/%4", std::nullopt},
      {"/%4x", std::nullopt},
      {"/%x4", std::nullopt},
      {"/%20", "/%20"},
      {"*", "*"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    CHECK(routing_path(c.path) == c.want);
    if (!needs_normalising(c.path)) CHECK(routing_path(c.path) == c.path);
  }
}

TEST_CASE("routable: preferred targets only, or the whole of fail-open") {
  using enum Eligibility;
  const std::vector<Eligibility> some{Never, FailOpen, Preferred, Never, Preferred};
  const std::vector<Eligibility> none{Never, FailOpen, Never, FailOpen};
  const std::vector<Eligibility> nobody{Never, Never};
  CHECK(routable(some) == std::vector<std::uint32_t>{2, 4});
  CHECK(routable(none) == std::vector<std::uint32_t>{1, 3});
  CHECK(routable(nobody).empty());
  const auto first = std::to_array({Eligibility::Preferred, Eligibility::Never});
  CHECK(routable(first) == std::vector<std::uint32_t>{0});
  CHECK(routable({}).empty());
}

TEST_CASE("rotation: everyone in turn, never one that was tried") {
  Rotation rotation;
  const std::vector<std::uint32_t> list{3, 5, 8};
  std::map<std::uint32_t, int> picks;
  for (int i = 0; i < 9; ++i) {
    ++picks[*rotation.pick(list)];
  }
  CHECK(picks == std::map<std::uint32_t, int>{{3, 3}, {5, 3}, {8, 3}});
  CHECK(rotation.pick(list, std::vector<std::uint32_t>{3, 8}) == 5);
  CHECK(!rotation.pick(list, std::vector<std::uint32_t>{3, 8, 5}));
  CHECK(!rotation.pick({}));
  CHECK(Rotation{1}.pick(list) == 5);
}

TEST_CASE("pattern: shapes agree with the general meaning of wildcards") {
  struct Case {
    const char* pattern;
    const char* text;
    bool sensitive, insensitive;
  };
  const Case cases[] = {
      {"/a", "/a", true, true},
      {"/a", "/A", false, true},
      {"/a*", "/a", true, true},
      {"/a*", "/ab", true, true},
      {"/a*", "/b", false, false},
      {"*", "", true, true},
      {"?", "", false, false},
      {"/A*", "/ab", false, true},
      {"*.org", "a.ORG", false, true},
      {"a*b*", "axbx", true, true},
      {"a*b*", "ax", false, false},
      {"", "a", false, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.text);
    CHECK(Pattern(c.pattern, Pattern::Case::Sensitive).matches(c.text) == c.sensitive);
    CHECK(Pattern(c.pattern, Pattern::Case::Insensitive).matches(c.text) == c.insensitive);
  }
}

}  // namespace tidegate::balancing
