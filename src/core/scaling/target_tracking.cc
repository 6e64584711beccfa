#include "core/scaling/target_tracking.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/text.h"

namespace tidegate::scaling {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct MetricName {
  PredefinedMetric metric;
  std::string_view name;
};
constexpr std::array kMetricNames{
    MetricName{PredefinedMetric::AsgAverageCpuUtilization, "ASGAverageCPUUtilization"},
    MetricName{PredefinedMetric::AsgAverageNetworkIn, "ASGAverageNetworkIn"},
    MetricName{PredefinedMetric::AsgAverageNetworkOut, "ASGAverageNetworkOut"},
    MetricName{PredefinedMetric::AlbRequestCountPerTarget, "ALBRequestCountPerTarget"},
};

/// "app/<lb>/<id>/targetgroup/<tg>/<id>" names both dimensions.
std::vector<metrics::Dimension> dimensions_of(std::string_view resource_label) {
  const std::size_t at = resource_label.find("/targetgroup/");
  if (at == std::string_view::npos) {
    return {{"TargetGroup", std::string{resource_label}}};
  }
  return {{"LoadBalancer", std::string{resource_label.substr(0, at)}},
          {"TargetGroup", std::string{resource_label.substr(at + 1)}}};
}

metrics::MetricId metric_of(const TargetTrackingPolicy& policy) {
  const std::vector<metrics::Dimension> group{{"AutoScalingGroupName", policy.group_name}};
  switch (policy.metric) {
    case PredefinedMetric::AsgAverageCpuUtilization:
      return metrics::make_metric_id("AWS/EC2", "CPUUtilization", group);
    case PredefinedMetric::AsgAverageNetworkIn:
      return metrics::make_metric_id("AWS/EC2", "NetworkIn", group);
    case PredefinedMetric::AsgAverageNetworkOut:
      return metrics::make_metric_id("AWS/EC2", "NetworkOut", group);
    case PredefinedMetric::AlbRequestCountPerTarget:
      return metrics::make_metric_id(
          "AWS/ApplicationELB", "RequestCountPerTarget", dimensions_of(policy.resource_label));
  }
  return {};
}

/// What both alarm views share.
alarms::Alarm make_alarm(const TargetTrackingPolicy& policy) {
  alarms::Alarm alarm;
  alarm.description = "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + policy.arn + ".";
  alarm.metric = metric_of(policy);
  alarm.statistic = policy.metric == PredefinedMetric::AlbRequestCountPerTarget
                        ? metrics::Statistic::Sum
                        : metrics::Statistic::Average;
  alarm.period = policy.timing.period;
  alarm.alarm_actions = {policy.arn};
  alarm.policy_arn = policy.arn;
  return alarm;
}

std::string rounded(double value) {
  return format_double(std::round(value * 100) / 100);
}

std::string formula_text(const TargetTrackingPolicy& policy,
                         const GroupCapacity& capacity,
                         double metric,
                         std::int32_t wanted) {
  return std::string{to_string(policy.metric)} + " " + rounded(metric) + ", target " +
         rounded(policy.target_value) + ": " + std::to_string(capacity.measured) + " × " +
         rounded(metric) + " / " + rounded(policy.target_value) + " asks for " +
         std::to_string(wanted);
}

Vote idle_vote(const TargetTrackingPolicy& policy,
               const GroupCapacity& capacity,
               VoteKind kind,
               std::string why) {
  Vote vote;
  vote.policy = policy.name;
  vote.kind = kind;
  vote.capacity = capacity.desired;
  vote.unclamped_capacity = capacity.desired;
  vote.why = std::move(why);
  return vote;
}

/// A vote that holds, with the formula's numbers in it; scale-out and scale-in go on from it.
Vote formula_vote(const TargetTrackingPolicy& policy,
                  const GroupCapacity& capacity,
                  double metric,
                  const alarms::AlarmName& alarm) {
  Vote vote = idle_vote(policy, capacity, VoteKind::Hold, {});
  vote.metric = metric;
  vote.alarm = alarm;
  vote.unclamped_capacity = wanted_capacity(capacity.measured, metric, policy.target_value);
  vote.why = formula_text(policy, capacity, metric, vote.unclamped_capacity);
  return vote;
}

Vote scale_out_vote(const TargetTrackingPolicy& policy,
                    const GroupCapacity& capacity,
                    const AlarmReading& high) {
  if (!high.metric || capacity.measured <= 0) {
    Vote vote = idle_vote(policy,
                          capacity,
                          VoteKind::NoData,
                          "its high alarm is in ALARM, but no warm instance is measured");
    vote.alarm = high.alarm.name;
    return vote;
  }
  Vote vote = formula_vote(policy, capacity, *high.metric, high.alarm.name);
  const std::int32_t clamped =
      std::clamp(vote.unclamped_capacity, capacity.min_size, capacity.max_size);
  if (vote.unclamped_capacity <= capacity.desired) {
    vote.why += ", which the desired capacity of " + std::to_string(capacity.desired) + " covers";
    if (capacity.warming > 0) {
      vote.why += " (" + std::to_string(capacity.warming) + " warming up)";
    }
    return vote;
  }
  if (clamped <= capacity.desired) {
    vote.blocked_by = "MaxSize is " + std::to_string(capacity.max_size);
    return vote;
  }
  vote.kind = VoteKind::ScaleOut;
  vote.capacity = clamped;
  if (clamped < vote.unclamped_capacity) {
    vote.why += ", MaxSize allows " + std::to_string(clamped);
  }
  return vote;
}

Vote scale_in_vote(const TargetTrackingPolicy& policy,
                   const GroupCapacity& capacity,
                   const AlarmReading& low) {
  if (!low.metric || capacity.measured <= 0) {
    return idle_vote(policy,
                     capacity,
                     VoteKind::NoData,
                     "its low alarm is in ALARM, but its window began anew with the last change of "
                     "capacity and is not full");
  }
  Vote vote = formula_vote(policy, capacity, *low.metric, low.alarm.name);
  const std::int32_t clamped =
      std::clamp(vote.unclamped_capacity, capacity.min_size, capacity.max_size);
  if (vote.unclamped_capacity >= capacity.desired) {
    vote.why +=
        ", which is no less than the desired capacity of " + std::to_string(capacity.desired);
    return vote;
  }
  if (clamped >= capacity.desired) {
    vote.blocked_by = "MinSize is " + std::to_string(capacity.min_size);
    return vote;
  }
  if (capacity.warming > 0) {
    vote.blocked_by = "instances are warming up";
    return vote;
  }
  vote.kind = VoteKind::ScaleIn;
  vote.capacity = clamped;
  if (clamped > vote.unclamped_capacity) {
    vote.why += ", MinSize keeps " + std::to_string(clamped);
  }
  return vote;
}

/// A policy that may not scale in has no say in scaling in, except that its own high alarm holds
/// what it asked for.
bool agrees_to_scale_in(const TargetTrackingPolicy& policy, const Vote& vote) {
  if (!policy.enabled) {
    return true;
  }
  if (policy.disable_scale_in) {
    return vote.alarm.empty();
  }
  return vote.kind == VoteKind::ScaleIn;
}

std::string first_block(const std::vector<Vote>& votes) {
  const auto blocked = std::find_if(
      votes.begin(), votes.end(), [](const Vote& vote) { return !vote.blocked_by.empty(); });
  return blocked == votes.end() ? std::string{} : blocked->blocked_by;
}

/// Index of the largest wanted capacity among the votes of that kind; the first of equals.
std::optional<std::size_t> largest(const std::vector<Vote>& votes, VoteKind kind) {
  std::optional<std::size_t> winner;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    if (votes[i].kind == kind && (!winner || votes[i].capacity > votes[*winner].capacity)) {
      winner = i;
    }
  }
  return winner;
}

}  // namespace

