// A request signed as clients sign theirs, for tests of the API's front.
#pragma once

#include <string>
#include <string_view>

#include "edge/api/auth/sigv4.h"

namespace tidegate::sample {

inline const api::Credentials kRoot{"AKIDTIDEGATEEXAMPLE", "a secret of tests"};

/// POST of `body` to `path`, signed for `service` at `at`.
inline api::HttpRequest signed_request(const std::string& service,
                                       std::string body,
                                       Instant at,
                                       std::vector<api::HttpHeader> headers = {},
                                       std::string path = "/") {
  api::HttpRequest request{"POST", std::move(path), "", std::move(headers), std::move(body)};
  std::string date;
  for (const char c : format_iso8601(at)) {
    if (c != '-' && c != ':') {
      date.push_back(c);
    }
  }
  request.headers.emplace_back("Host", "127.0.0.1:4580");
  request.headers.emplace_back("X-Amz-Date", date);
  std::vector<std::string> names;
  for (const api::HttpHeader& header : request.headers) {
    names.push_back(to_lower(header.first));
  }
  std::sort(names.begin(), names.end());
  api::Authorization scope{kRoot.access_key_id, date.substr(0, 8), "eu-west-2", service, names, ""};
  scope.signature =
      api::signature_of(scope,
                        kRoot.secret_access_key,
                        api::string_to_sign(scope, date, api::canonical_request(request, names)));
  request.headers.emplace_back("Authorization",
                               "AWS4-HMAC-SHA256 Credential=" + scope.access_key_id + "/" +
                                   scope.date + "/eu-west-2/" + service +
                                   "/aws4_request, SignedHeaders=" + join(names, ";") +
                                   ", Signature=" + scope.signature);
  return request;
}

}  // namespace tidegate::sample
