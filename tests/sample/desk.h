// The API's front over the sample, asked one request at a time, for tests.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/xml.h"
#include "edge/api/front/front.h"
#include "edge/api/protocol/reverse.h"
#include "sample/sample_doors.h"
#include "sample/sample_model.h"
#include "sample/signed_request.h"
#include "sim/memory_metrics.h"

namespace tidegate::sample {

/// A front over the sample, asked one request at a time.
class Desk {
 public:
  explicit Desk(engine::Model model = sample::model()) : queries(std::move(model)) {}

  api::HttpResponse ask(api::HttpRequest request) {
    std::optional<api::HttpResponse> got;
    front.handle(std::move(request), [&](api::HttpResponse response) {
      REQUIRE_FALSE(got.has_value());
      got = std::move(response);
    });
    REQUIRE(got.has_value());
    return *got;
  }
  api::HttpResponse form(const std::string& service,
                         const std::string& body,
                         std::vector<api::HttpHeader> headers = {}) {
    return ask(signed_request(service, body, now, std::move(headers)));
  }

  Instant now = kNow;
  Queries queries;
  Commands commands;
  sim::MemoryMetrics metrics;
  api::Front front{{kRoot, [this] { return now; }, 1}, queries, commands, metrics};
};

inline std::string code_of(const api::HttpResponse& response) {
  if (response.body.starts_with("{")) {
    return (*Json::parse(response.body))["__type"].string_or("");
  }
  return api::decode_error(*parse_xml(response.body)).name;
}

inline std::string message_of(const api::HttpResponse& response) {
  if (response.body.starts_with("{")) {
    return (*Json::parse(response.body))["message"].string_or("");
  }
  return api::decode_error(*parse_xml(response.body)).message;
}

}  // namespace tidegate::sample
