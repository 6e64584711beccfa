// Answers and errors on the wire: XML as query and ec2 have it, JSON 1.0, CBOR as RPC v2 has it.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "edge/api/protocol/message.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

/// One request's place on the wire, fixed before anything is decoded.
struct Exchange {
  Protocol protocol = Protocol::Query;
  const Service* service = nullptr;  // null: not known (an unsigned request)
  std::string request_id;            // UUID
};

/// The answer of a served operation; `structure` is of operation.output (unused when that is null).
HttpResponse encode_answer(const Exchange& exchange,
                           const Operation& operation,
                           const void* structure);

/// A JSON 1.0 answer as it stands (the own service).
HttpResponse encode_json(const Exchange& exchange, const Json& body);

/// The error envelope of the exchange's protocol. JSON and CBOR carry the shape's name where the
/// model has one ("InvalidParameterValueException"), XML the code ("InvalidParameterValue").
HttpResponse encode_error(const Exchange& exchange, const Error& error);

/// The HTTP status that goes with an error.
int status_of(const Exchange& exchange, const Error& error);

/// A structure as XML elements without an envelope, as JSON, and as a CBOR map.
std::string to_xml(const Shape& shape, const void* structure);
Json to_json(const Shape& shape, const void* structure);
std::string to_cbor(const Shape& shape, const void* structure);

}  // namespace tidegate::api
