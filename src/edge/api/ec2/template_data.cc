#include "edge/api/ec2/template_data.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "edge/api/protocol/decode.h"
#include "edge/api/protocol/encode.h"

namespace tidegate::api::ec2 {
namespace {

// What something here acts on; of the rest, what is the case anyway may be said.
constexpr auto kDataActedOn = std::to_array<std::string_view>({"ImageId",
                                                               "InstanceType",
                                                               "UserData",
                                                               "IamInstanceProfile",
                                                               "SecurityGroupIds",
                                                               "SecurityGroups",
                                                               "TagSpecifications"});

Result<TagMap> instance_tags_of(const RequestLaunchTemplateData& data) {
  std::vector<TagSpecification> given;
  for (const auto& one :
       data.tag_specifications.value_or(std::vector<LaunchTemplateTagSpecificationRequest>{})) {
    given.push_back({one.resource_type, one.tags});
  }
  return tags_for(given, "instance");
}

/// The shape of LaunchTemplateData in answers.
const Shape& data_shape() {
  const Shape* shape = DescribeLaunchTemplateVersionsOperation::table().output;
  for (const std::string_view step : {"LaunchTemplateVersions", "LaunchTemplateData"}) {
    shape = shape->element != nullptr ? shape->element : shape;
    shape = member_shape(*shape, step);
  }
  return *shape;
}

/// What was stored of launch data that is the case anyway.
ResponseLaunchTemplateData said_in(const std::string& host_facts) {
  ResponseLaunchTemplateData said;
  if (const auto json = Json::parse(host_facts.empty() ? "{}" : host_facts)) {
    static_cast<void>(decode_json(*json, data_shape(), &said));  // it was written by this shape
  }
  return said;
}

/// Each member of `facts` over that of the same name; no text at all when there is none.
std::string merged(const std::string& base, const Json& facts) {
  Json all = Json::object();
  if (const auto before = Json::parse(base.empty() ? "{}" : base)) {
    all = *before;
  }
  for (const auto& [name, value] : facts.members()) {
    all.set(name, value);
  }
  return all.members().empty() ? std::string{} : all.dump();
}

ResponseLaunchTemplateData data_answer(const groups::LaunchTemplateVersion& version) {
  ResponseLaunchTemplateData answer = said_in(version.host_facts);
  const auto set = [](std::optional<std::string>& member, const std::string& value) {
    if (!value.empty()) {
      member = value;
    }
  };
  set(answer.image_id, version.image_id);
  set(answer.instance_type, version.instance_type);
  set(answer.user_data, base64_encode(version.user_data));
  if (!version.iam_instance_profile.empty()) {
    auto& profile = answer.iam_instance_profile.emplace();
    const bool is_arn = version.iam_instance_profile.starts_with("arn:");
    (is_arn ? profile.arn : profile.name) = version.iam_instance_profile;
  }
  if (!version.security_groups.empty() && !answer.network_interfaces) {
    answer.security_group_ids = version.security_groups;
  }
  if (!version.instance_tags.empty()) {
    auto& specification = answer.tag_specifications.emplace().emplace_back();
    specification.resource_type = "instance";
    specification.tags = tags_shown(version.instance_tags);
  }
  return answer;
}

/// The groups of its one network interface are the instance's.
Result<std::vector<std::string>> security_groups_of(const RequestLaunchTemplateData& data) {
  auto ids = data.security_group_ids.value_or(std::vector<std::string>{});
  for (const std::string& name : data.security_groups.value_or(std::vector<std::string>{})) {
    ids.push_back(name);
  }
  if (!data.network_interfaces || data.network_interfaces->empty()) {
    return ids;
  }
  if (data.network_interfaces->size() > 1) {
    return invalid_value("NetworkInterfaces: an instance has one here, of DeviceIndex 0");
  }
  if (!ids.empty()) {
    return error(ErrorCode::InvalidArgument,
                 "InvalidParameterCombination",
                 "Network interfaces and an instance-level security groups may not be specified on "
                 "the same request");
  }
  return data.network_interfaces->front().groups.value_or(ids);
}

}  // namespace

Result<groups::LaunchTemplateVersion> version_of(const Operation& operation,
                                                 const RequestLaunchTemplateData& data,
                                                 groups::LaunchTemplateVersion version) {
  const Json said = to_json(*member_shape(*operation.input, "LaunchTemplateData"), &data);
  TG_ASSIGN_OR_RETURN(const Json facts, host_facts_of(said, kDataActedOn));
  version.host_facts = merged(version.host_facts, facts);
  version.image_id = data.image_id.value_or(version.image_id);
  version.instance_type = data.instance_type.value_or(version.instance_type);
  if (data.user_data) {
    TG_ASSIGN_OR_RETURN(version.user_data, user_data_of(data.user_data));
  }
  if (data.iam_instance_profile) {
    const auto& profile = *data.iam_instance_profile;
    version.iam_instance_profile = profile.arn.value_or(profile.name.value_or(""));
  }
  TG_ASSIGN_OR_RETURN(auto security_groups, security_groups_of(data));
  if (!security_groups.empty()) {
    version.security_groups = std::move(security_groups);
  }
  if (data.tag_specifications) {
    TG_ASSIGN_OR_RETURN(version.instance_tags, instance_tags_of(data));
  }
  return version;
}

Result<std::string> checked_name(const std::string& name) {
  const bool characters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"().-/_"}.find(c) != std::string_view::npos;
  });
  if (!characters || name.size() < 3 || name.size() > 128) {
    return error(ErrorCode::InvalidArgument,
                 "InvalidLaunchTemplateName.MalformedException",
                 "The launch template name '" + name.substr(0, 130) +
                     "' must have 3 to 128 characters of letters, digits and ().-/_");
  }
  return name;
}

