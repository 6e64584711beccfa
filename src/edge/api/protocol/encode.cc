#include "edge/api/protocol/encode.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/time.h"
#include "base/xml.h"
#include "edge/api/protocol/cbor.h"

namespace tidegate::api {
namespace {

constexpr std::string_view kJsonType = "application/x-amz-json-1.0";

/// Java's form, which clients of XML answers are used to: "70.0", not "70".
std::string xml_double(double value) {
  std::string text = format_double(value);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

void write_element(std::string& out, std::string_view name, const Shape& shape, const void* value);

void write_map(std::string& out, const Shape& shape, const void* value) {
  for (std::size_t i = 0; i < shape.container->size(value); ++i) {
    out += "<entry><key>" + xml_escape(*shape.container->key_at(value, i)) + "</key>";
    write_element(out, "value", *shape.element, shape.container->at(value, i));
    out += "</entry>";
  }
}

void write_content(std::string& out, const Shape& shape, const void* value) {
  switch (shape.kind) {
    case Kind::String:
      out += xml_escape(as<std::string>(value));
      return;
    case Kind::Blob:
      out += base64_encode(as<std::string>(value));
      return;
    case Kind::Integer:
      out += std::to_string(as<std::int64_t>(value));
      return;
    case Kind::Double:
      out += xml_double(as<double>(value));
      return;
    case Kind::Boolean:
      out += as<bool>(value) ? "true" : "false";
      return;
    case Kind::Timestamp:
      out += format_iso8601_millis(as<Instant>(value));
      return;
    case Kind::Structure:
      out += to_xml(shape, value);
      return;
    case Kind::List:
      for (std::size_t i = 0; i < shape.container->size(value); ++i) {
        write_element(out, shape.element_name, *shape.element, shape.container->at(value, i));
      }
      return;
    case Kind::Map:
      write_map(out, shape, value);
      return;
  }
}

void write_element(std::string& out, std::string_view name, const Shape& shape, const void* value) {
  const std::size_t start = out.size();
  out.append("<").append(name).append(">");
  const std::size_t content = out.size();
  write_content(out, shape, value);
  if (out.size() == content) {
    out.resize(start);
    out.append("<").append(name).append("/>");
  } else {
    out.append("</").append(name).append(">");
  }
}

Json timestamp_json(Instant instant) {
  const auto micros = instant.time_since_epoch().count();
  if (micros % 1'000'000 == 0) {
    return Json{static_cast<std::int64_t>(micros / 1'000'000)};
  }
  return Json{std::round(static_cast<double>(micros) / 1e3) / 1e3};  // milliseconds, as AWS has it
}

Json value_json(const Shape& shape, const void* value) {
  switch (shape.kind) {
    case Kind::String:
      return Json{as<std::string>(value)};
    case Kind::Blob:
      return Json{base64_encode(as<std::string>(value))};
    case Kind::Integer:
      return Json{as<std::int64_t>(value)};
    case Kind::Double:
      return Json{as<double>(value)};
    case Kind::Boolean:
      return Json{as<bool>(value)};
    case Kind::Timestamp:
      return timestamp_json(as<Instant>(value));
    case Kind::Structure:
      return to_json(shape, value);
    case Kind::List: {
      Json list = Json::array();
      for (std::size_t i = 0; i < shape.container->size(value); ++i) {
        list.push(value_json(*shape.element, shape.container->at(value, i)));
      }
      return list;
    }
    case Kind::Map: {
      Json map = Json::object();
      for (std::size_t i = 0; i < shape.container->size(value); ++i) {
        map.set(*shape.container->key_at(value, i),
                value_json(*shape.element, shape.container->at(value, i)));
      }
      return map;
    }
  }
  return {};
}

std::string_view type_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::Query:
    case Protocol::Ec2:
      return "text/xml;charset=UTF-8";
    case Protocol::Json:
      return kJsonType;
    case Protocol::Cbor:
      return "application/cbor";
  }
  return {};
}

HttpResponse response_of(const Exchange& exchange, int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers.emplace_back("x-amzn-RequestId", exchange.request_id);
  if (exchange.protocol == Protocol::Cbor) {
    response.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  }
  if (!response.body.empty()) {
    response.headers.emplace_back("Content-Type", type_of(exchange.protocol));
  }
  return response;
}

std::string query_answer(const Exchange& exchange, const Operation& operation, const void* value) {
  const std::string name = operation.name;
  std::string out = "<" + name + "Response xmlns=\"" + exchange.service->xml_namespace + "\">";
  if (operation.output != nullptr) {
    write_element(out, name + "Result", *operation.output, value);
  }
  return out + "<ResponseMetadata><RequestId>" + exchange.request_id +
         "</RequestId></ResponseMetadata></" + name + "Response>";
}

std::string ec2_answer(const Exchange& exchange, const Operation& operation, const void* value) {
  const std::string name = operation.name;
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + name + "Response xmlns=\"" +
                    exchange.service->xml_namespace + "\"><requestId>" + exchange.request_id +
                    "</requestId>";
  out += operation.output != nullptr ? to_xml(*operation.output, value)
                                     : std::string{"<return>true</return>"};
  return out + "</" + name + "Response>";
}

const ErrorShape* error_shape(const Exchange& exchange, const Error& error) {
  if (exchange.service == nullptr) {
    return nullptr;
  }
  for (const ErrorShape& candidate : exchange.service->errors) {
    if (error.name == candidate.code) {
      return &candidate;
    }
  }
  return nullptr;
}

/// The shape's name where the model has one, else the code.
std::string type_name(const Exchange& exchange, const Error& error) {
  const ErrorShape* shape = error_shape(exchange, error);
  return shape != nullptr ? std::string{shape->shape} : error.name;
}

std::string error_body(const Exchange& exchange, const Error& error, bool sender) {
  const std::string code = "<Code>" + xml_escape(error.name) + "</Code><Message>" +
                           xml_escape(error.message) + "</Message>";
  switch (exchange.protocol) {
    case Protocol::Ec2:
      return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>" + code +
             "</Error></Errors><RequestID>" + exchange.request_id + "</RequestID></Response>";
    case Protocol::Query: {
      const std::string name_space =
          exchange.service != nullptr
              ? " xmlns=\"" + std::string{exchange.service->xml_namespace} + "\""
              : std::string{};
      return "<ErrorResponse" + name_space + "><Error><Type>" + (sender ? "Sender" : "Receiver") +
             "</Type>" + code + "</Error><RequestId>" + exchange.request_id +
             "</RequestId></ErrorResponse>";
    }
    case Protocol::Json:
      return Json::object({{"__type", type_name(exchange, error)}, {"message", error.message}})
          .dump();
    case Protocol::Cbor: {
      CborWriter out;
      out.map(2);
      out.text("__type");
      out.text(type_name(exchange, error));
      out.text("message");
      out.text(error.message);
      return out.bytes();
    }
  }
  return {};
}

}  // namespace

