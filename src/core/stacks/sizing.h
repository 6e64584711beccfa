// How big an instance type is on this host: explicit sizes as they are, the catalogue's scaled so
// that the stack fits. Pure.
#pragma once

#include <map>
#include <span>
#include <string>

#include "base/result.h"
#include "core/stacks/metadata/metadata.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {

struct Sizing {
  std::map<std::string, InstanceType> instance_types;
  double scale = 1;
};

/// The types that the launch templates use. Scale: the context's, else the largest factor <= 1 at
/// which MaxSize instances of all groups fit the host. Error: InsufficientInstanceCapacity when one
/// instance of a type that a group uses is larger than the host.
Result<Sizing> size_instance_types(std::span<const PlannedResource> resources,
                                   const GivenMetadata& given,
                                   const StackContext& context);

}  // namespace tidegate::stacks
