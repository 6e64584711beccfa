// Groups made, changed and deleted by calls, without any stack.
#include <array>

#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using groups::LifecycleState;
using std::chrono::seconds;

TEST_CASE("CreateAutoScalingGroup: a group of no stack launches, serves and survives a restart") {
  FleetWorld world;
  world.make_group();
  const auto serving = world.in(LifecycleState::InService);
  CHECK(world.fleet().stack.empty());
  CHECK(world.fleet().group.arn.ends_with(":autoScalingGroupName/fleet"));
  CHECK(world.fleet().group.zones == std::vector<std::string>{"eu-west-2a", "eu-west-2b"});
  CHECK(world.fleet().instances.at(serving[0]).zone != world.fleet().instances.at(serving[1]).zone);
  const auto& spec = world.cloud.instances().at(serving[0]).spec;
  CHECK(spec.image.layers == std::vector<std::string>{"host"});
  CHECK(spec.user_data == "exec serve");
  CHECK(spec.size.memory_mib == 1024);  // a t3.micro, which fits this host four times
  CHECK(world.fleet().activities.back().cause.find("a user request created an AutoScalingGroup "
                                                   "changing the desired capacity from 0 to 2.") !=
        std::string::npos);
  world.start();
  REQUIRE(world.recovered.has_value());
  world.run_for(seconds{10});
  CHECK(world.in(LifecycleState::InService) == serving);
  CHECK(world.cloud.launches() == 2);
}

TEST_CASE(
    "CreateAutoScalingGroup: the catalogue's types are scaled so that MaxSize fits the host") {
  FleetWorld world;
  world.make_template();
  REQUIRE(world.ask(world.group_command(1, 40, 1)).has_value());  // 40 × 1 GiB on 4 GiB
  world.run_for(seconds{10});
  const auto& spec = world.cloud.instances().at(world.in(LifecycleState::InService).at(0)).spec;
  CHECK(spec.size.memory_mib == 102);
  CHECK(spec.size.vcpus == doctest::Approx(0.2));
}

