#include "apps/tidegate/verbs/stack_watch.h"

#include <vector>

#include "apps/tidegate/show/words.h"
#include "apps/tidegate/verbs/connection.h"

namespace tidegate::apps {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds{150};

/// AWS says ValidationError for a stack that does not exist; its sentence is what tells.
bool says_no_such_stack(const Error& error) {
  return error.code == ErrorCode::NotFound ||
         error.message.find("does not exist") != std::string::npos;
}

Result<Json> events_of(Client& client, const std::string& stack) {
  auto answer =
      client.call("cloudformation", "DescribeStackEvents", Json::object({{"StackName", stack}}));
  if (!answer) {
    if (says_no_such_stack(answer.error())) {
      return Json::array();
    }
    return std::move(answer).error();
  }
  return (*answer)["StackEvents"];
}

}  // namespace

Result<Json> describe_stack(Client& client, const std::string& stack) {
  auto answer =
      client.call("cloudformation", "DescribeStacks", Json::object({{"StackName", stack}}));
  if (!answer) {
    if (says_no_such_stack(answer.error())) {
      return Json{};
    }
    return std::move(answer).error();
  }
  const auto& stacks = (*answer)["Stacks"].items();
  if (stacks.empty() || stacks.front()["StackStatus"].string_or("") == "DELETE_COMPLETE") {
    return Json{};
  }
  return stacks.front();
}

StackWatch::StackWatch(Client& client, std::string stack)
    : client_(client), stack_(std::move(stack)) {
  if (const auto events = events_of(client_, stack_)) {
    for (const Json& event : events->items()) {
      seen_.insert(event["EventId"].string_or(""));
    }
  }
}

void StackWatch::note(const Json& event) {
  const std::string status = event["ResourceStatus"].string_or("");
  const std::string reason = event["ResourceStatusReason"].string_or("");
  if (status.ends_with("_FAILED") && first_failure_.empty()) {
    first_failure_ = event["LogicalResourceId"].string_or("") + ": " + reason;
  }
  progress(clock_text(event["Timestamp"].string_or("")) + "  " + status + "  " +
           event["LogicalResourceId"].string_or("") + "  " + event["ResourceType"].string_or("") +
           (reason.empty() ? "" : "  " + reason));
}

Status StackWatch::print_events() {
  TG_ASSIGN_OR_RETURN(const Json events, events_of(client_, stack_));
  const auto& items = events.items();  // newest first
  for (auto event = items.rbegin(); event != items.rend(); ++event) {
    if (seen_.insert((*event)["EventId"].string_or("")).second) {
      note(*event);
    }
  }
  return Ok{};
}

Result<Json> StackWatch::settle() {
  while (true) {
    TG_ASSIGN_OR_RETURN(Json stack, describe_stack(client_, stack_));
    TG_RETURN_IF_ERROR(print_events());  // after the state: the last events are printed too
    const std::string status = stack["StackStatus"].string_or("");
    if (stack.is_null() || !status.ends_with("_IN_PROGRESS")) {
      return stack;
    }
    pause_for(kPoll);
  }
}

}  // namespace tidegate::apps
