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
};
std::string_view to_string(Status status);
std::optional<Status> parse_status(std::string_view text);
bool in_progress(Status status);

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
  bool operator==(const StackEvent&) const = default;
};
inline constexpr std::size_t kMaxEventsKept = 1000;  // per stack, newest

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
  bool operator==(const Stack&) const = default;
};

/// Resource type → how many of it exist now.
std::map<std::string, std::int32_t> existing_resources(const Stack& stack);

}  // namespace tidegate::stacks
