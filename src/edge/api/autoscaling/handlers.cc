#include "edge/api/autoscaling/handlers.h"

#include <algorithm>

#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

// Default page sizes, and what MaxRecords may be at most: API reference of each operation.
constexpr std::int64_t kDefaultGroups = 50;
constexpr std::int64_t kDefaultActivities = 100;
constexpr std::int64_t kDefaultPolicies = 50;
constexpr std::int64_t kMaxRecords = 100;

Error not_found(const std::string& group) {
  return Error{ErrorCode::NotFound,
               "ValidationError",
               "AutoScalingGroup name not found - AutoScalingGroup '" + group + "' not found"};
}

Result<std::int64_t> limit_of(const std::optional<std::int64_t>& asked, std::int64_t fallback) {
  const std::int64_t limit = asked.value_or(fallback);
  if (limit < 1 || limit > kMaxRecords) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "MaxRecords must be between 1 and " + std::to_string(kMaxRecords)};
  }
  return limit;
}

bool holds(const std::optional<std::vector<std::string>>& list, const std::string& value) {
  return list.has_value() && std::find(list->begin(), list->end(), value) != list->end();
}

/// Absent and empty lists name everything.
bool names(const std::optional<std::vector<std::string>>& list, const std::string& value) {
  return !list.has_value() || list->empty() || holds(list, value);
}

/// One filter of DescribeAutoScalingGroups on a group's tags.
Result<bool> filter_accepts(const Filter& filter, const groups::AutoScalingGroup& group) {
  const std::string name = filter.name.value_or("");
  const auto any = [&](auto&& accepts) {
    return std::any_of(group.tags.begin(), group.tags.end(), accepts);
  };
  if (name == "tag-key") {
    return any([&](const auto& tag) { return holds(filter.values, tag.first); });
  }
  if (name == "tag-value") {
    return any([&](const auto& tag) { return holds(filter.values, tag.second); });
  }
  if (name.starts_with("tag:")) {
    return any([&](const auto& tag) {
      return tag.first == name.substr(4) && holds(filter.values, tag.second);
    });
  }
  return Error{ErrorCode::InvalidArgument,
               "ValidationError",
               "Filter type " + name +
                   " is not correct. Allowed Filter types are: tag-key, "
                   "tag-value, tag:<key>"};
}

Result<bool> wanted(const AutoScalingGroupNamesType& request,
                    const groups::AutoScalingGroup& group) {
  if (!names(request.auto_scaling_group_names, group.name.value) &&
      !holds(request.auto_scaling_group_names, group.arn)) {
    return false;
  }
  for (const Filter& filter : request.filters.value_or(std::vector<Filter>{})) {
    TG_ASSIGN_OR_RETURN(const bool accepted, filter_accepts(filter, group));
    if (!accepted) {
      return false;
    }
  }
  return true;
}

Result<AutoScalingGroupsType> describe_groups(const Context& context,
                                              const AutoScalingGroupNamesType& request) {
  std::vector<AutoScalingGroup> all;
  for (const auto& [name, group] : context.model.groups) {
    TG_ASSIGN_OR_RETURN(const bool is_wanted, wanted(request, group.group));
    if (is_wanted) {
      all.push_back(group_answer(context.model, group));
      if (!request.include_instances.value_or(true)) {
        all.back().instances.reset();
      }
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_records, kDefaultGroups));
  TG_ASSIGN_OR_RETURN(
      auto page,
      page_of(
          std::move(all),
          [](const AutoScalingGroup& group) { return *group.auto_scaling_group_name; },
          request.next_token,
          limit,
          "InvalidNextToken"));
  return AutoScalingGroupsType{std::move(page.items), page.next_token};
}

/// Running ones first, then by start, newest first; ids break ties.
std::vector<groups::Activity> activities_in_order(
    const std::vector<const engine::GroupModel*>& from) {
  std::vector<groups::Activity> all;
  for (const engine::GroupModel* group : from) {
    all.insert(all.end(), group->activities.begin(), group->activities.end());
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    const bool a_runs = !is_final(a.status);
    const bool b_runs = !is_final(b.status);
    if (a_runs != b_runs) {
      return a_runs;
    }
    return a.start != b.start ? a.start > b.start : a.id < b.id;
  });
  return all;
}

