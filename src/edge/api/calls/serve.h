// A handler is a function from a typed request to a typed answer (reads), or to a command and what
// makes the answer of its outcome (writes). reads() and writes() turn it into an Entry that
// decodes, validates and encodes around it. Handlers are pure but for the metric store and the
// console.
#pragma once

#include <functional>
#include <initializer_list>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "edge/api/calls/call.h"
#include "edge/api/protocol/encode.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

/// A decoded body, before anybody knows of which operation it is.
class Body {
 public:
  Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  virtual ~Body() = default;
  /// Decodes and validates. Errors: as decode.h and validate.h.
  virtual Status into(const Shape& shape, void* structure) const = 0;
};

/// A command for the engine, and how its outcome becomes the response.
struct Pending {
  engine::Command command;
  UniqueFunction<Result<HttpResponse>(engine::Answer)> finish;
};
using Outcome = std::variant<HttpResponse, Pending>;

/// An operation of the own service (JSON 1.0, `X-Amz-Target: Tidegate.<Operation>`): what AWS has
/// no operation for.
using OwnHandler = std::function<Result<Json>(const Context&, const Json&)>;

struct Entry {
  const Operation* operation = nullptr;
  std::function<Result<Outcome>(const Context&, const Exchange&, const Body&)> run;
};

template <typename Op>
struct Write {
  engine::Command command;
  std::function<Result<typename Op::Answer>(const engine::Answer&)> finish;
};

/// Refuses what the operation knows but does not act on. accepted: names of members.
Status check_accepted(const Shape* shape,
                      const void* request,
                      const std::vector<const char*>& accepted);

/// Requests of EC2 may ask what would be answered, without anything being done.
template <typename Request>
concept CanBeDry = requires(const Request& request) { request.dry_run; };

template <typename Request>
bool is_dry(const Request& request) {
  if constexpr (CanBeDry<Request>) {
    return request.dry_run.value_or(false);
  } else {
    return false;
  }
}

/// The names of the members that are acted on, DryRun included where there is one.
template <typename Op>
std::vector<const char*> acted_on(std::initializer_list<const char*> accepted) {
  std::vector<const char*> names(accepted);
  if constexpr (CanBeDry<typename Op::Request>) {
    names.push_back("DryRun");
  }
  return names;
}

/// The same command, to be tried and taken back.
engine::Command tried(engine::Command command);

template <typename Op>
Result<typename Op::Request> decode_request(const Body& body,
                                            const std::vector<const char*>& accepted) {
  typename Op::Request request;
  if (const Shape* shape = Op::table().input; shape != nullptr) {
    TG_RETURN_IF_ERROR(body.into(*shape, &request));
    TG_RETURN_IF_ERROR(check_accepted(shape, &request, accepted));
  }
  return request;
}

template <typename Op>
Entry reads(std::initializer_list<const char*> accepted,
            Result<typename Op::Answer> (*handler)(const Context&, const typename Op::Request&)) {
  return Entry{
      &Op::table(),
      [handler, names = acted_on<Op>(accepted)](
          const Context& context, const Exchange& exchange, const Body& body) -> Result<Outcome> {
        TG_ASSIGN_OR_RETURN(const auto request, decode_request<Op>(body, names));
        TG_ASSIGN_OR_RETURN(const auto answer, handler(context, request));
        if (is_dry(request)) {
          return engine::would_succeed();
        }
        return Outcome{encode_answer(exchange, Op::table(), &answer)};
      }};
}

template <typename Op>
Entry writes(std::initializer_list<const char*> accepted,
             Result<Write<Op>> (*handler)(const Context&, const typename Op::Request&)) {
  return Entry{
      &Op::table(),
      [handler, names = acted_on<Op>(accepted)](
          const Context& context, const Exchange& exchange, const Body& body) -> Result<Outcome> {
        TG_ASSIGN_OR_RETURN(const auto request, decode_request<Op>(body, names));
        TG_ASSIGN_OR_RETURN(auto write, handler(context, request));
        if (is_dry(request)) {
          write.command = tried(std::move(write.command));
        }
        auto finish = [exchange, inner = std::move(write.finish)](
                          engine::Answer outcome) -> Result<HttpResponse> {
          TG_ASSIGN_OR_RETURN(const auto answer, inner(outcome));
          return encode_answer(exchange, Op::table(), &answer);
        };
        return Outcome{Pending{std::move(write.command), std::move(finish)}};
      }};
}

/// For a command whose answer is empty.
template <typename Op>
Write<Op> write_without_answer(engine::Command command) {
  return {std::move(command), [](const engine::Answer&) -> Result<typename Op::Answer> {
            return typename Op::Answer{};
          }};
}

}  // namespace tidegate::api
