// One function per resource type: evaluated properties → a typed value with its physical id. What
// they share: what is planned already, names and ARNs. Inside core/stacks only. Pure.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/stacks/metadata/metadata.h"
#include "core/stacks/properties/reader.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {

/// What is known while the resources are planned one after the other.
struct World {
  const StackContext& context;
  const GivenMetadata& metadata;
  std::vector<PlannedResource> planned;
  std::vector<std::string> unused;  // properties that are recorded and act on nothing yet
  ResourceNames names;              // what Metadata.Tidegate may call them
};

/// A resource that is being planned.
struct Subject {
  LogicalId id;
  properties::Reader& properties;
  World& world;
};

struct Made {
  std::string physical_id;
  ResourceProperties properties;
};

inline constexpr properties::Range<std::int32_t> kPorts{1, 65535};
const std::vector<std::string>& http_only();  // the protocols that are built

using Attributes = std::vector<std::pair<std::string, std::string>>;  // Fn::GetAtt name → value

struct ResourceType {
  std::string_view name;
  Made (*make)(Subject& subject);
  Attributes (*attributes)(const PlannedResource& resource);
};
std::span<const ResourceType> resource_types();

Made make_load_balancer(Subject& subject);
Made make_listener(Subject& subject);
Made make_rule(Subject& subject);
Made make_target_group(Subject& subject);
Made make_launch_template(Subject& subject);
Made make_group(Subject& subject);
Made make_policy(Subject& subject);
Made make_alarm(Subject& subject);
Made make_cache_cluster(Subject& subject);

/// What an instance is made from is the same; number and time are not compared.
bool same_data(const groups::LaunchTemplateVersion& a, const groups::LaunchTemplateVersion& b);

// --- names.cc ---

/// The name that the property gives, else one as CloudFormation makes it:
/// stack-LogicalId-12CHARACTERS, cut to max_length. existing: the name it has already, or empty.
std::string name_of(Subject& subject,
                    const std::string& property,
                    const std::string& existing,
                    std::size_t max_length);
/// Complains unless it is a name for a load balancer or target group.
void check_balancing_name(properties::Reader& reader, const std::string& name);
inline constexpr std::size_t kMaxBalancingName = 32;
inline constexpr std::string_view kBalancingService = "elasticloadbalancing";
/// What Metadata.Tidegate calls a resource: the name its template gives it, else its logical id.
std::string metadata_key(const Subject& subject, const std::string& name_property);
/// Physical id of the resource before an update; empty when it is new.
std::string existing_id(const Subject& subject);
/// "arn:aws:<service>:<region>:<account>:<rest>"
std::string arn(const StackContext& context, std::string_view service, const std::string& rest);
/// 16 hex digits out of a new UUID.
std::string short_id(const StackContext& context);
/// A UUID that is a function of the text: what has none of its own in a physical id gets this one,
/// so that a second plan of the same stack is the same.
std::string uuid_of(std::string_view text);
/// The `index`-th part of an ARN's last section, cut at '/'; empty when there is none.
std::string arn_part(const std::string& arn, std::size_t index);

/// The planned resource of that physical id and type; null when there is none.
template <typename T>
const T* find_planned(const World& world, const std::string& physical_id) {
  for (const PlannedResource& resource : world.planned) {
    const T* typed = std::get_if<T>(&resource.properties);
    if (typed != nullptr && resource.physical_id == physical_id) {
      return typed;
    }
  }
  return nullptr;
}

/// Complains when a planned resource of this type has the name already.
template <typename T, typename Name>
void refuse_second_name(Subject& subject, const std::string& property, const Name& name) {
  for (const PlannedResource& other : subject.world.planned) {
    const T* typed = std::get_if<T>(&other.properties);
    if (typed != nullptr && typed->name == name) {
      subject.properties.complain(property,
                                  "the name is that of " + other.logical_id.value + " already");
    }
  }
}

/// Zones of the subnets that a property lists, in their order; complains about unknown ids.
std::vector<std::string> zones_of_subnets(Subject& subject,
                                          const std::string& property,
                                          const std::vector<std::string>& subnets);

}  // namespace tidegate::stacks
