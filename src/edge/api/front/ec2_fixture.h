// What the tests of EC2's operations share: a request's command, an answer as JSON.
#pragma once

#include <string>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/ec2.h"

namespace tidegate::api {

/// The one command that a request posts.
inline engine::FleetCommand ec2_posted(const std::string& body) {
  Desk desk;
  const HttpResponse response = desk.form("ec2", body);
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  REQUIRE(desk.commands.posted().size() == 1);
  return std::get<engine::FleetCommand>(desk.commands.posted()[0]);
}

template <typename Command>
Command ec2_posted_as(const std::string& body) {
  return std::get<Command>(ec2_posted(body));
}

/// The answer to "Action=" and `body`.
inline Json ec2_answer(Desk& desk, const std::string& body) {
  return read(desk, "ec2", ec2::service(), "Action=" + body);
}

}  // namespace tidegate::api