TEST_CASE("CreateAutoScalingGroup: what cannot be is refused in AWS's words") {
  FleetWorld world;
  world.make_group();
  world.make_template("lost", "ami-0badc0de");
  struct Case {
    const char* name;
    void (*change)(CreateAutoScalingGroup& command);
    const char* error;
  };
  const auto cases = std::to_array<Case>({
      {"taken", [](auto&) {}, "AlreadyExists: AutoScalingGroup by this name already exists"},
      {"no template",
       [](auto& c) { c.group.launch_template.name = "none"; },
       "ValidationError: You must use a valid fully-formed launch template. The specified launch "
       "template, with template name none, does not exist."},
      {"no such id",
       [](auto& c) { c.group.launch_template.id.value = "lt-1"; },
       "ValidationError: You must use a valid fully-formed launch template. The specified launch "
       "template, with template ID lt-1, does not exist."},
      {"no version",
       [](auto& c) { c.group.launch_template.version = "7"; },
       "Could not find version 7 of the launch template web."},
      {"unknown image",
       [](auto& c) { c.group.launch_template.name = "lost"; },
       "The image id '[ami-0badc0de]' does not exist: declare it under Metadata.Tidegate.Images"},
      {"no zone",
       [](auto& c) { c.place.zones = {"eu-west-2z"}; },
       "ValidationError: Invalid availability zones: [eu-west-2z]; valid: eu-west-2a, eu-west-2b"},
      {"nowhere",
       [](auto& c) { c.place.zones.clear(); },
       "ValidationError: At least one Availability Zone or VPC Subnet is required."},
      {"no subnet",
       [](auto& c) { c.place.subnets = {"subnet-1"}; },
       "ValidationError: The subnet ID 'subnet-1' does not exist"},
      {"no target group",
       [](auto& c) { c.group.target_groups.emplace_back("arn:x"); },
       "ValidationError: Provided Target Groups may not be valid."},
      {"sizes", [](auto& c) { c.group.min_size = 9; }, "MinSize 9 is above MaxSize 4"},
      {"desired",
       [](auto& c) { c.group.desired_capacity = 5; },
       "ValidationError: Desired capacity:5 must be between the specified min size:1 and max "
       "size:4"},
      {"policy",
       [](auto& c) { c.group.termination_policies = {"Newest"}; },
       "ValidationError: Termination policy 'Newest'"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    auto command = world.group_command();
    command.group.name.value = std::string{c.name} == "taken" ? "fleet" : "other";
    c.change(command);
    const std::string error = refused(world.ask(command));
    CAPTURE(error);
    CHECK(error.find(c.error) != std::string::npos);
  }
  CHECK(world.model().groups.size() == 1);
}

TEST_CASE("CreateAutoScalingGroup: subnets give the zones, and must be of the zones asked for") {
  FleetWorld world;
  world.make_template();
  auto command = world.group_command();
  const auto subnets = subnet_zones(world.model());
  command.place.zones = {"eu-west-2b"};
  for (const auto& [subnet, zone] : subnets) {
    if (zone != "eu-west-2b") {
      command.place.subnets = {subnet};
    }
  }
  CHECK(refused(world.ask(command)).find("do not match") != std::string::npos);
  command.place.zones.clear();
  REQUIRE(world.ask(command).has_value());
  CHECK(world.fleet().group.zones ==
        std::vector<std::string>{subnets.at(command.place.subnets[0])});
  CHECK(world.fleet().group.subnets == command.place.subnets);
}

TEST_CASE("CreateAutoScalingGroup: the 501st group is over the limit") {
  FleetWorld world;
  world.make_template();
  for (int i = 0; i < 500; ++i) {
    auto command = world.group_command(0, 1, 0);
    command.group.name.value = "group-" + std::to_string(i);
    REQUIRE(world.execute(FleetCommand{command}).has_value());
  }
  CHECK(refused(world.ask(world.group_command(0, 1, 0))).starts_with("LimitExceeded: "));
}

TEST_CASE("UpdateAutoScalingGroup: new sizes move desired capacity into their bounds") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  UpdateAutoScalingGroup command;
  command.group = kFleet;
  command.min_size = 3;
  REQUIRE(world.ask(command).has_value());
  CHECK(world.fleet().group.desired_capacity == 3);
  command = {};
  command.group = kFleet;
  command.min_size = 0;
  command.max_size = 1;
  REQUIRE(world.ask(command).has_value());
  CHECK(world.fleet().group.desired_capacity == 1);
  command.desired_capacity = 2;
  CHECK(refused(world.ask(command)).find("Desired capacity:2 must be between") !=
        std::string::npos);
  CHECK(world.fleet().group.desired_capacity == 1);
  command.desired_capacity.reset();
  command.min_size = 2;
  CHECK(refused(world.ask(command)).find("MinSize 2 is above MaxSize 1") != std::string::npos);
  command.group.value = "other";
  CHECK(refused(world.ask(command)) ==
        "ValidationError: AutoScalingGroup name not found - AutoScalingGroup 'other' not found");
}

TEST_CASE("UpdateAutoScalingGroup: what is given changes, what is not stays") {
  FleetWorld world;
  world.make_group();
  const auto before = world.fleet().group;
  UpdateAutoScalingGroup command;
  command.group = kFleet;
  command.health_check_grace_period = seconds{7};
  command.default_cooldown = seconds{8};
  command.default_instance_warmup = seconds{9};
  command.termination_policies = {"NewestInstance"};
  command.new_instances_protected_from_scale_in = true;
  command.health_check_type = groups::HealthCheckType::Elb;
  command.place = GroupPlace{{"eu-west-2c"}, {}};
  REQUIRE(world.ask(command).has_value());
  const auto& after = world.fleet().group;
  CHECK(after.health_check_grace_period == seconds{7});
  CHECK(after.default_cooldown == seconds{8});
  CHECK(after.default_instance_warmup == seconds{9});
  CHECK(after.termination_policies == std::vector<std::string>{"NewestInstance"});
  CHECK(after.new_instances_protected_from_scale_in);
  CHECK(after.health_check_type == groups::HealthCheckType::Elb);
  CHECK(after.zones == std::vector<std::string>{"eu-west-2c"});
  CHECK(after.launch_template == before.launch_template);
  CHECK(after.desired_capacity == before.desired_capacity);
  command = {};
  command.group = kFleet;
  command.default_instance_warmup = seconds{-1};
  REQUIRE(world.ask(command).has_value());
  CHECK_FALSE(world.fleet().group.default_instance_warmup.has_value());
  CHECK(world.fleet().group.default_cooldown == seconds{8});
}

TEST_CASE("DeleteAutoScalingGroup: not with instances, not while they end, then without a trace") {
  FleetWorld world;
  world.make_group();
  CHECK(refused(world.ask(DeleteAutoScalingGroup{kFleet}))
            .starts_with("ResourceInUse: You cannot delete an AutoScalingGroup while there are "
                         "instances"));
  UpdateAutoScalingGroup to_zero;
  to_zero.group = kFleet;
  to_zero.min_size = to_zero.max_size = to_zero.desired_capacity = 0;
  REQUIRE(world.ask(to_zero).has_value());
  world.run_for(std::chrono::milliseconds{1});
  CHECK(refused(world.ask(DeleteAutoScalingGroup{kFleet}))
            .starts_with("ScalingActivityInProgress: "));
  world.run_for(seconds{60});
  REQUIRE(world.fleet().instances.empty());
  REQUIRE(world.ask(DeleteAutoScalingGroup{kFleet}).has_value());
  CHECK(world.model().groups.empty());
  CHECK(world.cloud.instances().empty());
  CHECK(refused(world.ask(DeleteAutoScalingGroup{kFleet})).starts_with("ValidationError: "));
}

TEST_CASE("DeleteAutoScalingGroup: with ForceDelete instances and policies go with it") {
  FleetWorld world;
  world.make_group();
  scaling::TargetTrackingPolicy policy;
  policy.name.value = "cpu";
  policy.group_name = kFleet.value;
  policy.target_value = 50;
  REQUIRE(world.ask(PutScalingPolicy{policy}).has_value());
  REQUIRE(
      world.ask(DeleteAutoScalingGroup{kFleet, DeleteAutoScalingGroup::Force::Yes}).has_value());
  CHECK(world.fleet().group.deleting);
  UpdateAutoScalingGroup update;
  update.group = kFleet;
  CHECK(refused(world.ask(update)).starts_with("ScalingActivityInProgress: "));
  CHECK(refused(world.execute(SetDesiredCapacity{kFleet, 0}))
            .starts_with("ScalingActivityInProgress: "));
  CHECK(refused(world.ask(SuspendProcesses{kFleet, {}})).starts_with("ResourceInUse: "));
  CHECK(refused(world.ask(ResumeProcesses{kFleet, {}})).starts_with("ResourceInUse: "));
  CHECK(
      refused(world.ask(CreateOrUpdateTags{{{kFleet, "k", "v"}}})).starts_with("ResourceInUse: "));
  CHECK(refused(world.ask(DeleteTags{{{kFleet, "k", ""}}})).starts_with("ResourceInUse: "));
  world.run_for(seconds{10});
  CHECK(world.model().groups.empty());
  CHECK(world.model().policies.empty());
  CHECK(world.model().alarms.empty());
  CHECK(world.cloud.instances().empty());
  for (const auto& [key, value] : world.store.contents()) {
    CAPTURE(key);
    CHECK((key.starts_with("launch_template/") || key.starts_with("standalone/") ||
           key.starts_with("alarm_history/") || key.starts_with("activity/")));
  }
}

TEST_CASE("DeleteAutoScalingGroup: its activities are kept, also over a restart and a new group") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  const std::string arn = world.fleet().group.arn;
  const auto erase = [&] {
    REQUIRE(
        world.ask(DeleteAutoScalingGroup{kFleet, DeleteAutoScalingGroup::Force::Yes}).has_value());
    world.run_for(seconds{60});
    REQUIRE(world.model().groups.empty());
  };
  erase();
  const auto past = world.model().past_activities;
  REQUIRE(past.size() == 4);  // two launches, two terminations
  CHECK(past.front().activity.start > past.back().activity.start);
  for (const auto& one : past) {
    CHECK(one.group_arn == arn);
    CHECK(groups::is_final(one.activity.status));
    CHECK(world.clock.now() - one.group_deleted < seconds{60});
  }
  world.start();
  CHECK(world.model().past_activities == past);
  REQUIRE(world.ask(world.group_command(1, 4, 1)).has_value());
  world.run_for(seconds{10});
  CHECK(world.model().past_activities == past);
  CHECK(world.fleet().activities.size() == 1);
  erase();
  CHECK(world.model().past_activities.size() == 6);
  CHECK(world.model().past_activities.front().group_deleted > past.front().group_deleted);
  CHECK(world.model().past_activities.back() == past.back());
  world.start();
  CHECK(world.model().past_activities.size() == 6);
  CHECK(world.model().past_activities.back() == past.back());
}

