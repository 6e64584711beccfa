#include "engine/journal/journal.h"

#include <doctest/doctest.h>

#include "engine/journal/stored_form.h"
#include "sim/memory_store.h"

namespace tidegate::engine {
namespace {

constexpr int kMany = 250;  // three batches

Instant at(int second) {
  return Instant{std::chrono::seconds{second}};
}

/// Alarms a-0 … a-(count - 1), all with that state reason.
Model model_of(int count, const std::string& reason) {
  Model model;
  for (int i = 0; i < count; ++i) {
    alarms::Alarm alarm;
    alarm.name = alarms::AlarmName{"a-" + std::to_string(i)};
    alarm.state_reason = reason;
    model.alarms.emplace(alarm.name, alarm);
  }
  return model;
}

void touch_all(Journal& journal, const Model& model) {
  for (const auto& [name, alarm] : model.alarms) {
    journal.touch(EntityKind::Alarm, name.value);
  }
}

/// What a new process reads.
Model loaded(sim::MemoryStore& store) {
  Model model;
  Notifications notifications;
  Journal journal{store, 2};
  const Status status = journal.load(model, notifications);
  INFO((status.has_value() ? "" : status.error().message));
  REQUIRE(status.has_value());
  CHECK(journal.clean());
  return model;
}

/// A store whose power goes after so many more appends.
void cut_after(sim::MemoryStore& store, std::uint64_t appends) {
  store.set_gate([left = appends]() mutable { return left-- > 0; });
}

bool has_staged(const sim::MemoryStore& store) {
  const auto first = store.contents().lower_bound("staged/");
  return first != store.contents().end() && first->first.starts_with("staged/");
}

}  // namespace

TEST_CASE("journal: a flush is whole or not at all, wherever in it the power goes") {
  std::uint64_t whole = 0;
  std::uint64_t none = 0;
  for (std::uint64_t cut = 0; cut < 20; ++cut) {
    CAPTURE(cut);
    sim::MemoryStore store;
    Journal journal{store, 1};
    const Model old = model_of(kMany, "old");
    touch_all(journal, old);
    REQUIRE(journal.flush(old, {}));
    Model fresh = model_of(kMany, "new");
    fresh.alarms.erase(alarms::AlarmName{"a-7"});
    touch_all(journal, old);
    cut_after(store, cut);
    const Status flushed = journal.flush(fresh, {});
    store.set_gate({});
    const Model found = loaded(store);
    const bool is_old = found.alarms == old.alarms;
    const bool is_new = found.alarms == fresh.alarms;
    CHECK((is_old || is_new));
    CHECK((!flushed.has_value() || is_new));  // an answer is a promise
    CHECK_FALSE(has_staged(store));
    CHECK(store.contents() == stored_form(found));
    whole += is_new ? 1U : 0U;
    none += is_old ? 1U : 0U;
  }
  CHECK(whole >= 10);
  CHECK(none == 4);  // three batches staged, and their count
}

TEST_CASE("journal: what was staged and not applied is applied by the next flush") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  const Model model = model_of(kMany, "new");
  touch_all(journal, model);
  cut_after(store, 5);
  CHECK(journal.flush(model, {}));
  CHECK_FALSE(journal.clean());
  CHECK(has_staged(store));
  store.set_gate({});
  CHECK(journal.flush(model, {}));
  CHECK(journal.clean());
  CHECK(store.contents() == stored_form(model));
}

TEST_CASE("journal: a flush that failed is tried again, also when there is less to say then") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  const Model big = model_of(kMany, "big");
  touch_all(journal, big);
  cut_after(store, 3);  // staged, but for the count
  CHECK_FALSE(journal.flush(big, {}).has_value());
  CHECK_FALSE(journal.clean());
  store.set_gate({});
  Journal other{store, 1};
  const Model small = model_of(120, "small");
  touch_all(other, small);
  cut_after(store, 3);  // staged with its count, over the other's leavings
  CHECK(other.flush(small, {}).has_value());
  store.set_gate({});
  CHECK(loaded(store).alarms == small.alarms);
  CHECK_FALSE(has_staged(store));
}

TEST_CASE("journal: as much as one batch holds is one append, one more is staged") {
  for (const int count : {1, 99, 100}) {
    sim::MemoryStore store;
    Journal journal{store, 1};
    const Model model = model_of(count, "x");
    touch_all(journal, model);
    REQUIRE(journal.flush(model, {}));
    CHECK(store.appends() == 1);
  }
  sim::MemoryStore store;
  Journal journal{store, 1};
  const Model model = model_of(101, "x");
  touch_all(journal, model);
  REQUIRE(journal.flush(model, {}));
  CHECK(store.appends() == 2 + 1 + 3);  // staged, counted, applied by 49
  CHECK(store.contents() == stored_form(model));
}

TEST_CASE("journal: an account comes back as it was") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  Model model;
  cost::Account account = cost::with_rate(cost::opened("arn", at(10)), {730, 73}, at(20));
  account = cost::accrued(account, at(3620));
  model.costs.emplace(stacks::StackName{"web"}, account);
  journal.touch(EntityKind::Cost, "web");
  REQUIRE(journal.flush(model, {}));
  CHECK(loaded(store).costs == model.costs);
}

TEST_CASE("journal: a staged entry that is no JSON is named") {
  sim::MemoryStore store;
  REQUIRE(store.append({{"staged/00000000", "{"}, {"staged/count", "1"}}, 1, store.revision()));
  Model model;
  Notifications notifications;
  const Status status = Journal{store, 2}.load(model, notifications);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == ErrorCode::Corrupt);
  CHECK(status.error().message.find("staged/00000000") != std::string::npos);
}

