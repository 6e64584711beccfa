#include <algorithm>

#include "edge/api/ec2/handlers.h"

namespace tidegate::api::ec2 {
namespace {

InstanceState state_of(std::int64_t code, const char* name) {
  InstanceState state;
  state.code = code;
  state.name = name;
  return state;
}

/// EC2's six states (codes: API reference, InstanceState) from what the driver sees.
InstanceState state_answer(const engine::GroupModel& group, const groups::Instance& instance) {
  const auto facts = group.facts.find(instance.id);
  const bool seen = facts != group.facts.end() && facts->second.observation.has_value();
  if (instance.stage == groups::TerminationStage::Killing) {
    return state_of(32, "shutting-down");
  }
  if (!seen) {
    return state_of(0, "pending");
  }
  switch (facts->second.observation->phase) {
    case groups::InstancePhase::Launching:
      return state_of(0, "pending");
    case groups::InstancePhase::Running:
      return state_of(16, "running");
    case groups::InstancePhase::Stopping:
      return state_of(32, "shutting-down");
    case groups::InstancePhase::Exited:
    case groups::InstancePhase::Lost:
    case groups::InstancePhase::Failed:
      return state_of(48, "terminated");
  }
  return state_of(16, "running");
}

void add_tag(std::vector<Tag>& tags, std::string key, std::string value) {
  Tag& tag = tags.emplace_back();
  tag.key = std::move(key);
  tag.value = std::move(value);
}

std::vector<Tag> tags_of(const engine::GroupModel& group, const groups::Instance& instance) {
  std::vector<Tag> tags;
  add_tag(tags, "aws:autoscaling:groupName", group.group.name.value);
  add_tag(tags, "aws:ec2launchtemplate:id", instance.launch_template.id.value);
  add_tag(tags, "aws:ec2launchtemplate:version", instance.launch_template.version);
  for (const auto& [key, value] : group.group.tags) {
    add_tag(tags, key, value);
  }
  return tags;
}

/// What comes from the launch template's version that it was made from.
void add_launch_template(Instance& answer,
                         const engine::Model& model,
                         const groups::Instance& instance) {
  auto& groups_shown = answer.security_groups.emplace();
  const auto found = model.launch_templates.find(instance.launch_template.id);
  const groups::LaunchTemplateVersion* version =
      found == model.launch_templates.end()
          ? nullptr
          : groups::resolve(found->second, instance.launch_template.version);
  if (version == nullptr) {
    return;
  }
  for (const std::string& id : version->security_groups) {
    GroupIdentifier& shown = groups_shown.emplace_back();
    shown.group_id = id;
    shown.group_name = id;
  }
  if (!version->iam_instance_profile.empty()) {
    const std::string& profile = version->iam_instance_profile;
    answer.iam_instance_profile.emplace().arn =
        profile.starts_with("arn:")
            ? profile
            : "arn:aws:iam::" + model.account_id + ":instance-profile/" + profile;
  }
}

void add_network(Instance& answer, const engine::Model& model, const groups::Instance& instance) {
  answer.public_dns_name = "";
  answer.private_dns_name = "";
  answer.network_interfaces.emplace();
  if (!instance.address.empty()) {
    std::string dashed = instance.address;
    std::replace(dashed.begin(), dashed.end(), '.', '-');
    answer.private_ip_address = instance.address;
    answer.private_dns_name = "ip-" + dashed + "." + model.region + ".compute.internal";
  }
}

}  // namespace

Instance instance_answer(const engine::Model& model,
                         const engine::GroupModel& group,
                         const groups::Instance& instance) {
  Instance answer;
  answer.instance_id = instance.id.value;
  answer.image_id = instance.image_id;
  answer.state = state_answer(group, instance);
  answer.state_transition_reason = "";
  answer.ami_launch_index = 0;
  answer.product_codes.emplace();
  answer.instance_type = instance.instance_type;
  answer.launch_time = instance.launched;
  Placement& placement = answer.placement.emplace();
  placement.availability_zone = instance.zone;
  placement.group_name = "";
  placement.tenancy = "default";
  answer.monitoring.emplace().state = "enabled";
  answer.architecture = "x86_64";
  answer.block_device_mappings.emplace();
  answer.client_token = instance.launch_activity.value;
  answer.ebs_optimized = false;
  answer.tags = tags_of(group, instance);
  add_network(answer, model, instance);
  add_launch_template(answer, model, instance);
  return answer;
}

LaunchTemplate launch_template_answer(const engine::Model& model,
                                      const groups::LaunchTemplate& given) {
  LaunchTemplate answer;
  answer.launch_template_id = given.id.value;
  answer.launch_template_name = given.name;
  answer.create_time = given.created;
  answer.created_by = "arn:aws:iam::" + model.account_id + ":root";
  answer.default_version_number = given.default_version;
  answer.latest_version_number = given.versions.empty() ? 0 : given.versions.back().number;
  answer.operator_.emplace().managed = false;
  return answer;
}

}  // namespace tidegate::api::ec2
