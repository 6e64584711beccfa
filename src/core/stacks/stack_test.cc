#include "core/stacks/stack.h"

#include <array>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace tidegate::stacks {
namespace {

TEST_CASE("stack status: AWS's spelling, there and back, and what is in progress") {
  struct Case {
    Status status;
    const char* text;
    bool busy;
  };
  const auto cases = std::to_array<Case>({
      {Status::CreateInProgress, "CREATE_IN_PROGRESS", true},
      {Status::CreateComplete, "CREATE_COMPLETE", false},
      {Status::CreateFailed, "CREATE_FAILED", false},
      {Status::RollbackInProgress, "ROLLBACK_IN_PROGRESS", true},
      {Status::RollbackComplete, "ROLLBACK_COMPLETE", false},
      {Status::RollbackFailed, "ROLLBACK_FAILED", false},
      {Status::UpdateInProgress, "UPDATE_IN_PROGRESS", true},
      {Status::UpdateComplete, "UPDATE_COMPLETE", false},
      {Status::UpdateFailed, "UPDATE_FAILED", false},
      {Status::UpdateRollbackInProgress, "UPDATE_ROLLBACK_IN_PROGRESS", true},
      {Status::UpdateRollbackComplete, "UPDATE_ROLLBACK_COMPLETE", false},
      {Status::UpdateRollbackFailed, "UPDATE_ROLLBACK_FAILED", false},
      {Status::DeleteInProgress, "DELETE_IN_PROGRESS", true},
      {Status::DeleteComplete, "DELETE_COMPLETE", false},
      {Status::DeleteFailed, "DELETE_FAILED", false},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.text});
    CHECK(to_string(c.status) == c.text);
    CHECK(parse_status(c.text) == c.status);
    CHECK(in_progress(c.status) == c.busy);
  }
  CHECK(!parse_status("CREATE").has_value());
}

}  // namespace
TEST_CASE("existing resources: those that were made and are not gone, by type") {
  const auto resource = [](const char* physical_id, const char* type, Status status) {
    StackResource made;
    made.physical_id = physical_id;
    made.type = type;
    made.status = status;
    return made;
  };
  Stack stack;
  stack.resources = {resource("a", "Balancer", Status::CreateComplete),
                     resource("b", "Balancer", Status::DeleteInProgress),
                     resource("", "Group", Status::CreateInProgress),
                     resource("c", "Group", Status::CreateFailed),
                     resource("d", "Group", Status::DeleteComplete),
                     resource("e", "Group", Status::DeleteSkipped),
                     resource("f", "Cache", Status::UpdateComplete)};
  CHECK(existing_resources(stack) ==
        std::map<std::string, std::int32_t>{{"Balancer", 2}, {"Cache", 1}});
}

}  // namespace tidegate::stacks
