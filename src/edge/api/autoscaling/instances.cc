// Instances of groups: read, and moved through their life.
#include <algorithm>

#include "edge/api/autoscaling/asking.h"
#include "edge/api/autoscaling/handlers.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kDefaultInstances = 50;
constexpr std::int64_t kMostInstances = 50;

AutoScalingInstanceDetails details_of(const groups::Instance& given) {
  AutoScalingInstanceDetails answer;
  answer.instance_id = given.id.value;
  answer.instance_type = given.instance_type;
  answer.auto_scaling_group_name = given.group.value;
  answer.availability_zone = given.zone;
  answer.lifecycle_state = std::string{to_string(given.lifecycle_state)};
  // This operation spells it in capitals, unlike DescribeAutoScalingGroups.
  answer.health_status =
      given.health_status == groups::HealthStatus::Healthy ? "HEALTHY" : "UNHEALTHY";
  auto& made_from = answer.launch_template.emplace();
  made_from.launch_template_id = given.launch_template.id.value;
  made_from.launch_template_name = given.launch_template.name;
  made_from.version = given.launch_template.version;
  answer.protected_from_scale_in = given.protected_from_scale_in;
  return answer;
}

Result<AutoScalingInstancesType> describe_instances(
    const Context& context, const DescribeAutoScalingInstancesType& request) {
  std::vector<AutoScalingInstanceDetails> all;
  for (const auto& [name, group] : context.model.groups) {
    for (const auto& [id, instance] : group.instances) {
      if (names(request.instance_ids, id.value)) {
        all.push_back(details_of(instance));
      }
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit,
                      limit_of(request.max_records, kDefaultInstances, kMostInstances));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const auto& item) { return *item.instance_id; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return AutoScalingInstancesType{std::move(page.items), page.next_token};
}

/// The ARN of the group that has the instance: the view may not have the group's newest activity.
std::string arn_of_owner(const engine::Model& model, const std::string& instance) {
  for (const auto& [name, group] : model.groups) {
    if (group.instances.contains(groups::InstanceId{instance})) {
      return group.group.arn;
    }
  }
  return {};
}

std::string arn_of_group(const engine::Model& model, const std::string& name) {
  const auto found = model.groups.find(groups::GroupName{name});
  return found == model.groups.end() ? std::string{} : found->second.group.arn;
}

Activity shown(const groups::Activity& activity, const std::string& group_arn) {
  Activity answer = activity_answer(engine::Model{}, activity);
  answer.auto_scaling_group_arn = group_arn;
  return answer;
}

/// A write whose answer is the activities that it began.
template <typename Operation>
Write<Operation> write_activities(engine::FleetCommand command, std::string group_arn) {
  return Write<Operation>{
      std::move(command),
      [group_arn](const engine::Answer& outcome) -> Result<typename Operation::Answer> {
        typename Operation::Answer answer;
        auto& list = answer.activities.emplace();
        if (const auto* begun = std::get_if<engine::ActivitiesAnswer>(&outcome)) {
          for (const groups::Activity& activity : begun->activities) {
            list.push_back(shown(activity, group_arn));
          }
        }
        return answer;
      }};
}

Result<Write<TerminateInstanceInAutoScalingGroupOperation>> terminate_instance(
    const Context& context, const TerminateInstanceInAutoScalingGroupType& request) {
  const engine::TerminateInstance command{groups::InstanceId{*request.instance_id},
                                          desired_of(*request.should_decrement_desired_capacity)};
  return Write<TerminateInstanceInAutoScalingGroupOperation>{
      command,
      [group_arn = arn_of_owner(context.model, *request.instance_id)](
          const engine::Answer& outcome) -> Result<ActivityType> {
        ActivityType answer;
        if (const auto* started = std::get_if<engine::ActivityAnswer>(&outcome)) {
          answer.activity = shown(started->activity, group_arn);
        }
        return answer;
      }};
}

Result<Write<SetInstanceHealthOperation>> set_health(const Context& /*context*/,
                                                     const SetInstanceHealthQuery& request) {
  using Grace = engine::SetInstanceHealth::Grace;
  engine::SetInstanceHealth command;
  command.instance.value = *request.instance_id;
  if (*request.health_status != "Healthy" && *request.health_status != "Unhealthy") {
    return validation("HealthStatus '" + *request.health_status +
                      "' is not valid; Healthy and Unhealthy are");
  }
  command.status = *request.health_status == "Healthy" ? groups::HealthStatus::Healthy
                                                       : groups::HealthStatus::Unhealthy;
  command.grace =
      request.should_respect_grace_period.value_or(true) ? Grace::Respect : Grace::Ignore;
  return write_without_answer<SetInstanceHealthOperation>(engine::FleetCommand{command});
}

Result<Write<SetInstanceProtectionOperation>> set_protection(
    const Context& /*context*/, const SetInstanceProtectionQuery& request) {
  using Protection = engine::SetInstanceProtection::Protection;
  return write_without_answer<SetInstanceProtectionOperation>(
      engine::FleetCommand{engine::SetInstanceProtection{
          groups::GroupName{*request.auto_scaling_group_name},
          ids_of(request.instance_ids),
          *request.protected_from_scale_in ? Protection::On : Protection::Off}});
}

Result<Write<AttachInstancesOperation>> attach(const Context& /*context*/,
                                               const AttachInstancesQuery& request) {
  return write_without_answer<AttachInstancesOperation>(
      engine::FleetCommand{engine::AttachInstances{
          groups::GroupName{*request.auto_scaling_group_name}, ids_of(request.instance_ids)}});
}

Result<Write<DetachInstancesOperation>> detach(const Context& context,
                                               const DetachInstancesQuery& request) {
  return write_activities<DetachInstancesOperation>(
      engine::DetachInstances{groups::GroupName{*request.auto_scaling_group_name},
                              ids_of(request.instance_ids),
                              desired_of(*request.should_decrement_desired_capacity)},
      arn_of_group(context.model, *request.auto_scaling_group_name));
}

Result<Write<EnterStandbyOperation>> enter_standby(const Context& context,
                                                   const EnterStandbyQuery& request) {
  return write_activities<EnterStandbyOperation>(
      engine::EnterStandby{groups::GroupName{*request.auto_scaling_group_name},
                           ids_of(request.instance_ids),
                           desired_of(*request.should_decrement_desired_capacity)},
      arn_of_group(context.model, *request.auto_scaling_group_name));
}

Result<Write<ExitStandbyOperation>> exit_standby(const Context& context,
                                                 const ExitStandbyQuery& request) {
  return write_activities<ExitStandbyOperation>(
      engine::ExitStandby{groups::GroupName{*request.auto_scaling_group_name},
                          ids_of(request.instance_ids)},
      arn_of_group(context.model, *request.auto_scaling_group_name));
}

}  // namespace

