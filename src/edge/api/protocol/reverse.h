// The client's side of the protocols, for our own CLI: a request from JSON in the service model's
// names, an answer back to JSON. Driven by the same shapes.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/xml.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

/// "Action=…&Version=…&…". input: members by AWS's names; unknown ones are an error (a typo of
/// ours). Error: InvalidArgument.
Result<std::string> encode_form(const Service& service,
                                const Operation& operation,
                                const Json& input);

/// The result of an XML answer as JSON: numbers and truth values by the shape, timestamps as text.
Json decode_answer(const Service& service, const Operation& operation, const XmlElement& answer);

/// The error of an XML answer; name and message are empty when it carries none.
Error decode_error(const XmlElement& answer);

/// The operation of that name, or null.
const Operation* find_operation(const Service& service, std::string_view name);

}  // namespace tidegate::api