std::int32_t wanted_capacity(std::int32_t measured, double metric, double target) {
  constexpr double kFloatingError = 1e-9;
  const double wanted = std::ceil(measured * metric / target * (1 - kFloatingError));
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(wanted, 0.0, kMost));
}

std::string_view to_string(PredefinedMetric metric) {
  for (const MetricName& row : kMetricNames) {
    if (row.metric == metric) {
      return row.name;
    }
  }
  return {};
}

std::optional<PredefinedMetric> parse_predefined_metric(std::string_view text) {
  for (const MetricName& row : kMetricNames) {
    if (row.name == text) {
      return row.metric;
    }
  }
  return std::nullopt;
}

std::string_view to_string(TimingProfile profile) {
  return profile == TimingProfile::Fast ? "fast" : "aws";
}

std::optional<TimingProfile> parse_timing_profile(std::string_view text) {
  for (const TimingProfile profile : {TimingProfile::Fast, TimingProfile::Aws}) {
    if (to_string(profile) == text) {
      return profile;
    }
  }
  return std::nullopt;
}

PolicyTiming timing_of(TimingProfile profile) {
  PolicyTiming timing;  // with AWS's numbers of periods
  switch (profile) {
    case TimingProfile::Fast:
      timing.period = seconds{1};
      timing.low_evaluation_periods = 120;
      timing.slide = milliseconds{200};
      timing.vote_interval = Duration::zero();
      break;
    case TimingProfile::Aws:
      timing.period = seconds{60};
      timing.slide = seconds{60};
      timing.vote_interval = seconds{60};
      break;
  }
  return timing;
}

