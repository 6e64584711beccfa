// A world without any stack, and what its fleet's tests ask of it.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/journal/stored_form.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {

inline const groups::GroupName kFleet{"fleet"};

inline std::string refused(const Result<Answer>& answer) {
  REQUIRE_FALSE(answer.has_value());
  return answer.error().name + ": " + answer.error().message;
}

struct FleetWorld : World {
  groups::LaunchTemplateId make_template(const std::string& name = "web",
                                         const std::string& image = kHostImage) {
    groups::LaunchTemplateVersion version;
    version.image_id = image;
    version.instance_type = "t3.micro";
    version.user_data = "exec serve";
    CreateLaunchTemplate command;
    command.launch_template.name = name;
    command.launch_template.versions.push_back(version);
    const auto made = execute(FleetCommand{command});
    REQUIRE(made.has_value());
    return std::get<LaunchTemplateAnswer>(*made).launch_template.id;
  }

  /// Sizes min..max with `desired`, in zones a and b, of the template named "web".
  CreateAutoScalingGroup group_command(std::int32_t min = 1,
                                       std::int32_t max = 4,
                                       std::int32_t desired = 2) const {
    CreateAutoScalingGroup command;
    command.group.name = kFleet;
    command.group.min_size = min;
    command.group.max_size = max;
    command.group.desired_capacity = desired;
    command.group.launch_template.name = "web";
    command.place.zones = {"eu-west-2a", "eu-west-2b"};
    return command;
  }

  /// The group, with its instances in service.
  void make_group(std::int32_t min = 1, std::int32_t max = 4, std::int32_t desired = 2) {
    make_template();
    REQUIRE(ask(group_command(min, max, desired)).has_value());
    run_for(std::chrono::seconds{10});
    REQUIRE(in(groups::LifecycleState::InService).size() == static_cast<std::size_t>(desired));
  }

  /// What is answered is written: the store holds the model, whether the command was carried out
  /// or refused.
  Result<Answer> ask(FleetCommand command) {
    auto answer = execute(Command{std::move(command)});
    CHECK(stored_form(model()) == store.contents());
    return answer;
  }

  const GroupModel& fleet() const { return model().groups.at(kFleet); }
  std::vector<groups::InstanceId> in(groups::LifecycleState state) const {
    std::vector<groups::InstanceId> ids;
    for (const auto& [id, instance] : fleet().instances) {
      if (instance.lifecycle_state == state) {
        ids.push_back(id);
      }
    }
    return ids;
  }
  groups::LifecycleState state_of(const groups::InstanceId& id) const {
    return fleet().instances.at(id).lifecycle_state;
  }
  bool blocked(const std::string& what, const std::string& why) const {
    for (const auto& blocker : fleet().blockers) {
      if (blocker.what.starts_with(what) && blocker.why.find(why) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace tidegate::engine
