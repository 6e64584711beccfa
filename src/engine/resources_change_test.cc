// Each kind of resource: what its creation, change and deletion leave in the model and the store.
#include "engine/resource_fixture.h"

namespace tidegate::engine {
namespace {

using groups::InstanceId;
using groups::LifecycleState;
using groups::TerminationStage;
using std::chrono::hours;
using std::chrono::seconds;

struct Resources : ResourceBench {
  /// The store holds `key` only because of what `change` touched.
  template <typename Change>
  bool writes(const std::string& key, Change change) {
    flush();
    REQUIRE(state.journal.clean());
    REQUIRE(shows(change));
    const std::string before = is_stored(key) ? store.contents().at(key) : "";
    flush();
    const std::string after = is_stored(key) ? store.contents().at(key) : "";
    return before != after;
  }
  void must_create(const stacks::ResourceProperties& properties) {
    REQUIRE(create(properties).has_value());
  }
  std::string refusal(const stacks::ResourceProperties& properties) {
    const Status made = create(properties);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == ErrorCode::AlreadyExists);
    return made.error().message;
  }
  GroupModel& made_group(std::int32_t min, std::int32_t max, std::int32_t desired) {
    must_create(sized(min, max, desired));
    return model.groups.at(groups::GroupName{"g"});
  }
  Readiness remove_group(DeleteStack::Haste haste = DeleteStack::Haste::Drain) {
    return remove("AWS::AutoScaling::AutoScalingGroup", "g", haste);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Resources,
                  "resources: each kind is written when it is created, and shown at once") {
  const Instant at = now();
  CHECK(writes("launch_template/lt", [&] { must_create(launch_template("lt", "web")); }));
  const auto& made = model.launch_templates.at(groups::LaunchTemplateId{"lt"});
  CHECK(made.created == at);
  CHECK(made.versions.at(0).created == at);
  CHECK(writes("group/g", [&] { must_create(sized(1, 3, 2)); }));
  const GroupModel& group = model.groups.at(groups::GroupName{"g"});
  CHECK(group.stack == stack.name);
  CHECK(group.group.created == at);
  CHECK(group.group.capacity_cause == groups::cause_group_created(at, 0, 2));
  CHECK(writes("policy/g/p", [&] { must_create(policy(70)); }));
  CHECK(writes("load_balancer/lb", [&] { must_create(load_balancer("lb")); }));
  const auto& balancer_made = model.load_balancers.at(balancing::LoadBalancerArn{"lb"});
  CHECK(balancer_made.created == at);
  CHECK(balancer_made.address == "10.64.255.254");
  CHECK(balancer_made.dns_name == "10.64.255.254");
  auto group_of_ips = target_group("tg");
  group_of_ips.targets.push_back({"10.0.0.1", 80, "10.0.0.1", "", Instant{}, std::nullopt});
  CHECK(writes("target_group/tg", [&] { must_create(group_of_ips); }));
  const auto& target_group_made = model.target_groups.at(group_of_ips.arn).target_group;
  CHECK(target_group_made.created == at);
  CHECK(target_group_made.targets.at(0).registered == at);
  CHECK(writes("listener/l", [&] { must_create(listener("l", 80)); }));
  CHECK(writes("rule/r", [&] { must_create(rule("r", 10)); }));
  CHECK(writes("alarm/a", [&] { must_create(alarm("a")); }));
  CHECK(writes("cache_cluster/c", [&] { must_create(cache("c")); }));
  CHECK(model.caches.at(caches::CacheClusterId{"c"}).cluster.created == at);
}

TEST_CASE_FIXTURE(Resources, "resources: a name is taken once in a home, another is free") {
  must_create(launch_template("lt-1", "web"));
  CHECK(refusal(launch_template("lt-2", "web")) ==
        "Launch template 'web' already exists in this home; choose another name");
  must_create(launch_template("lt-2", ""));
  must_create(launch_template("lt-3", ""));  // none is no name
  must_create(sized(1, 1, 1));
  CHECK(refusal(sized(1, 1, 1)).starts_with("Auto Scaling group 'g' already exists"));
  must_create(load_balancer("lb"));
  CHECK(refusal(load_balancer("lb")).starts_with("Load balancer 'lb' already exists"));
  must_create(load_balancer("lb-2"));
  must_create(target_group("tg"));
  CHECK(refusal(target_group("tg")).starts_with("Target group 'tg' already exists"));
  must_create(target_group("tg-2"));
  must_create(alarm("a"));
  CHECK(refusal(alarm("a")).starts_with("Alarm 'a' already exists"));
  must_create(cache("c"));
  CHECK(refusal(cache("c")).starts_with("Cache cluster 'c' already exists"));
  must_create(policy(70));
  CHECK(refusal(policy(70)).starts_with("Scaling policy 'p' already exists"));
}

TEST_CASE_FIXTURE(Resources, "resources: a new alarm has its ARN, its times and its history") {
  must_create(alarm("a"));
  const auto& made = model.alarms.at(alarms::AlarmName{"a"});
  CHECK(made.arn == "arn:aws:cloudwatch:eu-west-2:000000000000:alarm:a");
  CHECK(made.configuration_updated == now());
  CHECK(made.state_updated == now());
  CHECK(made.state_transitioned == now());
  REQUIRE(model.alarm_history.size() == 1);
  CHECK(model.alarm_history[0].summary == "Alarm \"a\" created");
  alarms::Alarm own = alarm("b");
  own.arn = "arn:own";
  must_create(own);
  CHECK(model.alarms.at(own.name).arn == "arn:own");
}

TEST_CASE_FIXTURE(Resources,
                  "resources: what somebody deleted behind its stack cannot be changed") {
  const auto said = [this](const stacks::ResourceProperties& properties) {
    const Status made = try_modify(properties);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == ErrorCode::NotFound);
    return made.error().message;
  };
  const std::string gone = " does not exist any more: it was deleted outside of this stack";
  CHECK(said(launch_template("lt", "web")) == "Launch template 'lt'" + gone);
  CHECK(said(sized(1, 1, 1)) == "Auto Scaling group 'g'" + gone);
  CHECK(said(policy(70)) == "Scaling policy 'g/p'" + gone);
  CHECK(said(load_balancer("lb")) == "Load balancer 'lb'" + gone);
  CHECK(said(target_group("tg")) == "Target group 'tg'" + gone);
  CHECK(said(listener("l", 80)) == "Listener 'l'" + gone);
  CHECK(said(rule("r", 1)) == "Listener rule 'r'" + gone);
  CHECK(said(alarm("a")) == "Alarm 'a'" + gone);
  CHECK(model.groups.empty());
  CHECK(model.policies.empty());
  CHECK(state.journal.clean());
}

TEST_CASE_FIXTURE(Resources,
                  "resources: each kind is written when it is changed, and shown at once") {
  auto launch = launch_template("lt", "web");
  must_create(launch);
  launch.versions.emplace_back().number = 2;
  const Instant begin = now();
  CHECK(writes("launch_template/lt", [&] { modify(launch); }));
  const auto& versions = model.launch_templates.at(launch.id).versions;
  CHECK(versions.at(1).created == begin + seconds{9});
  must_create(load_balancer("lb"));
  auto slower = load_balancer("lb");
  slower.idle_timeout = seconds{5};
  CHECK(writes("load_balancer/lb", [&] { modify(slower); }));
  must_create(listener("l", 80));
  auto forwards = listener("l", 80);
  forwards.default_action.target_group.value = "tg";
  CHECK(writes("listener/l", [&] { modify(forwards); }));
  must_create(cache("c"));
  auto bigger = cache("c");
  bigger.node_type = "cache.t3.small";
  bigger.engine_version = "7.1";
  CHECK(writes("cache_cluster/c", [&] { modify(bigger); }));
  const auto& cluster = model.caches.at(bigger.id).cluster;
  CHECK(cluster.node_type == "cache.t3.small");
  CHECK(cluster.engine_version == "7.1");
  CHECK(cluster.address == "10.64.15.0");
  must_create(policy(70));
  CHECK(writes("policy/g/p", [&] { modify(policy(50)); }));
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a changed alarm keeps its state, and says it was changed") {
  must_create(alarm("a"));
  alarms::Alarm& held = model.alarms.at(alarms::AlarmName{"a"});
  held.policy_arn = "arn:p";
  held.state = alarms::StateValue::Alarm;
  held.state_reason = "because";
  held.state_reason_data = "{}";
  held.tags = {{"team", "rooms"}};
  alarms::Alarm want = held;
  want.threshold = 7;
  want.configuration_updated = now() + seconds{9};
  alarms::Alarm changed = alarm("a");
  changed.threshold = 7;
  CHECK(writes("alarm/a", [&] { modify(changed); }));
  CHECK(held == want);
  CHECK(model.alarm_history.back().summary == "Alarm \"a\" updated");
  CHECK(model.alarm_history.back().at == now());
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a changed rule keeps its tags, and takes no other's priority") {
  must_create(rule("r", 10));
  must_create(rule("s", 20));
  auto elsewhere = rule("t", 30);
  elsewhere.listener.value = "m";
  must_create(elsewhere);
  model.rules.at(balancing::RuleArn{"r"}).tags = {{"team", "rooms"}};
  const Status refused = try_modify(rule("r", 20));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().name == "PriorityInUse");
  CHECK(refused.error().message == "Priority '20' is currently in use");
  CHECK(writes("rule/r", [this] { modify(rule("r", 30)); }));  // another listener's 30
  const auto& held = model.rules.at(balancing::RuleArn{"r"});
  CHECK(held.priority == 30);
  CHECK(held.tags == balancing::Tags{{"team", "rooms"}});
  modify(rule("r", 30));  // its own
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a changed target group keeps instances and tags, takes addresses") {
  const balancing::Target old{"i-1", 80, "10.0.0.1", "a", now(), std::nullopt};
  const balancing::Target fresh{"i-2", 80, "10.0.0.2", "a", now(), std::nullopt};
  auto value = target_group("tg");
  must_create(value);
  flush();
  auto& held = model.target_groups.at(value.arn).target_group;
  const auto change = [&](balancing::TargetType type, std::vector<balancing::Target> targets) {
    held.targets = {old};
    held.tags = {{"team", "rooms"}};
    value.target_type = type;
    value.targets = std::move(targets);
    CHECK(writes("target_group/tg", [&] { modify(value); }));
    CHECK(held.tags == balancing::Tags{{"team", "rooms"}});
    return held.targets.at(0).id;
  };
  CHECK(change(balancing::TargetType::Instance, {fresh}) == "i-1");
  CHECK(change(balancing::TargetType::Ip, {fresh}) == "i-2");
  CHECK(change(balancing::TargetType::Instance, {}) == "i-1");
  CHECK(change(balancing::TargetType::Ip, {}) == "i-1");
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a changed policy forgets its windows, and keeps its alarms") {
  must_create(policy(70));
  const auto key = policy_key(policy(70));
  const auto before = model.policies.at(key).policy;
  run_of(state, before).last_non_decision = "hold";
  modify(policy(50));
  CHECK_FALSE(state.policies.contains(key));
  const auto& after = model.policies.at(key).policy;
  CHECK(after.high_alarm == before.high_alarm);
  CHECK(after.low_alarm == before.low_alarm);
  CHECK(model.alarms.size() == 2);
  CHECK(model.alarms.at(after.high_alarm).threshold == 50);
  CHECK(model.alarms.at(after.low_alarm).threshold == doctest::Approx(35));
  CHECK(model.alarms.at(after.low_alarm).name == after.low_alarm);
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a capacity that the template changes is a user's decision") {
  GroupModel& group = made_group(1, 5, 2);
  modify(sized(1, 5, 4), {"DesiredCapacity"});
  CHECK(group.group.desired_capacity == 4);
  CHECK(group.group.capacity_cause == groups::cause_user_changed_desired(now(), 2, 4));
  CHECK(group.group.capacity_changed == now());
  REQUIRE(model.ledger.size() == 1);
  CHECK(model.ledger[0].what == "desired 2 -> 4");
  CHECK(model.ledger[0].why == "the stack was updated");
  CHECK(model.ledger[0].at == now());
  CHECK(model.ledger[0].group == "g");
  CHECK(model.ledger[0].decided);
}

