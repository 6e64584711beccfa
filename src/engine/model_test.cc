// What the model says of targets: the words of DescribeTargetHealth before and after a report.
#include "engine/model.h"

#include <doctest/doctest.h>

namespace tidegate::engine {
namespace {

using balancing::TargetHealthState;

const balancing::TargetGroupArn kTargetGroup{"arn:tg"};
const balancing::LoadBalancerArn kBalancer{"arn:lb"};
const balancing::ListenerArn kListener{"arn:listener"};

/// A target group behind one listener's default action, with one target in zone a.
struct Net {
  Model model;
  TargetGroupModel& group = model.target_groups[kTargetGroup];
  balancing::Target target;

  Net() {
    group.target_group.arn = kTargetGroup;
    target = {"i-1", 8000, "10.0.0.1", "a", Instant{}, std::nullopt};
    group.target_group.targets = {target};
    model.load_balancers[kBalancer].zones = {"a", "b"};
    model.listeners[kListener] = {};
    model.listeners[kListener].arn = kListener;
    model.listeners[kListener].load_balancer = kBalancer;
    model.listeners[kListener].default_action.target_group = kTargetGroup;
  }
  balancing::TargetHealth health() const { return target_health(model, group, target); }
};

TEST_CASE("target health: what is known before a report, in AWS's words") {
  Net net;
  CHECK(net.health() == balancing::TargetHealth{TargetHealthState::Initial,
                                                "Elb.RegistrationInProgress",
                                                "Target registration is in progress"});
  net.target.zone = "c";
  CHECK(net.health() ==
        balancing::TargetHealth{
            TargetHealthState::Unused,
            "Target.NotInUse",
            "Target is in an Availability Zone that is not enabled for the load balancer"});
  net.target.zone = "";  // an address has none
  CHECK(net.health().state == TargetHealthState::Initial);
  net.target.deregistered = Instant{};
  CHECK(net.health() == balancing::TargetHealth{TargetHealthState::Draining,
                                                "Target.DeregistrationInProgress",
                                                "Target deregistration is in progress"});
  net.target.deregistered.reset();
  net.model.listeners.clear();
  CHECK(net.health() ==
        balancing::TargetHealth{
            TargetHealthState::Unused,
            "Target.NotInUse",
            "Target group is not configured to receive traffic from the load balancer"});
}

TEST_CASE("target health: the report of the same target and port is what counts") {
  Net net;
  balancing::TargetReport report;
  report.id = "i-1";
  report.port = 9000;
  report.health.state = TargetHealthState::Unhealthy;
  net.group.reports = {report};
  CHECK(net.health().state == TargetHealthState::Initial);
  report.port = 8000;
  report.id = "i-2";
  net.group.reports.push_back(report);
  CHECK(net.health().state == TargetHealthState::Initial);
  report.id = "i-1";
  report.health = {TargetHealthState::Healthy, "", ""};
  net.group.reports.push_back(report);
  CHECK(net.health().state == TargetHealthState::Healthy);
}

TEST_CASE("target group: in use by a default action or by a rule of a listener that exists") {
  Net net;
  CHECK(target_group_in_use(net.model, kTargetGroup));
  CHECK(zones_served(net.model, kTargetGroup) == std::vector<std::string>{"a", "b"});
  net.model.listeners[kListener].default_action.target_group = {};
  CHECK_FALSE(target_group_in_use(net.model, kTargetGroup));
  CHECK(zones_served(net.model, kTargetGroup).empty());
  const balancing::RuleArn rule{"arn:rule"};
  net.model.rules[rule].listener = kListener;
  CHECK_FALSE(target_group_in_use(net.model, kTargetGroup));
  net.model.rules[rule].action.target_group = kTargetGroup;
  CHECK(target_group_in_use(net.model, kTargetGroup));
  CHECK(load_balancers_of(net.model, kTargetGroup) == std::vector{kBalancer});
  net.model.rules[rule].listener = balancing::ListenerArn{"arn:other"};
  CHECK_FALSE(target_group_in_use(net.model, kTargetGroup));
}

TEST_CASE("target group: the zones of all load balancers that forward to it, each once") {
  Net net;
  const balancing::LoadBalancerArn second{"arn:lb-2"};
  net.model.load_balancers[second].zones = {"b", "c"};
  const balancing::ListenerArn other{"arn:listener-2"};
  net.model.listeners[other] = net.model.listeners[kListener];
  net.model.listeners[other].load_balancer = second;
  CHECK(zones_served(net.model, kTargetGroup) == std::vector<std::string>{"a", "b", "c"});
  CHECK(load_balancers_of(net.model, kTargetGroup) == std::vector{kBalancer, second});
  net.model.load_balancers.erase(kBalancer);
  CHECK(zones_served(net.model, kTargetGroup) == std::vector<std::string>{"b", "c"});
}

}  // namespace
}  // namespace tidegate::engine
