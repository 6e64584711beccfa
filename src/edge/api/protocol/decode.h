// From the wire to a generated request struct, driven by its Shape. What the shape does not name is
// ignored, as AWS ignores it.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "edge/api/protocol/form.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

/// Fills `structure` (of `shape`, Kind::Structure) from the form of a query or ec2 request.
/// Errors: InvalidArgument: MalformedInput (query), InvalidParameterValue (ec2).
Status decode_form(const FormNode& form, const Shape& shape, Protocol protocol, void* structure);

/// The same from JSON; null members are absent. Error: InvalidArgument SerializationException.
Status decode_json(const Json& json, const Shape& shape, void* structure);

}  // namespace tidegate::api
