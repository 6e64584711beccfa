// Scaling activities.
#include <algorithm>

#include "edge/api/autoscaling/asking.h"
#include "edge/api/autoscaling/handlers.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kDefaultActivities = 100;

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
    const std::string asked = request.auto_scaling_group_name.value_or(name.value);
    if (asked == name.value || asked == group.group.arn) {
      from.push_back(&group);
    }
  }
  if (from.empty() && request.auto_scaling_group_name.has_value()) {
    return group_not_found(*request.auto_scaling_group_name);
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

}  // namespace

std::vector<Entry> activity_entries() {
  return {reads<DescribeScalingActivitiesOperation>(
      {"ActivityIds", "AutoScalingGroupName", "MaxRecords", "NextToken"}, &describe_activities)};
}

}  // namespace tidegate::api::autoscaling
