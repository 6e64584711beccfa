// An API request and its response as values: the protocols and the signature are functions over
// these, whatever server carries them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace tidegate::api {

using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method;               // "POST"
  std::string path;                 // as it came: "/", undecoded
  std::string query;                // after the '?', undecoded, without it
  std::vector<HttpHeader> headers;  // in order, names as they came
  std::string body;

  /// The value of the first header of that name (any case), if there is one.
  std::optional<std::string> header(std::string_view name) const {
    for (const HttpHeader& candidate : headers) {
      if (equals_ignoring_case(candidate.first, name)) {
        return candidate.second;
      }
    }
    return std::nullopt;
  }
};

struct HttpResponse {
  int status = 200;
  std::vector<HttpHeader> headers;  // without Content-Length, Date and Connection
  std::string body;

  bool operator==(const HttpResponse&) const = default;
};

}  // namespace tidegate::api
