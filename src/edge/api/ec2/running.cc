// Instances outside groups: launched and terminated.
#include <algorithm>
#include <array>
#include <string_view>

#include "core/stacks/properties/launch_data.h"
#include "edge/api/ec2/asking.h"
#include "edge/api/ec2/handlers.h"
#include "edge/api/protocol/encode.h"

namespace tidegate::api::ec2 {
namespace {

constexpr std::size_t kMaxTerminated = 1000;  // in one call

Result<groups::LaunchTemplateSpecification> template_of(const LaunchTemplateSpecification& asked) {
  if (asked.launch_template_id.has_value() == asked.launch_template_name.has_value()) {
    return error(ErrorCode::InvalidArgument,
                 "InvalidParameterCombination",
                 "LaunchTemplate must have LaunchTemplateId or LaunchTemplateName, one of both");
  }
  return groups::LaunchTemplateSpecification{
      groups::LaunchTemplateId{asked.launch_template_id.value_or("")},
      asked.launch_template_name.value_or(""),
      asked.version.value_or("$Default")};
}

// What something here acts on; of the rest, what is the case anyway may be said.
constexpr auto kActedOn = std::to_array<std::string_view>({"ImageId",
                                                           "InstanceType",
                                                           "MinCount",
                                                           "MaxCount",
                                                           "UserData",
                                                           "SubnetId",
                                                           "SecurityGroupIds",
                                                           "SecurityGroups",
                                                           "Placement",
                                                           "IamInstanceProfile",
                                                           "TagSpecifications",
                                                           "LaunchTemplate",
                                                           "ClientToken",
                                                           "DryRun"});

/// Where it is to be. Error: InvalidParameterValue for what nothing acts on.
Result<std::string> zone_of(const std::optional<Placement>& asked) {
  if (!asked) {
    return std::string{};
  }
  TG_RETURN_IF_ERROR(check_inner(
      RunInstancesOperation::table(), "Placement", &*asked, {"AvailabilityZone", "Tenancy"}));
  const std::string why =
      stacks::properties::fact_error("Placement", "Tenancy", asked->tenancy.value_or("default"));
  return why.empty() ? Result<std::string>{asked->availability_zone.value_or("")}
                     : Result<std::string>{invalid_value("Placement.Tenancy " + why)};
}

Result<groups::LaunchTemplateVersion> made_from(const RunInstancesRequest& request) {
  TG_RETURN_IF_ERROR(
      host_facts_of(to_json(*RunInstancesOperation::table().input, &request), kActedOn));
  groups::LaunchTemplateVersion version;
  version.image_id = request.image_id.value_or("");
  version.instance_type = request.instance_type.value_or("");
  TG_ASSIGN_OR_RETURN(version.user_data, user_data_of(request.user_data));
  if (request.iam_instance_profile) {
    version.iam_instance_profile =
        request.iam_instance_profile->arn.value_or(request.iam_instance_profile->name.value_or(""));
  }
  version.security_groups = request.security_group_ids.value_or(std::vector<std::string>{});
  for (const std::string& name : request.security_groups.value_or(std::vector<std::string>{})) {
    version.security_groups.push_back(name);
  }
  TG_ASSIGN_OR_RETURN(version.instance_tags, tags_for(request.tag_specifications, "instance"));
  return version;
}

Result<std::int32_t> count_of(std::int64_t count, const char* name) {
  constexpr std::int64_t kMost = 1000;
  if (count < 1 || count > kMost) {
    return invalid_value(std::string{name} + " " + std::to_string(count) +
                         " is invalid; valid: 1.." + std::to_string(kMost));
  }
  return static_cast<std::int32_t>(count);
}

Result<Reservation> reservation_of(const engine::Model& model, const engine::Answer& outcome) {
  const auto* made = std::get_if<engine::InstancesAnswer>(&outcome);
  if (made == nullptr || made->instances.empty()) {
    return Reservation{};
  }
  std::vector<Instance> instances;
  for (const auto& instance : made->instances) {
    instances.push_back(standalone_answer(model, instance));
  }
  return reservation_answer(model, made->instances.front().reservation, std::move(instances));
}

Result<Write<RunInstancesOperation>> run_instances(const Context& context,
                                                   const RunInstancesRequest& request) {
  engine::RunInstances command;
  TG_ASSIGN_OR_RETURN(command.made_from, made_from(request));
  if (request.launch_template) {
    TG_ASSIGN_OR_RETURN(command.launch_template, template_of(*request.launch_template));
  }
  TG_ASSIGN_OR_RETURN(command.min_count, count_of(*request.min_count, "MinCount"));
  TG_ASSIGN_OR_RETURN(command.max_count, count_of(*request.max_count, "MaxCount"));
  TG_ASSIGN_OR_RETURN(command.zone, zone_of(request.placement));
  command.subnet = request.subnet_id.value_or("");
  command.client_token = request.client_token.value_or("");
  engine::Model names;  // what an answer needs of the model beside the instances
  names.region = context.model.region;
  names.account_id = context.model.account_id;
  return Write<RunInstancesOperation>{
      engine::FleetCommand{std::move(command)},
      [names](const engine::Answer& outcome) { return reservation_of(names, outcome); }};
}

InstanceStateChange change_of(const groups::StandaloneInstance& before,
                              const groups::StandaloneInstance& after) {
  InstanceStateChange change;
  change.instance_id = after.instance.id.value;
  change.previous_state = life_answer(before.instance.lifecycle_state);
  change.current_state = life_answer(after.instance.lifecycle_state);
  return change;
}

Result<Write<TerminateInstancesOperation>> terminate_instances(
    const Context& context, const TerminateInstancesRequest& request) {
  TG_RETURN_IF_ERROR(check_instance_ids(context.model, request.instance_ids));
  if (request.instance_ids->size() > kMaxTerminated) {
    return invalid_value("At most " + std::to_string(kMaxTerminated) + " instances in one call");
  }
  engine::TerminateInstances command;
  for (const std::string& id : *request.instance_ids) {
    command.instances.emplace_back(id);
  }
  return Write<TerminateInstancesOperation>{
      engine::FleetCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<TerminateInstancesResult> {
        TerminateInstancesResult answer;
        auto& changes = answer.terminating_instances.emplace();
        if (const auto* made = std::get_if<engine::InstancesAnswer>(&outcome)) {
          for (std::size_t i = 0; i < made->instances.size(); ++i) {
            changes.push_back(change_of(made->before[i], made->instances[i]));
          }
        }
        return answer;
      }};
}

}  // namespace

std::vector<Entry> running_entries() {
  return {
      writes<RunInstancesOperation>({"ImageId",
                                     "InstanceType",
                                     "MinCount",
                                     "MaxCount",
                                     "UserData",
                                     "SubnetId",
                                     "SecurityGroupIds",
                                     "SecurityGroups",
                                     "Placement",
                                     "IamInstanceProfile",
                                     "TagSpecifications",
                                     "LaunchTemplate",
                                     "ClientToken",
                                     "BlockDeviceMappings",
                                     "CapacityReservationSpecification",
                                     "CreditSpecification",
                                     "DisableApiStop",
                                     "DisableApiTermination",
                                     "EbsOptimized",
                                     "EnclaveOptions",
                                     "HibernationOptions",
                                     "InstanceInitiatedShutdownBehavior",
                                     "MaintenanceOptions",
                                     "MetadataOptions",
                                     "Monitoring",
                                     "PrivateDnsNameOptions"},
                                    &run_instances),
      writes<TerminateInstancesOperation>({"InstanceIds"}, &terminate_instances),
  };
}

}  // namespace tidegate::api::ec2
