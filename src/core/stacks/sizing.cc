#include "core/stacks/sizing.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/properties/catalogue.h"

namespace tidegate::stacks {
namespace {

/// What all groups at MaxSize need.
struct Need {
  double vcpus = 0;
  double memory_mib = 0;

  void add(double count, const InstanceType& type) {
    vcpus += count * type.vcpus;
    memory_mib += count * static_cast<double>(type.memory_mib);
  }
};

bool is_explicit(const GivenMetadata& given, const std::string& name) {
  const auto found = given.instance_types.find(name);
  return found != given.instance_types.end() && found->second.vcpus.has_value();
}

/// Unscaled. Unknown types have been refused before.
InstanceType unscaled(const GivenMetadata& given, const std::string& name) {
  InstanceType type;
  const auto entry = properties::catalogue_entry(name);
  if (entry) {
    type = InstanceType{
        entry->vcpus, entry->memory_mib, entry->monthly_price, entry->vcpus, entry->memory_mib};
  }
  const auto found = given.instance_types.find(name);
  if (found == given.instance_types.end()) {
    return type;
  }
  type.vcpus = found->second.vcpus.value_or(type.vcpus);
  type.memory_mib = found->second.memory_mib.value_or(type.memory_mib);
  type.monthly_price = found->second.monthly_price.value_or(type.monthly_price);
  if (!entry) {
    type.catalogue_vcpus = type.vcpus;
    type.catalogue_memory_mib = type.memory_mib;
  }
  return type;
}

const groups::LaunchTemplateVersion* version_of(std::span<const PlannedResource> resources,
                                                const groups::LaunchTemplateSpecification& wanted) {
  for (const PlannedResource& resource : resources) {
    const auto* typed = std::get_if<groups::LaunchTemplate>(&resource.properties);
    if (typed == nullptr || typed->id != wanted.id) {
      continue;
    }
    const std::string number =
        wanted.version == "$Default" ? std::to_string(typed->default_version) : wanted.version;
    for (const groups::LaunchTemplateVersion& version : typed->versions) {
      if (std::to_string(version.number) == number) {
        return &version;
      }
    }
    return &typed->versions.back();  // $Latest
  }
  return nullptr;
}

/// Largest factor <= 1 at which `scaled` fits what `fixed` leaves of the host.
double automatic_scale(const Need& scaled, const Need& fixed, const StackContext& context) {
  if (scaled.vcpus <= 0) {
    return 1;
  }
  const double by_cpu = (context.host_vcpus - fixed.vcpus) / scaled.vcpus;
  const double by_memory =
      (static_cast<double>(context.host_memory_mib) - fixed.memory_mib) / scaled.memory_mib;
  return std::min({1.0, by_cpu, by_memory});
}

/// Rounded down, so that what fits goes on fitting: a thousandth of a CPU, a MiB.
InstanceType scaled_by(double scale, InstanceType type) {
  type.vcpus = std::floor(type.vcpus * scale * 1000 + 1e-6) / 1000;
  type.memory_mib =
      static_cast<std::int64_t>(std::floor(static_cast<double>(type.memory_mib) * scale + 1e-6));
  return type;
}

Error too_large(const PlannedResource& group,
                const std::string& name,
                const InstanceType& type,
                const StackContext& context) {
  Error error = language::problem(
      group.line,
      "Resources." + group.logical_id.value,
      "one " + name + " (" + format_double(type.vcpus) + " vCPU, " +
          std::to_string(type.memory_mib) + " MiB) is larger than this host (" +
          format_double(context.host_vcpus) + " vCPU, " + std::to_string(context.host_memory_mib) +
          " MiB): give it less in Metadata.Tidegate.InstanceTypes");
  error.code = ErrorCode::ResourceExhausted;
  error.name = "InsufficientInstanceCapacity";
  return error;
}

struct Use {  // a group and the type it launches
  const PlannedResource* resource;
  const groups::AutoScalingGroup* group;
  std::string type;
};

std::vector<Use> uses_of(std::span<const PlannedResource> resources) {
  std::vector<Use> uses;
  for (const PlannedResource& resource : resources) {
    const auto* group = std::get_if<groups::AutoScalingGroup>(&resource.properties);
    if (group == nullptr) {
      continue;
    }
    if (const auto* version = version_of(resources, group->launch_template)) {
      uses.push_back({&resource, group, version->instance_type});
    }
  }
  return uses;
}

double scale_for(const std::vector<Use>& uses,
                 const GivenMetadata& given,
                 const StackContext& context) {
  if (context.instance_scale) {
    return *context.instance_scale;
  }
  Need scaled;
  Need fixed;
  for (const Use& use : uses) {
    Need& need = is_explicit(given, use.type) ? fixed : scaled;
    need.add(use.group->max_size, unscaled(given, use.type));
  }
  return automatic_scale(scaled, fixed, context);
}

}  // namespace

Result<Sizing> size_instance_types(std::span<const PlannedResource> resources,
                                   const GivenMetadata& given,
                                   const StackContext& context) {
  const std::vector<Use> uses = uses_of(resources);
  Sizing sizing;
  sizing.scale = scale_for(uses, given, context);
  for (const PlannedResource& resource : resources) {
    const auto* launch_template = std::get_if<groups::LaunchTemplate>(&resource.properties);
    if (launch_template == nullptr) {
      continue;
    }
    for (const groups::LaunchTemplateVersion& version : launch_template->versions) {
      const std::string& name = version.instance_type;
      const InstanceType type = unscaled(given, name);
      sizing.instance_types[name] = is_explicit(given, name) ? type : scaled_by(sizing.scale, type);
    }
  }
  for (const auto& [name, said] : given.instance_types) {
    if (said.vcpus) {  // and MemoryMiB with it; for calls, where no template of this stack names it
      sizing.instance_types.try_emplace(name, unscaled(given, name));
    }
  }
  for (const Use& use : uses) {
    const InstanceType& type = sizing.instance_types[use.type];
    const bool fits =
        type.vcpus <= context.host_vcpus && type.memory_mib <= context.host_memory_mib;
    if (!fits || type.vcpus <= 0 || type.memory_mib <= 0) {
      return too_large(*use.resource, use.type, fits ? unscaled(given, use.type) : type, context);
    }
  }
  return sizing;
}

}  // namespace tidegate::stacks