TEST_CASE("DeleteAutoScalingGroup: past activities end after six weeks, or when there are many") {
  FleetWorld world;
  const auto past_of = [&](std::int32_t desired, const std::string& name) {
    auto command = world.group_command(0, desired, desired);
    command.group.name.value = name;
    REQUIRE(world.ask(command).has_value());
    world.run_for(seconds{60});
    REQUIRE(
        world.ask(DeleteAutoScalingGroup{command.group.name, DeleteAutoScalingGroup::Force::Yes})
            .has_value());
    world.run_for(seconds{60});
  };
  world.make_template();
  past_of(1, "old");
  world.clock.advance_to(world.clock.now() + groups::kActivitiesShown - seconds{120});
  past_of(1, "within");
  CHECK(world.model().past_activities.size() == 4);
  world.clock.advance_to(world.clock.now() + seconds{120});
  past_of(1, "after");
  REQUIRE(world.model().past_activities.size() == 4);
  CHECK(world.model().past_activities.back().activity.group.value == "within");
  std::size_t stored = 0;
  for (const auto& [key, value] : world.store.contents()) {
    stored += key.starts_with("activity/") ? 1U : 0U;
  }
  CHECK(stored == 4);
}

TEST_CASE("SetDesiredCapacity: HonorCooldown waits for the end of the cooldown") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  const auto honoring = [](std::int32_t desired) {
    return SetDesiredCapacity{kFleet, desired, SetDesiredCapacity::Cooldown::Honor};
  };
  CHECK(refused(world.execute(honoring(2))).starts_with("ScalingActivityInProgress: "));
  CHECK(world.fleet().group.desired_capacity == 1);
  world.run_until(*world.fleet().group.capacity_changed + seconds{300} - Duration{1});
  CHECK(refused(world.execute(honoring(2))).starts_with("ScalingActivityInProgress: "));
  world.run_for(Duration{1});
  CHECK(world.execute(honoring(2)).has_value());
  CHECK(world.fleet().group.desired_capacity == 2);
  CHECK(world.execute(SetDesiredCapacity{kFleet, 3}).has_value());
}

