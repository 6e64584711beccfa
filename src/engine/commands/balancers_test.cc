// Load balancers, target groups, listeners and rules by commands: what is made, what is refused.
#include <doctest/doctest.h>

#include "core/stacks/network.h"
#include "engine/journal/stored_form.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using balancing::ForwardAction;
using balancing::Listener;
using balancing::ListenerArn;
using balancing::LoadBalancer;
using balancing::LoadBalancerArn;
using balancing::Rule;
using balancing::RuleArn;
using balancing::TargetGroup;
using balancing::TargetGroupArn;

balancing::Tags tags_of(std::size_t count) {
  balancing::Tags tags;
  for (std::size_t i = 0; i < count; ++i) {
    tags.emplace("k" + std::to_string(i), "v");
  }
  return tags;
}

/// A world without any stack; what is made is named, what is refused is its error's name.
struct Calls : World {
  std::vector<std::string> subnets;  // of zones a, b and c

  Calls() {
    std::map<std::string, std::string> by_zone;
    for (const auto& [id, zone] : stacks::default_subnets("eu-west-2")) {
      by_zone[zone] = id;
    }
    for (const auto& [zone, id] : by_zone) {
      subnets.push_back(id);
    }
  }

  Result<Answer> ask(BalancerCommand command) { return execute(Command{std::move(command)}); }
  std::string error(BalancerCommand command) {
    const auto answer = ask(std::move(command));
    return answer ? "none" : answer.error().name;
  }
  template <typename T>
  T made(BalancerCommand command) {
    const auto answer = ask(std::move(command));
    REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().message));
    return std::get<T>(std::get<BalancerAnswer>(*answer));
  }

  LoadBalancer wanted_balancer(const std::string& name) const {
    LoadBalancer wanted;
    wanted.name = name;
    wanted.subnets = {subnets[1], subnets[0]};
    return wanted;
  }
  LoadBalancerArn balancer(const std::string& name) {
    return made<LoadBalancer>(CreateLoadBalancer{wanted_balancer(name)}).arn;
  }
  static TargetGroup wanted_group(const std::string& name) {
    TargetGroup wanted;
    wanted.name = name;
    wanted.port = 8000;
    return wanted;
  }
  TargetGroupArn group(const std::string& name) {
    return made<TargetGroup>(CreateTargetGroup{wanted_group(name)}).arn;
  }
  static Listener wanted_listener(const LoadBalancerArn& balancer,
                                  std::uint16_t port,
                                  const TargetGroupArn& group) {
    Listener wanted;
    wanted.load_balancer = balancer;
    wanted.port = port;
    wanted.default_action.target_group = group;
    return wanted;
  }
  ListenerArn listener(const LoadBalancerArn& balancer,
                       std::uint16_t port,
                       const TargetGroupArn& group) {
    return made<Listener>(CreateListener{wanted_listener(balancer, port, group)}).arn;
  }
  static Rule wanted_rule(const ListenerArn& listener,
                          std::int32_t priority,
                          const TargetGroupArn& group) {
    Rule wanted;
    wanted.listener = listener;
    wanted.priority = priority;
    wanted.conditions = {{balancing::RuleCondition::Field::PathPattern, {"/x*"}}};
    wanted.action.target_group = group;
    return wanted;
  }
  RuleArn rule(const ListenerArn& listener, std::int32_t priority, const TargetGroupArn& group) {
    return made<std::vector<Rule>>(CreateRule{wanted_rule(listener, priority, group)}).at(0).arn;
  }

  /// What the next control plane reads is what this one has: all of it was written.
  void check_written() {
    const Model before = model();
    start();
    REQUIRE(recovered.has_value());
    CHECK(model().load_balancers == before.load_balancers);
    CHECK(model().listeners == before.listeners);
    CHECK(model().rules == before.rules);
    REQUIRE(model().target_groups.size() == before.target_groups.size());
    for (const auto& [arn, group] : before.target_groups) {
      CHECK(model().target_groups.at(arn).target_group == group.target_group);
    }
  }
};

