// What drivers and balancers say becomes facts, registrations and orphans; nothing is decided.
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using groups::InstanceId;
using groups::LifecycleState;
using std::chrono::seconds;

struct Observed : StateBench {
  GroupModel& fleet = group();
  balancing::TargetGroupArn tg{"tg"};
  balancing::TargetGroup& targets = model.target_groups[tg].target_group;

  Observed() {
    targets.arn = tg;
    targets.port = 8000;
    fleet.group.target_groups = {balancing::TargetGroupArn{"gone"}, tg};
    balancer.said.connected = true;
    look();
    flush();
  }
  void look() { observe(state, now()); }
  bool shows_look() {
    return shows([this] { look(); });
  }
  bool shows_registration(const groups::Instance& of) {
    return shows([&] { update_registration(state, fleet.group, of, now()); });
  }
  const groups::InstanceFacts& facts(const std::string& id) {
    return fleet.facts.at(InstanceId{id});
  }
};

}  // namespace

TEST_CASE_FIXTURE(Observed, "observe: whether a balancer is there is shown, and since when") {
  const Instant begin = now();
  CHECK(model.data_plane_connected);
  CHECK(state.data_plane_connected_since == begin);
  pass(seconds{1});
  CHECK_FALSE(shows_look());
  CHECK(state.data_plane_connected_since == begin);
  balancer.said.connected = false;
  CHECK(shows_look());
  CHECK_FALSE(model.data_plane_connected);
}

TEST_CASE_FIXTURE(Observed, "observe: the last reports stand while the balancer is away") {
  auto& report = balancer.said.targets.emplace_back();
  report.target_group = tg;
  report.id = "i-1";
  report.requests = 7;
  balancer.said.targets.push_back(report);
  balancer.said.targets.back().target_group.value = "other";
  balancer.said.load_balancers.emplace_back().requests = 9;
  look();
  REQUIRE(model.target_groups.at(tg).reports.size() == 1);
  CHECK(model.target_groups.at(tg).reports[0].requests == 7);
  CHECK(state.target_reports.size() == 2);
  CHECK(model.load_balancer_reports.at(0).requests == 9);
  balancer.said.targets.clear();
  balancer.said.load_balancers.clear();
  balancer.said.connected = false;
  look();
  CHECK(model.target_groups.at(tg).reports.size() == 1);
  CHECK(model.load_balancer_reports.size() == 1);
  balancer.said.connected = true;
  look();
  CHECK(model.target_groups.at(tg).reports.empty());
  CHECK(state.target_reports.empty());
  CHECK(model.load_balancer_reports.empty());
}

TEST_CASE_FIXTURE(Observed, "observe: the port that a listener got is kept and shown, once") {
  const balancing::ListenerArn arn{"l"};
  model.listeners[arn].arn = arn;
  balancer.said.bindings = {{arn, 8080, "port 80 is taken"},
                            {balancing::ListenerArn{"gone"}, 1, "it was deleted"}};
  CHECK(shows_look());
  CHECK(model.listeners.at(arn).bound_port == 8080);
  CHECK(model.listeners.at(arn).bind_note == "port 80 is taken");
  CHECK(model.listeners.size() == 1);
  flush();
  CHECK(is_stored("listener/l"));
  CHECK_FALSE(shows_look());
  CHECK(state.journal.clean());
  balancer.said.bindings[0].bound_port = 80;
  CHECK(shows_look());
  CHECK(model.listeners.at(arn).bound_port == 80);
  balancer.said.bindings[0].note = "";
  CHECK(shows_look());
  CHECK(model.listeners.at(arn).bind_note.empty());
}

TEST_CASE_FIXTURE(Observed, "observe: what the host complains of is shown when it changes") {
  compute.complaints = {"no metadata"};
  CHECK(shows_look());
  CHECK(model.host_troubles == compute.complaints);
  CHECK_FALSE(shows_look());
}

TEST_CASE_FIXTURE(Observed, "observe: an instance's facts are all that is told of it") {
  instance(fleet, "i-1");
  compute.running("i-1", "10.64.0.2").incarnation = 3;
  balancing::TargetReport& report = balancer.said.targets.emplace_back();
  report.target_group = tg;
  report.id = "i-1";
  report.port = 8000;
  report.health.state = balancing::TargetHealthState::Unhealthy;
  report.last_probe = "HTTP 500";
  report.ever_healthy = true;
  report.applied_intent = balancing::TargetIntent::Draining;
  report.in_flight = 2;
  report.websockets = 3;
  report.draining_for = seconds{4};
  look();
  CHECK(facts("i-1").observation->incarnation == 3);
  CHECK(facts("i-1").data_plane_connected);
  CHECK_FALSE(facts("i-1").liveness_failing.has_value());
  REQUIRE(facts("i-1").targets.size() == 1);
  CHECK(facts("i-1").targets[0] == groups::TargetFacts{tg,
                                                       report.health,
                                                       "HTTP 500",
                                                       true,
                                                       balancing::TargetIntent::Draining,
                                                       2,
                                                       3,
                                                       8000,
                                                       seconds{4}});
  compute.seen.clear();
  balancer.said.connected = false;
  look();
  CHECK_FALSE(facts("i-1").observation.has_value());
  CHECK_FALSE(facts("i-1").data_plane_connected);
}

TEST_CASE_FIXTURE(Observed, "observe: liveness is failing where its probe says unhealthy") {
  instance(fleet, "i-1");
  fleet.group.liveness.emplace();
  look();
  CHECK_FALSE(facts("i-1").liveness_failing.has_value());
  auto& report = balancer.said.targets.emplace_back();
  report.target_group = liveness_group(fleet.group.name);
  report.id = "i-1";
  report.health.state = balancing::TargetHealthState::Healthy;
  look();
  CHECK(facts("i-1").liveness_failing == false);
  balancer.said.targets[0].health.state = balancing::TargetHealthState::Unhealthy;
  look();
  CHECK(facts("i-1").liveness_failing == true);
}

