// Which API and operation a request means, before anything of it is believed.
#pragma once

#include <string>

#include "base/result.h"
#include "edge/api/protocol/form.h"
#include "edge/api/protocol/message.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

/// The protocol whose words an answer has, by Smithy-Protocol, X-Amz-Target, the scope's service
/// and Version.
Protocol protocol_of(const HttpRequest& request, const std::string& scope_service);

/// `GraniteServiceVersion20100801.DescribeAlarms` of X-Amz-Target, or RPC v2's path
/// `/service/GraniteServiceVersion20100801/operation/DescribeAlarms`, taken apart; both empty
/// without.
struct Target {
  std::string prefix, operation;
};
Target target_of(const HttpRequest& request);

/// The error for an operation that has no handler: known ones are UnsupportedOperation with what
/// works instead, others InvalidAction (JSON and CBOR
/// UnknownOperationException).
Error no_handler(const Service& service, Protocol protocol, const std::string& operation);

/// What is wrong with an API that nobody here serves.
Error no_service(const std::string& scope_service);

}  // namespace tidegate::api
