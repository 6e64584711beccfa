// What the tests of the operations share: refusals as a table, reads as JSON by the model's names.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sample/desk.h"

namespace tidegate::api {

using sample::code_of;
using sample::Desk;
using sample::message_of;

/// A request that is refused.
struct Refusal {
  const char* service;
  std::string body;
  const char* code;
  const char* part;  // of the message
};

/// Each is refused with its code and words, and posts nothing.
inline void check_refusals(Desk& desk, const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.body);
    const HttpResponse response = desk.form(refusal.service, refusal.body);
    CAPTURE(response.body);
    CHECK(response.status == 400);
    CHECK(code_of(response) == refusal.code);
    CHECK(message_of(response).find(refusal.part) != std::string::npos);
  }
  CHECK(desk.commands.posted().empty());
}

/// A successful read as JSON, by the model's names.
inline Json read(Desk& desk, const char* service, const Service& model, const std::string& body) {
  const HttpResponse response = desk.form(service, body);
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  const std::string action =
      body.substr(7, body.find('&') == std::string::npos ? std::string::npos : body.find('&') - 7);
  return decode_answer(model, *find_operation(model, action), *parse_xml(response.body));
}

/// One text member of each item.
inline std::vector<std::string> texts(const Json& list, const char* member) {
  std::vector<std::string> found;
  for (const Json& item : list.items()) {
    found.push_back(item[member].string_or(""));
  }
  return found;
}

using Names = std::vector<std::string>;

}  // namespace tidegate::api
