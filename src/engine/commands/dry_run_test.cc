#include <array>

#include "engine/commands/fleet_fixture.h"

namespace tidegate::engine {
namespace {

RunInstances two_instances(const std::string& image = kHostImage) {
  RunInstances command;
  command.made_from.image_id = image;
  command.made_from.instance_type = "t3.micro";
  command.min_count = 2;
  command.max_count = 2;
  return command;
}

std::string tried(FleetWorld& world, FleetCommand command) {
  return refused(world.execute(DryRun{std::move(command)}));
}

const char* const kWouldSucceed =
    "DryRunOperation: Request would have succeeded, but DryRun flag is set.";

}  // namespace

TEST_CASE("DryRun: what would have been done is not, now or after a restart") {
  FleetWorld world;
  const auto id = world.make_template();
  const auto launched = world.ask(two_instances());
  REQUIRE(launched.has_value());
  world.run_for(std::chrono::seconds{10});
  const auto instance = std::get<InstancesAnswer>(*launched).instances.at(0).instance.id;
  CreateLaunchTemplate other;
  other.launch_template.name = "other";
  other.launch_template.versions.emplace_back();
  CreateLaunchTemplateVersion second;
  second.launch_template.id = id;
  static_cast<void>(world.engine->take_ledger());
  const auto commands = std::to_array<FleetCommand>({
      other,
      second,
      ModifyLaunchTemplate{{id, ""}, "1"},
      DeleteLaunchTemplate{{id, ""}},
      DeleteLaunchTemplateVersions{{id, ""}, {"1"}},
      two_instances(),
      TerminateInstances{{instance}},
      ChangeResourceTags{{instance.value}, {{"a", "b"}}, {}},
  });
  for (const auto& command : commands) {
    CAPTURE(command.index());
    CHECK(tried(world, command) == kWouldSucceed);
  }
  const auto check_unchanged = [&] {
    REQUIRE(world.model().launch_templates.size() == 1);
    CHECK(world.model().launch_templates.at(id).versions.size() == 1);
    CHECK(world.model().standalone.size() == 2);
    const auto& kept = world.model().standalone.at(instance).value;
    CHECK(kept.instance.lifecycle_state == groups::LifecycleState::InService);
    CHECK(kept.instance.tags.empty());
  };
  check_unchanged();
  world.run_for(std::chrono::seconds{5});
  check_unchanged();
  CHECK(world.engine->take_ledger().empty());
  world.start();
  world.run_for(std::chrono::seconds{5});
  check_unchanged();
}

TEST_CASE("DryRun: what would be refused is refused in the same words") {
  FleetWorld world;
  world.make_template();
  CreateLaunchTemplate taken;
  taken.launch_template.name = "web";
  taken.launch_template.versions.emplace_back();
  const auto commands = std::to_array<FleetCommand>({
      taken,
      ModifyLaunchTemplate{{{}, "web"}, "7"},
      DeleteLaunchTemplate{{{}, "none"}},
      two_instances("ami-none"),
      TerminateInstances{{groups::InstanceId{"i-0"}}},
      ChangeResourceTags{{"i-0"}, {{"a", "b"}}, {}},
  });
  for (const auto& command : commands) {
    CAPTURE(command.index());
    CHECK(tried(world, command) == refused(world.ask(command)));
  }
}

}  // namespace tidegate::engine
