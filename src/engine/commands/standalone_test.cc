// Instances outside groups: launched, restarted over, terminated.
#include <array>

#include "core/stacks/network.h"
#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

using groups::InstanceId;
using groups::LifecycleState;
using std::chrono::seconds;

RunInstances run_command() {
  RunInstances command;
  command.made_from.image_id = kHostImage;
  command.made_from.instance_type = "t3.micro";
  command.made_from.user_data = "exec serve";
  command.made_from.instance_tags = {{"Name", "lone"}};
  return command;
}

InstanceId run_one(FleetWorld& world, RunInstances command = run_command()) {
  const auto made = world.ask(std::move(command));
  REQUIRE(made.has_value());
  REQUIRE(std::get<InstancesAnswer>(*made).instances.size() == 1);
  return std::get<InstancesAnswer>(*made).instances[0].instance.id;
}

const groups::StandaloneInstance& at(const FleetWorld& world, const InstanceId& id) {
  return world.model().standalone.at(id).value;
}

TEST_CASE("RunInstances: it runs for real, survives a restart, and ends when terminated") {
  FleetWorld world;
  const auto id = run_one(world);
  CHECK(at(world, id).instance.lifecycle_state == LifecycleState::Pending);
  world.run_for(seconds{5});
  CHECK(at(world, id).instance.lifecycle_state == LifecycleState::InService);
  CHECK(at(world, id).instance.zone == "eu-west-2a");
  CHECK_FALSE(at(world, id).instance.address.empty());
  const auto& spec = world.cloud.instances().at(id).spec;
  CHECK(spec.user_data == "exec serve");
  CHECK(spec.metadata_document.find("\"Name\":\"lone\"") != std::string::npos);
  world.start();
  world.run_for(seconds{30});
  CHECK(world.cloud.launches() == 1);
  CHECK(world.cloud.kills() == 0);
  CHECK(at(world, id).instance.lifecycle_state == LifecycleState::InService);

  const auto ended = world.ask(TerminateInstances{{id}});
  REQUIRE(ended.has_value());
  const auto& answer = std::get<InstancesAnswer>(*ended);
  CHECK(answer.before.at(0).instance.lifecycle_state == LifecycleState::InService);
  CHECK(answer.instances.at(0).instance.lifecycle_state == LifecycleState::Terminating);
  world.run_for(seconds{60});
  CHECK(world.cloud.instances().empty());
  CHECK(at(world, id).terminated.has_value());
  CHECK(at(world, id).end_reason == "Client.UserInitiatedShutdown: User initiated shutdown");
  const auto again = world.ask(TerminateInstances{{id}});
  REQUIRE(again.has_value());
  CHECK(std::get<InstancesAnswer>(*again).instances.at(0).instance.lifecycle_state ==
        LifecycleState::Terminated);
  world.run_for(std::chrono::hours{1});
  CHECK(world.model().standalone.empty());
  CHECK(world.store.contents().empty());
  CHECK(refused(world.ask(TerminateInstances{{id}})).starts_with("InvalidInstanceID.NotFound: "));
}

TEST_CASE("RunInstances: several in one reservation, once for a client token") {
  FleetWorld world;
  auto command = run_command();
  command.min_count = 2;
  command.max_count = 3;
  command.client_token = "token";
  const auto first = world.ask(command);
  const auto second = world.ask(command);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  const auto& made = std::get<InstancesAnswer>(*first).instances;
  REQUIRE(made.size() == 3);
  CHECK(made[0].reservation == made[2].reservation);
  CHECK(made[2].launch_index == 2);
  CHECK(std::get<InstancesAnswer>(*second).instances.size() == 3);
  world.run_for(seconds{10});
  CHECK(world.cloud.launches() == 3);
}

