#include "apps/tidegate/client.h"

#include <array>

#include "apps/tidegate/signed_post.h"
#include "base/text.h"
#include "base/xml.h"
#include "edge/api/models/autoscaling.h"
#include "edge/api/models/cloudformation.h"
#include "edge/api/models/cloudwatch.h"
#include "edge/api/models/ec2.h"
#include "edge/api/models/elasticache.h"
#include "edge/api/models/elbv2.h"
#include "edge/api/models/sts.h"
#include "edge/api/protocol/reverse.h"

namespace tidegate::apps {
namespace {

const api::Service* find_service(std::string_view name) {
  const std::array<std::pair<std::string_view, const api::Service*>, 7> services{{
      {"autoscaling", &api::autoscaling::service()},
      {"cloudformation", &api::cloudformation::service()},
      {"cloudwatch", &api::cloudwatch::service()},
      {"ec2", &api::ec2::service()},
      {"elasticache", &api::elasticache::service()},
      {"elbv2", &api::elbv2::service()},
      {"sts", &api::sts::service()},
  }};
  for (const auto& [known, service] : services) {
    if (known == name) {
      return service;
    }
  }
  return nullptr;
}

SignedPost::Request own_call(std::string_view operation, const Json& input) {
  return {"tidegate",
          input.dump(),
          {"Content-Type: application/x-amz-json-1.0",
           "X-Amz-Target: Tidegate." + std::string{operation}}};
}

Result<SignedPost::Request> aws_call(const api::Service& service,
                                     const api::Operation& operation,
                                     const Json& input) {
  TG_ASSIGN_OR_RETURN(std::string form, api::encode_form(service, operation, input));
  return SignedPost::Request{service.name,
                             std::move(form),
                             {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"}};
}

ErrorCode code_of_status(long status) {
  if (status == 401 || status == 403) return ErrorCode::PermissionDenied;
  if (status == 503) return ErrorCode::Unavailable;
  return status >= 500 ? ErrorCode::Internal : ErrorCode::InvalidArgument;
}

Error unreadable(long status) {
  return Error{ErrorCode::Internal,
               "UnreadableAnswer",
               "what answered (HTTP " + std::to_string(status) + ") is no Tidegate control plane"};
}

Error api_error(Error error, long status) {
  if (error.name.empty()) {
    return unreadable(status);
  }
  // A 503 of the API is an answer of a control plane that was reached: not "Unavailable" for the
  // CLI.
  error.code = status == 503 ? ErrorCode::ResourceExhausted : code_of_status(status);
  return error;
}

Result<Json> read_json(const std::string& body, long status) {
  const auto json = Json::parse(body);
  if (!json.has_value()) {
    return unreadable(status);
  }
  if (status == 200) {
    return *json;
  }
  return api_error(
      {ErrorCode::Internal, (*json)["__type"].string_or(""), (*json)["message"].string_or("")},
      status);
}

Result<Json> read_xml(const api::Service& service,
                      const api::Operation& operation,
                      const std::string& body,
                      long status) {
  const auto xml = parse_xml(body);
  if (!xml.has_value()) {
    return unreadable(status);
  }
  if (status == 200) {
    return api::decode_answer(service, operation, *xml);
  }
  return api_error(api::decode_error(*xml), status);
}

}  // namespace

Client::Client(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

Client::~Client() = default;

Result<Json> Client::call(std::string_view service,
                          std::string_view operation,
                          const Json& input,
                          const Headers& headers) {
  const api::Service* known = service == "tidegate" ? nullptr : find_service(service);
  const api::Operation* served =
      known != nullptr ? api::find_operation(*known, operation) : nullptr;
  if (service != "tidegate" && served == nullptr) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidAction",
                 "no operation " + std::string{service} + " " + std::string{operation}};
  }
  TG_ASSIGN_OR_RETURN(SignedPost::Request request,
                      served == nullptr ? Result<SignedPost::Request>{own_call(operation, input)}
                                        : aws_call(*known, *served, input));
  for (const auto& [name, value] : headers) {
    request.headers.push_back(name + ": " + value);
  }
  request.headers.emplace_back("Expect:");  // no 100-continue: one round trip for a large template
  if (post_ == nullptr) {
    TG_ASSIGN_OR_RETURN(post_, SignedPost::load());
  }
  TG_ASSIGN_OR_RETURN(const SignedPost::Reply reply, post_->send(endpoint_, request));
  return served == nullptr ? read_json(reply.body, reply.status)
                           : read_xml(*known, *served, reply.body, reply.status);
}

}  // namespace tidegate::apps
