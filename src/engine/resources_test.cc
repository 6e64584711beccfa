// Resources in the model, one by one: names that are taken, what a change keeps.
#include "engine/resources.h"

#include <doctest/doctest.h>

#include "engine/state.h"
#include "sim/caches/cache_farm.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"

namespace tidegate::engine {
namespace {

constexpr Instant kNow{std::chrono::seconds{1767441871}};

struct Bench {
  sim::VirtualClock clock{kNow};
  sim::Cloud cloud{clock, Rng{7}, {8, 4096}};
  sim::FrontDoor door{clock, cloud};
  sim::MemoryStore store;
  sim::MemoryMetrics metrics;
  sim::RecordingNotifier notifier;
  sim::CacheFarm caches{clock};
  EngineState state{Settings{}, Ports{cloud, door, store, metrics, notifier, caches}};
  stacks::Stack stack;

  Status create(stacks::ResourceProperties properties) {
    stacks::PlannedResource planned;
    planned.properties = std::move(properties);
    return create_resource(state, stack, planned, kNow);
  }
  void modify(stacks::ResourceProperties properties, std::vector<std::string> changed = {}) {
    stacks::ResourceChange change;
    change.resource.properties = std::move(properties);
    change.changed_properties = std::move(changed);
    REQUIRE(modify_resource(state, change, kNow + std::chrono::seconds{9}).has_value());
  }
  /// Everything touched so far is written.
  void flush() { REQUIRE(state.journal.flush(state.model, {}).has_value()); }
};

balancing::Listener listener(const std::string& arn, std::uint16_t port) {
  balancing::Listener value;
  value.arn = balancing::ListenerArn{arn};
  value.load_balancer = balancing::LoadBalancerArn{"lb"};
  value.port = port;
  return value;
}

balancing::Rule rule(const std::string& arn, std::int32_t priority) {
  balancing::Rule value;
  value.arn = balancing::RuleArn{arn};
  value.listener = balancing::ListenerArn{"l"};
  value.priority = priority;
  return value;
}

scaling::TargetTrackingPolicy policy(double target) {
  scaling::TargetTrackingPolicy value;
  value.name = scaling::PolicyName{"p"};
  value.arn = "arn:p";
  value.group_name = "g";
  value.target_value = target;
  return value;
}

TEST_CASE("resources: a port of a load balancer and a priority of a listener are taken once") {
  Bench bench;
  REQUIRE(bench.create(listener("l", 80)).has_value());
  CHECK(bench.create(listener("m", 80)).error().message.find("A listener on port '80'") == 0);
  CHECK(bench.create(listener("m", 81)).has_value());
  balancing::Listener other = listener("n", 80);
  other.load_balancer = balancing::LoadBalancerArn{"lb-2"};
  CHECK(bench.create(other).has_value());
  REQUIRE(bench.create(rule("r", 10)).has_value());
  const Status refused = bench.create(rule("s", 10));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().name == "PriorityInUse");
  CHECK(refused.error().message == "Priority '10' is currently in use");
  CHECK(bench.create(rule("s", 11)).has_value());
  balancing::Rule elsewhere = rule("t", 10);
  elsewhere.listener = balancing::ListenerArn{"m"};
  CHECK(bench.create(elsewhere).has_value());
  CHECK(bench.state.model.listeners.size() == 3);
  CHECK(bench.state.model.rules.size() == 3);
}

TEST_CASE("resources: a policy's name is taken once, and its alarms come with it") {
  Bench bench;
  REQUIRE(bench.create(policy(70)).has_value());
  CHECK(bench.create(policy(50)).error().code == ErrorCode::AlreadyExists);
  CHECK(bench.state.model.alarms.size() == 2);
  scaling::TargetTrackingPolicy out_only = policy(60);
  out_only.name = scaling::PolicyName{"q"};
  out_only.disable_scale_in = true;
  REQUIRE(bench.create(out_only).has_value());
  CHECK(bench.state.model.alarms.size() == 3);
  CHECK(bench.state.model.policies.at(policy_key(out_only)).policy.low_alarm.empty());
}

TEST_CASE("resources: DisableScaleIn takes the low alarm away, and brings it back, durably") {
  Bench bench;
  REQUIRE(bench.create(policy(70)).has_value());
  const scaling::PolicyName name = policy_key(policy(70));
  const auto high = bench.state.model.policies.at(name).policy.high_alarm;
  const auto low = bench.state.model.policies.at(name).policy.low_alarm;
  bench.state.model.alarms.at(high).state = alarms::StateValue::Alarm;
  bench.state.model.policies.at(name).last_vote.emplace();
  bench.flush();
  scaling::TargetTrackingPolicy changed = policy(50);
  changed.disable_scale_in = true;
  bench.modify(changed);
  bench.flush();
  const auto& now = bench.state.model.policies.at(name);
  CHECK(now.policy.high_alarm == high);
  CHECK(now.policy.low_alarm.empty());
  CHECK(now.policy.target_value == 50);
  CHECK_FALSE(now.last_vote.has_value());
  CHECK_FALSE(bench.state.model.alarms.contains(low));
  CHECK_FALSE(bench.store.contents().contains("alarm/" + low.value));
  CHECK(bench.state.model.alarms.at(high).threshold == 50);
  CHECK(bench.state.model.alarms.at(high).state == alarms::StateValue::Alarm);
  CHECK(bench.state.model.alarms.at(high).configuration_updated > kNow);
  bench.modify(policy(40));
  bench.flush();
  const auto again = now.policy.low_alarm;
  REQUIRE_FALSE(again.empty());
  CHECK(bench.state.model.alarms.at(again).threshold == doctest::Approx(28));
  CHECK(bench.store.contents().contains("alarm/" + again.value));
}

TEST_CASE("resources: a changed load balancer, listener and target group keep what runs") {
  Bench bench;
  balancing::LoadBalancer balancer;
  balancer.arn = balancing::LoadBalancerArn{"lb"};
  balancer.name = "lb";
  REQUIRE(bench.create(balancer).has_value());
  const std::string address = bench.state.model.load_balancers.at(balancer.arn).address;
  CHECK_FALSE(address.empty());
  balancer.idle_timeout = std::chrono::seconds{5};
  bench.modify(balancer);
  CHECK(bench.state.model.load_balancers.at(balancer.arn).idle_timeout == std::chrono::seconds{5});
  CHECK(bench.state.model.load_balancers.at(balancer.arn).address == address);

  REQUIRE(bench.create(listener("l", 80)).has_value());
  bench.state.model.listeners.at(balancing::ListenerArn{"l"}).bound_port = 80;
  balancing::Listener changed = listener("l", 80);
  changed.default_action.target_group = balancing::TargetGroupArn{"tg"};
  bench.modify(changed);
  const auto& kept = bench.state.model.listeners.at(changed.arn);
  CHECK(kept.default_action == changed.default_action);
  CHECK(kept.bound_port == 80);

  balancing::TargetGroup group;
  group.arn = balancing::TargetGroupArn{"tg"};
  group.name = "tg";
  REQUIRE(bench.create(group).has_value());
  auto& held = bench.state.model.target_groups.at(group.arn).target_group;
  held.targets.push_back({"i-1", 80, "10.0.0.1", "a", kNow, std::nullopt});
  group.deregistration_delay = std::chrono::seconds{7};
  bench.modify(group);
  CHECK(held.deregistration_delay == std::chrono::seconds{7});
  CHECK(held.targets.size() == 1);
  CHECK(held.created == kNow);
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
  groups::AutoScalingGroup& held = bench.state.model.groups.at(group.name).group;
  held.launch_failures = {kNow};
  held.capacity_changed = kNow;
  held.suspended = {{"Launch", "by a user"}};
  groups::AutoScalingGroup want = held;
  want.max_size = 5;
  group.max_size = 5;
  group.desired_capacity = 4;  // not among the changed properties: what scaling decided stands
  bench.modify(group, {"MaxSize"});
  CHECK(held.created == kNow);
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
  CHECK(bench.state.model.load_balancers.at(balancer.arn).address == "127.0.0.1");
  CHECK(bench.state.model.load_balancers.at(balancer.arn).dns_name == "127.0.0.1");
  CHECK(bench.state.model.load_balancers.at(balancer.arn).zones ==
        std::vector<std::string>{"a", "b"});
  balancer.arn = balancing::LoadBalancerArn{"lb-2"};
  balancer.name = "lb-2";
  balancer.public_name = "www.example.com";
  REQUIRE(bench.create(balancer).has_value());
  CHECK(bench.state.model.load_balancers.at(balancer.arn).dns_name == "www.example.com");
}

TEST_CASE("ledger: bounded in memory, and for whoever takes it; the newest are kept") {
  Bench bench;
  for (std::size_t i = 0; i < kMaxLedgerKept + 3; ++i) {
    LedgerEntry entry;
    entry.what = std::to_string(i);
    record(bench.state, entry);
  }
  CHECK(bench.state.model.ledger.size() == kMaxLedgerKept);
  CHECK(bench.state.new_ledger.size() == kMaxLedgerKept);
  CHECK(bench.state.model.ledger.front().what == "3");
  CHECK(bench.state.model.ledger.front().sequence == 4);
  CHECK(bench.state.new_ledger.front().what == "3");
  CHECK(bench.state.new_ledger.back().sequence == kMaxLedgerKept + 3);
}

}  // namespace
}  // namespace tidegate::engine
