// Targets registered and taken out by calls.
#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using balancing::Target;
using balancing::TargetGroup;
using balancing::TargetGroupArn;
using std::chrono::seconds;

/// A group of two instances, and a target group of each kind that nothing is attached to.
struct Targeted : FleetWorld {
  Targeted() {
    make_group(1, 4, 2);
    first = in(groups::LifecycleState::InService).at(0);
    second = in(groups::LifecycleState::InService).at(1);
    of_instances = make_target_group("instances", balancing::TargetType::Instance);
    of_addresses = make_target_group("addresses", balancing::TargetType::Ip);
  }

  TargetGroupArn make_target_group(const std::string& name, balancing::TargetType type) {
    TargetGroup wanted;
    wanted.name = name;
    wanted.port = 8000;
    wanted.target_type = type;
    const auto made = execute(Command{BalancerCommand{CreateTargetGroup{wanted}}});
    REQUIRE(made.has_value());
    return std::get<TargetGroup>(std::get<BalancerAnswer>(*made)).arn;
  }
  /// "none", or the error; what was answered is written.
  std::string error(const Command& command) {
    const auto answer = execute(command);
    CHECK(stored_form(model()) == store.contents());
    return answer ? "none" : answer.error().name + ": " + answer.error().message;
  }
  const std::vector<Target>& targets(const TargetGroupArn& arn) const {
    return model().target_groups.at(arn).target_group.targets;
  }

  groups::InstanceId first, second;
  TargetGroupArn of_instances, of_addresses;
};