/// One of each: balancer and group "web", port 80, a rule of priority 10.
struct Served : Calls {
  LoadBalancerArn lb = balancer("web");
  TargetGroupArn tg = group("web");
  ListenerArn l80 = listener(lb, 80, tg);
  RuleArn r10 = rule(l80, 10, tg);
};

}  // namespace

TEST_CASE_FIXTURE(Served, "balancers: each thing has an ARN that names what it is of") {
  const std::string of_home = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:";
  REQUIRE(lb.value.starts_with(of_home + "loadbalancer/app/web/"));
  const std::string path = lb.value.substr((of_home + "loadbalancer/").size());
  CHECK(path.size() == std::string{"app/web/"}.size() + 16);
  CHECK(tg.value.starts_with(of_home + "targetgroup/web/"));
  REQUIRE(l80.value.starts_with(of_home + "listener/" + path + "/"));
  const std::string listener_path = l80.value.substr((of_home + "listener/").size());
  CHECK(r10.value.starts_with(of_home + "listener-rule/" + listener_path + "/"));
  const LoadBalancer& balancer = model().load_balancers.at(lb);
  CHECK(balancer.zones == std::vector<std::string>{"eu-west-2a", "eu-west-2b"});
  CHECK(balancer.subnets == std::vector<std::string>{subnets[1], subnets[0]});
  check_written();
  CHECK(stored_form(model()) == store.contents());
}

