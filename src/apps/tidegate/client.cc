#include "apps/tidegate/client.h"

#include <array>
#include <chrono>

#include <curl/curl.h>

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

constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;  // a bound, far above any real answer

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

struct Call {
  std::string service;  // in the signature's scope
  std::string body;
  List headers;
};

void add_header(List& list, const std::string& line) {
  list.reset(curl_slist_append(list.release(), line.c_str()));
}

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kMaxAnswerBytes) {
    return 0;  // curl ends the transfer
  }
  text.append(bytes, size * count);
  return size * count;
}

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

Call own_call(std::string_view operation, const Json& input) {
  Call call{"tidegate", input.dump(), {}};
  add_header(call.headers, "Content-Type: application/x-amz-json-1.0");
  add_header(call.headers, "X-Amz-Target: Tidegate." + std::string{operation});
  return call;
}

Result<Call> aws_call(const api::Service& service,
                      const api::Operation& operation,
                      const Json& input) {
  TG_ASSIGN_OR_RETURN(std::string form, api::encode_form(service, operation, input));
  Call call{service.name, std::move(form), {}};
  add_header(call.headers, "Content-Type: application/x-www-form-urlencoded; charset=utf-8");
  return call;
}

Error transport_error(CURLcode code, const Endpoint& endpoint) {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return Error{ErrorCode::Timeout,
                 "RequestTimeout",
                 "the control plane at " + endpoint.url + " did not answer in time"};
  }
  return Error{ErrorCode::Unavailable,
               "ConnectionRefused",
               "no control plane answers at " + endpoint.url + " (" + curl_easy_strerror(code) +
                   "); start it with `tidegate serve` or `make up`"};
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

struct Client::Connection {
  Connection() : handle(curl_easy_init()) { TG_CHECK(handle != nullptr); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { curl_easy_cleanup(handle); }

  struct Reply {
    CURLcode code = CURLE_OK;
    long status = 0;
    std::string body;
  };

  Reply perform(const Endpoint& endpoint, const Call& call) {
    Reply reply;
    const std::string url = endpoint.url + "/";
    const std::string scope = "aws:amz:" + endpoint.region + ":" + call.service;
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(endpoint.timeout).count();
    curl_easy_reset(handle);  // keeps the connection
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");  // the environment's proxy is not for loopback
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds));
    curl_easy_setopt(handle, CURLOPT_AWS_SIGV4, scope.c_str());
    curl_easy_setopt(handle, CURLOPT_USERNAME, endpoint.access_key_id.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, endpoint.secret_access_key.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, call.headers.get());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call.body.c_str());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &collect);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
    reply.code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
    return reply;
  }

  CURL* handle;
};

Client::Client(Endpoint endpoint)
    : endpoint_(std::move(endpoint)), connection_(std::make_unique<Connection>()) {}

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
  TG_ASSIGN_OR_RETURN(Call request,
                      served == nullptr ? Result<Call>{own_call(operation, input)}
                                        : aws_call(*known, *served, input));
  for (const auto& [name, value] : headers) {
    add_header(request.headers, name + ": " + value);
  }
  add_header(request.headers, "Expect:");  // no 100-continue: one round trip for a large template
  const Connection::Reply reply = connection_->perform(endpoint_, request);
  if (reply.code != CURLE_OK) {
    return transport_error(reply.code, endpoint_);
  }
  return served == nullptr ? read_json(reply.body, reply.status)
                           : read_xml(*known, *served, reply.body, reply.status);
}

}  // namespace tidegate::apps