TEST_CASE("tags: propagated ones are on instances launched from then on, and at most 50") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  using Propagate = GroupTag::Propagate;
  REQUIRE(world
              .ask(CreateOrUpdateTags{
                  {{kFleet, "team", "a", Propagate::Yes}, {kFleet, "cost", "b", Propagate::No}}})
              .has_value());
  const auto first = world.in(LifecycleState::InService).at(0);
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 2}).has_value());
  world.run_for(seconds{10});
  for (const auto& [id, instance] : world.fleet().instances) {
    const std::map<std::string, std::string> later{{"team", "a"}};
    CHECK(instance.tags == (id == first ? std::map<std::string, std::string>{} : later));
  }
  REQUIRE(world.ask(DeleteTags{{{kFleet, "team", "other"}}}).has_value());
  CHECK(world.fleet().group.tags.contains("team"));
  REQUIRE(world.ask(DeleteTags{{{kFleet, "team", "a"}, {kFleet, "cost", ""}}}).has_value());
  CHECK(world.fleet().group.tags.empty());
  CHECK(world.fleet().group.tags_not_propagated.empty());
  CreateOrUpdateTags many;
  for (int i = 0; i < 50; ++i) {
    many.tags.push_back({kFleet, "k" + std::to_string(i), ""});
  }
  REQUIRE(world.ask(many).has_value());
  CHECK(refused(world.ask(CreateOrUpdateTags{{{kFleet, "one more", ""}}}))
            .starts_with("LimitExceeded: "));
  CHECK(refused(world.ask(CreateOrUpdateTags{{{groups::GroupName{"no"}, "k", ""}}}))
            .starts_with("ValidationError: "));
  auto tagged = world.group_command(0, 1, 0);
  tagged.group.name.value = "tagged";
  tagged.group.tags = world.fleet().group.tags;
  tagged.group.tags["one more"] = "";
  CHECK(refused(world.ask(tagged)) ==
        "LimitExceeded: The group 'tagged' can have at most 50 tags.");
  tagged.group.tags.erase("one more");
  CHECK(world.ask(tagged).has_value());
}