TEST_CASE_FIXTURE(Calls,
                  "balancers: a subnet that a stack names is one for calls, while it lives") {
  REQUIRE(create().has_value());
  run_for(std::chrono::seconds{5});
  LoadBalancer wanted = wanted_balancer("other");
  wanted.subnets = {"subnet-a", "subnet-b"};
  CHECK(made<LoadBalancer>(CreateLoadBalancer{wanted}).zones ==
        std::vector<std::string>{"eu-west-2a", "eu-west-2b"});
  REQUIRE(execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  run_for(std::chrono::seconds{10});
  REQUIRE(stack().status == stacks::Status::DeleteComplete);
  wanted.name = "late";
  CHECK(error(CreateLoadBalancer{wanted}) == "SubnetNotFound");
}

TEST_CASE_FIXTURE(Served, "balancers: the same again answers what there is, another is refused") {
  CHECK(balancer("web") == lb);
  CHECK(group("web") == tg);
  CHECK(listener(lb, 80, tg) == l80);
  const auto balancer_error = [&](auto change) {
    LoadBalancer wanted = wanted_balancer("web");
    change(wanted);
    return error(CreateLoadBalancer{wanted});
  };
  const std::string taken = "DuplicateLoadBalancerName";
  CHECK(balancer_error([](auto& one) { one.scheme = "internal"; }) == taken);
  CHECK(balancer_error([&](auto& one) { one.subnets = {subnets[0], subnets[2]}; }) == taken);
  CHECK(balancer_error([](auto& one) { one.security_groups = {"sg-1"}; }) == taken);
  CHECK(balancer_error([](auto& one) { one.tags = {{"a", "b"}}; }) == taken);
  const auto group_error = [&](auto change) {
    TargetGroup wanted = wanted_group("web");
    change(wanted);
    return error(CreateTargetGroup{wanted});
  };
  const std::string group_taken = "DuplicateTargetGroupName";
  CHECK(group_error([](auto& one) { one.target_type = balancing::TargetType::Ip; }) == group_taken);
  CHECK(group_error([](auto& one) { one.port = 8001; }) == group_taken);
  CHECK(group_error([](auto& one) { one.health_check.path = "/up"; }) == group_taken);
  CHECK(group_error([](auto& one) { one.tags = {{"a", "b"}}; }) == group_taken);
  const TargetGroupArn other = group("other");
  CHECK(error(CreateListener{wanted_listener(lb, 80, other)}) == "DuplicateListener");
  Listener tagged = wanted_listener(lb, 80, tg);
  tagged.tags = {{"a", "b"}};
  CHECK(error(CreateListener{tagged}) == "DuplicateListener");
  CHECK(error(CreateRule{wanted_rule(l80, 10, other)}) == "PriorityInUse");
  CHECK(error(CreateRule{wanted_rule(l80, 11, other)}) == "none");
}

TEST_CASE_FIXTURE(Served, "balancers: what a thing is made of must be there") {
  const TargetGroupArn no_group{"no-group"};
  CHECK(error(CreateListener{wanted_listener(LoadBalancerArn{"no"}, 81, tg)}) ==
        "LoadBalancerNotFound");
  CHECK(error(CreateListener{wanted_listener(lb, 81, no_group)}) == "TargetGroupNotFound");
  CHECK(error(CreateRule{wanted_rule(ListenerArn{"no"}, 1, tg)}) == "ListenerNotFound");
  CHECK(error(CreateRule{wanted_rule(l80, 1, no_group)}) == "TargetGroupNotFound");
  LoadBalancer wanted = wanted_balancer("other");
  wanted.subnets = {subnets[0], "subnet-none"};
  CHECK(error(CreateLoadBalancer{wanted}) == "SubnetNotFound");
  wanted.subnets = {subnets[0], subnets[0]};
  CHECK(error(CreateLoadBalancer{wanted}) == "InvalidConfigurationRequest");
  CHECK(error(ChangeLoadBalancer{LoadBalancerArn{"no"}, {}, {}, {}}) == "LoadBalancerNotFound");
  CHECK(error(ChangeLoadBalancer{lb, {}, {{"subnet-none"}}, {}}) == "SubnetNotFound");
  CHECK(error(ChangeTargetGroup{no_group, {}, {}}) == "TargetGroupNotFound");
  CHECK(error(ChangeListener{ListenerArn{"no"}, {}, {}}) == "ListenerNotFound");
  CHECK(error(ChangeListener{l80, {}, ForwardAction{no_group}}) == "TargetGroupNotFound");
  CHECK(error(ChangeRule{RuleArn{"no"}, {}, {}}) == "RuleNotFound");
  CHECK(error(ChangeRule{r10, {}, ForwardAction{no_group}}) == "TargetGroupNotFound");
  CHECK(error(SetRulePriorities{{{RuleArn{"no"}, 1}}}) == "RuleNotFound");
  CHECK(error(DeleteListener{ListenerArn{"no"}}) == "ListenerNotFound");
  CHECK(error(DeleteRule{RuleArn{"no"}}) == "RuleNotFound");
  CHECK(error(DeleteLoadBalancer{LoadBalancerArn{"no"}}) == "none");
  CHECK(error(DeleteTargetGroup{no_group}) == "none");
  CHECK(error(ChangeTags{{lb.value, "no"}, {{"a", "b"}}, {}}) != "none");
  CHECK(model().load_balancers.at(lb).tags.empty());
}

TEST_CASE_FIXTURE(Served, "balancers: a change changes what it names, and is written") {
  const TargetGroupArn other = group("other");
  const auto after = made<LoadBalancer>(
      ChangeLoadBalancer{lb, {{"idle_timeout.timeout_seconds", "7"}}, {{subnets[2]}}, {{"sg-1"}}});
  CHECK(after == model().load_balancers.at(lb));
  CHECK(after.idle_timeout == std::chrono::seconds{7});
  CHECK(after.subnets == std::vector<std::string>{subnets[2]});
  CHECK(after.zones == std::vector<std::string>{"eu-west-2c"});
  CHECK(after.security_groups == std::vector<std::string>{"sg-1"});
  CHECK(made<LoadBalancer>(ChangeLoadBalancer{lb, {}, {}, {}}) == after);
  CHECK(error(ChangeLoadBalancer{lb, {{"no.key", "1"}}, {}, {}}) != "none");

  balancing::HealthCheck health;
  health.path = "/up";
  const auto changed = made<TargetGroup>(
      ChangeTargetGroup{tg, health, {{"deregistration_delay.timeout_seconds", "9"}}});
  CHECK(changed.health_check == health);
  CHECK(changed.deregistration_delay == std::chrono::seconds{9});
  CHECK(made<TargetGroup>(ChangeTargetGroup{tg, {}, {}}) == changed);

  run_for(std::chrono::seconds{1});
  CHECK(model().listeners.at(l80).bound_port == 80);
  CHECK(made<Listener>(ChangeListener{l80, 80, ForwardAction{other}}).bound_port == 80);
  CHECK(model().listeners.at(l80).default_action.target_group == other);
  const auto moved = made<Listener>(ChangeListener{l80, 81, {}});
  CHECK(moved.port == 81);
  CHECK(moved.bound_port == 0);
  CHECK(moved.default_action.target_group == other);
  CHECK(listener(lb, 80, tg) != l80);
  CHECK(error(ChangeListener{l80, 80, {}}) == "DuplicateListener");
  const LoadBalancerArn elsewhere = this->balancer("elsewhere");
  listener(elsewhere, 82, group("third"));
  CHECK(error(ChangeListener{l80, 82, {}}) == "none");

  const std::vector<balancing::RuleCondition> conditions{
      {balancing::RuleCondition::Field::HostHeader, {"a.example"}}};
  auto rules = made<std::vector<Rule>>(ChangeRule{r10, conditions, {}});
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].conditions == conditions);
  CHECK(rules[0].action.target_group == tg);
  rules = made<std::vector<Rule>>(ChangeRule{r10, {}, ForwardAction{other}});
  CHECK(rules[0].conditions == conditions);
  CHECK(rules[0].action.target_group == other);
  check_written();
}

