#include "edge/api/front/front.h"

#include <utility>

#include "edge/api/autoscaling/handlers.h"
#include "edge/api/cloudformation/handlers.h"
#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/ec2/handlers.h"
#include "edge/api/elasticache/handlers.h"
#include "edge/api/elbv2/handlers.h"
#include "edge/api/front/gunzip.h"
#include "edge/api/front/route.h"
#include "edge/api/models/elasticache.h"
#include "edge/api/models/sts.h"
#include "edge/api/protocol/cbor.h"
#include "edge/api/protocol/decode.h"
#include "edge/api/protocol/validate.h"
#include "edge/api/sts/handlers.h"
#include "edge/api/tidegate/operations.h"

namespace tidegate::api {
namespace {

constexpr const char* kOwnService = "tidegate";  // in the signature's scope
constexpr const char* kOwnTarget = "Tidegate";   // in X-Amz-Target

class FormBody final : public Body {
 public:
  FormBody(const FormNode& form, const Service& service) : form_(form), service_(service) {}
  Status into(const Shape& shape, void* structure) const override {
    TG_RETURN_IF_ERROR(decode_form(form_, shape, service_.protocol, structure));
    return validate(shape, structure, words_of(service_));
  }

 private:
  const FormNode& form_;
  const Service& service_;
};

class JsonBody final : public Body {
 public:
  JsonBody(const Json& json, const Service& service) : json_(json), service_(service) {}
  Status into(const Shape& shape, void* structure) const override {
    TG_RETURN_IF_ERROR(decode_json(json_, shape, structure));
    return validate(shape, structure, words_of(service_));
  }

