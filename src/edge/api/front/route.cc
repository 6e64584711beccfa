#include "edge/api/front/route.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace tidegate::api {
namespace {

constexpr std::string_view kRpcPrefix = "/service/";  // /service/<service>/operation/<operation>
constexpr std::string_view kRpcOperation = "/operation/";
constexpr std::string_view kEc2Version = "Version=2016-11-15";

/// Names that stand for what a change of these things goes through here.
std::string instead(const Service& service) {
  const std::string_view name = service.name;
  if (name == "elasticloadbalancing" || name == "monitoring") {
    return "; to make, change or delete things, use the stack's template (cloudformation "
           "CreateStack, UpdateStack, DeleteStack)";
  }
  return "";
}

}  // namespace

Protocol protocol_of(const HttpRequest& request, const std::string& scope_service) {
  if (request.header("smithy-protocol") == "rpc-v2-cbor") {
    return Protocol::Cbor;
  }
  if (request.header("x-amz-target").has_value()) {
    return Protocol::Json;
  }
  const bool says_ec2 = request.body.find(kEc2Version) != std::string::npos ||
                        request.query.find(kEc2Version) != std::string::npos;
  return scope_service == "ec2" || (scope_service.empty() && says_ec2) ? Protocol::Ec2
                                                                       : Protocol::Query;
}

Target target_of(const HttpRequest& request) {
  if (request.path.starts_with(kRpcPrefix)) {
    const std::string_view path = std::string_view{request.path}.substr(kRpcPrefix.size());
    const std::size_t end = path.find(kRpcOperation);
    return end == std::string_view::npos
               ? Target{}
               : Target{std::string{path.substr(0, end)},
                        std::string{path.substr(end + kRpcOperation.size())}};
  }
  const std::string header = request.header("x-amz-target").value_or("");
  const std::size_t dot = header.find('.');
  return dot == std::string::npos ? Target{}
                                  : Target{header.substr(0, dot), header.substr(dot + 1)};
}

Error no_handler(const Service& service, Protocol protocol, const std::string& operation) {
  const bool known = std::any_of(service.known.begin(), service.known.end(), [&](const char* name) {
    return operation == name;
  });
  if (known) {
    std::vector<std::string> built;
    for (const Operation& candidate : service.operations) {
      built.emplace_back(candidate.name);
    }
    return Error{ErrorCode::Unsupported,
                 "UnsupportedOperation",
                 "The operation " + operation + " is not built; what works of " + service.name +
                     ": " + join(built, ", ") + instead(service)};
  }
  if (protocol == Protocol::Json || protocol == Protocol::Cbor) {
    return Error{ErrorCode::InvalidArgument,
                 "UnknownOperationException",
                 "there is no operation " + operation.substr(0, 80)};
  }
  return Error{
      ErrorCode::InvalidArgument,
      "InvalidAction",
      "Could not find operation " + operation.substr(0, 80) + " for version " + service.version};
}

Error no_service(const std::string& scope_service) {
  return Error{ErrorCode::Unsupported,
               "UnsupportedOperation",
               "the service '" + scope_service.substr(0, 80) +
                   "' is not built; what works: autoscaling, cloudformation, monitoring "
                   "(cloudwatch), ec2, elasticache, elasticloadbalancing (elbv2), sts, tidegate"};
}

}  // namespace tidegate::api
