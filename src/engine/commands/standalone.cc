// Commands on instances as EC2 has them: launched outside groups, terminated, tagged.
#include <algorithm>
#include <set>

#include "engine/commands/execution.h"
#include "engine/fleet/fleet.h"

namespace tidegate::engine {
namespace {

using groups::InstanceId;
using groups::LifecycleState;
using groups::StandaloneInstance;

constexpr std::size_t kMaxInstanceTags = 50;  // AWS quota, per resource

/// The launch template's version with what the call gives over it.
groups::LaunchTemplateVersion overlaid(groups::LaunchTemplateVersion base,
                                       const groups::LaunchTemplateVersion& given) {
  const auto take = [](std::string& value, const std::string& over) {
    value = over.empty() ? value : over;
  };
  take(base.image_id, given.image_id);
  take(base.instance_type, given.instance_type);
  take(base.user_data, given.user_data);
  take(base.iam_instance_profile, given.iam_instance_profile);
  if (!given.security_groups.empty()) {
    base.security_groups = given.security_groups;
  }
  for (const auto& [key, value] : given.instance_tags) {
    base.instance_tags[key] = value;
  }
  return base;
}

struct Source {
  groups::LaunchTemplateVersion version;
  groups::LaunchTemplateSpecification specification;
};

Result<Source> source_of(const Execution& on, const RunInstances& command) {
  Source source{command.made_from, {}};
  if (!command.launch_template) {
    return source;
  }
  const auto& asked = *command.launch_template;
  TG_ASSIGN_OR_RETURN(const groups::LaunchTemplate* const found,
                      named_template(on.state.model, {asked.id, asked.name}));
  const auto* version = resolve(*found, asked.version);
  if (version == nullptr) {
    return Error{ErrorCode::NotFound,
                 "InvalidLaunchTemplateId.VersionNotFound",
                 "Could not find the specified version " + asked.version +
                     " for the launch template with ID " + found->id.value + "."};
  }
  source.version = overlaid(*version, command.made_from);
  source.specification = {found->id, found->name, std::to_string(version->number)};
  return source;
}

Result<std::string> zone_of(const Model& model, const RunInstances& command) {
  const auto zones = zones_of(model);
  if (!command.zone.empty() && !std::binary_search(zones.begin(), zones.end(), command.zone)) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidParameterValue",
                 "Invalid availability zone: [" + command.zone + "]"};
  }
  if (command.subnet.empty()) {
    return command.zone.empty() ? zones.front() : command.zone;
  }
  const auto subnets = subnet_zones(model);
  const auto found = subnets.find(command.subnet);
  if (found == subnets.end()) {
    return Error{ErrorCode::NotFound,
                 "InvalidSubnetID.NotFound",
                 "The subnet ID '" + command.subnet + "' does not exist"};
  }
  if (!command.zone.empty() && command.zone != found->second) {
    return Error{
        ErrorCode::InvalidArgument,
        "InvalidParameterValue",
        "The subnet " + command.subnet + " is in " + found->second + ", not in " + command.zone};
  }
  return found->second;
}

/// How many of the wanted ones the host has room for. Error: InsufficientInstanceCapacity.
Result<std::int32_t> count_of(const EngineState& state,
                              const RunInstances& command,
                              const std::string& type) {
  if (command.min_count < 1 || command.max_count < command.min_count) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidParameterValue",
                 "MinCount " + std::to_string(command.min_count) + " and MaxCount " +
                     std::to_string(command.max_count) +
                     " must be at least 1, and MinCount at most MaxCount"};
  }
  const auto fit = how_many_fit(size_of(state.model, {}, type, kLoneInstances), room_left(state));
  const std::int32_t count = std::min(command.max_count, fit.value_or(command.max_count));
  if (count < command.min_count) {
    return Error{ErrorCode::ResourceExhausted,
                 "InsufficientInstanceCapacity",
                 "There is room for " + std::to_string(count) + " more " + type +
                     " on this host, and " + std::to_string(command.min_count) + " were asked for"};
  }
  return count;
}

InstancesAnswer made_before(const Model& model, const std::string& token) {
  InstancesAnswer answer;
  for (const auto& [id, standalone] : model.standalone) {
    if (!token.empty() && standalone.value.client_token == token) {
      answer.instances.push_back(standalone.value);
    }
  }
  return answer;
}

Error no_instance(const std::string& id) {
  return Error{ErrorCode::NotFound,
               "InvalidInstanceID.NotFound",
               "The instance ID '" + id + "' does not exist"};
}

/// EC2 does not ask the group: it finds out.
void end_in_group(const Execution& on, GroupModel& group, const InstanceId& id) {
  const auto& instance = group.instances.at(id);
  if (instance.lifecycle_state == LifecycleState::Terminating) {
    return;
  }
  const auto stage = instance.lifecycle_state == LifecycleState::Pending
                         ? groups::TerminationStage::Killing
                         : groups::TerminationStage::Stopping;
  const std::string cause = "At " + format_iso8601(on.now) +
                            " an instance was taken out of service in response to an EC2 health "
                            "check indicating it has been terminated or stopped.";
  apply_actions(
      on.state,
      group,
      {groups::BeginTermination{id, groups::TerminationReason::UserRequest, stage, cause}},
      on.now);
}

