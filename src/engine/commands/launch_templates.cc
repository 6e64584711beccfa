// Commands on launch templates and their versions.
#include <algorithm>

#include "base/text.h"
#include "engine/commands/execution.h"

namespace tidegate::engine {
namespace {

constexpr std::size_t kMaxVersions = 10'000;  // AWS quota, per template

Error ec2_error(ErrorCode code, const char* name, std::string message) {
  return Error{code, name, std::move(message)};
}

void touch(const Execution& on, const groups::LaunchTemplate& launch_template) {
  on.state.journal.touch(EntityKind::LaunchTemplate, launch_template.id.value);
}

Error no_version(const groups::LaunchTemplate& launch_template, const std::string& version) {
  return ec2_error(ErrorCode::NotFound,
                   "InvalidLaunchTemplateId.VersionNotFound",
                   "Could not find the specified version " + version +
                       " for the launch template with ID " + launch_template.id.value + ".");
}

std::vector<std::string> users_of(const Model& model, const groups::LaunchTemplateId& id) {
  std::vector<std::string> names;
  for (const auto& [name, group] : model.groups) {
    if (group.group.launch_template.id == id) {
      names.push_back(name.value);
    }
  }
  return names;
}

}  // namespace

Result<groups::LaunchTemplate*> named_template(Model& model, const LaunchTemplateName& name) {
  if (!name.id.empty()) {
    const auto found = model.launch_templates.find(name.id);
    if (found == model.launch_templates.end()) {
      return ec2_error(
          ErrorCode::NotFound,
          "InvalidLaunchTemplateId.NotFound",
          "The specified launch template, with template ID " + name.id.value + ", does not exist.");
    }
    return &found->second;
  }
  for (auto& [id, launch_template] : model.launch_templates) {
    if (launch_template.name == name.name) {
      return &launch_template;
    }
  }
  return ec2_error(
      ErrorCode::NotFound,
      "InvalidLaunchTemplateName.NotFoundException",
      "The specified launch template, with template name " + name.name + ", does not exist.");
}

Status check_usable(const EngineState& state,
                    const stacks::StackName& stack,
                    const groups::LaunchTemplateVersion& version) {
  if (version.image_id.empty()) {
    return ec2_error(ErrorCode::InvalidArgument,
                     "MissingParameter",
                     "The request must contain the parameter ImageId");
  }
  if (version.instance_type.empty()) {
    return ec2_error(ErrorCode::InvalidArgument,
                     "MissingParameter",
                     "The request must contain the parameter InstanceType");
  }
  const auto image = image_of(state.model, stack, version.image_id);
  if (!image) {
    return ec2_error(ErrorCode::NotFound,
                     "InvalidAMIID.NotFound",
                     "The image id '[" + version.image_id +
                         "]' does not exist: declare it under "
                         "Metadata.Tidegate.Images of a stack of this home, or use " +
                         kHostImage +
                         ", which is this machine's own root; DescribeImages lists what there is");
  }
  if (!size_of(state.model, stack, version.instance_type, 1)) {
    return ec2_error(ErrorCode::InvalidArgument,
                     "InvalidParameterValue",
                     "Invalid value '" + version.instance_type +
                         "' for InstanceType: it is not in the catalogue, and no stack's "
                         "Metadata.Tidegate.InstanceTypes gives its VCpus and MemoryMiB");
  }
  return state.ports.compute.check_image(ports::ProcessImage{image->layers});
}

Result<Answer> run(const Execution& on, const CreateLaunchTemplate& command) {
  groups::LaunchTemplate made = command.launch_template;
  for (const auto& [id, other] : on.state.model.launch_templates) {
    if (!made.client_token.empty() && other.client_token == made.client_token) {
      return Answer{LaunchTemplateAnswer{other, {}}};
    }
    if (other.name == made.name) {
      return ec2_error(ErrorCode::AlreadyExists,
                       "InvalidLaunchTemplateName.AlreadyExistsException",
                       "Launch template name already in use.");
    }
  }
  made.id.value = "lt-" + on.state.ids.hex(17);
  made.created = on.now;
  made.default_version = 1;
  made.numbers_used = 1;
  made.versions.front().number = 1;
  made.versions.front().created = on.now;
  touch(on, made);
  on.state.model.launch_templates.insert_or_assign(made.id, made);
  return Answer{LaunchTemplateAnswer{made, {{"1", made.versions.front(), ""}}}};
}

Result<Answer> run(const Execution& on, const CreateLaunchTemplateVersion& command) {
  TG_ASSIGN_OR_RETURN(groups::LaunchTemplate* const found,
                      named_template(on.state.model, command.launch_template));
  if (found->versions.size() >= kMaxVersions) {
    return ec2_error(
        ErrorCode::ResourceExhausted,
        "VersionLimitExceeded",
        "The launch template can have at most " + std::to_string(kMaxVersions) + " versions.");
  }
  for (const auto& old : found->versions) {
    if (!command.version.client_token.empty() && old.client_token == command.version.client_token) {
      return Answer{LaunchTemplateAnswer{*found, {{std::to_string(old.number), old, ""}}}};
    }
  }
  groups::LaunchTemplateVersion version = command.version;
  version.number = next_version_number(*found);
  version.created = on.now;
  found->numbers_used = version.number;
  found->versions.push_back(version);
  touch(on, *found);
  return Answer{LaunchTemplateAnswer{*found, {{std::to_string(version.number), version, ""}}}};
}

Result<Answer> run(const Execution& on, const ModifyLaunchTemplate& command) {
  TG_ASSIGN_OR_RETURN(groups::LaunchTemplate* const found,
                      named_template(on.state.model, command.launch_template));
  const auto* version = resolve(*found, command.default_version);
  if (version == nullptr) {
    return no_version(*found, command.default_version);
  }
  found->default_version = version->number;
  touch(on, *found);
  return Answer{LaunchTemplateAnswer{*found, {}}};
}

Result<Answer> run(const Execution& on, const DeleteLaunchTemplate& command) {
  TG_ASSIGN_OR_RETURN(const groups::LaunchTemplate* const found,
                      named_template(on.state.model, command.launch_template));
  const groups::LaunchTemplate deleted = *found;
  const auto users = users_of(on.state.model, deleted.id);
  touch(on, deleted);
  on.state.model.launch_templates.erase(deleted.id);
  for (const auto& name : users) {  // as AWS lets it: the group can launch nothing from now on
    LedgerEntry entry = user_entry(on, on.state.model.groups.at(groups::GroupName{name}));
    entry.decided = true;
    entry.what = "launch template " + deleted.name + " deleted";
    record(on.state, std::move(entry));
  }
  return Answer{LaunchTemplateAnswer{deleted, {}}};
}

Result<Answer> run(const Execution& on, const DeleteLaunchTemplateVersions& command) {
  TG_ASSIGN_OR_RETURN(groups::LaunchTemplate* const found,
                      named_template(on.state.model, command.launch_template));
  LaunchTemplateAnswer answer;
  for (const auto& asked : command.versions) {
    const auto* version = parse_int(asked) ? resolve(*found, asked) : nullptr;
    if (version == nullptr) {
      answer.versions.push_back({asked, std::nullopt, "launchTemplateVersionDoesNotExist"});
    } else if (version->number == found->default_version) {
      answer.versions.push_back({asked, std::nullopt, "unexpectedError"});
    } else {
      answer.versions.push_back({asked, *version, ""});
      const std::int64_t number = version->number;
      std::erase_if(found->versions, [number](const auto& v) { return v.number == number; });
    }
  }
  touch(on, *found);
  answer.launch_template = *found;
  return Answer{std::move(answer)};
}

}  // namespace tidegate::engine
