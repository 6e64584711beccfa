#include <array>

#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

CreateLaunchTemplateVersion version_command(const std::string& image) {
  CreateLaunchTemplateVersion command;
  command.launch_template.name = "web";
  command.version.image_id = image;
  return command;
}

const groups::LaunchTemplate& only(const FleetWorld& world) {
  REQUIRE(world.model().launch_templates.size() == 1);
  return world.model().launch_templates.begin()->second;
}

TEST_CASE("CreateLaunchTemplate: version 1 is the default, the name is taken from then on") {
  FleetWorld world;
  const auto id = world.make_template();
  CHECK(id.value.size() == 20);
  CHECK(only(world).default_version == 1);
  CHECK(only(world).versions.at(0).number == 1);
  CHECK(only(world).created == world.clock.now());
  CHECK(only(world).versions.at(0).created == world.clock.now());
  CreateLaunchTemplate again;
  again.launch_template.name = "web";
  again.launch_template.versions.emplace_back();
  CHECK(refused(world.ask(again)) ==
        "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use.");
  world.start();
  CHECK(only(world).id == id);
}

TEST_CASE("CreateLaunchTemplate: the same client token makes one launch template") {
  FleetWorld world;
  CreateLaunchTemplate command;
  command.launch_template.name = "web";
  command.launch_template.client_token = "token";
  command.launch_template.versions.emplace_back();
  const auto first = world.ask(command);
  const auto second = world.ask(command);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(std::get<LaunchTemplateAnswer>(*first).launch_template ==
        std::get<LaunchTemplateAnswer>(*second).launch_template);
}

TEST_CASE("CreateLaunchTemplateVersion: numbers grow, also after the newest was deleted") {
  FleetWorld world;
  world.make_template();
  REQUIRE(world.ask(version_command("ami-2")).has_value());
  REQUIRE(world.ask(version_command("ami-3")).has_value());
  REQUIRE(world.ask(DeleteLaunchTemplateVersions{{{}, "web"}, {"3"}}).has_value());
  CHECK(only(world).versions.size() == 2);
  const auto made = world.ask(version_command("ami-4"));
  REQUIRE(made.has_value());
  CHECK(std::get<LaunchTemplateAnswer>(*made).versions.at(0).version->number == 4);
  CHECK(only(world).default_version == 1);
  auto tokened = version_command("ami-5");
  tokened.version.client_token = "t";
  REQUIRE(world.ask(tokened).has_value());
  REQUIRE(world.ask(tokened).has_value());
  CHECK(only(world).versions.back().number == 5);
  tokened.launch_template.name = "no";
  CHECK(refused(world.ask(tokened)).starts_with("InvalidLaunchTemplateName.NotFoundException: "));
  tokened.launch_template = {groups::LaunchTemplateId{"lt-0"}, ""};
  CHECK(refused(world.ask(tokened)).starts_with("InvalidLaunchTemplateId.NotFound: "));
}

TEST_CASE("ModifyLaunchTemplate: the default is a version that exists") {
  FleetWorld world;
  world.make_template();
  REQUIRE(world.ask(version_command("ami-2")).has_value());
  REQUIRE(world.ask(ModifyLaunchTemplate{{{}, "web"}, "2"}).has_value());
  CHECK(only(world).default_version == 2);
  REQUIRE(world.ask(ModifyLaunchTemplate{{{}, "web"}, "1"}).has_value());
  REQUIRE(world.ask(ModifyLaunchTemplate{{{}, "web"}, "$Latest"}).has_value());
  CHECK(only(world).default_version == 2);
  CHECK(refused(world.ask(ModifyLaunchTemplate{{{}, "web"}, "3"}))
            .starts_with("InvalidLaunchTemplateId.VersionNotFound: "));
}