TEST_CASE_FIXTURE(Resources,
                  "resources: new bounds take the capacity along, no further than needed") {
  GroupModel& group = made_group(1, 5, 4);
  CHECK(writes("group/g", [this] { modify(sized(1, 4, 1), {"MaxSize"}); }));
  CHECK(group.group.desired_capacity == 4);
  CHECK(model.ledger.empty());
  modify(sized(1, 3, 1), {"MaxSize"});
  CHECK(group.group.desired_capacity == 3);
  modify(sized(5, 9, 1), {"MinSize", "MaxSize"});
  CHECK(group.group.desired_capacity == 5);
  CHECK(model.ledger.size() == 2);
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a listener is ready when its port is bound, or never will be") {
  stacks::PlannedResource planned;
  planned.properties = alarm("a");
  CHECK(resource_ready(state, planned) == Readiness::Ready);
  planned.properties = listener("l", 80);
  CHECK(resource_ready(state, planned) == Readiness::Waiting);
  must_create(listener("l", 80));
  auto& held = model.listeners.at(balancing::ListenerArn{"l"});
  CHECK(resource_ready(state, planned) == Readiness::Waiting);
  held.bind_note = "port 80 is taken by nginx";
  const auto never = resource_ready(state, planned);
  REQUIRE_FALSE(never.has_value());
  CHECK(never.error().name == "PortInUse");
  CHECK(never.error().message == "port 80 is taken by nginx");
  held.bound_port = 8080;
  CHECK(resource_ready(state, planned) == Readiness::Ready);
}