namespace {

groups::Activity activity_of(const std::string& id, const std::string& group, Instant start) {
  groups::Activity activity;
  activity.id.value = id;
  activity.group.value = group;
  activity.start = start;
  return activity;
}

/// One of each kind, two where their order is kept.
Model model_of_everything() {
  Model model;
  model.stacks[stacks::StackName{"s"}].name.value = "s";
  model.costs[stacks::StackName{"s"}] = cost::opened("arn", at(1));
  model.launch_templates[groups::LaunchTemplateId{"lt"}].id.value = "lt";
  model.load_balancers[balancing::LoadBalancerArn{"lb"}].arn.value = "lb";
  model.target_groups[balancing::TargetGroupArn{"tg"}].target_group.arn.value = "tg";
  model.listeners[balancing::ListenerArn{"l"}].arn.value = "l";
  model.rules[balancing::RuleArn{"r"}].arn.value = "r";
  GroupModel& group = model.groups[groups::GroupName{"g"}];
  group.group.name.value = "g";
  group.stack.value = "s";
  groups::Instance& instance = group.instances[groups::InstanceId{"i-1"}];
  instance.id.value = "i-1";
  instance.group.value = "g";
  group.activities = {activity_of("a-1", "g", at(9)),
                      activity_of("a-2", "g", at(9)),
                      activity_of("a-0", "g", at(8))};
  model.past_activities = {{activity_of("a-5", "old", at(2)), "arn", at(7)},
                           {activity_of("a-6", "old", at(3)), "arn", at(6)}};
  scaling::TargetTrackingPolicy policy;
  policy.group_name = "g";
  policy.name.value = "p";
  model.policies[policy_key(policy)].policy = policy;
  model.alarms[alarms::AlarmName{"a"}].name.value = "a";
  for (const std::uint64_t sequence : {9U, 10U}) {
    model.alarm_history.emplace_back().sequence = sequence;
  }
  auto& standalone = model.standalone[groups::InstanceId{"i-2"}].value;
  standalone.instance.id.value = "i-2";
  model.caches[caches::CacheClusterId{"c"}].cluster.id.value = "c";
  return model;
}

}  // namespace

TEST_CASE("journal: every kind of entity is stored under its key, and read back in its order") {
  const Model model = model_of_everything();
  const auto stored = stored_form(model);
  std::vector<std::string> keys;
  sim::MemoryStore store;
  for (const auto& [key, value] : stored) {
    keys.push_back(key);
    REQUIRE(store.append({{key, value}}, 1, store.revision()));
  }
  const std::vector<std::string> all = {"activity/g/a-0",
                                        "activity/g/a-1",
                                        "activity/g/a-2",
                                        "activity/old/a-5",
                                        "activity/old/a-6",
                                        "alarm/a",
                                        "alarm_history/10",
                                        "alarm_history/9",
                                        "cache_cluster/c",
                                        "cost/s",
                                        "group/g",
                                        "instance/g/i-1",
                                        "launch_template/lt",
                                        "listener/l",
                                        "load_balancer/lb",
                                        "policy/g/p",
                                        "rule/r",
                                        "stack/s",
                                        "standalone/i-2",
                                        "target_group/tg"};
  CHECK(keys == all);
  const Model found = loaded(store);
  CHECK(stored_form(found) == stored);
  const auto ids = [](const auto& activities) {
    std::string text;
    for (const auto& each : activities) {
      if constexpr (requires { each.activity; }) {
        text += each.activity.id.value + " ";
      } else {
        text += each.id.value + " ";
      }
    }
    return text;
  };
  const GroupModel& group = found.groups.at(groups::GroupName{"g"});
  CHECK(ids(group.activities) == "a-1 a-2 a-0 ");  // newest start first, then by id
  CHECK(ids(found.past_activities) == "a-5 a-6 ");
  CHECK(group.stack.value == "s");
  CHECK(found.alarm_history.front().sequence == 9);
}

TEST_CASE("journal: what is not in the model any more leaves the store") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  Model model = model_of_everything();
  const std::vector<EntityKey> keys = {{EntityKind::Rule, "r", {}},
                                       {EntityKind::Standalone, "i-2", {}},
                                       {EntityKind::TargetGroup, "tg", {}},
                                       {EntityKind::Group, "g", {}},
                                       {EntityKind::Instance, "i-1", "g"},
                                       {EntityKind::Activity, "a-1", "g"},
                                       {EntityKind::Activity, "a-5", "old"},
                                       {EntityKind::Policy, "g/p", {}},
                                       {EntityKind::Cost, "s", {}},
                                       {EntityKind::AlarmHistory, "9", {}},
                                       {EntityKind::CacheCluster, "c", {}}};
  for (const Model& now : {model, Model{}}) {
    for (const EntityKey& key : keys) {
      journal.touch(key.kind, key.id, key.parent);
    }
    REQUIRE(journal.flush(now, {}));
    CHECK(store.contents().size() == (now.groups.empty() ? 0 : keys.size()));
  }
  model.groups.begin()->second.activities.clear();
  journal.touch(EntityKind::Activity, "a-1", "g");
  REQUIRE(journal.flush(model, {}));
  CHECK(store.contents().empty());
  CHECK(journal.clean());
}

}  // namespace tidegate::engine