TEST_CASE("RunInstances: as many as fit between MinCount and MaxCount, else none") {
  FleetWorld world;  // 4 GiB: four t3.micro
  auto command = run_command();
  command.max_count = 9;
  const auto made = world.ask(command);
  REQUIRE(made.has_value());
  CHECK(std::get<InstancesAnswer>(*made).instances.size() == 4);
  command.max_count = 1;
  CHECK(refused(world.ask(command)) ==
        "InsufficientInstanceCapacity: There is room for 0 more t3.micro on this host, and 1 were "
        "asked for");
}

TEST_CASE("RunInstances: the call's values win over the launch template's") {
  FleetWorld world;
  world.make_template();
  RunInstances command;
  command.launch_template = groups::LaunchTemplateSpecification{{}, "web", "$Latest"};
  command.made_from.instance_type = "t3.nano";
  command.subnet = stacks::default_subnets("eu-west-2").begin()->first;
  const auto id = run_one(world, command);
  CHECK(at(world, id).instance.image_id == kHostImage);
  CHECK(at(world, id).instance.instance_type == "t3.nano");
  CHECK(at(world, id).made_from.user_data == "exec serve");
  CHECK(at(world, id).instance.launch_template.version == "1");
  CHECK(at(world, id).instance.zone == stacks::default_subnets("eu-west-2").begin()->second);
}

TEST_CASE("RunInstances: what cannot be is refused in EC2's words, and nothing is launched") {
  FleetWorld world;
  struct Case {
    const char* name;
    void (*change)(RunInstances& command);
    const char* error;
  };
  const auto cases = std::to_array<Case>({
      {"no image",
       [](auto& c) { c.made_from.image_id.clear(); },
       "MissingParameter: The request must contain the parameter ImageId"},
      {"no type",
       [](auto& c) { c.made_from.instance_type.clear(); },
       "MissingParameter: The request must contain the parameter InstanceType"},
      {"image",
       [](auto& c) { c.made_from.image_id = "ami-1"; },
       "InvalidAMIID.NotFound: The image id '[ami-1]' does not exist: declare it under "
       "Metadata.Tidegate.Images of a stack of this home, or use ami-host"},
      {"type",
       [](auto& c) { c.made_from.instance_type = "t3.tiny"; },
       "InvalidParameterValue: Invalid value 't3.tiny' for InstanceType"},
      {"zone",
       [](auto& c) { c.zone = "eu-west-2z"; },
       "InvalidParameterValue: Invalid availability zone: [eu-west-2z]"},
      {"subnet",
       [](auto& c) { c.subnet = "subnet-1"; },
       "InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist"},
      {"subnet of another zone",
       [](auto& c) {
         for (const auto& [subnet, zone] : stacks::default_subnets("eu-west-2")) {
           c.subnet = zone == "eu-west-2b" ? subnet : c.subnet;
         }
         c.zone = "eu-west-2a";
       },
       "is in eu-west-2b, not in eu-west-2a"},
      {"counts",
       [](auto& c) { c.min_count = 2; },
       "InvalidParameterValue: MinCount 2 and MaxCount 1 must be at least 1"},
      {"none", [](auto& c) { c.min_count = 0; }, "InvalidParameterValue: MinCount 0"},
      {"template",
       [](auto& c) { c.launch_template = groups::LaunchTemplateSpecification{{}, "no", "1"}; },
       "InvalidLaunchTemplateName.NotFoundException: "},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    auto command = run_command();
    c.change(command);
    const std::string error = refused(world.ask(command));
    CAPTURE(error);
    CHECK(error.find(c.error) != std::string::npos);
  }
  CHECK(world.model().standalone.empty());
  world.make_template();
  auto command = run_command();
  command.launch_template = groups::LaunchTemplateSpecification{{}, "web", "2"};
  CHECK(refused(world.ask(command)).starts_with("InvalidLaunchTemplateId.VersionNotFound: "));
}

TEST_CASE("RunInstances: a type that a stack's Metadata.Tidegate declares is a type") {
  FleetWorld world;
  auto command = run_command();
  command.made_from.instance_type = "our.own";
  CHECK(refused(world.ask(command)).starts_with("InvalidParameterValue: Invalid value 'our.own'"));
  std::string body = kTemplate;
  body.insert(body.find("t3.large:"), "our.own: { VCpus: 0.25, MemoryMiB: 64 }, ");
  REQUIRE(world.create(body).has_value());
  const auto id = run_one(world, command);
  world.run_for(seconds{5});
  CHECK(at(world, id).instance.lifecycle_state == LifecycleState::InService);
  CHECK(at(world, id).instance.instance_type == "our.own");
}

TEST_CASE("TerminateInstances: one of a group ends as EC2 ends it, and the group replaces it") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  const auto id = world.in(LifecycleState::InService).at(0);
  const auto ended = world.ask(TerminateInstances{{id}});
  REQUIRE(ended.has_value());
  CHECK(std::get<InstancesAnswer>(*ended).before.at(0).instance.lifecycle_state ==
        LifecycleState::InService);
  CHECK(world.state_of(id) == LifecycleState::Terminating);
  CHECK(world.fleet().activities.front().cause.find("an EC2 health check indicating it has been "
                                                    "terminated or stopped.") != std::string::npos);
  world.run_for(seconds{60});
  CHECK(world.in(LifecycleState::InService).size() == 1);
  CHECK(world.fleet().group.desired_capacity == 1);
  CHECK(at(world, id).terminated.has_value());  // shown for an hour
  CHECK(at(world, id).instance.group == kFleet);
}

