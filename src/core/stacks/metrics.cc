#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/alarms/alarm.h"
#include "core/metrics/metric.h"
#include "core/scaling/target_tracking.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

using properties::NotActedOn;
using properties::Range;
using properties::Reader;

constexpr double kMaxCpu = 100;  // percent: a higher target can never be reached
constexpr std::size_t kMaxName = 255;

constexpr auto kPolicyNotActedOn = std::to_array<NotActedOn>({
    {"AdjustmentType", "only TargetTrackingScaling is built"},
    {"Cooldown", "use the group's Cooldown"},
    {"MetricAggregationType", "only TargetTrackingScaling is built"},
    {"MinAdjustmentMagnitude", "only TargetTrackingScaling is built"},
    {"PredictiveScalingConfiguration", "only TargetTrackingScaling is built"},
    {"ScalingAdjustment", "only TargetTrackingScaling is built"},
    {"StepAdjustments", "only TargetTrackingScaling is built"},
});

constexpr auto kAlarmNotActedOn = std::to_array<NotActedOn>({
    {"EvaluateLowSampleCountPercentile", "it belongs to an ExtendedStatistic"},
    {"EvaluationWindow", ""},
    {"Metrics", "metric math is not built; use MetricName"},
    {"ThresholdMetricId", "anomaly detection is not built; use Threshold"},
});

/// "app/<name>/<id>/targetgroup/<name>/<id>", of things in this template.
bool is_resource_label(const World& world, const std::string& label) {
  const std::vector<std::string> parts = split(label, '/');
  if (parts.size() != 6) {
    return false;
  }
  const StackContext& context = world.context;
  const std::string balancer =
      arn(context, kBalancingService, "loadbalancer/app/" + parts[1] + "/" + parts[2]);
  const std::string group =
      arn(context, kBalancingService, "targetgroup/" + parts[4] + "/" + parts[5]);
  return parts[0] == "app" && parts[3] == "targetgroup" &&
         find_planned<balancing::LoadBalancer>(world, balancer) != nullptr &&
         find_planned<balancing::TargetGroup>(world, group) != nullptr;
}

struct TrackedMetric {
  scaling::PredefinedMetric metric = scaling::PredefinedMetric::AsgAverageCpuUtilization;
  std::string resource_label;
};

TrackedMetric read_tracked_metric(Subject& subject, Reader& configuration) {
  static const std::vector<std::string> metrics{"ASGAverageCPUUtilization",
                                                "ASGAverageNetworkIn",
                                                "ASGAverageNetworkOut",
                                                "ALBRequestCountPerTarget"};
  TrackedMetric tracked;
  auto specification = configuration.required("PredefinedMetricSpecification")
                           .mapping("PredefinedMetricSpecification");
  if (!specification) {
    return tracked;
  }
  const auto name =
      specification->required("PredefinedMetricType").choice("PredefinedMetricType", metrics);
  const auto label = specification->text("ResourceLabel");
  specification->finish();
  if (!name) {
    return tracked;
  }
  tracked.metric = scaling::parse_predefined_metric(*name).value_or(tracked.metric);
  tracked.resource_label = label.value_or("");
  const bool needs = tracked.metric == scaling::PredefinedMetric::AlbRequestCountPerTarget;
  if (needs && !is_resource_label(subject.world, tracked.resource_label)) {
    specification->complain("ResourceLabel",
                            "must name a load balancer and a target group of this template: !Sub "
                            "\"${LoadBalancer.LoadBalancerFullName}/"
                            "${TargetGroup.TargetGroupFullName}\"");
  } else if (!needs && label) {
    specification->complain("ResourceLabel", "is for ALBRequestCountPerTarget only");
  }
  return tracked;
}

struct Tracking {
  TrackedMetric metric;
  double target_value = 0;
  bool disable_scale_in = false;
};