std::vector<TargetDescription> addresses(std::size_t count) {
  std::vector<TargetDescription> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({"10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256), 0});
  }
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(Targeted, "RegisterTargets: an instance is a target where it runs, from now on") {
  REQUIRE(error(RegisterTargets{of_instances, {{first.value, 0}, {second.value, 9000}}}) == "none");
  const auto& instance = fleet().instances.at(first);
  REQUIRE(targets(of_instances).size() == 2);
  const Target& target = targets(of_instances)[0];
  CHECK(target.id == first.value);
  CHECK(target.port == 8000);  // none asked for: the target group's
  CHECK_FALSE(target.address.empty());
  CHECK(target.address == instance.address);
  CHECK_FALSE(target.zone.empty());
  CHECK(target.zone == instance.zone);
  CHECK(target.registered == clock.now());
  CHECK_FALSE(target.deregistered.has_value());
  CHECK(targets(of_instances)[1].id == second.value);
  CHECK(targets(of_instances)[1].port == 9000);
  REQUIRE(execute(SetDesiredCapacity{kFleet, 3}).has_value());
  for (int step = 0; fleet().instances.size() < 3; ++step) {
    REQUIRE(step < 100);
    run_for(std::chrono::milliseconds{1});
  }
  const auto all = fleet().instances;  // a refused command puts another model in place
  for (const auto& [id, launching] : all) {
    if (launching.address.empty()) {
      CHECK(error(RegisterTargets{of_instances, {{id.value, 0}}}) ==
            "InvalidTarget: Instance '" + id.value +
                "' has no address yet; register it when it runs");
    }
  }
  CHECK(targets(of_instances).size() == 2);
}

TEST_CASE_FIXTURE(Targeted,
                  "RegisterTargets: an IP target is its own address, and needs to be one") {
  CHECK(error(RegisterTargets{of_addresses, {{"10.0.0.7", 0}, {first.value, 0}}}) ==
        "InvalidTarget: The IP address '" + first.value + "' is not a valid IPv4 address");
  CHECK(targets(of_addresses).empty());  // all of them, or none
  REQUIRE(error(RegisterTargets{of_addresses, {{"10.0.0.7", 0}, {"10.0.0.7", 81}}}) == "none");
  REQUIRE(targets(of_addresses).size() == 2);
  CHECK(targets(of_addresses)[0] ==
        Target{"10.0.0.7", 8000, "10.0.0.7", "", clock.now(), std::nullopt});
  CHECK(targets(of_addresses)[1].port == 81);
  CHECK(error(RegisterTargets{of_instances, {{"10.0.0.7", 0}}}).starts_with("InvalidTarget: "));
}

TEST_CASE_FIXTURE(Targeted, "RegisterTargets: again it stays as it is; drained it begins anew") {
  const RegisterTargets both{of_addresses, {{"10.0.0.7", 0}, {"10.0.0.7", 81}}};
  REQUIRE(error(both) == "none");
  const auto before = targets(of_addresses);
  run_for(seconds{1});
  REQUIRE(error(both) == "none");
  CHECK(targets(of_addresses) == before);
  REQUIRE(error(DeregisterTargets{of_addresses, {{"10.0.0.7", 81}}}) == "none");
  CHECK(targets(of_addresses)[0] == before[0]);
  CHECK(targets(of_addresses)[1].deregistered == clock.now());
  run_for(seconds{1});
  REQUIRE(error(both) == "none");
  REQUIRE(targets(of_addresses).size() == 2);
  CHECK(targets(of_addresses)[0] == before[0]);
  CHECK_FALSE(targets(of_addresses)[1].deregistered.has_value());
  CHECK(targets(of_addresses)[1].registered == clock.now());
}

TEST_CASE_FIXTURE(Targeted,
                  "RegisterTargets: a target group has a thousand targets, not one more") {
  REQUIRE(error(RegisterTargets{of_addresses, addresses(kMaxTargetsOfGroup)}) == "none");
  CHECK(error(RegisterTargets{of_addresses, {{"10.1.0.0", 0}}})
            .starts_with("TooManyTargets: The limit of 1000 targets"));
  CHECK(targets(of_addresses).size() == 1000);
}

TEST_CASE_FIXTURE(Targeted, "DeregisterTargets: without a port, every port of it; once") {
  REQUIRE(error(RegisterTargets{of_addresses,
                                {{"10.0.0.7", 0}, {"10.0.0.7", 81}, {"10.0.0.8", 0}}}) == "none");
  CHECK(error(DeregisterTargets{of_addresses, {{"10.0.0.8", 0}, {"10.0.0.7", 82}}}) ==
        "InvalidTarget: The following targets are not registered to the target group: '10.0.0.7'");
  CHECK_FALSE(targets(of_addresses)[2].deregistered.has_value());
  REQUIRE(error(DeregisterTargets{of_addresses, {{"10.0.0.7", 81}}}) == "none");
  const Instant begun = clock.now();
  run_for(seconds{1});
  REQUIRE(error(DeregisterTargets{of_addresses, {{"10.0.0.7", 0}}}) == "none");
  CHECK(targets(of_addresses)[0].deregistered == clock.now());
  CHECK(targets(of_addresses)[1].deregistered == begun);  // its delay does not begin again
  CHECK_FALSE(targets(of_addresses)[2].deregistered.has_value());
  CHECK(error(DeregisterTargets{TargetGroupArn{"x"}, {}}).starts_with("TargetGroupNotFound: "));
}

TEST_CASE_FIXTURE(Targeted, "AttachTargetGroups: a group's own targets come and go, others stay") {
  REQUIRE(error(RegisterTargets{of_instances, {{first.value, 9000}}}) == "none");
  REQUIRE(ask(DetachInstances{kFleet, {first}, TerminateInstance::Desired::Decrement}).has_value());
  run_for(seconds{10});
  REQUIRE(targets(of_instances).size() == 1);  // not of the group any more
  REQUIRE(ask(AttachTargetGroups{kFleet, {of_instances}}).has_value());
  REQUIRE(targets(of_instances).size() == 2);
  CHECK(targets(of_instances)[1].id == second.value);
  CHECK(targets(of_instances)[1].registered == clock.now());
  run_for(seconds{1});
  REQUIRE(ask(DetachTargetGroups{kFleet, {of_instances}}).has_value());
  CHECK(fleet().group.target_groups.empty());
  CHECK_FALSE(targets(of_instances)[0].deregistered.has_value());
  const Instant begun = clock.now();
  CHECK(targets(of_instances)[1].deregistered == begun);
  run_for(seconds{1});
  REQUIRE(ask(SuspendProcesses{kFleet, {"AddToLoadBalancer"}}).has_value());
  REQUIRE(ask(AttachTargetGroups{kFleet, {of_instances}}).has_value());
  CHECK(fleet().group.target_groups == std::vector<TargetGroupArn>{of_instances});
  CHECK(targets(of_instances)[1].deregistered == begun);
  REQUIRE(ask(DetachTargetGroups{kFleet, {of_instances}}).has_value());
  CHECK(targets(of_instances)[1].deregistered == begun);
}

TEST_CASE_FIXTURE(Targeted, "AttachTargetGroups: fifty of them that take instances, no more") {
  CHECK(refused(ask(AttachTargetGroups{kFleet, {of_instances, of_addresses}}))
            .find("has TargetType ip; a group needs TargetType instance") != std::string::npos);
  CHECK(fleet().group.target_groups.empty());
  AttachTargetGroups all{kFleet, {of_instances}};
  for (std::size_t i = 1; i < 50; ++i) {
    all.target_groups.push_back(
        make_target_group("t-" + std::to_string(i), balancing::TargetType::Instance));
  }
  REQUIRE(ask(all).has_value());
  CHECK(fleet().group.target_groups == all.target_groups);
  const auto more = make_target_group("more", balancing::TargetType::Instance);
  CHECK(refused(ask(AttachTargetGroups{kFleet, {more}})) ==
        "ValidationError: Auto Scaling group 'fleet' can have at most 50 target groups");
  CHECK(refused(ask(DetachTargetGroups{kFleet, {of_instances, more}})).ends_with(more.value));
  CHECK(fleet().group.target_groups == all.target_groups);
}

}  // namespace tidegate::engine
