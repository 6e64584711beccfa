// Scaling activities, of groups that are there and of deleted ones.
#include <algorithm>

#include "base/text.h"
#include "edge/api/autoscaling/asking.h"
#include "edge/api/autoscaling/handlers.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kDefaultActivities = 100;

/// An activity, and where its group is to be found.
struct Listed {
  const groups::Activity* activity;
  const groups::PastActivity* past;  // null: its group is there
};

/// Running ones first, then by start, newest first; ids break ties.
bool before(const Listed& a, const Listed& b) {
  const bool a_runs = !is_final(a.activity->status);
  const bool b_runs = !is_final(b.activity->status);
  if (a_runs != b_runs) {
    return a_runs;
  }
  return a.activity->start != b.activity->start ? a.activity->start > b.activity->start
                                                : a.activity->id < b.activity->id;
}

/// Those of the named group, or of all; past ones where they are asked for. Error: ValidationError
/// when there is no such group.
Result<std::vector<Listed>> listed(const engine::Model& model,
                                   const DescribeScalingActivitiesType& request) {
  const auto& asked = request.auto_scaling_group_name;
  const auto is_asked = [&](const std::string& name, const std::string& arn) {
    return !asked || *asked == name || *asked == arn;
  };
  std::vector<Listed> all;
  bool found = !asked;
  for (const auto& [name, group] : model.groups) {
    if (is_asked(name.value, group.group.arn)) {
      found = true;
      for (const groups::Activity& activity : group.activities) {
        all.push_back({&activity, nullptr});
      }
    }
  }
  if (request.include_deleted_groups.value_or(false)) {
    for (const groups::PastActivity& past : model.past_activities) {
      if (is_asked(past.activity.group.value, past.group_arn)) {
        found = true;
        all.push_back({&past.activity, &past});
      }
    }
  }
  if (!found) {
    return group_not_found(*asked);
  }
  return all;
}

Result<Instant> time_of(const Filter& filter) {
  const auto values = filter.values.value_or(std::vector<std::string>{});
  if (values.size() == 1) {
    for (const char* const zone : {"", "Z"}) {  // without one it is UTC
      if (const auto time = parse_iso8601(values.front() + zone)) {
        return *time;
      }
    }
  }
  return validation("The filter " + *filter.name +
                    " must have one value, a time of ISO 8601: 2000-01-18T08:15:00Z");
}

Result<bool> accepts(const Filter& filter, const groups::Activity& activity) {
  const std::string name = filter.name.value_or("");
  if (name == "Status") {
    return holds(filter.values, std::string{to_string(activity.status)});
  }
  if (name == "StartTimeLowerBound") {
    TG_ASSIGN_OR_RETURN(const Instant bound, time_of(filter));
    return activity.start >= bound;
  }
  if (name == "StartTimeUpperBound") {
    TG_ASSIGN_OR_RETURN(const Instant bound, time_of(filter));
    return activity.start <= bound;
  }
  return validation("Filter type " + name +
                    " is not correct. Allowed Filter types are: StartTimeLowerBound "
                    "StartTimeUpperBound Status");
}

/// What is wrong with the filters whatever they are used on.
Status check_filters(const DescribeScalingActivitiesType& request) {
  for (const Filter& filter : request.filters.value_or(std::vector<Filter>{})) {
    TG_RETURN_IF_ERROR(accepts(filter, {}));
    if (filter.name == "Status" && !request.auto_scaling_group_name) {
      return validation("The filter Status needs AutoScalingGroupName");
    }
  }
  return Ok{};
}

Result<bool> wanted(const Context& context,
                    const DescribeScalingActivitiesType& request,
                    const groups::Activity& activity) {
  bool all = names(request.activity_ids, activity.id.value) &&
             activity.start >= context.now - groups::kActivitiesShown;
  for (const Filter& filter : request.filters.value_or(std::vector<Filter>{})) {
    TG_ASSIGN_OR_RETURN(const bool accepted, accepts(filter, activity));
    all = all && accepted;
  }
  return all;
}

Result<ActivitiesType> describe_activities(const Context& context,
                                           const DescribeScalingActivitiesType& request) {
  TG_RETURN_IF_ERROR(check_filters(request));
  TG_ASSIGN_OR_RETURN(auto from, listed(context.model, request));
  std::sort(from.begin(), from.end(), &before);
  std::vector<Activity> all;
  for (const Listed& one : from) {
    TG_ASSIGN_OR_RETURN(const bool shown, wanted(context, request, *one.activity));
    if (shown) {
      all.push_back(one.past != nullptr ? past_activity_answer(context.model, *one.past)
                                        : activity_answer(context.model, *one.activity));
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
  return {reads<DescribeScalingActivitiesOperation>({"ActivityIds",
                                                     "AutoScalingGroupName",
                                                     "IncludeDeletedGroups",
                                                     "MaxRecords",
                                                     "NextToken",
                                                     "Filters"},
                                                    &describe_activities)};
}

}  // namespace tidegate::api::autoscaling
