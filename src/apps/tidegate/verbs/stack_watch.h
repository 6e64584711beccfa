// Follows a stack until what was asked of it is done, printing its events as they come.
#pragma once

#include <set>
#include <string>

#include "apps/tidegate/client.h"
#include "base/json.h"

namespace tidegate::apps {

class StackWatch {
 public:
  /// Events that exist already are not printed; none exist for a stack that is yet to be made.
  StackWatch(Client& client, std::string stack);

  /// Polls until the stack is in no …_IN_PROGRESS state; the stack as DescribeStacks gives it, null
  /// when it does not exist (any more). Errors: the API's.
  Result<Json> settle();
  /// The reason of the first …_FAILED event seen, empty when there was none.
  const std::string& first_failure() const { return first_failure_; }

 private:
  Status print_events();
  void note(const Json& event);

  Client& client_;
  std::string stack_;
  std::set<std::string> seen_;
  std::string first_failure_;
};

/// The stack of that name, or null when there is none. Errors: the API's.
Result<Json> describe_stack(Client& client, const std::string& stack);

}  // namespace tidegate::apps
