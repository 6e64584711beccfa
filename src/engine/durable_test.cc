// What is written is what is: through a busy day, a control plane that starts from the store knows
// what the one that wrote it knows. A change that nobody journalled shows here.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kMore = R"(
  AdminTargets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Name: admin-tg
      Port: 9000
      Protocol: HTTP
      TargetType: ip
      Targets: [{ Id: 10.9.9.9, Port: 9001 }]
  AdminRule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 10
      Conditions: [{ Field: path-pattern, Values: [/admin/*] }]
      Actions: [{ Type: forward, TargetGroupArn: !Ref AdminTargets }]
)";

std::string replaced(std::string body, const std::string& from, const std::string& to) {
  const auto at = body.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, "no such text: ", from);
  return body.replace(at, from.size(), to);
}

std::string busy_template() {
  return replaced(kTemplate, "  CpuHigh:", kMore + std::string{"  CpuHigh:"});
}

/// A policy's view and a user's alarm have a reason before their first transition, which is made
/// anew after a restart: it is not written.
std::map<alarms::AlarmName, alarms::Alarm> written_alarms(const Model& model) {
  auto all = model.alarms;
  for (auto& [name, alarm] : all) {
    if (alarm.state_transitioned == alarm.configuration_updated) {
      alarm.state_reason.clear();
      alarm.state_reason_data.clear();
    }
  }
  return all;
}

/// Of those that start at the same moment either may be first.
std::map<groups::ActivityId, groups::Activity> by_id(const std::deque<groups::Activity>& all) {
  std::map<groups::ActivityId, groups::Activity> sorted;
  for (const groups::Activity& activity : all) {
    sorted.emplace(activity.id, activity);
  }
  return sorted;
}

std::string first_difference_of_group(const GroupModel& is, const GroupModel& was) {
  if (is.group != was.group) return "group";
  if (is.stack != was.stack) return "stack of a group";
  if (is.instances != was.instances) return "instances";
  return by_id(is.activities) != by_id(was.activities) ? "activities" : "";
}

/// What the second model has otherwise than the first; empty: nothing.
std::string first_difference(const Model& is, const Model& was) {
  if (is.stacks != was.stacks) return "stacks";
  if (is.launch_templates != was.launch_templates) return "launch templates";
  if (is.load_balancers != was.load_balancers) return "load balancers";
  if (is.listeners != was.listeners) return "listeners";
  if (is.rules != was.rules) return "rules";
  if (written_alarms(is) != written_alarms(was)) return "alarms";
  if (is.policies.size() != was.policies.size()) return "policies";
  for (const auto& [name, policy] : is.policies) {
    const auto found = was.policies.find(name);
    if (found == was.policies.end() || found->second.policy != policy.policy) return "policies";
  }
  if (is.target_groups.size() != was.target_groups.size()) return "target groups";
  for (const auto& [arn, group] : is.target_groups) {
    const auto found = was.target_groups.find(arn);
    if (found == was.target_groups.end() || found->second.target_group != group.target_group) {
      return "target groups";
    }
  }
  if (is.groups.size() != was.groups.size()) return "groups";
  for (const auto& [name, group] : is.groups) {
    const auto found = was.groups.find(name);
    if (found == was.groups.end()) return "groups";
    if (auto what = first_difference_of_group(group, found->second); !what.empty()) return what;
  }
  return "";
}

class Day {
 public:
  World world;

  /// Runs, and looks after each step at what was written.
  void pass(Duration duration, double load = 0.2) {
    const Instant end = world.clock.now() + duration;
    while (world.clock.now() < end) {
      world.run_with_load(load, std::min<Duration>(milliseconds{200}, end - world.clock.now()));
      check();
    }
  }
  void run(const Command& command) {
    const auto answer = world.execute(command);
    REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
    check();
  }
  void update(const std::string& body, std::map<std::string, std::string> parameters = {}) {
    run(UpdateStack{kStack, body, "/templates", std::move(parameters)});
  }
  balancing::TargetGroupArn targets(const std::string& name) const {
    for (const auto& [arn, group] : world.model().target_groups) {
      if (group.target_group.name == name) return arn;
    }
    check_failed(name.c_str(), __FILE__, __LINE__);
  }

 private:
  void check() {
    if (world.store.appends() == looked_at_ && ++unlooked_ < 10) return;
    looked_at_ = world.store.appends();
    unlooked_ = 0;
    sim::MemoryStore copy;
    for (const auto& [key, value] : world.store.contents()) {
      REQUIRE(copy.append({{key, value}}, 1, copy.revision()).has_value());
    }
    Engine reborn{
        Settings{},
        Ports{world.cloud, world.door, copy, world.metrics, world.notifier, world.caches}};
    REQUIRE(reborn.recover(world.clock.now()).has_value());
    const std::string at = format_iso8601_millis(world.clock.now());
    CAPTURE(at);
    REQUIRE(first_difference(world.model(), reborn.model()) == "");
  }

  std::uint64_t looked_at_ = 0;
  int unlooked_ = 0;
};

TEST_CASE("durable: what a group goes through is written, tick by tick") {
  Day day;
  day.world.cloud.boot_model().fail_user_data = 1;
  day.run(CreateStack{kStack, busy_template(), "/templates", {}, {{"team", "web"}}});
  day.pass(seconds{3});
  day.world.cloud.boot_model().fail_user_data = 0;
  day.pass(seconds{20});
  REQUIRE(day.world.serving().size() == 1);
  day.pass(seconds{30}, 1.0);
  REQUIRE(day.world.serving().size() == 3);
  const auto ids = day.world.serving();
  day.world.cloud.crash(ids[0]);
  day.world.cloud.lose(ids[1]);
  day.world.cloud.find(ids[2])->ailing = true;
  day.pass(seconds{40}, 0.6);
  REQUIRE(day.world.serving().size() == 3);
  day.run(SetDesiredCapacity{kGroup, 1});
  day.pass(seconds{1});
  day.run(SetDesiredCapacity{kGroup, 2});
  day.pass(seconds{12});
  day.run(TerminateInstance{day.world.serving().at(0), TerminateInstance::Desired::Decrement});
  day.pass(seconds{12});
  day.run(TerminateInstance{day.world.serving().at(0)});
  day.pass(seconds{12});
  day.pass(seconds{140}, 0.01);
  CHECK(day.world.group().group.desired_capacity == 1);
}

TEST_CASE("durable: updates, targets and the end of a stack are written") {
  Day day;
  day.run(CreateStack{kStack, busy_template(), "/templates", {}, {}});
  day.pass(seconds{5});
  const auto id = day.world.serving().at(0).value;
  day.run(RegisterTargets{day.targets("web-tg"), {{id, 9000}}});
  day.run(RegisterTargets{day.targets("admin-tg"), {{"10.9.9.10", 0}}});
  day.pass(seconds{1});
  day.run(DeregisterTargets{day.targets("web-tg"), {{id, 9000}}});
  day.run(DeregisterTargets{day.targets("admin-tg"), {{"10.9.9.9", 0}}});
  day.pass(seconds{20});
  std::string body = busy_template();
  for (const auto& [from, to] : std::map<std::string, std::string>{
           {"Priority: 10", "Priority: 11"},
           {"[/admin/*]", "[/admin/*, /ops/*]"},
           {"Threshold: 70", "Threshold: 60"},
           {"MinSize: \"1\"", "MinSize: \"2\""},
           {"Value: \"10\"", "Value: \"12\""},
           {"UserData: !Base64 \"exec serve\"", "UserData: !Base64 \"exec serve2\""}}) {
    body = replaced(body, from, to);
    day.update(body);
    day.pass(seconds{1});
  }
  day.update(body, {{"Max", "4"}, {"Target", "50"}});
  day.pass(seconds{10});
  body = replaced(
      body,
      body.substr(body.find("  AdminRule:"), body.find("  CpuHigh:") - body.find("  AdminRule:")),
      "");
  day.update(body, {{"Max", "4"}, {"Target", "50"}});
  day.pass(seconds{1});
  day.update(busy_template(), {{"Max", "4"}});
  day.pass(seconds{5});
  CHECK(day.world.model().rules.size() == 1);
  day.run(DeleteStack{kStack});
  day.pass(seconds{40});
  CHECK(day.world.stack().status == stacks::Status::DeleteComplete);
}

TEST_CASE("durable: a roll-back is written") {
  Day day;
  day.world.door.take_port(80);
  std::string body =
      replaced(busy_template(),
               "    Receivers:",
               "    LoadBalancers: { web-alb: { StrictPort: true } }\n    Receivers:");
  day.run(CreateStack{kStack, body, "/templates", {}, {}});
  day.pass(seconds{5});
  CHECK(day.world.stack().status == stacks::Status::RollbackComplete);
}

}  // namespace
}  // namespace tidegate::engine