Result<engine::LaunchTemplateName> name_of(const std::optional<std::string>& id,
                                           const std::optional<std::string>& name) {
  if (id.has_value() == name.has_value()) {
    return error(ErrorCode::InvalidArgument,
                 id ? "InvalidParameterCombination" : "MissingParameter",
                 "The request must contain either LaunchTemplateId or LaunchTemplateName, one of "
                 "both");
  }
  if (id && !id->starts_with("lt-")) {
    return error(ErrorCode::InvalidArgument,
                 "InvalidLaunchTemplateId.Malformed",
                 "Invalid id: \"" + id->substr(0, 80) + "\" (expecting \"lt-...\")");
  }
  return engine::LaunchTemplateName{groups::LaunchTemplateId{id.value_or("")}, name.value_or("")};
}

Result<const groups::LaunchTemplate*> found(const engine::Model& model,
                                            const engine::LaunchTemplateName& name) {
  for (const auto& [id, launch_template] : model.launch_templates) {
    if (id == name.id || (!name.name.empty() && launch_template.name == name.name)) {
      return &launch_template;
    }
  }
  if (!name.id.empty()) {
    return error(
        ErrorCode::NotFound,
        "InvalidLaunchTemplateId.NotFound",
        "The specified launch template, with template ID " + name.id.value + ", does not exist.");
  }
  return error(ErrorCode::NotFound,
               "InvalidLaunchTemplateName.NotFoundException",
               "At least one of the launch templates specified in the request does not exist.");
}

LaunchTemplateVersion version_answer(const engine::Model& model,
                                     const groups::LaunchTemplate& of,
                                     const groups::LaunchTemplateVersion& version) {
  LaunchTemplateVersion answer;
  answer.launch_template_id = of.id.value;
  answer.launch_template_name = of.name;
  answer.version_number = version.number;
  if (!version.description.empty()) {
    answer.version_description = version.description;
  }
  answer.create_time = version.created;
  answer.created_by = "arn:aws:iam::" + model.account_id + ":root";
  answer.default_version = version.number == of.default_version;
  answer.launch_template_data = data_answer(version);
  answer.operator_.emplace().managed = false;
  return answer;
}

std::optional<ValidationWarning> warning_of(const engine::Model& model,
                                            const groups::LaunchTemplateVersion& version) {
  ValidationWarning warning;
  auto& errors = warning.errors.emplace();
  if (!version.image_id.empty() && !engine::image_of(model, {}, version.image_id)) {
    errors.push_back({"InvalidAMIID.NotFound",
                      "The image id '[" + version.image_id +
                          "]' does not exist: no stack of this home declares it under "
                          "Metadata.Tidegate.Images"});
  }
  if (!version.instance_type.empty() && !engine::size_of(model, {}, version.instance_type, 1)) {
    errors.push_back({"InvalidParameterValue",
                      "Invalid value '" + version.instance_type + "' for InstanceType."});
  }
  return errors.empty() ? std::nullopt : std::optional{std::move(warning)};
}

}  // namespace tidegate::api::ec2
