// The API's front over a real engine and a simulated world: what calls change, calls then read.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "base/xml.h"
#include "edge/api/front/front.h"
#include "edge/api/protocol/reverse.h"
#include "engine/queries.h"
#include "engine/world_fixture.h"
#include "sample/signed_request.h"

namespace tidegate::sample {

class WorkingDesk final : public engine::QueryDoor, public engine::CommandDoor {
 public:
  using Service = api::Service;

  std::shared_ptr<const engine::Model> view() const override { return world.engine->view(); }
  Result<std::pair<std::string, std::uint64_t>> console(const groups::InstanceId& id,
                                                        std::uint64_t offset,
                                                        std::size_t max_bytes) const override {
    TG_ASSIGN_OR_RETURN(auto chunk, world.cloud.console(id, offset, max_bytes));
    return std::pair{std::move(chunk.text), chunk.next_offset};
  }
  void post(engine::Principal principal, engine::Command command, engine::Reply reply) override {
    reply(world.engine->execute(principal, command, world.clock.now()));
  }

  /// "Code: message" of a refusal, "" of a success.
  std::string refusal(const Service& service, const std::string& body) {
    const api::HttpResponse response = ask(service, body);
    if (response.status == 200) {
      return "";
    }
    const Error error = api::decode_error(*parse_xml(response.body));
    return error.name + ": " + error.message;
  }
  /// The answer as JSON by the model's names; fails the test when there is none.
  Json call(const Service& service, const std::string& body) {
    const api::HttpResponse response = ask(service, body);
    CAPTURE(body);
    CAPTURE(response.body);
    REQUIRE(response.status == 200);
    const std::string action = body.substr(0, body.find('&'));
    return api::decode_answer(
        service, *api::find_operation(service, action), *parse_xml(response.body));
  }
  int status(const Service& service, const std::string& body) { return ask(service, body).status; }

  mutable engine::World world;

 private:
  /// body: "Operation&Member=…".
  api::HttpResponse ask(const Service& service, const std::string& body) {
    std::optional<api::HttpResponse> got;
    const std::string text = "Action=" + body + "&Version=" + service.version;
    front_.handle(signed_request(service.name, text, world.clock.now()),
                  [&](api::HttpResponse response) { got = std::move(response); });
    REQUIRE(got.has_value());
    return *got;
  }

  api::Front front_{{kRoot, [this] { return world.clock.now(); }, 1}, *this, *this, world.metrics};
};

}  // namespace tidegate::sample