TEST_CASE_FIXTURE(Served, "balancers: each kind of change is written by itself") {
  const std::vector<balancing::RuleCondition> conditions{
      {balancing::RuleCondition::Field::PathPattern, {"/y"}}};
  const std::vector<BalancerCommand> changes{
      ChangeLoadBalancer{lb, {}, {}, {{"sg-1"}}},
      ChangeTargetGroup{tg, {}, {{"deregistration_delay.timeout_seconds", "9"}}},
      ChangeListener{l80, 81, {}},
      ChangeRule{r10, conditions, {}},
      SetRulePriorities{{{r10, 11}}}};
  for (const BalancerCommand& change : changes) {
    CAPTURE(change.index());
    REQUIRE(ask(change).has_value());
    check_written();
  }
  CHECK(model().rules.at(r10).priority == 11);
  for (const std::string& arn : {lb.value, tg.value, l80.value, r10.value}) {
    REQUIRE(ask(ChangeTags{{arn}, {{"a", "b"}}, {}}).has_value());
    check_written();
  }
  CHECK(model().load_balancers.at(lb).tags == balancing::Tags{{"a", "b"}});
  CHECK(model().target_groups.at(tg).target_group.tags == balancing::Tags{{"a", "b"}});
  CHECK(model().listeners.at(l80).tags == balancing::Tags{{"a", "b"}});
  CHECK(model().rules.at(r10).tags == balancing::Tags{{"a", "b"}});
  REQUIRE(ask(ChangeTags{{lb.value, tg.value}, {{"a", "c"}, {"d", "e"}}, {"d"}}).has_value());
  CHECK(model().load_balancers.at(lb).tags == balancing::Tags{{"a", "c"}});
  CHECK(model().target_groups.at(tg).target_group.tags == balancing::Tags{{"a", "c"}});
}

TEST_CASE_FIXTURE(Served, "balancers: a target group is of one load balancer only") {
  const LoadBalancerArn other = balancer("other");
  const std::string refused = "TargetGroupAssociationLimit";
  CHECK(error(CreateListener{wanted_listener(other, 80, tg)}) == refused);
  const TargetGroupArn own = group("own");
  const ListenerArn its = listener(other, 80, own);
  CHECK(error(ChangeListener{its, {}, ForwardAction{tg}}) == refused);
  CHECK(error(CreateRule{wanted_rule(its, 1, tg)}) == refused);
  const RuleArn rule_of_other = rule(its, 1, own);
  CHECK(error(ChangeRule{rule_of_other, {}, ForwardAction{tg}}) == refused);
  CHECK(error(ChangeRule{r10, {}, ForwardAction{own}}) == refused);
  CHECK(error(CreateListener{wanted_listener(lb, 81, tg)}) ==
        "none");  // its own: as often as it likes
}

