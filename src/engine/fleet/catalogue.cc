// What image ids and instance types mean in this home: the union of what its stacks declare, and
// what is built in (decision 0018).
#include "core/stacks/properties/catalogue.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/model.h"

namespace tidegate::engine {
namespace {

template <typename Visit>
void for_each_stack(const Model& model, const stacks::StackName& first, Visit visit) {
  if (const auto own = model.stacks.find(first); own != model.stacks.end()) {
    visit(own->second.metadata);
  }
  for (const auto& [name, stack] : model.stacks) {
    if (name != first && stack.status != stacks::Status::DeleteComplete) {
      visit(stack.metadata);
    }
  }
}

double automatic_scale(const Model& model,
                       const stacks::properties::CatalogueEntry& entry,
                       std::int32_t instances) {
  const double count = std::max(1, instances);
  return std::min({1.0,
                   model.host_vcpus / (count * entry.vcpus),
                   static_cast<double>(model.host_memory_mib) /
                       (count * static_cast<double>(entry.memory_mib))});
}

/// Rounded down, so that what fits goes on fitting: a thousandth of a CPU, a MiB.
stacks::InstanceType scaled(const stacks::properties::CatalogueEntry& entry, double scale) {
  stacks::InstanceType type;
  type.vcpus = std::floor(entry.vcpus * scale * 1000 + 1e-6) / 1000;
  type.memory_mib =
      static_cast<std::int64_t>(std::floor(static_cast<double>(entry.memory_mib) * scale + 1e-6));
  type.monthly_price = entry.monthly_price;
  type.catalogue_vcpus = entry.vcpus;
  type.catalogue_memory_mib = entry.memory_mib;
  return type;
}

}  // namespace

scaling::PolicyName policy_key(const scaling::TargetTrackingPolicy& policy) {
  return scaling::PolicyName{policy.group_name + "/" + policy.name.value};
}

std::map<std::string, stacks::Image> images_of(const Model& model) {
  std::map<std::string, stacks::Image> images;
  for_each_stack(model, {}, [&images](const stacks::TidegateMetadata& metadata) {
    images.insert(metadata.images.begin(), metadata.images.end());
  });
  images.try_emplace(kHostImage, stacks::Image{{"host"}});
  std::erase_if(images, [](const auto& entry) { return entry.second.layers.empty(); });
  return images;
}

std::optional<stacks::Image> image_of(const Model& model,
                                      const stacks::StackName& stack,
                                      const std::string& id) {
  if (const auto own = model.stacks.find(stack); own != model.stacks.end()) {
    const auto found = own->second.metadata.images.find(id);
    if (found != own->second.metadata.images.end()) {
      return found->second;
    }
  }
  const auto images = images_of(model);
  const auto found = images.find(id);
  return found == images.end() ? std::nullopt : std::optional{found->second};
}

std::optional<stacks::InstanceType> size_of(const Model& model,
                                            const stacks::StackName& stack,
                                            const std::string& type,
                                            std::int32_t instances) {
  std::optional<stacks::InstanceType> size;
  for_each_stack(model, stack, [&](const stacks::TidegateMetadata& metadata) {
    const auto found = metadata.instance_types.find(type);
    if (!size && found != metadata.instance_types.end()) {
      size = found->second;
    }
  });
  if (size) {
    return size;
  }
  const auto entry = stacks::properties::catalogue_entry(type);
  if (!entry) {
    return std::nullopt;
  }
  return scaled(*entry, model.instance_scale.value_or(automatic_scale(model, *entry, instances)));
}

std::vector<std::string> zones_of(const Model& model) {
  std::set<std::string> zones{model.region + "a", model.region + "b", model.region + "c"};
  for (const auto& [subnet, zone] : subnet_zones(model)) {
    zones.insert(zone);
  }
  return {zones.begin(), zones.end()};
}

}  // namespace tidegate::engine
