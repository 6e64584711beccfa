// Target tracking (AUTOSCALING.md §2.3; CONTRACT "Timing"): two alarm views and a formula. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "base/time.h"
#include "core/alarms/alarm.h"

namespace tidegate::scaling {

using PolicyName = Strong<struct PolicyNameTag>;

enum class PredefinedMetric {
  AsgAverageCpuUtilization,
  AsgAverageNetworkIn,
  AsgAverageNetworkOut,
  AlbRequestCountPerTarget,
};
std::string_view to_string(PredefinedMetric metric);  // "ASGAverageCPUUtilization", …
std::optional<PredefinedMetric> parse_predefined_metric(std::string_view text);

enum class TimingProfile { Fast, Aws };
std::string_view to_string(TimingProfile profile);
std::optional<TimingProfile> parse_timing_profile(std::string_view text);

/// Settable per policy; defaults by timing_of().
struct PolicyTiming {
  Duration period{};  // of one datapoint
  std::int32_t high_evaluation_periods = 3;
  std::int32_t low_evaluation_periods = 15;
  Duration slide{};          // by how much windows move: 200 ms in fast, the period in aws
  Duration vote_interval{};  // an alarm that stays in ALARM votes again after this
  double low_ratio = 0.7;    // low threshold = low_ratio × target
  bool operator==(const PolicyTiming&) const = default;
};
PolicyTiming timing_of(TimingProfile profile);

struct TargetTrackingPolicy {
  PolicyName name;
  std::string arn;
  std::string group_name;
  PredefinedMetric metric = PredefinedMetric::AsgAverageCpuUtilization;
  std::string resource_label;  // of ALBRequestCountPerTarget
  double target_value = 0;     // > 0
  bool disable_scale_in = false;
  bool enabled = true;
  std::optional<Duration> estimated_instance_warmup;
  PolicyTiming timing;
  alarms::AlarmName high_alarm;  // TargetTracking-<asg>-AlarmHigh-<uuid>
  alarms::AlarmName low_alarm;   // empty when disable_scale_in
  bool operator==(const TargetTrackingPolicy&) const = default;
};

/// The alarm views of a policy, as AWS names and describes them (§2.3). uuid: 36 characters.
alarms::Alarm make_high_alarm(const TargetTrackingPolicy& policy, std::string_view uuid);
alarms::Alarm make_low_alarm(const TargetTrackingPolicy& policy, std::string_view uuid);

struct GroupCapacity {
  std::int32_t min_size = 0;
  std::int32_t max_size = 0;
  std::int32_t desired = 0;
  std::int32_t measured =
      0;  // instances whose metric is in `metric`: InService and warm over its whole time
  std::int32_t warming =
      0;  // to be launched, Pending, or InService and not warm yet: capacity that is not measured
};

enum class VoteKind {
  ScaleOut,  // wants `capacity` > desired
  ScaleIn,   // wants `capacity` < desired
  Hold,      // in agreement with the present capacity: blocks nobody's scale-out, forbids scale-in
  NoData,    // INSUFFICIENT_DATA: does nothing, and blocks scale-in of the group
};

struct Vote {
  PolicyName policy;
  VoteKind kind = VoteKind::Hold;
  std::int32_t capacity = 0;            // wanted; already within min..max
  std::int32_t unclamped_capacity = 0;  // what the formula gave
  std::optional<double> metric;         // value the formula used
  std::string why;                      // one sentence
  std::string
      blocked_by;  // what kept it from voting for a change ("instances are warming up"), or empty
  alarms::AlarmName alarm;  // in ALARM: that moved it (for the Cause text) or holds the capacity
};

/// One of a policy's alarms as it stands now, and the value its side of the formula uses.
struct AlarmReading {
  const alarms::Alarm& alarm;
  std::optional<double> metric;  // absent while its window is not full
};

/// ceil(measured × metric / target). A floating error of the mean must not buy an instance.
std::int32_t wanted_capacity(std::int32_t measured, double metric, double target);

/// One policy's vote. high.metric: mean of the newest high window; low->metric: mean of the low
/// window; low is absent with DisableScaleIn only. out = ceil(C × m / T) acted on only above
/// desired; in = max(min, ceil(C × m / T)) only below; C = measured. Warming capacity counts when
/// scaling out: the wanted capacity is compared with desired, which includes it. Scale-in is
/// blocked while instances warm.
Vote vote(const TargetTrackingPolicy& policy,
          const GroupCapacity& capacity,
          const AlarmReading& high,
          const std::optional<AlarmReading>& low);

struct CapacityDecision {
  std::int32_t desired = 0;           // equal to the present one when nothing changes
  std::optional<std::size_t> winner;  // index into the votes
  std::string blocked_by;             // why a wanted change did not happen, or empty
};
/// Several policies: out if any says so, in only if all that may scale in agree; the largest
/// capacity wins both ways.
CapacityDecision combine(std::int32_t desired,
                         const std::vector<TargetTrackingPolicy>& policies,
                         const std::vector<Vote>& votes);

}  // namespace tidegate::scaling