 private:
  const Json& json_;
  const Service& service_;
};

Status unpack(HttpRequest& request) {
  const std::string coding = request.header("content-encoding").value_or("");
  if (coding.empty() || equals_ignoring_case(coding, "identity")) {
    return Ok{};
  }
  if (!equals_ignoring_case(coding, "gzip")) {
    return Error{ErrorCode::Unsupported,
                 "SerializationException",
                 "Content-Encoding '" + coding.substr(0, 40) + "' is not built; what works: gzip"};
  }
  TG_ASSIGN_OR_RETURN(request.body, gunzip(request.body));
  return Ok{};
}

Result<Json> object_of(const std::string& body, Protocol protocol = Protocol::Json) {
  if (body.empty()) {
    return Json::object();
  }
  const bool is_cbor = protocol == Protocol::Cbor;
  TG_ASSIGN_OR_RETURN(Json json, is_cbor ? parse_cbor(body) : Json::parse(body));
  if (!json.is_object()) {
    return Error{ErrorCode::InvalidArgument,
                 "SerializationException",
                 is_cbor ? "the body is not a CBOR map" : "the body is not a JSON object"};
  }
  return json;
}

std::string parameter(const FormNode& form, std::string_view name) {
  const FormNode* node = form.find(name);
  return node != nullptr ? node->value.value_or("") : "";
}

engine::Principal root_of(const engine::Model& model) {
  return {"arn:aws:iam::" + model.account_id + ":root"};
}

}  // namespace

struct Front::Call {
  HttpRequest request;
  Exchange exchange;
  std::string scope_service;  // of a signature that holds
};

Front::Front(Settings settings,
             const engine::QueryDoor& queries,
             engine::CommandDoor& commands,
             ports::MetricStore& metrics)
    : settings_(std::move(settings)),
      queries_(queries),
      commands_(commands),
      metrics_(metrics),
      own_(own_operations()),
      rng_(settings_.seed) {
  const auto add = [this](const Service& service, std::vector<Entry> entries) {
    Api& api = apis_[service.name];
    api.service = &service;
    for (Entry& entry : entries) {
      api.entries.emplace(entry.operation->name, std::move(entry));
    }
  };
  add(autoscaling::service(), autoscaling::entries());
  add(cloudformation::service(), cloudformation::entries());
  add(cloudwatch::service(), cloudwatch::entries());
  add(ec2::service(), ec2::entries());
  add(elasticache::service(), elasticache::entries());
  add(elbv2::service(), elbv2::entries());
  add(sts::service(), sts::entries());
}

void Front::handle(HttpRequest request, Reply reply) {
  Call call{std::move(request), {}, ""};
  call.exchange.request_id = rng_.uuid();
  const auto authorization = parse_authorization(call.request);
  const std::string scope = authorization.has_value() ? authorization->service : "";
  call.exchange.protocol = protocol_of(call.request, scope);
  if (const auto api = apis_.find(scope); api != apis_.end()) {
    call.exchange.service = api->second.service;
  }
  const Status allowed = !authorization.has_value() ? Status{authorization.error()}
                                                    : verify(call.request,
                                                             *authorization,
                                                             settings_.root,
                                                             call.exchange.protocol,
                                                             settings_.now());
  call.scope_service = scope;
  Result<Outcome> outcome = allowed.has_value() ? run(call) : Result<Outcome>{allowed.error()};
  if (!outcome.has_value()) {
    reply(encode_error(call.exchange, outcome.error()));
    return;
  }
  if (auto* response = std::get_if<HttpResponse>(&*outcome)) {
    reply(std::move(*response));
    return;
  }
  Pending& pending = std::get<Pending>(*outcome);
  auto answer = [exchange = call.exchange,
                 finish = std::move(pending.finish),
                 reply = std::move(reply)](Result<engine::Answer> done) mutable {
    Result<HttpResponse> response =
        done.has_value() ? finish(std::move(*done)) : Result<HttpResponse>{done.error()};
    reply(response.has_value() ? std::move(*response) : encode_error(exchange, response.error()));
  };
  commands_.post(root_of(*queries_.view()), std::move(pending.command), std::move(answer));
}

Result<Outcome> Front::run(const Call& call) {
  const std::shared_ptr<const engine::Model> model = queries_.view();
  Context context{*model,
                  queries_,
                  metrics_,
                  root_of(*model),
                  settings_.now(),
                  call.request.header("x-tidegate-template-folder").value_or(""),
                  engine::DeleteStack::Haste::Drain};
  if (call.request.header("x-tidegate-haste") == "now") {
    context.haste = engine::DeleteStack::Haste::Now;
  }
  const Target target = target_of(call.request);
  if (call.scope_service == kOwnService) {
    if (target.prefix != kOwnTarget) {
      return Error{ErrorCode::InvalidArgument,
                   "UnknownOperationException",
                   "X-Amz-Target must be Tidegate.<Operation>"};
    }
    return run_own(call, context, target.operation);
  }
  if (call.exchange.service == nullptr) {
    return no_service(call.scope_service);
  }
  return run_aws(call, context);
}

Result<Outcome> Front::run_own(const Call& call,
                               const Context& context,
                               const std::string& operation) {
  const auto handler = own_.find(operation);
  if (handler == own_.end()) {
    return Error{ErrorCode::InvalidArgument,
                 "UnknownOperationException",
                 "there is no operation Tidegate." + operation.substr(0, 80)};
  }
  TG_ASSIGN_OR_RETURN(const Json input, object_of(call.request.body));
  TG_ASSIGN_OR_RETURN(const Json answer, handler->second(context, input));
  return Outcome{encode_json(call.exchange, answer)};
}

Result<const Entry*> Front::find_entry(const Call& call, const std::string& operation) const {
  const Api& api = apis_.at(call.exchange.service->name);
  const auto entry = api.entries.find(operation);
  if (entry == api.entries.end()) {
    return no_handler(*api.service, call.exchange.protocol, operation);
  }
  return &entry->second;
}

Result<Outcome> Front::run_aws(const Call& call, const Context& context) {
  const Service& service = *call.exchange.service;
  HttpRequest request = call.request;
  TG_RETURN_IF_ERROR(unpack(request));
  const Protocol protocol = call.exchange.protocol;
  if (protocol == Protocol::Json || protocol == Protocol::Cbor) {
    const Target target = target_of(request);
    if (service.json_target == nullptr || target.prefix != service.json_target) {
      return Error{ErrorCode::InvalidArgument,
                   "UnknownOperationException",
                   std::string{protocol == Protocol::Json ? "X-Amz-Target" : "the request's path"} +
                       " does not belong to " + service.name};
    }
    TG_ASSIGN_OR_RETURN(const Entry* entry, find_entry(call, target.operation));
    TG_ASSIGN_OR_RETURN(const Json json, object_of(request.body, protocol));
    return entry->run(context, call.exchange, JsonBody{json, service});
  }
  TG_ASSIGN_OR_RETURN(FormNode url, parse_form(request.query));
  TG_ASSIGN_OR_RETURN(const FormNode form, parse_form(request.body, std::move(url)));
  const std::string action = parameter(form, "Action");
  if (action.empty()) {
    return Error{ErrorCode::InvalidArgument,
                 "MissingAction",
                 "The request is missing an action or a required parameter"};
  }
  const std::string version = parameter(form, "Version");
  if (!version.empty() && version != service.version) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidAction",
                 "Could not find operation " + action.substr(0, 80) + " for version " +
                     version.substr(0, 40) + "; this is version " + service.version};
  }
  TG_ASSIGN_OR_RETURN(const Entry* entry, find_entry(call, action));
  return entry->run(context, call.exchange, FormBody{form, service});
}

}  // namespace tidegate::api
