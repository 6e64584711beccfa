#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/stack_watch.h"
#include "apps/tidegate/verbs/verbs.h"

namespace tidegate::apps {
namespace {

Status delete_and_wait(const Down& down, const Environment& environment) {
  TG_ASSIGN_OR_RETURN(const auto client, connect(environment));
  TG_ASSIGN_OR_RETURN(const Json stack, describe_stack(*client, down.stack));
  if (stack.is_null()) {
    progress("there is no stack " + down.stack);
    return Ok{};
  }
  // By its ARN, under which its events are there to the end.
  StackWatch watch{*client, stack["StackId"].string_or(down.stack)};
  Client::Headers headers;
  if (down.haste == Down::Haste::Now) {
    headers.emplace_back("X-Tidegate-Haste", "now");
  }
  TG_RETURN_IF_ERROR(client->call(
      "cloudformation", "DeleteStack", Json::object({{"StackName", down.stack}}), headers));
  TG_ASSIGN_OR_RETURN(const Json left, watch.settle());
  if (!left.is_null()) {
    return Error{ErrorCode::FailedPrecondition,
                 "StackFailed",
                 "stack " + down.stack + ": " + left["StackStatus"].string_or("") + ": " +
                     watch.first_failure()};
  }
  return Ok{};
}

}  // namespace

Exit run_down(const Down& down, const Environment& environment) {
  const Status done = delete_and_wait(down, environment);
  if (!done) {
    return report(done.error(), environment);
  }
  if (down.output == Output::Json) {
    print(Json::object({{"StackName", down.stack}, {"StackStatus", "DELETE_COMPLETE"}}).dump(2) +
          "\n");
  }
  return Exit::Done;
}

}  // namespace tidegate::apps