TEST_CASE_FIXTURE(Served, "balancers: deleting takes what belongs to it, and nothing in use") {
  CHECK(error(DeleteTargetGroup{tg}) == "ResourceInUse");
  const LoadBalancerArn other = balancer("other");
  const TargetGroupArn own = group("own");
  const ListenerArn kept = listener(other, 80, own);
  const RuleArn kept_rule = rule(kept, 10, own);
  const ListenerArn l81 = listener(lb, 81, tg);
  rule(l81, 10, tg);
  REQUIRE(ask(DeleteListener{l81}).has_value());
  CHECK(model().listeners.size() == 2);
  CHECK(model().rules.size() == 2);
  REQUIRE(ask(DeleteRule{r10}).has_value());
  CHECK(model().rules.size() == 1);
  rule(l80, 10, tg);
  REQUIRE(
      ask(ChangeLoadBalancer{lb, {{"deletion_protection.enabled", "true"}}, {}, {}}).has_value());
  CHECK(error(DeleteLoadBalancer{lb}) == "OperationNotPermitted");
  REQUIRE(
      ask(ChangeLoadBalancer{lb, {{"deletion_protection.enabled", "false"}}, {}, {}}).has_value());
  REQUIRE(ask(DeleteLoadBalancer{lb}).has_value());
  CHECK_FALSE(model().load_balancers.contains(lb));
  REQUIRE(model().listeners.size() == 1);
  CHECK(model().listeners.contains(kept));
  REQUIRE(model().rules.size() == 1);
  CHECK(model().rules.contains(kept_rule));
  CHECK(error(DeleteTargetGroup{tg}) == "none");
  CHECK_FALSE(model().target_groups.contains(tg));
  CHECK(model().load_balancers.contains(other));
  check_written();
}

TEST_CASE_FIXTURE(Served, "balancers: priorities change all at once, or not at all") {
  const RuleArn r20 = rule(l80, 20, tg);
  const auto swapped = made<std::vector<Rule>>(SetRulePriorities{{{r10, 20}, {r20, 10}}});
  REQUIRE(swapped.size() == 2);
  CHECK(swapped[0].arn == r10);
  CHECK(swapped[0].priority == 20);
  CHECK(model().rules.at(r20).priority == 10);
  CHECK(error(SetRulePriorities{{{r10, 30}, {r20, 30}}}) == "PriorityInUse");
  CHECK(model().rules.at(r10).priority == 20);
  const ListenerArn l81 = listener(lb, 81, tg);
  const RuleArn elsewhere = rule(l81, 10, tg);  // another listener's priorities are its own
  CHECK(error(SetRulePriorities{{{elsewhere, 20}}}) == "none");
}

TEST_CASE_FIXTURE(Served, "balancers: fifty tags on one thing, not fifty-one") {
  LoadBalancer many = wanted_balancer("many");
  many.tags = tags_of(kMaxTags + 1);
  CHECK(error(CreateLoadBalancer{many}) == "TooManyTags");
  many.tags = tags_of(kMaxTags);
  CHECK(error(CreateLoadBalancer{many}) == "none");
  TargetGroup many_group = wanted_group("many");
  many_group.tags = tags_of(kMaxTags + 1);
  CHECK(error(CreateTargetGroup{many_group}) == "TooManyTags");
  Listener many_listener = wanted_listener(lb, 90, tg);
  many_listener.tags = tags_of(kMaxTags + 1);
  CHECK(error(CreateListener{many_listener}) == "TooManyTags");
  Rule many_rule = wanted_rule(l80, 90, tg);
  many_rule.tags = tags_of(kMaxTags + 1);
  CHECK(error(CreateRule{many_rule}) == "TooManyTags");
  CHECK(error(ChangeTags{{tg.value}, tags_of(kMaxTags + 1), {}}) == "TooManyTags");
  CHECK(model().target_groups.at(tg).target_group.tags.empty());
  CHECK(error(ChangeTags{{tg.value}, tags_of(kMaxTags + 1), {"k0"}}) == "none");
}

