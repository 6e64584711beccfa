// What this service knows by name, and its limits.
#include "edge/api/autoscaling/asking.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kMaxGroups = 500;  // AWS's default quotas
constexpr std::int64_t kMaxLaunchConfigurations = 200;

Result<DescribeAccountLimitsAnswer> describe_limits(const Context& context,
                                                    const Nothing& /*request*/) {
  DescribeAccountLimitsAnswer answer;
  answer.max_number_of_auto_scaling_groups = kMaxGroups;
  answer.max_number_of_launch_configurations = kMaxLaunchConfigurations;
  answer.number_of_auto_scaling_groups = static_cast<std::int64_t>(context.model.groups.size());
  answer.number_of_launch_configurations = 0;
  return answer;
}

Result<DescribeAdjustmentTypesAnswer> describe_adjustments(const Context& /*context*/,
                                                           const Nothing& /*request*/) {
  DescribeAdjustmentTypesAnswer answer;
  auto& types = answer.adjustment_types.emplace();
  for (const char* name : {"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"}) {
    types.push_back({name});
  }
  return answer;
}

Result<DescribeMetricCollectionTypesAnswer> describe_metrics(const Context& /*context*/,
                                                             const Nothing& /*request*/) {
  DescribeMetricCollectionTypesAnswer answer;
  auto& metrics = answer.metrics.emplace();
  for (const char* name : {"GroupMinSize",
                           "GroupMaxSize",
                           "GroupDesiredCapacity",
                           "GroupInServiceInstances",
                           "GroupPendingInstances",
                           "GroupTerminatingInstances",
                           "GroupStandbyInstances",
                           "GroupTotalInstances"}) {
    metrics.push_back({name});
  }
  answer.granularities.emplace().push_back({"1Minute"});
  return answer;
}

Result<ProcessesType> describe_processes(const Context& /*context*/, const Nothing& /*request*/) {
  ProcessesType answer;
  auto& processes = answer.processes.emplace();
  for (const std::string_view name : groups::scaling_processes()) {
    processes.push_back({std::string{name}});
  }
  return answer;
}

Result<DescribeTerminationPolicyTypesAnswer> describe_termination(const Context& /*context*/,
                                                                  const Nothing& /*request*/) {
  DescribeTerminationPolicyTypesAnswer answer;
  answer.termination_policy_types = std::vector<std::string>{"AllocationStrategy",
                                                             "ClosestToNextInstanceHour",
                                                             "Default",
                                                             "NewestInstance",
                                                             "OldestInstance",
                                                             "OldestLaunchConfiguration",
                                                             "OldestLaunchTemplate"};
  return answer;
}

}  // namespace

std::vector<Entry> type_entries() {
  return {
      reads<DescribeAccountLimitsOperation>({}, &describe_limits),
      reads<DescribeAdjustmentTypesOperation>({}, &describe_adjustments),
      reads<DescribeMetricCollectionTypesOperation>({}, &describe_metrics),
      reads<DescribeScalingProcessTypesOperation>({}, &describe_processes),
      reads<DescribeTerminationPolicyTypesOperation>({}, &describe_termination),
  };
}

}  // namespace tidegate::api::autoscaling
