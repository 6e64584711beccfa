// Resources in the model, one by one: names that are taken, what a change keeps.
#include "engine/resource_fixture.h"

namespace tidegate::engine {
namespace {

struct Bench : ResourceBench {
  const Instant begin = now();
};

TEST_CASE("resources: a port of a load balancer and a priority of a listener are taken once") {
  Bench bench;
  REQUIRE(bench.create(Bench::listener("l", 80)).has_value());
  CHECK(bench.create(Bench::listener("m", 80)).error().message.find("A listener on port '80'") ==
        0);
  CHECK(bench.create(Bench::listener("m", 81)).has_value());
  balancing::Listener other = Bench::listener("n", 80);
  other.load_balancer = balancing::LoadBalancerArn{"lb-2"};
  CHECK(bench.create(other).has_value());
  REQUIRE(bench.create(Bench::rule("r", 10)).has_value());
  const Status refused = bench.create(Bench::rule("s", 10));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().name == "PriorityInUse");
  CHECK(refused.error().message == "Priority '10' is currently in use");
  CHECK(bench.create(Bench::rule("s", 11)).has_value());
  balancing::Rule elsewhere = Bench::rule("t", 10);
  elsewhere.listener = balancing::ListenerArn{"m"};
  CHECK(bench.create(elsewhere).has_value());
  CHECK(bench.model.listeners.size() == 3);
  CHECK(bench.model.rules.size() == 3);
}

TEST_CASE("resources: a policy's name is taken once, and its alarms come with it") {
  Bench bench;
  REQUIRE(bench.create(Bench::policy(70)).has_value());
  CHECK(bench.create(Bench::policy(50)).error().code == ErrorCode::AlreadyExists);
  CHECK(bench.model.alarms.size() == 2);
  scaling::TargetTrackingPolicy out_only = Bench::policy(60);
  out_only.name = scaling::PolicyName{"q"};
  out_only.disable_scale_in = true;
  REQUIRE(bench.create(out_only).has_value());
  CHECK(bench.model.alarms.size() == 3);
  CHECK(bench.model.policies.at(policy_key(out_only)).policy.low_alarm.empty());
}

TEST_CASE("resources: DisableScaleIn takes the low alarm away, and brings it back, durably") {
  Bench bench;
  REQUIRE(bench.create(Bench::policy(70)).has_value());
  const scaling::PolicyName name = policy_key(Bench::policy(70));
  const auto high = bench.model.policies.at(name).policy.high_alarm;
  const auto low = bench.model.policies.at(name).policy.low_alarm;
  bench.model.alarms.at(high).state = alarms::StateValue::Alarm;
  bench.model.policies.at(name).last_vote.emplace();
  bench.flush();
  scaling::TargetTrackingPolicy changed = Bench::policy(50);
  changed.disable_scale_in = true;
  bench.modify(changed);
  bench.flush();
  const auto& now = bench.model.policies.at(name);
  CHECK(now.policy.high_alarm == high);
  CHECK(now.policy.low_alarm.empty());
  CHECK(now.policy.target_value == 50);
  CHECK_FALSE(now.last_vote.has_value());
  CHECK_FALSE(bench.model.alarms.contains(low));
  CHECK_FALSE(bench.store.contents().contains("alarm/" + low.value));
  CHECK(bench.model.alarms.at(high).threshold == 50);
  CHECK(bench.model.alarms.at(high).state == alarms::StateValue::Alarm);
  CHECK(bench.model.alarms.at(high).configuration_updated > bench.begin);
  bench.modify(Bench::policy(40));
  bench.flush();
  const auto again = now.policy.low_alarm;
  REQUIRE_FALSE(again.empty());
  CHECK(bench.model.alarms.at(again).threshold == doctest::Approx(28));
  CHECK(bench.store.contents().contains("alarm/" + again.value));
}

TEST_CASE("resources: a changed load balancer, listener and target group keep what runs") {
  Bench bench;
  balancing::LoadBalancer balancer;
  balancer.arn = balancing::LoadBalancerArn{"lb"};
  balancer.name = "lb";
  REQUIRE(bench.create(balancer).has_value());
  const std::string address = bench.model.load_balancers.at(balancer.arn).address;
  CHECK_FALSE(address.empty());
  balancer.idle_timeout = std::chrono::seconds{5};
  bench.modify(balancer);
  CHECK(bench.model.load_balancers.at(balancer.arn).idle_timeout == std::chrono::seconds{5});
  CHECK(bench.model.load_balancers.at(balancer.arn).address == address);

  REQUIRE(bench.create(Bench::listener("l", 80)).has_value());
  bench.model.listeners.at(balancing::ListenerArn{"l"}).bound_port = 80;
  balancing::Listener changed = Bench::listener("l", 80);
  changed.default_action.target_group = balancing::TargetGroupArn{"tg"};
  bench.modify(changed);
  const auto& kept = bench.model.listeners.at(changed.arn);
  CHECK(kept.default_action == changed.default_action);
  CHECK(kept.bound_port == 80);

  balancing::TargetGroup group;
  group.arn = balancing::TargetGroupArn{"tg"};
  group.name = "tg";
  const Instant created = bench.now();
  REQUIRE(bench.create(group).has_value());
  auto& held = bench.model.target_groups.at(group.arn).target_group;
  held.targets.push_back({"i-1", 80, "10.0.0.1", "a", bench.begin, std::nullopt});
  group.deregistration_delay = std::chrono::seconds{7};
  bench.modify(group);
  CHECK(held.deregistration_delay == std::chrono::seconds{7});
  CHECK(held.targets.size() == 1);
  CHECK(held.created == created);
  bench.flush();
  for (const char* key : {"load_balancer/lb", "listener/l", "target_group/tg"}) {
    CAPTURE(key);
    CHECK(bench.store.contents().contains(key));
  }
}

TEST_CASE("resources: a changed group keeps what it went through") {
  Bench bench;
  groups::AutoScalingGroup group;
  group.name = groups::GroupName{"g"};
  group.max_size = 3;
  group.desired_capacity = 2;
  REQUIRE(bench.create(group).has_value());
  groups::AutoScalingGroup& held = bench.model.groups.at(group.name).group;
  held.launch_failures = {bench.begin};
  held.capacity_changed = bench.begin;
  held.suspended = {{"Launch", "by a user"}};
  groups::AutoScalingGroup want = held;
  want.max_size = 5;
  group.max_size = 5;
  group.desired_capacity = 4;  // not among the changed properties: what scaling decided stands
  bench.modify(group, {"MaxSize"});
  CHECK(held.created == bench.begin);
  CHECK(held.capacity_cause.find("created an AutoScalingGroup") != std::string::npos);
  CHECK(held == want);
  held.deleting = want.deleting = true;
  bench.modify(group, {"MaxSize"});
  CHECK(held == want);
}

TEST_CASE("resources: a listen address of the template is taken as it is, a name too") {
  Bench bench;
  balancing::LoadBalancer balancer;
  balancer.arn = balancing::LoadBalancerArn{"lb"};
  balancer.name = "lb";
  balancer.listen_address = "127.0.0.1";
  balancer.zones = {"b", "a"};
  REQUIRE(bench.create(balancer).has_value());
  CHECK(bench.model.load_balancers.at(balancer.arn).address == "127.0.0.1");
  CHECK(bench.model.load_balancers.at(balancer.arn).dns_name == "127.0.0.1");
  CHECK(bench.model.load_balancers.at(balancer.arn).zones == std::vector<std::string>{"a", "b"});
  balancer.arn = balancing::LoadBalancerArn{"lb-2"};
  balancer.name = "lb-2";
  balancer.public_name = "www.example.com";
  REQUIRE(bench.create(balancer).has_value());
  CHECK(bench.model.load_balancers.at(balancer.arn).dns_name == "www.example.com");
}

TEST_CASE("ledger: bounded in memory, and for whoever takes it; the newest are kept") {
  Bench bench;
  for (std::size_t i = 0; i < kMaxLedgerKept + 3; ++i) {
    LedgerEntry entry;
    entry.what = std::to_string(i);
    record(bench.state, entry);
  }
  CHECK(bench.model.ledger.size() == kMaxLedgerKept);
  CHECK(bench.state.new_ledger.size() == kMaxLedgerKept);
  CHECK(bench.model.ledger.front().what == "3");
  CHECK(bench.model.ledger.front().sequence == 4);
  CHECK(bench.state.new_ledger.front().what == "3");
  CHECK(bench.state.new_ledger.back().sequence == kMaxLedgerKept + 3);
}

}  // namespace
}  // namespace tidegate::engine