TEST_CASE_FIXTURE(Resources,
                  "resources: each kind is gone when it is deleted, and deleted again is no harm") {
  const auto deletes = [this](const std::string& key, const std::string& type) {
    CAPTURE(key);
    CHECK(writes(key,
                 [&] { CHECK(remove(type, key.substr(key.find('/') + 1)) == Readiness::Ready); }));
    CHECK_FALSE(is_stored(key));
    static_cast<void>(remove(type, key.substr(key.find('/') + 1)));
    CHECK(state.journal.clean());
  };
  must_create(launch_template("lt", "web"));
  must_create(load_balancer("lb"));
  must_create(target_group("tg"));
  must_create(listener("l", 80));
  must_create(rule("r", 10));
  must_create(alarm("a"));
  state.next_evaluation[alarms::AlarmName{"a"}] = now();
  deletes("launch_template/lt", "AWS::EC2::LaunchTemplate");
  deletes("load_balancer/lb", "AWS::ElasticLoadBalancingV2::LoadBalancer");
  CHECK(balancer.released.front() == balancing::LoadBalancerArn{"lb"});
  deletes("target_group/tg", "AWS::ElasticLoadBalancingV2::TargetGroup");
  deletes("listener/l", "AWS::ElasticLoadBalancingV2::Listener");
  deletes("rule/r", "AWS::ElasticLoadBalancingV2::ListenerRule");
  deletes("alarm/a", "AWS::CloudWatch::Alarm");
  CHECK(state.next_evaluation.empty());
  CHECK(model.launch_templates.empty());
  CHECK(model.load_balancers.empty());
  CHECK(model.target_groups.empty());
  CHECK(model.listeners.empty());
  CHECK(model.rules.empty());
  CHECK(model.alarms.empty());
}

