// Metadata.Tidegate of a template: what AWS does not know. Read before the resources are, and
// resolved for them and for this host afterwards. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/yaml.h"
#include "core/groups/auto_scaling_group.h"
#include "core/stacks/metadata/simulation.h"
#include "core/stacks/properties/reader.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {

/// What the text says of one instance type; sizes are given both or not at all.
struct GivenInstanceType {
  std::optional<double> vcpus;
  std::optional<std::int64_t> memory_mib;
  std::optional<double> monthly_price;
  std::int32_t line = 0;
};

struct GivenLoadBalancer {
  std::string listen;
  std::string name;
  bool strict_port = false;
};

struct GivenGroup {
  std::optional<scaling::TimingProfile> timing;
  std::optional<Duration> launch_timeout;
  std::optional<Duration> stop_timeout;
  groups::DrainSignal drain_signal = groups::DrainSignal::End;
  std::optional<groups::Liveness> liveness;
};

struct GivenPolicy {
  std::string name;
  std::optional<Duration> period;
  std::optional<std::int32_t> high_evaluation_periods;
  std::optional<std::int32_t> low_evaluation_periods;
  std::optional<double> low_ratio;
};

/// A section whose keys are resources: by name, or by logical id where a resource has none.
template <typename T>
struct OfResources {
  struct Entry {
    T value;
    std::int32_t line = 0;
  };
  std::map<std::string, Entry> entries;

  const T* find(const std::string& key) const {
    const auto found = entries.find(key);
    return found == entries.end() ? nullptr : &found->second.value;
  }
};

struct NoSettings {};  // TargetGroups has no keys of its own yet

struct GivenMetadata {
  scaling::TimingProfile timing = scaling::TimingProfile::Fast;
  std::map<std::string, Image> images;  // with layers; without any: only variants not built
  std::map<std::string, GivenInstanceType> instance_types;
  std::map<std::string, double> prices;
  std::map<std::string, std::string> subnet_zones;
  OfResources<GivenLoadBalancer> load_balancers;
  OfResources<NoSettings> target_groups;
  OfResources<GivenGroup> groups;
  OfResources<GivenPolicy> policies;
  std::map<std::string, Receiver> receivers;  // without a command: only a Url, which is not built
  Simulation simulation;
  std::vector<std::string> unused;  // documented keys of parts not built yet
};

/// metadata: the template's section, or Null. Paths in it become absolute by the context's folder.
GivenMetadata read_metadata(const YamlNode& metadata,
                            const StackContext& context,
                            properties::Complaints& complaints);

/// Keys under LoadBalancers, TargetGroups, AutoScalingGroups and ScalingPolicies that no resource
/// of the plan has. names: type → what its resources are called there.
struct ResourceNames {
  std::vector<std::string> load_balancers, target_groups, groups, policies;
};
void check_resource_keys(const GivenMetadata& given,
                         const ResourceNames& names,
                         properties::Complaints& complaints);

}  // namespace tidegate::stacks