TEST_CASE(
    "launch template: a group whose template or image is gone launches nothing, and says so") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  const auto id = world.fleet().group.launch_template.id;
  REQUIRE(world.ask(DeleteLaunchTemplate{{id, ""}}).has_value());
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 2}).has_value());
  world.run_for(seconds{10});
  CHECK(world.cloud.launches() == 1);
  CHECK(world.blocked("launch", "The launch template web has no version $Default any more."));
  CHECK(world.fleet().activities.front().status_message ==
        "The launch template web has no version $Default any more. Launching EC2 instance failed.");
}

TEST_CASE("CreateAutoScalingGroup: its zones are told once and in order, however they are given") {
  FleetWorld world;
  world.make_template();
  auto command = world.group_command(0, 1, 0);
  command.place.zones = {"eu-west-2b", "eu-west-2a", "eu-west-2b"};
  REQUIRE(world.ask(command).has_value());
  const std::vector<std::string> zones{"eu-west-2a", "eu-west-2b"};
  CHECK(world.fleet().group.zones == zones);
  std::map<std::string, std::string> by_zone;
  for (const auto& [subnet, zone] : subnet_zones(world.model())) {
    by_zone[zone] = subnet;
  }
  UpdateAutoScalingGroup update;
  update.group = kFleet;
  update.place = GroupPlace{{"eu-west-2b"}, {by_zone.at("eu-west-2b")}};
  REQUIRE(world.ask(update).has_value());
  CHECK(world.fleet().group.zones == std::vector<std::string>{"eu-west-2b"});
  CHECK(world.fleet().group.subnets == update.place->subnets);
  update.place = GroupPlace{{}, {by_zone.at("eu-west-2b"), by_zone.at("eu-west-2a")}};
  REQUIRE(world.ask(update).has_value());
  CHECK(world.fleet().group.zones == zones);
}

TEST_CASE("UpdateAutoScalingGroup: MinSize may be MaxSize, and a warmup may be none at all") {
  FleetWorld world;
  world.make_group(1, 4, 2);
  UpdateAutoScalingGroup command;
  command.group = kFleet;
  command.min_size = command.max_size = 3;
  command.default_instance_warmup = Duration::zero();
  REQUIRE(world.ask(command).has_value());
  CHECK(world.fleet().group.desired_capacity == 3);
  CHECK(world.fleet().group.min_size == 3);
  CHECK(world.fleet().group.max_size == 3);
  CHECK(world.fleet().group.default_instance_warmup == Duration::zero());
  CHECK(world.fleet().group.capacity_changed == world.clock.now());
  world.run_for(seconds{10});
  const auto changed = world.fleet().group.capacity_changed;
  REQUIRE(world.ask(command).has_value());  // changes nothing: no cooldown begins
  CHECK(world.fleet().group.capacity_changed == changed);
}

TEST_CASE("SetDesiredCapacity: a cooldown that is honoured tells its end") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 2}).has_value());
  const Instant end = world.clock.now() + seconds{300};
  world.run_for(seconds{1});
  CHECK(
      refused(world.execute(SetDesiredCapacity{kFleet, 3, SetDesiredCapacity::Cooldown::Honor})) ==
      "ScalingActivityInProgress: The group is in its cooldown until " + format_iso8601(end) +
          " and HonorCooldown was asked for.");
}

TEST_CASE("tags: whether one is propagated is what was said last, and is told in order") {
  FleetWorld world;
  world.make_group(0, 1, 0);
  using Propagate = GroupTag::Propagate;
  const auto put = [&world](const std::string& key, Propagate propagate) {
    REQUIRE(world.ask(CreateOrUpdateTags{{{kFleet, key, "v", propagate}}}).has_value());
  };
  put("b", Propagate::No);
  put("a", Propagate::No);
  put("b", Propagate::No);
  CHECK(world.fleet().group.tags_not_propagated == std::vector<std::string>{"a", "b"});
  put("a", Propagate::Yes);
  CHECK(world.fleet().group.tags_not_propagated == std::vector<std::string>{"b"});
  CHECK(world.fleet().group.tags.size() == 2);
  REQUIRE(world.ask(DeleteTags{{{kFleet, "none", ""}, {kFleet, "b", ""}}}).has_value());
  CHECK(world.fleet().group.tags == std::map<std::string, std::string>{{"a", "v"}});
  CHECK(world.fleet().group.tags_not_propagated.empty());
}

}  // namespace
}  // namespace tidegate::engine