Tracking read_tracking(Subject& subject) {
  static constexpr auto kNotActedOn = std::to_array<NotActedOn>({
      {"CustomizedMetricSpecification", "use PredefinedMetricSpecification"},
  });
  Tracking tracking;
  auto reader = subject.properties.required("TargetTrackingConfiguration")
                    .mapping("TargetTrackingConfiguration");
  if (!reader) {
    return tracking;
  }
  tracking.metric = read_tracked_metric(subject, *reader);
  tracking.target_value =
      reader->required("TargetValue").number("TargetValue", {-1e300, 1e300}).value_or(1);
  tracking.disable_scale_in = reader->boolean("DisableScaleIn").value_or(false);
  reader->finish(kNotActedOn);
  const bool cpu = tracking.metric.metric == scaling::PredefinedMetric::AsgAverageCpuUtilization;
  if (tracking.target_value <= 0) {
    reader->complain("TargetValue", "must be above 0");
  } else if (cpu && tracking.target_value > kMaxCpu) {
    reader->complain(
        "TargetValue",
        format_double(tracking.target_value) + " percent of CPU can never be reached; at most 100");
  }
  return tracking;
}

void refuse_second_policy(Subject& subject, const scaling::TargetTrackingPolicy& policy) {
  for (const PlannedResource& other : subject.world.planned) {
    const auto* typed = std::get_if<scaling::TargetTrackingPolicy>(&other.properties);
    if (typed == nullptr) {
      continue;
    }
    if (typed->group_name == policy.group_name && typed->metric == policy.metric &&
        typed->resource_label == policy.resource_label) {
      subject.properties.complain(
          "TargetTrackingConfiguration",
          other.logical_id.value + " tracks this metric of this group already");
    }
    if (typed->name == policy.name) {
      subject.properties.complain("PolicyName",
                                  "the name is that of " + other.logical_id.value + " already");
    }
  }
}

scaling::PolicyTiming timing_for(const groups::AutoScalingGroup& group, const GivenPolicy* given) {
  scaling::PolicyTiming timing = scaling::timing_of(group.timing);
  if (given == nullptr) {
    return timing;
  }
  if (given->period) {
    timing.period = *given->period;
    timing.slide = group.timing == scaling::TimingProfile::Aws ? timing.period : timing.slide;
  }
  timing.high_evaluation_periods =
      given->high_evaluation_periods.value_or(timing.high_evaluation_periods);
  timing.low_evaluation_periods =
      given->low_evaluation_periods.value_or(timing.low_evaluation_periods);
  timing.low_ratio = given->low_ratio.value_or(timing.low_ratio);
  return timing;
}

/// PolicyName is ours: AWS makes the name up, and refuses the property. Metadata has one for both.
std::string policy_name(Subject& subject, const GivenPolicy* given) {
  if (given != nullptr && !given->name.empty() && !subject.properties.has("PolicyName")) {
    return given->name;
  }
  return name_of(subject, "PolicyName", arn_part(existing_id(subject), 2), kMaxName);
}

void read_metric(Subject& subject, alarms::Alarm& alarm) {
  Reader& reader = subject.properties;
  static const std::vector<std::string> published{
      "AWS/ApplicationELB", "AWS/AutoScaling", "AWS/EC2", "AWS/ElastiCache"};
  const auto name_space = reader.required("Namespace").text("Namespace");
  if (name_space && name_space->starts_with("AWS/") &&
      std::find(published.begin(), published.end(), *name_space) == published.end()) {
    reader.complain("Namespace",
                    "nothing is published in " + *name_space +
                        " here; AWS/EC2, AWS/ApplicationELB, AWS/AutoScaling and "
                        "AWS/ElastiCache are, and names of your own by PutMetricData");
  }
  const auto metric = reader.required("MetricName").text("MetricName");
  std::vector<metrics::Dimension> dimensions;
  for (Reader& item : reader.mappings("Dimensions")) {
    const auto name = item.required("Name").text("Name");
    const auto value = item.required("Value").text("Value");
    item.finish();
    const bool twice = std::any_of(dimensions.begin(), dimensions.end(), [&](const auto& other) {
      return other.name == name.value_or("");
    });
    if (twice) {
      item.complain("Name", "the dimension '" + *name + "' is there twice");
    }
    dimensions.push_back({name.value_or(""), value.value_or("")});
  }
  if (dimensions.size() > metrics::kMaxDimensions) {
    reader.complain("Dimensions", "a metric has at most 30 dimensions");
  }
  alarm.metric =
      metrics::make_metric_id(name_space.value_or(""), metric.value_or(""), std::move(dimensions));
}

