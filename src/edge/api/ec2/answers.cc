#include <algorithm>

#include "core/stacks/network.h"
#include "edge/api/ec2/asking.h"
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

std::vector<Tag> tags_of(const groups::Instance& instance) {
  std::vector<Tag> tags;
  if (!instance.group.empty()) {
    add_tag(tags, "aws:autoscaling:groupName", instance.group.value);
  }
  if (!instance.launch_template.id.empty()) {
    add_tag(tags, "aws:ec2launchtemplate:id", instance.launch_template.id.value);
    add_tag(tags, "aws:ec2launchtemplate:version", instance.launch_template.version);
  }
  for (const auto& [key, value] : instance.tags) {
    add_tag(tags, key, value);
  }
  return tags;
}

/// What comes from what it was made from.
void add_source(Instance& answer,
                const engine::Model& model,
                const groups::LaunchTemplateVersion& version) {
  auto& groups_shown = answer.security_groups.emplace();
  for (const std::string& id : version.security_groups) {
    GroupIdentifier& shown = groups_shown.emplace_back();
    shown.group_id = id;
    shown.group_name = id;
  }
  if (!version.iam_instance_profile.empty()) {
    const std::string& profile = version.iam_instance_profile;
    answer.iam_instance_profile.emplace().arn =
        profile.starts_with("arn:")
            ? profile
            : "arn:aws:iam::" + model.account_id + ":instance-profile/" + profile;
  }
}

const groups::LaunchTemplateVersion* version_of(const engine::Model& model,
                                                const groups::Instance& instance) {
  const auto found = model.launch_templates.find(instance.launch_template.id);
  return found == model.launch_templates.end()
             ? nullptr
             : groups::resolve(found->second, instance.launch_template.version);
}

/// The first of `asked` that is in the zone, else the zone's default subnet.
std::string subnet_of(const engine::Model& model,
                      const std::vector<std::string>& asked,
                      const std::string& zone) {
  const auto zones = engine::subnet_zones(model);
  for (const std::string& subnet : asked) {
    const auto found = zones.find(subnet);
    if (found != zones.end() && found->second == zone) {
      return subnet;
    }
  }
  for (const auto& [subnet, of] : stacks::default_subnets(model.region)) {
    if (of == zone) {
      return subnet;
    }
  }
  return {};
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

/// As the metadata service of an instance is (edge/metadata).
InstanceMetadataOptionsResponse metadata_options() {
  InstanceMetadataOptionsResponse options;
  options.state = "applied";
  options.http_tokens = "required";
  options.http_put_response_hop_limit = 1;
  options.http_endpoint = "enabled";
  options.http_protocol_ipv6 = "disabled";
  options.instance_metadata_tags = "enabled";
  return options;
}

/// What does not depend on where it lives.
Instance common_answer(const engine::Model& model, const groups::Instance& instance) {
  Instance answer;
  answer.instance_id = instance.id.value;
  answer.image_id = instance.image_id;
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
  answer.ebs_optimized = false;
  answer.metadata_options = metadata_options();
  answer.tags = tags_of(instance);
  answer.vpc_id = stacks::default_vpc(model.region);
  add_network(answer, model, instance);
  return answer;
}

}  // namespace

InstanceState life_answer(groups::LifecycleState state) {
  if (state == groups::LifecycleState::Pending) {
    return state_of(0, "pending");
  }
  if (state == groups::LifecycleState::Terminating) {
    return state_of(32, "shutting-down");
  }
  return state == groups::LifecycleState::Terminated ? state_of(48, "terminated")
                                                     : state_of(16, "running");
}

Instance instance_answer(const engine::Model& model,
                         const engine::GroupModel& group,
                         const groups::Instance& instance) {
  Instance answer = common_answer(model, instance);
  answer.state = state_answer(group, instance);
  answer.client_token = instance.launch_activity.value;
  answer.subnet_id = subnet_of(model, group.group.subnets, instance.zone);
  const auto* version = version_of(model, instance);
  add_source(answer, model, version == nullptr ? groups::LaunchTemplateVersion{} : *version);
  return answer;
}

Instance standalone_answer(const engine::Model& model, const groups::StandaloneInstance& given) {
  Instance answer = common_answer(model, given.instance);
  answer.state = life_answer(given.instance.lifecycle_state);
  answer.ami_launch_index = given.launch_index;
  answer.client_token = given.client_token;
  answer.subnet_id = subnet_of(model, {}, given.instance.zone);
  add_source(answer, model, given.made_from);
  if (!given.end_reason.empty()) {
    const auto colon = given.end_reason.find(": ");
    StateReason& reason = answer.state_reason.emplace();
    reason.code = given.end_reason.substr(0, colon);
    reason.message = given.end_reason;
    answer.state_transition_reason = given.end_reason;
  }
  if (given.terminated) {  // it has no address any more
    answer.private_ip_address.reset();
    answer.private_dns_name = "";
    answer.vpc_id.reset();
    answer.subnet_id.reset();
  }
  return answer;
}

Reservation reservation_answer(const engine::Model& model,
                               const std::string& id,
                               std::vector<Instance> instances) {
  Reservation reservation;
  reservation.reservation_id = id;
  reservation.owner_id = model.account_id;
  reservation.requester_id = model.account_id;
  reservation.groups.emplace();
  reservation.instances = std::move(instances);
  return reservation;
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
  if (!given.tags.empty()) {
    answer.tags = tags_shown(given.tags);
  }
  return answer;
}

}  // namespace tidegate::api::ec2