std::string to_xml(const Shape& shape, const void* structure) {
  std::string out;
  for (const Member& member : shape.members) {
    const void* held = member.get(structure);
    if (held != nullptr) {
      write_element(out, member.response, *member.shape, held);
    }
  }
  return out;
}

Json to_json(const Shape& shape, const void* structure) {
  Json out = Json::object();
  for (const Member& member : shape.members) {
    const void* held = member.get(structure);
    if (held != nullptr) {
      out.set(member.name, value_json(*member.shape, held));
    }
  }
  return out;
}

HttpResponse encode_answer(const Exchange& exchange,
                           const Operation& operation,
                           const void* structure) {
  switch (exchange.protocol) {
    case Protocol::Query:
      return response_of(exchange, 200, query_answer(exchange, operation, structure));
    case Protocol::Ec2:
      return response_of(exchange, 200, ec2_answer(exchange, operation, structure));
    case Protocol::Json:
      return encode_json(
          exchange,
          operation.output != nullptr ? to_json(*operation.output, structure) : Json::object());
    case Protocol::Cbor:  // no body at all where there is no output
      return response_of(
          exchange,
          200,
          operation.output != nullptr ? to_cbor(*operation.output, structure) : std::string{});
  }
  return {};
}

HttpResponse encode_json(const Exchange& exchange, const Json& body) {
  return response_of(exchange, 200, body.dump());
}

int status_of(const Exchange& exchange, const Error& error) {
  if (const ErrorShape* shape = error_shape(exchange, error)) {
    return shape->status;
  }
  if (error.name == "RequestEntityTooLarge") {
    return 413;
  }
  if (error.name == "DryRunOperation") {
    return 412;
  }
  switch (error.code) {
    case ErrorCode::PermissionDenied:
      // AWS: 401 for ec2's AuthFailure, 400 for JSON's UnrecognizedClientException, else 403.
      return error.name == "AuthFailure"                                                     ? 401
             : error.name == "UnrecognizedClientException" || error.name == "RequestExpired" ? 400
                                                                                             : 403;
    case ErrorCode::Unavailable:
    case ErrorCode::Timeout:
      return error.name == "Throttling" ? 400 : 503;
    case ErrorCode::Corrupt:
    case ErrorCode::Internal:
      return 500;
    case ErrorCode::InvalidArgument:
    case ErrorCode::NotFound:
    case ErrorCode::AlreadyExists:
    case ErrorCode::FailedPrecondition:
    case ErrorCode::ResourceExhausted:
    case ErrorCode::Unsupported:
      return 400;
  }
  return 500;
}

HttpResponse encode_error(const Exchange& exchange, const Error& error) {
  const int status = status_of(exchange, error);
  const bool sender = status < 500;
  HttpResponse response = response_of(exchange, status, error_body(exchange, error, sender));
  const bool query_compatible =
      exchange.service != nullptr && exchange.service->json_target != nullptr;
  const bool is_xml = exchange.protocol == Protocol::Query || exchange.protocol == Protocol::Ec2;
  if (!is_xml && query_compatible) {
    // Clients that knew the query protocol look for its code (awsQueryCompatible in the model).
    response.headers.emplace_back("x-amzn-query-error",
                                  error.name + (sender ? ";Sender" : ";Receiver"));
  }
  return response;
}

}  // namespace tidegate::api