TEST_CASE_FIXTURE(Served, "balancers: AWS's quotas, counted per load balancer where AWS does") {
  const LoadBalancerArn other = balancer("other");
  const TargetGroupArn own = group("own");
  const ListenerArn its = listener(other, 80, own);
  const ListenerArn l81 = listener(lb, 81, tg);
  for (std::size_t i = 2; i < kMaxListeners; ++i) {
    listener(lb, static_cast<std::uint16_t>(1000 + i), tg);
  }
  CHECK(error(CreateListener{wanted_listener(lb, 999, tg)}) == "TooManyListeners");
  CHECK(error(CreateListener{wanted_listener(other, 999, own)}) == "none");
  for (std::size_t i = 1; i < kMaxRules; ++i) {
    rule(l80, static_cast<std::int32_t>(1000 + i), tg);
  }
  CHECK(error(CreateRule{wanted_rule(l81, 999, tg)}) == "TooManyRules");
  CHECK(error(CreateRule{wanted_rule(its, 999, own)}) == "none");
  for (std::size_t i = 2; i < kMaxLoadBalancers; ++i) {
    balancer("b" + std::to_string(i));
  }
  CHECK(error(CreateLoadBalancer{wanted_balancer("more")}) == "TooManyLoadBalancers");
  CHECK(balancer("web") == lb);
}

TEST_CASE_FIXTURE(Calls, "balancers: one forwards to a hundred target groups") {
  const LoadBalancerArn lb = balancer("web");
  const ListenerArn l80 = listener(lb, 80, group("g0"));
  for (std::size_t i = 1; i < kMaxTargetGroupsOfBalancer; ++i) {
    rule(l80, static_cast<std::int32_t>(i), group("g" + std::to_string(i)));
  }
  const TargetGroupArn more = group("more");
  const std::string refused = "TooManyUniqueTargetGroupsPerLoadBalancer";
  CHECK(error(CreateListener{wanted_listener(lb, 81, more)}) == refused);
  const TargetGroupArn used = model().listeners.at(l80).default_action.target_group;
  CHECK(error(CreateListener{wanted_listener(lb, 81, used)}) == "none");
  const LoadBalancerArn other = balancer("other");
  CHECK(error(CreateListener{wanted_listener(other, 80, more)}) == "none");
}

TEST_CASE_FIXTURE(Calls, "balancers: three thousand target groups, and not one more") {
  const TargetGroupArn web = group("web");
  const std::string made = store.contents().at("target_group/" + web.value);
  for (std::size_t i = 1; i + 1 < kMaxTargetGroups; ++i) {
    const std::string number = std::to_string(i);
    std::string another = made;
    another.replace(another.find(web.value), web.value.size(), web.value + number);
    another.replace(another.find("\"web\""), 5, "\"web-" + number + "\"");
    REQUIRE(
        store.append({{"target_group/" + web.value + number, another}}, starts, store.revision())
            .has_value());
  }
  start();
  REQUIRE(model().target_groups.size() == kMaxTargetGroups - 1);
  CHECK(error(CreateTargetGroup{wanted_group("last")}) == "none");
  CHECK(error(CreateTargetGroup{wanted_group("more")}) == "TooManyTargetGroups");
  CHECK(error(CreateTargetGroup{wanted_group("last")}) == "none");  // it is there already
  CHECK(model().target_groups.size() == kMaxTargetGroups);
}

TEST_CASE_FIXTURE(Served,
                  "balancers: what was said of a listener's old port is not of its new one") {
  door.take_port(81);
  REQUIRE(ask(ChangeListener{l80, 81, {}}).has_value());
  run_for(std::chrono::seconds{1});
  REQUIRE(model().listeners.at(l80).bind_note == "port 81 is taken by another program");
  const auto moved = made<Listener>(ChangeListener{l80, 82, {}});
  CHECK(moved.bind_note.empty());
  CHECK(moved.bound_port == 0);
  check_written();
}

}  // namespace tidegate::engine