Result<ActivitiesType> describe_activities(const Context& context,
                                           const DescribeScalingActivitiesType& request) {
  std::vector<const engine::GroupModel*> from;
  for (const auto& [name, group] : context.model.groups) {
    if (!request.auto_scaling_group_name.has_value() ||
        *request.auto_scaling_group_name == name.value) {
      from.push_back(&group);
    }
  }
  if (from.empty() && request.auto_scaling_group_name.has_value()) {
    return not_found(*request.auto_scaling_group_name);
  }
  std::vector<Activity> all;
  for (const groups::Activity& activity : activities_in_order(from)) {
    if (names(request.activity_ids, activity.id.value)) {
      all.push_back(activity_answer(context.model, activity));
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_records, kDefaultActivities));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Activity& activity) { return *activity.activity_id; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return ActivitiesType{std::move(page.items), page.next_token};
}

Result<PoliciesType> describe_policies(const Context& context,
                                       const DescribePoliciesType& request) {
  const auto& group = request.auto_scaling_group_name;
  if (group.has_value() && !context.model.groups.contains(groups::GroupName{*group})) {
    return not_found(*group);
  }
  std::vector<ScalingPolicy> all;
  for (const auto& [name, policy] : context.model.policies) {
    const bool named =
        names(request.policy_names, name.value) || holds(request.policy_names, policy.policy.arn);
    if (named && names(request.policy_types, "TargetTrackingScaling") &&
        group.value_or(policy.policy.group_name) == policy.policy.group_name) {
      all.push_back(policy_answer(context.model, policy.policy));
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_records, kDefaultPolicies));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const ScalingPolicy& policy) { return *policy.policy_name; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return PoliciesType{std::move(page.items), page.next_token};
}

Result<Write<SetDesiredCapacityOperation>> set_desired_capacity(
    const Context& context, const SetDesiredCapacityType& request) {
  const groups::GroupName name{*request.auto_scaling_group_name};
  if (!context.model.groups.contains(name)) {
    return not_found(name.value);
  }
  if (*request.desired_capacity < 0 || *request.desired_capacity > INT32_MAX) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "DesiredCapacity " + std::to_string(*request.desired_capacity) +
                     " is no capacity of a group"};
  }
  return write_without_answer<SetDesiredCapacityOperation>(
      engine::SetDesiredCapacity{name, static_cast<std::int32_t>(*request.desired_capacity)});
}

Result<Write<TerminateInstanceInAutoScalingGroupOperation>> terminate_instance(
    const Context& context, const TerminateInstanceInAutoScalingGroupType& request) {
  using Desired = engine::TerminateInstance::Desired;
  engine::TerminateInstance command;
  command.instance = groups::InstanceId{*request.instance_id};
  command.desired = *request.should_decrement_desired_capacity ? Desired::Decrement : Desired::Keep;
  // The view may not have the group's newest activity; its ARN is known now.
  std::string group_arn;
  for (const auto& [name, group] : context.model.groups) {
    if (group.instances.contains(command.instance)) {
      group_arn = group.group.arn;
    }
  }
  return Write<TerminateInstanceInAutoScalingGroupOperation>{
      command, [group_arn](const engine::Answer& outcome) -> Result<ActivityType> {
        ActivityType answer;
        if (const auto* started = std::get_if<engine::ActivityAnswer>(&outcome)) {
          answer.activity = activity_answer(engine::Model{}, started->activity);
          answer.activity->auto_scaling_group_arn = group_arn;
        }
        return answer;
      }};
}

}  // namespace

std::vector<Entry> entries() {
  return {
      reads<DescribeAutoScalingGroupsOperation>(
          {"AutoScalingGroupNames", "IncludeInstances", "NextToken", "MaxRecords", "Filters"},
          &describe_groups),
      reads<DescribeScalingActivitiesOperation>(
          {"ActivityIds", "AutoScalingGroupName", "MaxRecords", "NextToken"}, &describe_activities),
      reads<DescribePoliciesOperation>(
          {"AutoScalingGroupName", "PolicyNames", "PolicyTypes", "NextToken", "MaxRecords"},
          &describe_policies),
      writes<SetDesiredCapacityOperation>(
          {"AutoScalingGroupName", "DesiredCapacity", "HonorCooldown"}, &set_desired_capacity),
      writes<TerminateInstanceInAutoScalingGroupOperation>(
          {"InstanceId", "ShouldDecrementDesiredCapacity"}, &terminate_instance),
  };
}

}  // namespace tidegate::api::autoscaling
