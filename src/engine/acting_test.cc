// What persisted state asks of the driver and the balancer, one tick at a time.
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using balancing::TargetIntent;
using groups::InstanceId;
using groups::InstancePhase;
using groups::LifecycleState;
using groups::TerminationStage;
using std::chrono::seconds;
using Words = std::vector<std::string>;

/// A group behind a target group behind a listener of a load balancer in zones a and b.
struct Acting : StateBench {
  GroupModel& fleet = group();
  balancing::TargetGroup& targets =
      model.target_groups[balancing::TargetGroupArn{"tg"}].target_group;
  balancing::LoadBalancer& lb = model.load_balancers[balancing::LoadBalancerArn{"lb"}];
  balancing::Listener& listener = model.listeners[balancing::ListenerArn{"l"}];

  Acting() {
    targets.arn.value = "tg";
    targets.deregistration_delay = seconds{10};
    lb.arn.value = "lb";
    lb.zones = {"a", "b"};
    lb.address = "10.64.255.254";
    listener.arn.value = "l";
    listener.load_balancer = lb.arn;
    listener.port = 80;
    listener.default_action.target_group = targets.arn;
    fleet.group.target_groups = {targets.arn};
    fleet.group.launch_template.id.value = "lt";
    auto& launch_template = model.launch_templates[groups::LaunchTemplateId{"lt"}];
    launch_template.versions.emplace_back().user_data = "exec serve";
  }
  groups::Instance& member(const std::string& id, LifecycleState life) {
    auto& made = instance(fleet, id, life);
    made.zone = "a";
    made.image_id = kHostImage;
    made.instance_type = "t3.micro";
    made.launch_template = {groups::LaunchTemplateId{"lt"}, "", "1"};
    return made;
  }
  groups::Instance& ending(const std::string& id, TerminationStage stage) {
    auto& made = member(id, LifecycleState::Terminating);
    made.stage = stage;
    return made;
  }
  groups::InstanceObservation& see(const std::string& id, InstancePhase phase) {
    auto& seen = fleet.facts[InstanceId{id}].observation.emplace();
    seen.phase = phase;
    seen.process_alive = phase == InstancePhase::Running;
    return seen;
  }
  void add_target(const std::string& id, const std::string& zone) {
    targets.targets.push_back({id, 8000, "10.64.0.2", zone, now(), std::nullopt});
  }
  const balancing::DataPlaneConfig& told() {
    act(state, now());
    REQUIRE_FALSE(balancer.published.empty());
    return balancer.published.back();
  }
  balancing::TargetConfig target() { return told().target_groups.at(0).targets.at(0); }
  TargetIntent intent() { return target().intent; }
};

}  // namespace

TEST_CASE_FIXTURE(Acting, "acting: the driver is given all that an instance is made from") {
  auto& made = member("i-1", LifecycleState::Pending);
  made.port = 8080;
  made.tags = {{"Name", "web"}};
  fleet.group.stop_timeout = seconds{7};
  fleet.group.max_size = 8;
  lb.idle_timeout = seconds{90};
  act(state, now());
  REQUIRE(compute.launched.size() == 1);
  ports::LaunchSpec want;
  want.id = InstanceId{"i-1"};
  want.group_name = "g";
  want.zone = "a";
  want.image_id = kHostImage;
  want.image.layers = {"host"};
  want.instance_type = "t3.micro";
  want.size = {1, 512};
  want.user_data = "exec serve";
  want.port = 8080;
  want.environment = {
      {"DRAIN_DEADLINE_S", "7"}, {"LB_IDLE_TIMEOUT_S", "90"}, {"AWS_REGION", "eu-west-2"}};
  want.metadata_document =
      R"({"instance-id":"i-1","instance-type":"t3.micro","ami-id":"ami-host",)"
      R"("account-id":"000000000000","region":"eu-west-2","availability-zone":"a",)"
      R"("auto-scaling-group":"g","target-lifecycle-state":"InService",)"
      R"("pending-time":"2026-01-03T12:04:31Z","launch-template":"lt",)"
      R"("launch-template-version":"1","tags":{"Name":"web"},"user-data":"exec serve"})";
  CHECK(compute.launched[0] == want);
}