TEST_CASE_FIXTURE(Resources, "resources: a deleted policy takes its alarms along, and no other's") {
  must_create(policy(70));
  auto other = policy(60);
  other.name.value = "q";
  other.arn = "arn:q";
  must_create(other);
  run_of(state, policy(70)).last_non_decision = "hold";
  flush();
  CHECK(remove("AWS::AutoScaling::ScalingPolicy", "arn:p") == Readiness::Ready);
  CHECK(state.policies.empty());
  CHECK(model.policies.size() == 1);
  CHECK(model.policies.begin()->second.policy.arn == "arn:q");
  CHECK(model.alarms.size() == 2);
  flush();
  CHECK_FALSE(is_stored("policy/g/p"));
  CHECK(is_stored("policy/g/q"));
  CHECK(remove("AWS::AutoScaling::ScalingPolicy", "arn:none") == Readiness::Ready);
  CHECK(model.policies.size() == 1);
}

TEST_CASE_FIXTURE(Resources,
                  "resources: a deleted group loses its instances first, then its policies") {
  GroupModel& group = made_group(1, 3, 2);
  must_create(policy(70));
  auto other = policy(60);
  other.group_name = "h";
  other.arn = "arn:q";
  must_create(other);
  instance(group, "i-1");
  state.groups[groups::GroupName{"g"}];
  CHECK(writes("group/g", [this] { CHECK(remove_group() == Readiness::Waiting); }));
  CHECK(group.group.deleting);
  CHECK(group.group.min_size == 0);
  CHECK(group.group.max_size == 0);
  CHECK(group.group.desired_capacity == 0);
  CHECK(group.group.capacity_cause == groups::cause_user_changed_desired(now(), 2, 0));
  CHECK(group.instances.size() == 1);  // planning ends it, in its stages
  pass(seconds{1});
  CHECK(remove_group() == Readiness::Waiting);
  CHECK(state.journal.clean());
  group.instances.clear();
  CHECK(writes("group/g", [this] { CHECK(remove_group() == Readiness::Ready); }));
  CHECK(model.groups.empty());
  CHECK(state.groups.empty());
  CHECK(model.policies.size() == 1);
  CHECK(model.policies.begin()->second.policy.arn == "arn:q");
  CHECK(remove_group() == Readiness::Ready);
}