/// One of the five, or a percentile.
void read_statistic(Reader& reader, alarms::Alarm& alarm) {
  static const std::vector<std::string> statistics{
      "Average", "Sum", "Minimum", "Maximum", "SampleCount"};
  static const std::vector<std::string> treatments{"evaluate", "ignore"};
  if (!reader.has("ExtendedStatistic")) {
    const auto statistic = reader.required("Statistic").choice("Statistic", statistics);
    alarm.statistic =
        metrics::parse_statistic(statistic.value_or("Average")).value_or(alarm.statistic);
    return;
  }
  alarm.extended_statistic = reader.text("ExtendedStatistic").value_or("p99");
  if (!metrics::parse_percentile(alarm.extended_statistic).has_value()) {
    reader.complain("ExtendedStatistic",
                    "'" + alarm.extended_statistic +
                        "' is not built; percentiles are, p0 to p100 (p99, p99.9)");
    alarm.extended_statistic = "p99";
  }
  if (reader.has("Statistic")) {
    reader.complain("Statistic", "there is an ExtendedStatistic already");
  }
  reader.accept("Statistic");
  const auto treatment = reader.choice("EvaluateLowSampleCountPercentile", treatments);
  alarm.low_sample_count = alarms::parse_low_sample_count(treatment.value_or("evaluate"))
                               .value_or(alarm.low_sample_count);
}

