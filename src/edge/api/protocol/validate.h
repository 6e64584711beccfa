// What the service model demands of a request: required members, lengths, ranges, enums.
#pragma once

#include <span>

#include "base/result.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

/// Which words a service has for a request that is not valid.
enum class ValidationWords {
  Coral,       // autoscaling, cloudformation, elbv2, sts: "2 validation errors detected: …"
  CloudWatch,  // MissingParameter, InvalidParameterValue
  Ec2,         // MissingParameter, InvalidParameterValue
};
ValidationWords words_of(const Service& service);

/// Error: InvalidArgument, named and worded as the service does it.
Status validate(const Shape& shape, const void* structure, ValidationWords words);

/// Refuses members (of the top level) that are known, and not acted on: nothing is stored and
/// inert. accepted: the names of the members that the operation acts on. Error: Unsupported,
/// InvalidParameterValue.
Status refuse_others(const Shape& shape,
                     const void* structure,
                     std::span<const char* const> accepted);

}  // namespace tidegate::api
