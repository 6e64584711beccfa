// Launch templates and their versions.
#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "edge/api/calls/pages.h"
#include "edge/api/ec2/asking.h"
#include "edge/api/ec2/handlers.h"
#include "edge/api/ec2/template_data.h"

namespace tidegate::api::ec2 {
namespace {

constexpr std::int64_t kMaxTemplateResults = 200;
constexpr const char* kTemplateFilters = "launch-template-name, create-time, tag-key, tag:<key>";
constexpr const char* kVersionFilters = "image-id, instance-type, is-default-version";

Result<std::vector<LaunchTemplate>> named_templates(const engine::Model& model,
                                                    const DescribeLaunchTemplatesRequest& request) {
  for (const std::string& id : request.launch_template_ids.value_or(std::vector<std::string>{})) {
    TG_ASSIGN_OR_RETURN(const auto name, name_of(id, std::nullopt));
    TG_RETURN_IF_ERROR(found(model, name));
  }
  for (const std::string& name :
       request.launch_template_names.value_or(std::vector<std::string>{})) {
    TG_RETURN_IF_ERROR(found(model, {{}, name}));
  }
  TG_RETURN_IF_ERROR(check_filters(request.filters, kTemplateFilters));
  const bool all_wanted =
      !request.launch_template_ids.has_value() && !request.launch_template_names.has_value();
  std::vector<LaunchTemplate> all;
  for (const auto& [id, launch_template] : model.launch_templates) {
    const auto meaning = [&](std::string_view name) -> std::optional<std::vector<std::string>> {
      if (name == "launch-template-name") return {{launch_template.name}};
      if (name == "create-time") return {{format_iso8601(launch_template.created)}};
      return tag_values(launch_template.tags, name);
    };
    if (accepts(request.filters, meaning) &&
        (all_wanted || holds(request.launch_template_ids, id.value) ||
         holds(request.launch_template_names, launch_template.name))) {
      all.push_back(launch_template_answer(model, launch_template));
    }
  }
  return all;
}

Result<DescribeLaunchTemplatesResult> describe_templates(
    const Context& context, const DescribeLaunchTemplatesRequest& request) {
  TG_ASSIGN_OR_RETURN(auto all, named_templates(context.model, request));
  TG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      limit_of(request.max_results, 1, kMaxTemplateResults));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const LaunchTemplate& item) { return *item.launch_template_id; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeLaunchTemplatesResult answer;
  answer.launch_templates = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

/// MinVersion and MaxVersion as numbers.
struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
};

Result<Bounds> bounds_of(const DescribeLaunchTemplateVersionsRequest& request) {
  Bounds bounds;
  const auto read = [](const std::optional<std::string>& text, std::int64_t& number) -> Status {
    if (!text) {
      return Ok{};
    }
    const auto value = parse_int(*text);
    if (!value) {
      return invalid_value("MinVersion and MaxVersion must be numbers, not '" + *text + "'");
    }
    number = *value;
    return Ok{};
  };
  TG_RETURN_IF_ERROR(read(request.min_version, bounds.least));
  TG_RETURN_IF_ERROR(read(request.max_version, bounds.most));
  return bounds;
}

/// The asked versions of one template, newest first.
Result<std::vector<LaunchTemplateVersion>> asked_versions(
    const engine::Model& model,
    const groups::LaunchTemplate& of,
    const DescribeLaunchTemplateVersionsRequest& request) {
  std::vector<const groups::LaunchTemplateVersion*> chosen;
  TG_ASSIGN_OR_RETURN(const Bounds bounds, bounds_of(request));
  for (const auto& version : of.versions) {
    if (!request.versions && version.number >= bounds.least && version.number <= bounds.most) {
      chosen.insert(chosen.begin(), &version);
    }
  }
  for (const std::string& asked : request.versions.value_or(std::vector<std::string>{})) {
    const auto* version = groups::resolve(of, asked);
    if (version == nullptr) {
      return error(ErrorCode::NotFound,
                   "InvalidLaunchTemplateId.VersionNotFound",
                   "Could not find the specified version " + asked +
                       " for the launch template with ID " + of.id.value + ".");
    }
    if (std::find(chosen.begin(), chosen.end(), version) == chosen.end()) {
      chosen.push_back(version);
    }
  }
  std::vector<LaunchTemplateVersion> all;
  for (const auto* version : chosen) {
    const auto meaning = [&](std::string_view name) -> std::optional<std::vector<std::string>> {
      if (name == "image-id") return {{version->image_id}};
      if (name == "instance-type") return {{version->instance_type}};
      if (name == "is-default-version") {
        return {{version->number == of.default_version ? "true" : "false"}};
      }
      return std::nullopt;
    };
    if (accepts(request.filters, meaning)) {
      all.push_back(version_answer(model, of, *version));
    }
  }
  return all;
}

Result<DescribeLaunchTemplateVersionsResult> describe_versions(
    const Context& context, const DescribeLaunchTemplateVersionsRequest& request) {
  TG_RETURN_IF_ERROR(check_filters(request.filters, kVersionFilters));
  std::vector<LaunchTemplateVersion> all;
  if (!request.launch_template_id && !request.launch_template_name) {
    if (!request.versions) {
      return error(ErrorCode::InvalidArgument,
                   "MissingParameter",
                   "The request must contain LaunchTemplateId, LaunchTemplateName, or Versions "
                   "$Latest or $Default");
    }
    for (const auto& [id, launch_template] : context.model.launch_templates) {
      TG_ASSIGN_OR_RETURN(auto some, asked_versions(context.model, launch_template, request));
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
  } else {
    TG_ASSIGN_OR_RETURN(const auto name,
                        name_of(request.launch_template_id, request.launch_template_name));
    TG_ASSIGN_OR_RETURN(const groups::LaunchTemplate* const of, found(context.model, name));
    TG_ASSIGN_OR_RETURN(all, asked_versions(context.model, *of, request));
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      limit_of(request.max_results, 1, kMaxTemplateResults));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const LaunchTemplateVersion& item) {
                            return *item.launch_template_id + "/" +
                                   std::to_string(*item.version_number);
                          },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeLaunchTemplateVersionsResult answer;
  answer.launch_template_versions = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

Result<Write<CreateLaunchTemplateOperation>> create_template(
    const Context& context, const CreateLaunchTemplateRequest& request) {
  engine::CreateLaunchTemplate command;
  TG_ASSIGN_OR_RETURN(command.launch_template.name, checked_name(*request.launch_template_name));
  TG_ASSIGN_OR_RETURN(command.launch_template.tags,
                      tags_for(request.tag_specifications, "launch-template"));
  command.launch_template.client_token = request.client_token.value_or("");
  TG_ASSIGN_OR_RETURN(
      auto version,
      version_of(CreateLaunchTemplateOperation::table(), *request.launch_template_data, {}));
  version.description = request.version_description.value_or("");
  auto warning = warning_of(context.model, version);
  command.launch_template.versions.push_back(std::move(version));
  return Write<CreateLaunchTemplateOperation>{
      engine::FleetCommand{std::move(command)},
      [account = context.model.account_id,
       warning](const engine::Answer& outcome) -> Result<CreateLaunchTemplateResult> {
        CreateLaunchTemplateResult answer;
        answer.warning = warning;
        if (const auto* made = std::get_if<engine::LaunchTemplateAnswer>(&outcome)) {
          engine::Model of;
          of.account_id = account;
          answer.launch_template = launch_template_answer(of, made->launch_template);
        }
        return answer;
      }};
}

Result<groups::LaunchTemplateVersion> source_of(const engine::Model& model,
                                                const engine::LaunchTemplateName& name,
                                                const std::optional<std::string>& source) {
  if (!source) {
    return groups::LaunchTemplateVersion{};
  }
  TG_ASSIGN_OR_RETURN(const groups::LaunchTemplate* const of, found(model, name));
  const auto* version = groups::resolve(*of, *source);
  if (version == nullptr) {
    return error(ErrorCode::NotFound,
                 "InvalidLaunchTemplateId.VersionNotFound",
                 "Could not find the specified version " + *source +
                     " for the launch template with ID " + of->id.value + ".");
  }
  return *version;
}

Result<Write<CreateLaunchTemplateVersionOperation>> create_version(
    const Context& context, const CreateLaunchTemplateVersionRequest& request) {
  engine::CreateLaunchTemplateVersion command;
  TG_ASSIGN_OR_RETURN(command.launch_template,
                      name_of(request.launch_template_id, request.launch_template_name));
  TG_ASSIGN_OR_RETURN(auto source,
                      source_of(context.model, command.launch_template, request.source_version));
  TG_ASSIGN_OR_RETURN(command.version,
                      version_of(CreateLaunchTemplateVersionOperation::table(),
                                 *request.launch_template_data,
                                 std::move(source)));
  command.version.description = request.version_description.value_or("");
  command.version.client_token = request.client_token.value_or("");
  auto warning = warning_of(context.model, command.version);
  return Write<CreateLaunchTemplateVersionOperation>{
      engine::FleetCommand{std::move(command)},
      [account = context.model.account_id,
       warning](const engine::Answer& outcome) -> Result<CreateLaunchTemplateVersionResult> {
        CreateLaunchTemplateVersionResult answer;
        answer.warning = warning;
        const auto* made = std::get_if<engine::LaunchTemplateAnswer>(&outcome);
        if (made != nullptr && !made->versions.empty() && made->versions.front().version) {
          engine::Model of;
          of.account_id = account;
          answer.launch_template_version =
              version_answer(of, made->launch_template, *made->versions.front().version);
        }
        return answer;
      }};
}

/// A write whose answer is the template as it is afterwards.
template <typename Op>
Write<Op> write_template(engine::FleetCommand command, const Context& context) {
  return Write<Op>{std::move(command),
                   [account = context.model.account_id](
                       const engine::Answer& outcome) -> Result<typename Op::Answer> {
                     typename Op::Answer answer;
                     if (const auto* made = std::get_if<engine::LaunchTemplateAnswer>(&outcome)) {
                       engine::Model of;
                       of.account_id = account;
                       answer.launch_template = launch_template_answer(of, made->launch_template);
                     }
                     return answer;
                   }};
}

Result<Write<ModifyLaunchTemplateOperation>> modify_template(
    const Context& context, const ModifyLaunchTemplateRequest& request) {
  TG_ASSIGN_OR_RETURN(auto name, name_of(request.launch_template_id, request.launch_template_name));
  if (!request.default_version) {
    return error(ErrorCode::InvalidArgument,
                 "MissingParameter",
                 "The request must contain the parameter SetDefaultVersion");
  }
  return write_template<ModifyLaunchTemplateOperation>(
      engine::ModifyLaunchTemplate{std::move(name), *request.default_version}, context);
}

Result<Write<DeleteLaunchTemplateOperation>> delete_template(
    const Context& context, const DeleteLaunchTemplateRequest& request) {
  TG_ASSIGN_OR_RETURN(auto name, name_of(request.launch_template_id, request.launch_template_name));
  return write_template<DeleteLaunchTemplateOperation>(
      engine::DeleteLaunchTemplate{std::move(name)}, context);
}

Result<DeleteLaunchTemplateVersionsResult> deleted_answer(const engine::Answer& outcome) {
  DeleteLaunchTemplateVersionsResult answer;
  auto& done = answer.successfully_deleted_launch_template_versions.emplace();
  auto& refused = answer.unsuccessfully_deleted_launch_template_versions.emplace();
  const auto* made = std::get_if<engine::LaunchTemplateAnswer>(&outcome);
  if (made == nullptr) {
    return answer;
  }
  const groups::LaunchTemplate& of = made->launch_template;
  for (const auto& one : made->versions) {
    if (one.version) {
      done.push_back({of.id.value, of.name, one.version->number});
      continue;
    }
    ResponseError why;
    why.code = one.failure;
    why.message = one.failure == "unexpectedError"
                      ? "Cannot delete default version " + one.asked + " of a launch template."
                      : "Could not find launch template version " + one.asked + ".";
    refused.push_back({of.id.value, of.name, parse_int(one.asked).value_or(0), why});
  }
  return answer;
}

Result<Write<DeleteLaunchTemplateVersionsOperation>> delete_versions(
    const Context& /*context*/, const DeleteLaunchTemplateVersionsRequest& request) {
  TG_ASSIGN_OR_RETURN(auto name, name_of(request.launch_template_id, request.launch_template_name));
  return Write<DeleteLaunchTemplateVersionsOperation>{
      engine::FleetCommand{
          engine::DeleteLaunchTemplateVersions{std::move(name), *request.versions}},
      &deleted_answer};
}

}  // namespace

std::vector<Entry> launch_template_entries() {
  return {
      reads<DescribeLaunchTemplatesOperation>(
          {"LaunchTemplateIds", "LaunchTemplateNames", "Filters", "MaxResults", "NextToken"},
          &describe_templates),
      reads<DescribeLaunchTemplateVersionsOperation>({"LaunchTemplateId",
                                                      "LaunchTemplateName",
                                                      "Versions",
                                                      "MinVersion",
                                                      "MaxVersion",
                                                      "Filters",
                                                      "MaxResults",
                                                      "NextToken"},
                                                     &describe_versions),
      writes<CreateLaunchTemplateOperation>({"ClientToken",
                                             "LaunchTemplateName",
                                             "VersionDescription",
                                             "LaunchTemplateData",
                                             "TagSpecifications"},
                                            &create_template),
      writes<CreateLaunchTemplateVersionOperation>({"ClientToken",
                                                    "LaunchTemplateId",
                                                    "LaunchTemplateName",
                                                    "SourceVersion",
                                                    "VersionDescription",
                                                    "LaunchTemplateData"},
                                                   &create_version),
      writes<ModifyLaunchTemplateOperation>(
          {"ClientToken", "LaunchTemplateId", "LaunchTemplateName", "DefaultVersion"},
          &modify_template),
      writes<DeleteLaunchTemplateOperation>({"LaunchTemplateId", "LaunchTemplateName"},
                                            &delete_template),
      writes<DeleteLaunchTemplateVersionsOperation>(
          {"LaunchTemplateId", "LaunchTemplateName", "Versions"}, &delete_versions),
  };
}

}  // namespace tidegate::api::ec2