void read_evaluation(Reader& reader, alarms::Alarm& alarm) {
  static const std::vector<std::string> comparisons{"GreaterThanOrEqualToThreshold",
                                                    "GreaterThanThreshold",
                                                    "LessThanThreshold",
                                                    "LessThanOrEqualToThreshold"};
  static const std::vector<std::string> treatments{
      "missing", "ignore", "breaching", "notBreaching"};
  read_statistic(reader, alarm);
  alarm.period = reader.required("Period").seconds("Period", {1, 604'800}).value_or(alarm.period);
  alarm.evaluation_periods = reader.required("EvaluationPeriods")
                                 .integer("EvaluationPeriods", {1, 604'800})
                                 .value_or(alarm.evaluation_periods);
  alarm.datapoints_to_alarm = reader.integer("DatapointsToAlarm", {1, 604'800});
  alarm.threshold = reader.required("Threshold").number("Threshold", {}).value_or(0);
  const auto comparison =
      reader.required("ComparisonOperator").choice("ComparisonOperator", comparisons);
  alarm.comparison = alarms::parse_comparison_operator(comparison.value_or(comparisons[1]))
                         .value_or(alarm.comparison);
  const auto treatment = reader.choice("TreatMissingData", treatments);
  alarm.treat_missing_data = alarms::parse_treat_missing_data(treatment.value_or("missing"))
                                 .value_or(alarm.treat_missing_data);
  alarm.unit = reader.text("Unit").value_or("");
}

/// Actions are receivers of Metadata.Tidegate, spelt as SNS topics.
std::vector<std::string> read_actions(Subject& subject, const std::string& property) {
  const std::vector<std::string> actions = subject.properties.texts(property);
  const std::string prefix = arn(subject.world.context, "sns", "");
  const auto& receivers = subject.world.metadata.receivers;
  std::vector<std::string> known;
  for (const auto& [name, receiver] : receivers) {
    known.push_back(name);
  }
  for (const std::string& action : actions) {
    if (!action.starts_with(prefix)) {
      subject.properties.complain(
          property, "'" + action + "' must be " + prefix + "<a receiver of Metadata.Tidegate>");
      continue;
    }
    const std::string name = action.substr(prefix.size());
    const auto found = receivers.find(name);
    if (found == receivers.end()) {
      subject.properties.complain(property,
                                  "unknown receiver '" + name +
                                      "': Metadata.Tidegate.Receivers must have it" +
                                      language::suggestion(name, known));
    } else if (found->second.command.empty()) {
      subject.properties.complain(
          property, "the receiver '" + name + "' has only a Url, which is not built; give it Exec");
    }
  }
  return actions;
}

}  // namespace

Made make_policy(Subject& subject) {
  static const std::vector<std::string> types{"TargetTrackingScaling"};
  Reader& reader = subject.properties;
  scaling::TargetTrackingPolicy policy;
  const std::string key = metadata_key(subject, "PolicyName");
  const GivenPolicy* given = subject.world.metadata.policies.find(key);
  subject.world.names.policies.push_back(key);
  policy.name.value = policy_name(subject, given);
  reader.accept("PolicyName");
  policy.group_name =
      reader.required("AutoScalingGroupName").text("AutoScalingGroupName").value_or("");
  reader.required("PolicyType").choice("PolicyType", types);
  const auto* group = find_planned<groups::AutoScalingGroup>(subject.world, policy.group_name);
  if (group == nullptr && !policy.group_name.empty()) {
    reader.complain("AutoScalingGroupName",
                    "'" + policy.group_name +
                        "' is no group of this template; write !Ref and its "
                        "logical id");
  }
  Tracking tracking = read_tracking(subject);
  policy.metric = tracking.metric.metric;
  policy.resource_label = std::move(tracking.metric.resource_label);
  policy.target_value = tracking.target_value;
  policy.disable_scale_in = tracking.disable_scale_in;
  policy.estimated_instance_warmup = reader.seconds("EstimatedInstanceWarmup", {0, 86'400});
  reader.finish(kPolicyNotActedOn);
  refuse_second_policy(subject, policy);
  policy.timing = timing_for(group == nullptr ? groups::AutoScalingGroup{} : *group, given);
  const StackContext& context = subject.world.context;
  const std::string seed = context.stack_id + "/" + subject.id.value;
  policy.arn = arn(context,
                   "autoscaling",
                   "scalingPolicy:" + uuid_of(seed) + ":autoScalingGroupName/" + policy.group_name +
                       ":policyName/" + policy.name.value);
  const std::string prefix = "TargetTracking-" + policy.group_name;
  policy.high_alarm.value = prefix + "-AlarmHigh-" + uuid_of(seed + "/high");
  if (!policy.disable_scale_in) {
    policy.low_alarm.value = prefix + "-AlarmLow-" + uuid_of(seed + "/low");
  }
  return Made{policy.arn, policy};
}

Made make_alarm(Subject& subject) {
  Reader& reader = subject.properties;
  const StackContext& context = subject.world.context;
  alarms::Alarm alarm;
  alarm.name.value = name_of(subject, "AlarmName", existing_id(subject), kMaxName);
  refuse_second_name<alarms::Alarm>(subject, "AlarmName", alarm.name);
  alarm.arn = arn(context, "cloudwatch", "alarm:" + alarm.name.value);
  alarm.description = reader.text("AlarmDescription").value_or("");
  read_metric(subject, alarm);
  read_evaluation(reader, alarm);
  alarm.actions_enabled = reader.boolean("ActionsEnabled").value_or(true);
  alarm.alarm_actions = read_actions(subject, "AlarmActions");
  alarm.ok_actions = read_actions(subject, "OKActions");
  alarm.insufficient_data_actions = read_actions(subject, "InsufficientDataActions");
  alarm.configuration_updated = context.now;
  alarm.state_updated = context.now;
  alarm.state_transitioned = context.now;
  reader.accept("Tags");
  reader.finish(kAlarmNotActedOn);
  if (const std::string error = alarms::validation_error(alarm); !error.empty()) {
    reader.complain("EvaluationPeriods", error);
  }
  return Made{alarm.name.value, alarm};
}

}  // namespace tidegate::stacks