TEST_CASE_FIXTURE(Acting, "acting: without a load balancer the idle timeout is the default one") {
  model.load_balancers.clear();
  member("i-1", LifecycleState::Pending);
  act(state, now());
  CHECK(compute.launched.at(0).environment.at("LB_IDLE_TIMEOUT_S") == "60");
}

TEST_CASE_FIXTURE(Acting, "acting: what is asked for follows from its stage and what is seen") {
  member("i-joins", LifecycleState::Pending).joined = now();  // it ran before: nothing to launch
  member("i-lost", LifecycleState::InService);
  member("i-launching", LifecycleState::Pending);
  see("i-launching", InstancePhase::Launching);
  member("i-runs", LifecycleState::InService);
  see("i-runs", InstancePhase::Running);
  ending("i-drains", TerminationStage::Draining);
  see("i-drains", InstancePhase::Running);
  ending("i-stop-running", TerminationStage::Stopping);
  see("i-stop-running", InstancePhase::Running);
  ending("i-stop-launching", TerminationStage::Stopping);
  see("i-stop-launching", InstancePhase::Launching);
  ending("i-stop-exited", TerminationStage::Stopping);
  see("i-stop-exited", InstancePhase::Exited);
  ending("i-stop-unseen", TerminationStage::Stopping);
  ending("i-kill", TerminationStage::Killing);
  see("i-kill", InstancePhase::Exited);
  ending("i-kill-unseen", TerminationStage::Killing);
  act(state, now());
  CHECK(compute.launched.empty());
  CHECK(compute.stopped == Words{"i-stop-launching", "i-stop-running"});
  CHECK(compute.killed == Words{"i-kill"});
}

TEST_CASE_FIXTURE(Acting, "acting: a launch waits for its launch template, and is then asked for") {
  member("i-1", LifecycleState::Pending).launch_template.version = "2";
  act(state, now());
  CHECK(compute.launched.empty());
  model.launch_templates.begin()->second.versions.emplace_back().number = 2;
  act(state, now());
  CHECK(compute.launched.size() == 1);
}

TEST_CASE_FIXTURE(Acting, "acting: asked again once it is overdue, another wish at once") {
  member("i-1", LifecycleState::Pending);
  act(state, now());
  pass(kOverdue - Duration{1});
  act(state, now());
  CHECK(compute.launched.size() == 1);
  pass(Duration{1});
  act(state, now());
  CHECK(compute.launched.size() == 2);
  ending("i-1", TerminationStage::Killing);
  see("i-1", InstancePhase::Running);
  act(state, now());
  CHECK(compute.killed.size() == 1);
}

TEST_CASE_FIXTURE(Acting, "acting: what was asked and told is forgotten with the instance") {
  member("i-1", LifecycleState::Pending);
  act(state, now());
  see("i-1", InstancePhase::Running);
  act(state, now());
  const GroupRun& run = state.groups.at(groups::GroupName{"g"});
  CHECK(run.asked.size() == 1);
  CHECK(run.told.size() == 1);
  fleet.instances.clear();
  act(state, now());
  CHECK(run.asked.empty());
  CHECK(run.told.empty());
}

TEST_CASE_FIXTURE(Acting, "acting: an instance that exists is told its target state, once each") {
  member("i-1", LifecycleState::InService);
  act(state, now());
  CHECK(compute.told.empty());
  fleet.facts[InstanceId{"i-1"}];  // it was looked for, and not seen
  act(state, now());
  CHECK(compute.told.empty());
  see("i-1", InstancePhase::Running);
  act(state, now());
  act(state, now());
  CHECK(compute.told == Words{"i-1 InService"});
  ending("i-1", TerminationStage::Draining);
  act(state, now());
  CHECK(compute.told == Words{"i-1 InService", "i-1 Terminated"});
}

TEST_CASE_FIXTURE(Acting, "acting: what only the driver knows is ended, again when it is overdue") {
  state.orphans = {InstanceId{"i-9"}};
  act(state, now());
  pass(kOverdue - Duration{1});
  act(state, now());
  CHECK(compute.killed == Words{"i-9"});
  pass(Duration{1});
  act(state, now());
  CHECK(compute.killed == Words{"i-9", "i-9"});
  state.orphans.clear();
  act(state, now());
  CHECK(state.orphans_asked.empty());
}