std::vector<Entry> instance_entries() {
  return {
      reads<DescribeAutoScalingInstancesOperation>({"InstanceIds", "MaxRecords", "NextToken"},
                                                   &describe_instances),
      writes<TerminateInstanceInAutoScalingGroupOperation>(
          {"InstanceId", "ShouldDecrementDesiredCapacity"}, &terminate_instance),
      writes<SetInstanceHealthOperation>({"InstanceId", "HealthStatus", "ShouldRespectGracePeriod"},
                                         &set_health),
      writes<SetInstanceProtectionOperation>(
          {"InstanceIds", "AutoScalingGroupName", "ProtectedFromScaleIn"}, &set_protection),
      writes<AttachInstancesOperation>({"InstanceIds", "AutoScalingGroupName"}, &attach),
      writes<DetachInstancesOperation>(
          {"InstanceIds", "AutoScalingGroupName", "ShouldDecrementDesiredCapacity"}, &detach),
      writes<EnterStandbyOperation>(
          {"InstanceIds", "AutoScalingGroupName", "ShouldDecrementDesiredCapacity"},
          &enter_standby),
      writes<ExitStandbyOperation>({"InstanceIds", "AutoScalingGroupName"}, &exit_standby),
  };
}

}  // namespace tidegate::api::autoscaling
