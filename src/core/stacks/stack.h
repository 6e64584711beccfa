// A stack as CloudFormation shows it: status, resources, events. Values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {

enum class Status {  // of stacks and of resources; AWS's spelling by to_string():
                     // "CREATE_IN_PROGRESS"
  CreateInProgress,
  CreateComplete,
  CreateFailed,
  RollbackInProgress,
  RollbackComplete,
  RollbackFailed,
  UpdateInProgress,
  UpdateComplete,
  UpdateFailed,
  UpdateRollbackInProgress,
  UpdateRollbackComplete,
  UpdateRollbackFailed,
  DeleteInProgress,
  DeleteComplete,
  DeleteFailed,
  DeleteSkipped,  // of a resource with DeletionPolicy: Retain
  // Stored as numbers: new ones at the end.
  ReviewInProgress,  // only a change set is there
  UpdateCompleteCleanupInProgress,
  UpdateRollbackCompleteCleanupInProgress,
};
std::string_view to_string(Status status);
std::optional<Status> parse_status(std::string_view text);
/// The executor has something to do: not in review, which waits for the user.
bool in_progress(Status status);
/// An update may begin.
bool is_updatable(Status status);

struct StackResource {
  LogicalId logical_id;
  std::string physical_id;
  std::string type;
  Status status = Status::CreateInProgress;
  std::string status_reason;
  Instant updated;
  bool operator==(const StackResource&) const = default;
};

struct StackEvent {
  std::string event_id;
  std::string logical_id, physical_id,
      type;  // the stack's own events have its name, its id and AWS::CloudFormation::Stack
  Status status = Status::CreateInProgress;
  std::string status_reason;
  Instant timestamp;
  std::string token{};  // ClientRequestToken of the call that began it
  bool operator==(const StackEvent&) const = default;
};
inline constexpr std::size_t kMaxEventsKept = 1000;  // per stack, newest

/// One line of a change set.
struct Change {
  std::string action;  // "Add", "Modify", "Remove"
  std::string logical_id, physical_id, type;
  std::vector<std::string> properties;  // of Modify: which change
  bool operator==(const Change&) const = default;
};

/// What an update (or creation) would do, kept until it is executed or deleted.
struct ChangeSet {
  enum class Type { Create, Update };
  enum class State { Available, Failed, Executing, Executed, ExecutionFailed, Obsolete };

  std::string id;  // ARN
  std::string name, description;
  Type type = Type::Update;
  State state = State::Available;
  std::string reason;  // of Failed
  Instant created;
  std::string template_body, template_folder;
  std::map<std::string, std::string> given_parameters, parameters, tags;
  std::vector<Change> changes;
  bool operator==(const ChangeSet&) const = default;
};
inline constexpr std::size_t kMaxChangeSets = 100;  // per stack

struct Stack {
  StackName name;
  std::string id;  // ARN
  std::string description;
  Status status = Status::CreateInProgress;
  std::string status_reason;
  Instant created;
  std::optional<Instant> updated, deleted;
  std::string template_body;
  std::string template_folder;
  std::map<std::string, std::string> given_parameters;  // as the caller gave them
  std::map<std::string, std::string> parameters;        // as used
  std::map<std::string, std::string> tags;
  std::vector<StackResource> resources;  // in creation order
  std::vector<StackEvent> events;        // oldest first
  std::vector<Output> outputs;
  TidegateMetadata metadata;
  std::vector<ChangeSet> change_sets;         // oldest first
  std::string change_set_id;                  // of the one that was executed last
  std::string token;                          // ClientRequestToken of what goes on now
  std::map<std::string, std::string> tokens;  // ClientRequestToken → the call it was given with
  bool operator==(const Stack&) const = default;
};

/// Resource type → how many of it exist now.
std::map<std::string, std::int32_t> existing_resources(const Stack& stack);

}  // namespace tidegate::stacks