TEST_CASE("standalone: an instance whose processes end is terminated, for good") {
  FleetWorld world;
  const auto id = run_one(world);
  world.run_for(seconds{5});
  world.cloud.exit(id);
  world.run_for(seconds{20});
  CHECK(at(world, id).terminated.has_value());
  CHECK(at(world, id).end_reason == "Client.InstanceInitiatedShutdown: its processes ended");
  CHECK(world.cloud.instances().empty());
  CHECK(world.cloud.launches() == 1);
}

TEST_CASE("ChangeResourceTags: instances and launch templates have tags, other things do not") {
  FleetWorld world;
  world.make_group(1, 2, 1);
  const auto member = world.in(LifecycleState::InService).at(0);
  const auto lone = run_one(world);
  const auto id = world.fleet().group.launch_template.id;
  REQUIRE(world.ask(ChangeResourceTags{{member.value, lone.value, id.value}, {{"a", "1"}}, {}})
              .has_value());
  CHECK(world.fleet().instances.at(member).tags.at("a") == "1");
  CHECK(at(world, lone).instance.tags.at("a") == "1");
  CHECK(world.model().launch_templates.at(id).tags.at("a") == "1");
  REQUIRE(world.ask(ChangeResourceTags{{id.value}, {}, {{"a", "2"}}}).has_value());
  CHECK(world.model().launch_templates.at(id).tags.contains("a"));
  REQUIRE(world.ask(ChangeResourceTags{{id.value}, {}, {{"a", std::nullopt}}}).has_value());
  CHECK(world.model().launch_templates.at(id).tags.empty());
  CHECK(refused(world.ask(ChangeResourceTags{{"i-0"}, {}, {}}))
            .starts_with("InvalidInstanceID.NotFound: "));
  CHECK(refused(world.ask(ChangeResourceTags{{"lt-0"}, {}, {}}))
            .starts_with("InvalidLaunchTemplateId.NotFound: "));
  CHECK(refused(world.ask(ChangeResourceTags{{"vpc-0"}, {}, {}})).starts_with("InvalidID: "));
  ChangeResourceTags many{{lone.value}, {}, {}};
  for (int i = 0; i < 49; ++i) {
    many.set["k" + std::to_string(i)] = "";
  }
  CHECK(refused(world.ask(many)).starts_with("TagLimitExceeded: "));  // with Name and a: 51
}

