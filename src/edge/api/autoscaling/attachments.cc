// What sends traffic to a group: target groups, also under their newer name of traffic sources.
#include <algorithm>

#include "edge/api/autoscaling/asking.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

/// Every attached target group's state: InService as soon as one of its targets is healthy, Added
/// when every instance in service is registered, Adding before.
std::string state_of(const engine::Model& model,
                     const engine::GroupModel& group,
                     const balancing::TargetGroupArn& arn) {
  const auto found = model.target_groups.find(arn);
  if (found == model.target_groups.end()) {
    return "Removed";
  }
  bool all_registered = true;
  bool serves = false;
  for (const auto& [id, instance] : group.instances) {
    if (instance.lifecycle_state != groups::LifecycleState::InService) {
      continue;
    }
    const auto& targets = found->second.target_group.targets;
    const auto target = std::find_if(
        targets.begin(), targets.end(), [&](const auto& t) { return t.id == id.value; });
    all_registered = all_registered && target != targets.end();
    serves = serves || (target != targets.end() &&
                        engine::target_health(model, found->second, *target).state ==
                            balancing::TargetHealthState::Healthy);
  }
  if (serves) {
    return "InService";
  }
  return all_registered ? "Added" : "Adding";
}

Result<DescribeLoadBalancerTargetGroupsResponse> describe_target_groups(
    const Context& context, const DescribeLoadBalancerTargetGroupsRequest& request) {
  TG_RETURN_IF_ERROR(check_group(context.model, *request.auto_scaling_group_name));
  const auto& group = context.model.groups.at(groups::GroupName{*request.auto_scaling_group_name});
  std::vector<LoadBalancerTargetGroupState> all;
  for (const auto& arn : group.group.target_groups) {
    all.push_back({arn.value, state_of(context.model, group, arn)});
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_records, kMaxRecords));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const auto& item) { return *item.load_balancer_target_group_arn; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return DescribeLoadBalancerTargetGroupsResponse{std::move(page.items), page.next_token};
}

Result<DescribeTrafficSourcesResponse> describe_sources(
    const Context& context, const DescribeTrafficSourcesRequest& request) {
  TG_RETURN_IF_ERROR(check_group(context.model, *request.auto_scaling_group_name));
  const auto& group = context.model.groups.at(groups::GroupName{*request.auto_scaling_group_name});
  std::vector<TrafficSourceState> all;
  for (const auto& arn : group.group.target_groups) {
    if (request.traffic_source_type.value_or("elbv2") == "elbv2") {
      all.push_back({arn.value, state_of(context.model, group, arn), arn.value, "elbv2"});
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_records, 50, 50));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const auto& item) { return *item.identifier; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return DescribeTrafficSourcesResponse{std::move(page.items), page.next_token};
}

std::vector<balancing::TargetGroupArn> arns_of(const std::vector<std::string>& given) {
  return {given.begin(), given.end()};
}

Result<Write<AttachLoadBalancerTargetGroupsOperation>> attach_target_groups(
    const Context& /*context*/, const AttachLoadBalancerTargetGroupsType& request) {
  return write_without_answer<AttachLoadBalancerTargetGroupsOperation>(engine::FleetCommand{
      engine::AttachTargetGroups{groups::GroupName{*request.auto_scaling_group_name},
                                 arns_of(*request.target_group_arns)}});
}

Result<Write<DetachLoadBalancerTargetGroupsOperation>> detach_target_groups(
    const Context& /*context*/, const DetachLoadBalancerTargetGroupsType& request) {
  return write_without_answer<DetachLoadBalancerTargetGroupsOperation>(engine::FleetCommand{
      engine::DetachTargetGroups{groups::GroupName{*request.auto_scaling_group_name},
                                 arns_of(*request.target_group_arns)}});
}

Result<Write<AttachTrafficSourcesOperation>> attach_sources(
    const Context& /*context*/, const AttachTrafficSourcesType& request) {
  TG_ASSIGN_OR_RETURN(auto arns, sources_of(*request.traffic_sources));
  return write_without_answer<AttachTrafficSourcesOperation>(engine::FleetCommand{
      engine::AttachTargetGroups{groups::GroupName{*request.auto_scaling_group_name}, arns}});
}

Result<Write<DetachTrafficSourcesOperation>> detach_sources(
    const Context& /*context*/, const DetachTrafficSourcesType& request) {
  TG_ASSIGN_OR_RETURN(auto arns, sources_of(*request.traffic_sources));
  return write_without_answer<DetachTrafficSourcesOperation>(engine::FleetCommand{
      engine::DetachTargetGroups{groups::GroupName{*request.auto_scaling_group_name}, arns}});
}

}  // namespace

Result<std::vector<balancing::TargetGroupArn>> sources_of(
    const std::vector<TrafficSourceIdentifier>& given) {
  std::vector<balancing::TargetGroupArn> arns;
  for (const TrafficSourceIdentifier& source : given) {
    if (source.type.value_or("elbv2") != "elbv2") {
      return validation("Traffic source type " + *source.type +
                        " is not built; what works: elbv2, the ARN of a target group");
    }
    arns.emplace_back(*source.identifier);
  }
  return arns;
}

std::vector<Entry> attachment_entries() {
  return {
      reads<DescribeLoadBalancerTargetGroupsOperation>(
          {"AutoScalingGroupName", "NextToken", "MaxRecords"}, &describe_target_groups),
      reads<DescribeTrafficSourcesOperation>(
          {"AutoScalingGroupName", "TrafficSourceType", "NextToken", "MaxRecords"},
          &describe_sources),
      writes<AttachLoadBalancerTargetGroupsOperation>({"AutoScalingGroupName", "TargetGroupARNs"},
                                                      &attach_target_groups),
      writes<DetachLoadBalancerTargetGroupsOperation>({"AutoScalingGroupName", "TargetGroupARNs"},
                                                      &detach_target_groups),
      writes<AttachTrafficSourcesOperation>({"AutoScalingGroupName", "TrafficSources"},
                                            &attach_sources),
      writes<DetachTrafficSourcesOperation>({"AutoScalingGroupName", "TrafficSources"},
                                            &detach_sources),
  };
}

}  // namespace tidegate::api::autoscaling