TEST_CASE_FIXTURE(Resources,
                  "resources: in haste every instance is killed, whatever its stage, once") {
  GroupModel& group = made_group(1, 3, 3);
  instance(group, "i-serves");
  instance(group, "i-drains", LifecycleState::Terminating).stage = TerminationStage::Draining;
  instance(group, "i-dies", LifecycleState::Terminating).stage = TerminationStage::Killing;
  CHECK(remove_group(DeleteStack::Haste::Now) == Readiness::Waiting);
  for (const auto& [id, each] : group.instances) {
    CAPTURE(id.value);
    CHECK(each.lifecycle_state == LifecycleState::Terminating);
    CHECK(each.stage == TerminationStage::Killing);
  }
  CHECK(group.instances.at(InstanceId{"i-serves"}).termination_reason ==
        groups::TerminationReason::GroupDeleted);
  CHECK(model.ledger.size() == 2);
  CHECK(remove_group(DeleteStack::Haste::Now) == Readiness::Waiting);
  CHECK(model.ledger.size() == 2);
}

TEST_CASE_FIXTURE(
    Resources, "resources: activities of deleted groups are kept for six weeks, the newest 500") {
  const auto end_group = [this](int activities, const std::string& prefix) {
    GroupModel& group = made_group(0, 0, 0);
    group.group.arn = "arn:" + prefix;
    for (int i = 0; i < activities; ++i) {
      groups::Activity activity;
      activity.id.value = prefix + std::to_string(i);
      activity.group.value = "g";
      activity.start = now() + seconds{i};
      group.activities.push_front(activity);
    }
    CHECK(remove_group() == Readiness::Ready);
    flush();
  };
  const auto& past = model.past_activities;
  end_group(300, "a");
  REQUIRE(past.size() == 300);
  CHECK(past.front().activity.id.value == "a299");
  CHECK(past.front().group_arn == "arn:a");
  CHECK(past.front().group_deleted == now());
  CHECK(is_stored("activity/g/a0"));
  pass(hours{24});
  end_group(200, "b");
  CHECK(past.size() == 500);
  CHECK(past.front().activity.id.value == "b199");
  end_group(1, "c");
  CHECK(past.size() == 500);
  CHECK_FALSE(is_stored("activity/g/a0"));
  CHECK(past.back().activity.id.value == "a1");
  pass(groups::kActivitiesShown - hours{24});
  end_group(0, "d");
  CHECK(past.size() == 500);  // six weeks old
  pass(Duration{1});
  end_group(0, "e");
  CHECK(past.size() == 201);  // older
  CHECK_FALSE(is_stored("activity/g/a1"));
  pass(hours{24});
  end_group(0, "f");
  CHECK(past.empty());
}

}  // namespace tidegate::engine