std::map<std::string, std::string>* tags_of(const Execution& on, const std::string& id) {
  EngineState& state = on.state;
  const auto found = state.model.launch_templates.find(groups::LaunchTemplateId{id});
  if (found != state.model.launch_templates.end()) {
    state.journal.touch(EntityKind::LaunchTemplate, id);
    return &found->second.tags;
  }
  if (GroupModel* const group = group_of(state.model, InstanceId{id})) {
    state.journal.touch(EntityKind::Instance, id, group->group.name.value);
    return &group->instances.at(InstanceId{id}).tags;
  }
  const auto standalone = state.model.standalone.find(InstanceId{id});
  if (standalone != state.model.standalone.end()) {
    state.journal.touch(EntityKind::Standalone, id);
    return &standalone->second.value.instance.tags;
  }
  return nullptr;
}

Error no_resource(const std::string& id) {
  if (id.starts_with("i-")) {
    return no_instance(id);
  }
  if (id.starts_with("lt-")) {
    return Error{ErrorCode::NotFound,
                 "InvalidLaunchTemplateId.NotFound",
                 "The specified launch template, with template ID " + id + ", does not exist."};
  }
  return Error{ErrorCode::NotFound,
               "InvalidID",
               "The ID '" + id + "' is not valid: launch templates and instances have tags here"};
}

}  // namespace

Result<Answer> run(const Execution& on, const RunInstances& command) {
  EngineState& state = on.state;
  if (auto before = made_before(state.model, command.client_token); !before.instances.empty()) {
    return Answer{std::move(before)};
  }
  TG_ASSIGN_OR_RETURN(const Source source, source_of(on, command));
  TG_RETURN_IF_ERROR(check_usable(state, {}, source.version));
  TG_ASSIGN_OR_RETURN(const std::string zone, zone_of(state.model, command));
  TG_ASSIGN_OR_RETURN(const auto count, count_of(state, command, source.version.instance_type));
  const std::string reservation = "r-" + state.ids.hex(17);
  InstancesAnswer answer;
  for (std::int32_t index = 0; index < count; ++index) {
    StandaloneInstance made;
    made.made_from = source.version;
    made.reservation = reservation;
    made.launch_index = index;
    made.client_token = command.client_token;
    made.instance.id.value = "i-" + state.ids.hex(17);
    made.instance.zone = zone;
    made.instance.image_id = source.version.image_id;
    made.instance.instance_type = source.version.instance_type;
    made.instance.launch_template = source.specification;
    made.instance.launched = on.now;
    made.instance.tags = source.version.instance_tags;
    state.journal.touch(EntityKind::Standalone, made.instance.id.value);
    answer.instances.push_back(made);
    LedgerEntry entry;
    entry.at = on.now;
    entry.instance = made.instance.id.value;
    entry.decided = true;
    entry.what = "launch " + made.instance.id.value;
    entry.why = "asked for by " + on.principal.arn;
    record(state, std::move(entry));
    state.model.standalone[made.instance.id].value = std::move(made);
  }
  return Answer{std::move(answer)};
}

Result<Answer> run(const Execution& on, const TerminateInstances& command) {
  InstancesAnswer answer;
  for (const auto& id : command.instances) {
    if (GroupModel* const group = group_of(on.state.model, id)) {
      answer.before.push_back({group->instances.at(id), {}, "", 0, "", std::nullopt, ""});
      end_in_group(on, *group, id);
      answer.instances.push_back({group->instances.at(id), {}, "", 0, "", std::nullopt, ""});
      continue;
    }
    const auto found = on.state.model.standalone.find(id);
    if (found == on.state.model.standalone.end()) {
      return no_instance(id.value);
    }
    answer.before.push_back(found->second.value);
    found->second.value = groups::begin_end(std::move(found->second.value), on.now);
    answer.instances.push_back(found->second.value);
    on.state.journal.touch(EntityKind::Standalone, id.value);
  }
  return Answer{std::move(answer)};
}

Result<Answer> run(const Execution& on, const ChangeResourceTags& command) {
  for (const auto& id : command.resources) {
    auto* const tags = tags_of(on, id);
    if (tags == nullptr) {
      return no_resource(id);
    }
    for (const auto& [key, value] : command.set) {
      (*tags)[key] = value;
    }
    for (const auto& [key, value] : command.removed) {
      const auto found = tags->find(key);
      if (found != tags->end() && (!value || *value == found->second)) {
        tags->erase(found);
      }
    }
    if (tags->size() > kMaxInstanceTags) {
      return Error{ErrorCode::ResourceExhausted,
                   "TagLimitExceeded",
                   "The resource " + id + " can have at most " + std::to_string(kMaxInstanceTags) +
                       " tags."};
    }
  }
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