TEST_CASE_FIXTURE(Acting, "acting: the balancer is told once, and again what is another") {
  const auto first = told().generation;
  CHECK(first == static_cast<std::uint64_t>(now().time_since_epoch().count()));
  pass(seconds{1});
  act(state, now());
  CHECK(balancer.published.size() == 1);
  listener.port = 81;
  CHECK(told().generation == static_cast<std::uint64_t>(now().time_since_epoch().count()));
  listener.port = 82;  // twice in a microsecond: it grows all the same
  CHECK(told().generation == static_cast<std::uint64_t>(now().time_since_epoch().count()) + 1);
  CHECK(balancer.published.size() == 3);
}

TEST_CASE_FIXTURE(Acting, "acting: a listener is told with its load balancer's address and rules") {
  lb.strict_port = true;
  lb.idle_timeout = seconds{90};
  const auto add_rule = [this](const std::string& arn, const std::string& of, int priority) {
    auto& made = model.rules[balancing::RuleArn{arn}];
    made.arn.value = arn;
    made.listener.value = of;
    made.priority = priority;
  };
  add_rule("r-1", "l", 20);
  add_rule("r-2", "l", 10);
  add_rule("r-3", "other", 5);
  const auto& config = told().listeners.at(0);
  CHECK(config.arn == listener.arn);
  CHECK(config.load_balancer == lb.arn);
  CHECK(config.address == "10.64.255.254");
  CHECK(config.port == 80);
  CHECK(config.strict_port);
  CHECK(config.idle_timeout == seconds{90});
  CHECK(config.default_target_group == targets.arn);
  REQUIRE(config.rules.size() == 2);
  CHECK(config.rules[0].arn.value == "r-2");  // by priority
  CHECK(config.rules[1].arn.value == "r-1");
}

TEST_CASE_FIXTURE(Acting, "acting: a target group is in use where a load balancer forwards to it") {
  targets.health_check.path = "/health";
  targets.stickiness.enabled = true;
  add_target("i-1", "a");
  const auto config = told().target_groups.at(0);
  CHECK(config.arn == targets.arn);
  CHECK(config.in_use);
  CHECK(config.health_check.path == "/health");
  CHECK(config.stickiness.enabled);
  CHECK(config.targets.at(0).id == "i-1");
  CHECK(config.targets.at(0).port == 8000);
  CHECK(config.targets.at(0).address == "10.64.0.2");
  CHECK(config.targets.at(0).zone == "a");
  listener.default_action.target_group = {};
  CHECK_FALSE(told().target_groups.at(0).in_use);
}

TEST_CASE_FIXTURE(
    Acting, "acting: a new target is probed at once and often, in aws timing like any other") {
  targets.health_check.interval = seconds{7};
  targets.health_check.timeout = seconds{3};
  auto& stack = model.stacks[stacks::StackName{"web"}];
  auto& resource = stack.resources.emplace_back();
  resource.type = "AWS::ElasticLoadBalancingV2::TargetGroup";
  resource.physical_id = "tg";
  const balancing::TargetGroupConfig usual;
  CHECK(told().target_groups.at(0).initial_probe_interval == usual.initial_probe_interval);
  CHECK(told().target_groups.at(0).initial_probe_timeout == usual.initial_probe_timeout);
  stack.metadata.timing = scaling::TimingProfile::Aws;
  CHECK(told().target_groups.at(0).initial_probe_interval == seconds{7});
  CHECK(told().target_groups.at(0).initial_probe_timeout == seconds{3});
}

TEST_CASE_FIXTURE(Acting,
                  "acting: a target is used in the zones of its load balancers, or of none") {
  add_target("i-1", "b");
  CHECK(target().zone_enabled);
  targets.targets[0].zone = "c";
  CHECK_FALSE(target().zone_enabled);
  targets.targets[0].zone = "";  // an address
  CHECK(target().zone_enabled);
}

