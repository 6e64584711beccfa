// Commands: the one door through which edge changes anything. A command is validated and journalled
// on the engine's thread; its answer comes back on that thread through the callback. Any thread may
// post.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "core/groups/activity.h"
#include "core/groups/instance.h"
#include "core/groups/standalone.h"
#include "core/stacks/stack.h"
#include "engine/commands/alarms.h"
#include "engine/commands/balancers.h"
#include "engine/commands/fleet.h"

namespace tidegate::engine {

/// Who asked. Every command carries it; it goes into the ledger.
struct Principal {
  std::string arn;  // "arn:aws:iam::000000000000:root"
};

struct CreateStack {
  stacks::StackName name;
  std::string template_body;
  std::string template_folder;  // absolute; where the CLI read it, empty for other clients
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> tags;
  std::string token{};  // ClientRequestToken: the same call again with it does nothing again
};
struct UpdateStack {
  stacks::StackName name;     // or its ARN
  std::string template_body;  // empty: UsePreviousTemplate
  std::string template_folder;
  std::map<std::string, std::string> parameters;
  std::optional<std::map<std::string, std::string>> tags{};  // absent: as they are
  std::string token{};
};
struct DeleteStack {
  enum class Haste { Drain, Now };  // Now: no draining, SIGKILL (`tidegate down --now`)
  stacks::StackName name;           // or its ARN; unknown ones succeed, as in AWS
  Haste haste = Haste::Drain;
  std::string token{};
};
struct CreateChangeSet {
  stacks::StackName stack;  // or its ARN; with Type::Create made, in review
  std::string name;
  std::string description;
  stacks::ChangeSet::Type type = stacks::ChangeSet::Type::Update;
  std::string template_body;  // empty: that of the stack
  std::string template_folder;
  std::map<std::string, std::string> parameters;
  std::optional<std::map<std::string, std::string>> tags;  // absent: as they are
};
struct ExecuteChangeSet {
  std::string id;  // ARN
  std::string token;
};
struct DeleteChangeSet {
  std::string id;  // ARN; unknown ones succeed, as in AWS
};
struct TargetDescription {
  std::string id;
  std::uint16_t port = 0;  // 0: the target group's
};
struct RegisterTargets {
  balancing::TargetGroupArn target_group;
  std::vector<TargetDescription> targets;
};
struct DeregisterTargets {
  balancing::TargetGroupArn target_group;
  std::vector<TargetDescription> targets;
};
/// Tried and taken back. Its answer is always an error: what the command would be refused with, or
/// EC2's DryRunOperation.
struct DryRun {
  FleetCommand command;
};
using Command = std::variant<CreateStack,
                             UpdateStack,
                             DeleteStack,
                             CreateChangeSet,
                             ExecuteChangeSet,
                             DeleteChangeSet,
                             SetDesiredCapacity,
                             TerminateInstance,
                             RegisterTargets,
                             DeregisterTargets,
                             AlarmCommand,
                             BalancerCommand,
                             FleetCommand,
                             DryRun>;

struct StackIdAnswer {
  std::string stack_id;
  std::string change_set_id{};  // of CreateChangeSet
};
struct ActivityAnswer {
  groups::Activity activity;
};
struct ActivitiesAnswer {
  std::vector<groups::Activity> activities;
};
struct PolicyAnswer {
  scaling::TargetTrackingPolicy policy;
  std::vector<std::pair<std::string, std::string>> alarms;  // name and ARN
};
/// As it is now; versions: those that the command made or deleted.
struct LaunchTemplateAnswer {
  struct Version {
    std::string asked;
    std::optional<groups::LaunchTemplateVersion> version;
    std::string failure;  // why it was not deleted; empty else
  };
  groups::LaunchTemplate launch_template;
  std::vector<Version> versions;
};
struct InstancesAnswer {
  std::vector<groups::StandaloneInstance> before;
  std::vector<groups::StandaloneInstance> instances;
};
using Answer = std::variant<Ok,
                            StackIdAnswer,
                            ActivityAnswer,
                            ActivitiesAnswer,
                            PolicyAnswer,
                            LaunchTemplateAnswer,
                            InstancesAnswer,
                            BalancerAnswer>;

/// What EC2 answers to a request with DryRun that would have been carried out.
Error would_succeed();

using Reply = UniqueFunction<void(Result<Answer>)>;

/// Errors are AWS's: ValidationError, AlreadyExistsException, TargetGroupNotFound, InvalidTarget,
/// ScalingActivityInProgress, …
class CommandDoor {
 public:
  CommandDoor() = default;
  CommandDoor(const CommandDoor&) = delete;
  CommandDoor& operator=(const CommandDoor&) = delete;
  virtual ~CommandDoor() = default;

  /// Bounded: with kMaxPending commands waiting it replies at once with Unavailable (Throttling).
  virtual void post(Principal principal, Command command, Reply reply) = 0;
};
inline constexpr std::size_t kMaxPending = 256;
inline constexpr std::size_t kMaxStacks = 2000;  // AWS quota

}  // namespace tidegate::engine