alarms::Alarm make_high_alarm(const TargetTrackingPolicy& policy, std::string_view uuid) {
  alarms::Alarm alarm = make_alarm(policy);
  alarm.name =
      alarms::AlarmName{"TargetTracking-" + policy.group_name + "-AlarmHigh-" + std::string{uuid}};
  alarm.comparison = alarms::ComparisonOperator::GreaterThanThreshold;
  alarm.threshold = policy.target_value;
  alarm.evaluation_periods = policy.timing.high_evaluation_periods;
  alarm.datapoints_to_alarm = policy.timing.high_evaluation_periods;
  return alarm;
}

alarms::Alarm make_low_alarm(const TargetTrackingPolicy& policy, std::string_view uuid) {
  alarms::Alarm alarm = make_alarm(policy);
  alarm.name =
      alarms::AlarmName{"TargetTracking-" + policy.group_name + "-AlarmLow-" + std::string{uuid}};
  alarm.comparison = alarms::ComparisonOperator::LessThanThreshold;
  // 0.7 × 70 is 49, and not 48.99999999999999: the number is shown to people.
  alarm.threshold = std::round(policy.target_value * policy.timing.low_ratio * 1e9) / 1e9;
  alarm.evaluation_periods = policy.timing.low_evaluation_periods;
  alarm.datapoints_to_alarm = policy.timing.low_evaluation_periods;
  return alarm;
}

Vote vote(const TargetTrackingPolicy& policy,
          const GroupCapacity& capacity,
          const AlarmReading& high,
          const std::optional<AlarmReading>& low) {
  TG_CHECK(policy.target_value > 0);
  TG_CHECK(low || policy.disable_scale_in);
  if (!policy.enabled) {
    return idle_vote(policy, capacity, VoteKind::Hold, "the policy is disabled");
  }
  if (high.alarm.state == alarms::StateValue::Alarm) {
    return scale_out_vote(policy, capacity, high);
  }
  if (high.alarm.state == alarms::StateValue::InsufficientData) {
    return idle_vote(policy, capacity, VoteKind::NoData, "its high alarm is in INSUFFICIENT_DATA");
  }
  if (policy.disable_scale_in) {
    return idle_vote(
        policy, capacity, VoteKind::Hold, "its high alarm is OK, and DisableScaleIn is set");
  }
  switch (low->alarm.state) {
    case alarms::StateValue::Alarm:
      return scale_in_vote(policy, capacity, *low);
    case alarms::StateValue::InsufficientData:
      return idle_vote(policy, capacity, VoteKind::NoData, "its low alarm is in INSUFFICIENT_DATA");
    case alarms::StateValue::Ok:
      break;
  }
  return idle_vote(policy, capacity, VoteKind::Hold, "both of its alarms are OK");
}

CapacityDecision combine(std::int32_t desired,
                         const std::vector<TargetTrackingPolicy>& policies,
                         const std::vector<Vote>& votes) {
  TG_CHECK(policies.size() == votes.size());
  CapacityDecision decision;
  decision.desired = desired;
  if (const auto out = largest(votes, VoteKind::ScaleOut)) {
    decision.desired = votes[*out].capacity;
    decision.winner = out;
    return decision;
  }
  const auto in = largest(votes, VoteKind::ScaleIn);
  if (!in) {
    decision.blocked_by = first_block(votes);
    return decision;
  }
  for (std::size_t i = 0; i < votes.size(); ++i) {
    if (!agrees_to_scale_in(policies[i], votes[i])) {
      decision.blocked_by = "policy " + policies[i].name.value + " does not agree: " +
                            (votes[i].blocked_by.empty() ? votes[i].why : votes[i].blocked_by);
      return decision;
    }
  }
  decision.desired = votes[*in].capacity;
  decision.winner = in;
  return decision;
}

}  // namespace tidegate::scaling