TEST_CASE("DeleteLaunchTemplateVersions: each is answered for itself; the default stays") {
  FleetWorld world;
  world.make_template();
  REQUIRE(world.ask(version_command("ami-2")).has_value());
  const auto made = world.ask(DeleteLaunchTemplateVersions{{{}, "web"}, {"1", "2", "9", "x"}});
  REQUIRE(made.has_value());
  const auto& versions = std::get<LaunchTemplateAnswer>(*made).versions;
  REQUIRE(versions.size() == 4);
  CHECK(versions[0].failure == "unexpectedError");
  CHECK(versions[1].version->number == 2);
  CHECK(versions[2].failure == "launchTemplateVersionDoesNotExist");
  CHECK(versions[3].failure == "launchTemplateVersionDoesNotExist");
  CHECK(only(world).versions.size() == 1);
}

TEST_CASE("DeleteLaunchTemplate: it is gone with its versions, a second time it is not found") {
  FleetWorld world;
  const auto id = world.make_template();
  REQUIRE(world.ask(DeleteLaunchTemplate{{id, ""}}).has_value());
  CHECK(world.model().launch_templates.empty());
  CHECK(world.store.contents().empty());
  CHECK(refused(world.ask(DeleteLaunchTemplate{{id, ""}}))
            .starts_with("InvalidLaunchTemplateId.NotFound: "));
}

TEST_CASE("CreateLaunchTemplate: numbers and times are the engine's, whatever the call says") {
  FleetWorld world;
  CreateLaunchTemplate command;
  command.launch_template.name = "web";
  command.launch_template.default_version = 7;
  command.launch_template.numbers_used = 41;
  command.launch_template.versions.emplace_back();
  command.launch_template.versions[0].number = 9;
  const auto made = world.ask(command);
  REQUIRE(made.has_value());
  const auto& answer = std::get<LaunchTemplateAnswer>(*made);
  CHECK(answer.launch_template == only(world));
  CHECK(only(world).default_version == 1);
  CHECK(only(world).versions.at(0).number == 1);
  CHECK(only(world).numbers_used == 1);
  REQUIRE(answer.versions.size() == 1);
  CHECK(answer.versions[0].version == only(world).versions[0]);
  world.run_for(std::chrono::seconds{1});
  const auto second = world.ask(version_command("ami-2"));
  REQUIRE(second.has_value());
  CHECK(only(world).versions.back().number == 2);
  CHECK(only(world).versions.back().created == world.clock.now());
  CHECK(only(world).versions.front().created < world.clock.now());
  CHECK(std::get<LaunchTemplateAnswer>(*second).launch_template == only(world));
}

TEST_CASE("CreateLaunchTemplateVersion: a launch template has ten thousand versions, no more") {
  FleetWorld world;
  CreateLaunchTemplate command;
  command.launch_template.name = "web";
  command.launch_template.versions.resize(9'999);
  REQUIRE(world.execute(FleetCommand{command}).has_value());
  CHECK(world.execute(FleetCommand{version_command("ami-2")}).has_value());
  CHECK(only(world).versions.size() == 10'000);
  CHECK(refused(world.execute(FleetCommand{version_command("ami-3")})) ==
        "VersionLimitExceeded: The launch template can have at most 10000 versions.");
}

TEST_CASE("DeleteLaunchTemplateVersions: answers with what is left, and has it written") {
  FleetWorld world;
  world.make_template();
  REQUIRE(world.ask(version_command("ami-2")).has_value());
  REQUIRE(world.ask(version_command("ami-3")).has_value());
  const auto made = world.ask(DeleteLaunchTemplateVersions{{{}, "web"}, {"2"}});
  REQUIRE(made.has_value());
  CHECK(std::get<LaunchTemplateAnswer>(*made).launch_template == only(world));
  REQUIRE(only(world).versions.size() == 2);
  CHECK(only(world).versions[0].number == 1);
  CHECK(only(world).versions[1].number == 3);
}

}  // namespace
}  // namespace tidegate::engine