TEST_CASE("RunInstances: each is as the call and its launch template say, from the first moment") {
  FleetWorld world;
  CreateLaunchTemplate made;
  made.launch_template.name = "full";
  groups::LaunchTemplateVersion version;
  version.image_id = "ami-0badc0de";
  version.instance_type = "t3.micro";
  version.user_data = "exec theirs";
  version.iam_instance_profile = "their-profile";
  version.security_groups = {"sg-1"};
  version.instance_tags = {{"a", "theirs"}, {"b", "theirs"}};
  made.launch_template.versions.push_back(version);
  REQUIRE(world.ask(made).has_value());
  RunInstances command;
  command.launch_template = groups::LaunchTemplateSpecification{{}, "full", "$Latest"};
  command.made_from.image_id = kHostImage;
  command.made_from.instance_tags = {{"b", "ours"}, {"c", "ours"}};
  command.client_token = "token";
  const auto first = run_one(world, command);
  const groups::StandaloneInstance& one = at(world, first);
  CHECK(one.made_from.image_id == kHostImage);
  CHECK(one.made_from.instance_type == "t3.micro");
  CHECK(one.made_from.user_data == "exec theirs");
  CHECK(one.made_from.iam_instance_profile == "their-profile");
  CHECK(one.made_from.security_groups == std::vector<std::string>{"sg-1"});
  const std::map<std::string, std::string> tags{{"a", "theirs"}, {"b", "ours"}, {"c", "ours"}};
  CHECK(one.made_from.instance_tags == tags);
  CHECK(one.instance.tags == tags);
  CHECK(one.instance.image_id == kHostImage);
  CHECK(one.instance.instance_type == "t3.micro");
  CHECK(one.instance.launched == world.clock.now());
  CHECK(one.instance.launch_template ==
        groups::LaunchTemplateSpecification{
            world.model().launch_templates.begin()->first, "full", "1"});
  CHECK(one.reservation.starts_with("r-"));
  CHECK(one.reservation.size() == 19);
  CHECK(one.client_token == "token");
  CHECK(first.value.starts_with("i-"));
  CHECK(first.value.size() == 19);
  command.client_token = "other";
  command.made_from.user_data = "exec ours";
  command.made_from.iam_instance_profile = "our-profile";
  command.made_from.security_groups = {"sg-2", "sg-3"};
  const auto second = run_one(world, command);
  CHECK(second != first);
  CHECK(at(world, second).made_from.user_data == "exec ours");
  CHECK(at(world, second).made_from.iam_instance_profile == "our-profile");
  CHECK(at(world, second).made_from.security_groups == std::vector<std::string>{"sg-2", "sg-3"});
  CHECK(at(world, second).reservation != at(world, first).reservation);
}

TEST_CASE("RunInstances: in the zone that is asked for, or that of the subnet, which may be both") {
  FleetWorld world;
  std::string subnet;
  for (const auto& [id, zone] : stacks::default_subnets("eu-west-2")) {
    subnet = zone == "eu-west-2b" ? id : subnet;
  }
  auto command = run_command();
  command.zone = "eu-west-2c";
  CHECK(at(world, run_one(world, command)).instance.zone == "eu-west-2c");
  command.zone = "eu-west-2b";
  command.subnet = subnet;
  CHECK(at(world, run_one(world, command)).instance.zone == "eu-west-2b");
  command.zone.clear();
  CHECK(at(world, run_one(world, command)).instance.zone == "eu-west-2b");
}

TEST_CASE("RunInstances: exactly as many as fit are enough, and less than MinCount are none") {
  FleetWorld world;  // 4 GiB: four t3.micro
  auto command = run_command();
  command.min_count = command.max_count = 5;
  CHECK(refused(world.ask(command)) ==
        "InsufficientInstanceCapacity: There is room for 4 more t3.micro on this host, and 5 were "
        "asked for");
  command.min_count = command.max_count = 4;
  const auto made = world.ask(command);
  REQUIRE(made.has_value());
  CHECK(std::get<InstancesAnswer>(*made).instances.size() == 4);
  for (std::int64_t i = 0; i < 4; ++i) {
    CHECK(std::get<InstancesAnswer>(*made).instances[static_cast<std::size_t>(i)].launch_index ==
          i);
  }
}