TEST_CASE_FIXTURE(Observed, "observe: without user data is what its launch template says it is") {
  groups::Instance& made = instance(fleet, "i-1");
  made.launch_template = {groups::LaunchTemplateId{"lt"}, "", "1"};
  look();
  CHECK_FALSE(facts("i-1").without_user_data);  // nobody knows
  model.launch_templates[groups::LaunchTemplateId{"lt"}].versions.emplace_back();
  look();
  CHECK(facts("i-1").without_user_data);
  model.launch_templates.begin()->second.versions.back().user_data = "exec serve";
  look();
  CHECK_FALSE(facts("i-1").without_user_data);
}

TEST_CASE_FIXTURE(Observed, "observe: a new address is kept, registered and shown, once") {
  groups::Instance& made = instance(fleet, "i-1", LifecycleState::Pending);
  made.zone = "a";
  made.port = 8000;
  auto& seen = compute.running("i-1", "10.64.0.2");
  seen.port = 9999;
  CHECK(shows_look());
  CHECK(made.address == "10.64.0.2");
  CHECK(made.port == 8000);  // its own address, its own ports
  REQUIRE(targets.targets.size() == 1);
  CHECK(targets.targets[0] ==
        balancing::Target{"i-1", 8000, "10.64.0.2", "a", now(), std::nullopt});
  flush();
  CHECK(is_stored("instance/g/i-1"));
  CHECK(is_stored("target_group/tg"));
  CHECK_FALSE(shows_look());
  CHECK(state.journal.clean());
  compute.seen[0].address.clear();
  CHECK_FALSE(shows_look());
  CHECK(made.address == "10.64.0.2");
}

TEST_CASE_FIXTURE(Observed, "observe: an address is shown also where no target group wants it") {
  fleet.group.target_groups.clear();
  instance(fleet, "i-1");
  compute.running("i-1", "10.64.0.2");
  CHECK(shows_look());
  CHECK_FALSE(shows_look());
}

TEST_CASE_FIXTURE(Observed, "observe: on a shared network the port is the one the driver had") {
  groups::Instance& made = instance(fleet, "i-1", LifecycleState::Pending);
  made.port = 8000;
  compute.running("i-1", "127.0.0.1").port = 9999;
  look();
  CHECK(made.port == 9999);
  CHECK(targets.targets.at(0).port == 9999);
}

TEST_CASE_FIXTURE(Observed, "observe: orphans are what the driver has and nobody else") {
  instance(fleet, "i-1");
  model.standalone[InstanceId{"i-2"}].value.instance.id.value = "i-2";
  model.standalone[InstanceId{"i-3"}].value.terminated = now();
  for (const char* id : {"i-1", "i-2", "i-3", "i-4"}) {
    compute.running(id, "");
  }
  look();
  CHECK(state.orphans == std::vector{InstanceId{"i-3"}, InstanceId{"i-4"}});
  compute.seen.clear();
  look();
  CHECK(state.orphans.empty());
}

TEST_CASE_FIXTURE(Observed, "registration: one that comes is a target once it has an address") {
  groups::Instance& made = instance(fleet, "i-1", LifecycleState::Pending);
  CHECK_FALSE(shows_registration(made));
  CHECK(targets.targets.empty());
  CHECK(state.journal.clean());
  made.address = "10.64.0.2";
  made.kept_from_load_balancers = true;
  CHECK_FALSE(shows_registration(made));
  CHECK(targets.targets.empty());
  made.kept_from_load_balancers = false;
  CHECK(shows_registration(made));
  CHECK(targets.targets.size() == 1);
  CHECK_FALSE(state.journal.clean());
}

TEST_CASE_FIXTURE(Observed,
                  "registration: one that stays is at its new address, draining no more") {
  groups::Instance& made = instance(fleet, "i-1");
  made.address = "10.64.0.3";
  made.port = 9000;
  targets.targets = {{"i-0", 8001, "10.64.0.2", "a", now(), now()},
                     {"i-1", 8001, "10.64.0.2", "a", now(), now()}};
  CHECK(shows_registration(made));
  CHECK(targets.targets[1].address == "10.64.0.3");
  CHECK(targets.targets[1].port == 8001);
  CHECK_FALSE(targets.targets[1].deregistered.has_value());
  CHECK(targets.targets[0].deregistered.has_value());
  made.address = "127.0.0.1";
  CHECK(shows_registration(made));
  CHECK(targets.targets[1].port == 9000);
}

TEST_CASE_FIXTURE(Observed,
                  "registration: one that ends drains, or is off at once if it never served") {
  groups::Instance& made = instance(fleet, "i-1");
  made.address = "10.64.0.2";
  static_cast<void>(shows_registration(made));
  flush();
  made.lifecycle_state = LifecycleState::Terminating;
  CHECK(shows_registration(made));
  const Instant begin = now();
  CHECK(targets.targets.at(0).deregistered == begin);
  CHECK_FALSE(state.journal.clean());
  flush();
  pass(seconds{1});
  CHECK_FALSE(shows_registration(made));
  CHECK(targets.targets.at(0).deregistered == begin);
  CHECK(state.journal.clean());
  made.in_service_since.reset();
  CHECK(shows_registration(made));
  CHECK(targets.targets.empty());
  CHECK_FALSE(state.journal.clean());
}

}  // namespace tidegate::engine
