// What the host has room for, and what a group can launch.
#include <algorithm>
#include <cmath>

#include "engine/fleet/fleet.h"

namespace tidegate::engine {

Room room_left(const EngineState& state) {
  Room room{state.model.host_vcpus, state.model.host_memory_mib};
  const auto take = [&](const stacks::StackName& stack,
                        const groups::Instance& instance,
                        std::int32_t instances) {
    if (const auto size = size_of(state.model, stack, instance.instance_type, instances)) {
      room.vcpus -= size->vcpus;
      room.memory_mib -= size->memory_mib;
    }
  };
  for (const auto& [name, group] : state.model.groups) {
    for (const auto& [id, instance] : group.instances) {
      take(group.stack, instance, group.group.max_size);
    }
  }
  for (const auto& [id, standalone] : state.model.standalone) {
    if (!standalone.value.terminated) {
      take({}, standalone.value.instance, kLoneInstances);
    }
  }
  return room;
}

std::optional<std::int32_t> how_many_fit(const std::optional<stacks::InstanceType>& size,
                                         const Room& room) {
  constexpr double kRounding = 1e-9;
  if (!size || size->vcpus <= 0 || size->memory_mib <= 0) {
    return std::nullopt;
  }
  const double by_cpu = std::floor(std::max(0.0, room.vcpus) / size->vcpus + kRounding);
  const auto by_memory =
      static_cast<double>(std::max<std::int64_t>(0, room.memory_mib) / size->memory_mib);
  return static_cast<std::int32_t>(std::min({by_cpu, by_memory, 1e6}));
}

std::string launch_obstacle(const Model& model, const GroupModel& group) {
  const auto* version = launch_version(model, group.group);
  if (version == nullptr) {
    const auto& asked = group.group.launch_template;
    return "The launch template " + (asked.name.empty() ? asked.id.value : asked.name) +
           " has no version " + asked.version + " any more.";
  }
  if (!image_of(model, group.stack, version->image_id)) {
    return "The image " + version->image_id +
           " is not known any more: no stack of this home declares it.";
  }
  return {};
}

}  // namespace tidegate::engine