TEST_CASE("RunInstances: without a client token each call launches another") {
  FleetWorld world;
  CHECK(run_one(world) != run_one(world));
  CHECK(world.model().standalone.size() == 2);
}

TEST_CASE("TerminateInstances: all of them or none, wherever they are in their life") {
  FleetWorld world;
  world.make_group(1, 4, 1);
  const auto serving = world.in(LifecycleState::InService).at(0);
  const auto lone = run_one(world);
  CHECK(refused(world.ask(TerminateInstances{{serving, lone, InstanceId{"i-0"}}})) ==
        "InvalidInstanceID.NotFound: The instance ID 'i-0' does not exist");
  CHECK(world.state_of(serving) == LifecycleState::InService);
  CHECK(at(world, lone).instance.lifecycle_state == LifecycleState::Pending);
  REQUIRE(world.execute(SetDesiredCapacity{kFleet, 2}).has_value());
  for (int step = 0; world.in(LifecycleState::Pending).empty(); ++step) {
    REQUIRE(step < 100);
    world.run_for(std::chrono::milliseconds{1});
  }
  const auto pending = world.in(LifecycleState::Pending).at(0);
  const auto ended = world.ask(TerminateInstances{{serving, pending, lone}});
  REQUIRE(ended.has_value());
  const auto& answer = std::get<InstancesAnswer>(*ended);
  REQUIRE(answer.before.size() == 3);
  REQUIRE(answer.instances.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(answer.before[i].instance.id == std::vector<InstanceId>{serving, pending, lone}[i]);
    CHECK(answer.instances[i].instance.lifecycle_state == LifecycleState::Terminating);
  }
  CHECK(answer.before[1].instance.lifecycle_state == LifecycleState::Pending);
  const auto& instances = world.fleet().instances;
  CHECK(instances.at(serving).stage == groups::TerminationStage::Stopping);  // nothing drains
  CHECK(instances.at(serving).termination_reason == groups::TerminationReason::UserRequest);
  CHECK(instances.at(pending).stage == groups::TerminationStage::Killing);
  const auto before = instances;
  REQUIRE(world.ask(TerminateInstances{{serving, pending}}).has_value());
  CHECK(world.fleet().instances == before);
  CHECK(world.fleet().activities.size() == 4);  // two launches, two ends
}

TEST_CASE("ChangeResourceTags: fifty tags on one resource, and a value that is another's stays") {
  FleetWorld world;
  const auto id = run_one(world);
  ChangeResourceTags command{{id.value}, {}, {}};
  for (int i = 0; i < 49; ++i) {
    command.set["k" + std::to_string(i)] = "v";
  }
  REQUIRE(world.ask(command).has_value());  // with Name: fifty
  CHECK(at(world, id).instance.tags.size() == 50);
  CHECK(refused(world.ask(ChangeResourceTags{{id.value}, {{"more", "v"}}, {}})) ==
        "TagLimitExceeded: The resource " + id.value + " can have at most 50 tags.");
  REQUIRE(
      world.ask(ChangeResourceTags{{id.value}, {}, {{"k1", "other"}, {"none", {}}}}).has_value());
  CHECK(at(world, id).instance.tags.size() == 50);
  REQUIRE(world.ask(ChangeResourceTags{{id.value}, {}, {{"k1", "v"}, {"k2", {}}}}).has_value());
  CHECK(at(world, id).instance.tags.size() == 48);
  CHECK_FALSE(at(world, id).instance.tags.contains("k1"));
  CHECK_FALSE(at(world, id).instance.tags.contains("k2"));
}

}  // namespace
}  // namespace tidegate::engine