TEST_CASE_FIXTURE(Acting, "acting: an address is served, drained for its delay, then closed") {
  targets.target_type = balancing::TargetType::Ip;
  add_target("10.64.0.2", "");
  CHECK(intent() == TargetIntent::Serving);
  targets.targets[0].deregistered = now();
  CHECK(intent() == TargetIntent::Draining);
  pass(seconds{10} - Duration{1});
  CHECK(intent() == TargetIntent::Draining);
  pass(Duration{1});
  CHECK(intent() == TargetIntent::Closing);
}

TEST_CASE_FIXTURE(Acting, "acting: a target whose instance is gone is dead") {
  add_target("i-1", "a");
  CHECK(intent() == TargetIntent::Dead);
}

TEST_CASE_FIXTURE(Acting, "acting: a member's target goes by its life, and by its registration") {
  auto& made = member("i-1", LifecycleState::InService);
  see("i-1", InstancePhase::Running).incarnation = 4;
  add_target("i-1", "a");
  CHECK(intent() == TargetIntent::Serving);
  CHECK(target().incarnation == 4);
  targets.targets[0].deregistered = now();  // by a call; it goes on running
  CHECK(intent() == TargetIntent::Draining);
  made.lifecycle_state = LifecycleState::Terminating;
  made.stage = TerminationStage::Draining;
  pass(seconds{10});
  CHECK(intent() == TargetIntent::Draining);  // its own stages say when it closes
  made.stage = TerminationStage::Closing;
  CHECK(intent() == TargetIntent::Closing);
  fleet.facts.clear();
  CHECK(target().incarnation == 0);
}

TEST_CASE_FIXTURE(Acting,
                  "acting: a target outside groups goes by its life, and its registration") {
  auto& outside = model.standalone[InstanceId{"i-1"}];
  outside.value.instance.id.value = "i-1";
  outside.value.instance.lifecycle_state = LifecycleState::InService;
  auto& seen = outside.facts.observation.emplace();
  seen.phase = InstancePhase::Running;
  seen.process_alive = true;
  seen.incarnation = 2;
  add_target("i-1", "a");
  CHECK(intent() == TargetIntent::Serving);
  CHECK(target().incarnation == 2);
  targets.targets[0].deregistered = now();
  CHECK(intent() == TargetIntent::Draining);
  seen.process_alive = false;
  CHECK(intent() == TargetIntent::Dead);
  outside.facts.observation.reset();
  CHECK(target().incarnation == 0);
}

TEST_CASE_FIXTURE(Acting, "acting: liveness probes what is in service and has an address") {
  fleet.group.liveness = groups::Liveness{"/live", seconds{3}, seconds{1}, 4};
  member("i-1", LifecycleState::InService).address = "10.64.0.2";
  fleet.instances.at(InstanceId{"i-1"}).port = 8000;
  member("i-2", LifecycleState::InService);
  member("i-3", LifecycleState::Pending).address = "10.64.0.4";
  const auto& config = told().target_groups.at(1);
  CHECK(config.arn == liveness_group(fleet.group.name));
  CHECK(config.health_check.path == "/live");
  CHECK(config.health_check.interval == seconds{3});
  CHECK(config.health_check.timeout == seconds{1});
  CHECK(config.health_check.unhealthy_threshold == 4);
  CHECK(config.health_check.healthy_threshold == 2);
  REQUIRE(config.targets.size() == 1);
  CHECK(config.targets[0] == balancing::TargetConfig{"i-1", "10.64.0.2", 8000, "a"});
}

TEST_CASE_FIXTURE(Acting, "acting: a notification is handed over once, and leaves the store") {
  state.notifications.emplace("n", ports::Notification{"n", {"on-call", "/x"}, "subject", "{}"});
  state.journal.touch(EntityKind::Notification, "n");
  REQUIRE(state.journal.flush(model, state.notifications).has_value());
  CHECK(is_stored("notification/n"));
  act(state, now());
  act(state, now());
  CHECK(notifier.sent().size() == 1);
  REQUIRE(state.journal.flush(model, state.notifications).has_value());
  CHECK_FALSE(is_stored("notification/n"));
}

}  // namespace tidegate::engine
