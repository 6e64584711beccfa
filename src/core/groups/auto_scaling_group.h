// AutoScalingGroup: what the user asked for, and what the control plane remembers of it between
// ticks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/balancing/load_balancer.h"
#include "core/groups/instance.h"
#include "core/groups/launch_template.h"
#include "core/scaling/target_tracking.h"

namespace tidegate::groups {

enum class HealthCheckType { Ec2, Elb };
std::string_view to_string(HealthCheckType type);  // "EC2", "ELB"

enum class DrainSignal {
  End,    // SIGTERM when draining is over (default)
  Start,  // SIGTERM first
};

/// A probe of our own beside readiness: with it readiness only routes and liveness replaces.
struct Liveness {
  std::string path = "/";
  Duration interval = std::chrono::seconds{5};
  Duration timeout = std::chrono::seconds{2};
  std::int32_t unhealthy_threshold = 3;
  bool operator==(const Liveness&) const = default;
};

inline constexpr std::int32_t kMaxLaunchFailures =
    5;  // within kLaunchFailureWindow; CONTRACT "An instance", 2
inline constexpr Duration kLaunchFailureWindow = std::chrono::minutes{10};
inline constexpr Duration kClosingTime =
    std::chrono::seconds{5};  // the balancer's paced FINs before SIGKILL

struct AutoScalingGroup {
  GroupName name;
  std::string arn;
  std::int32_t min_size = 0;
  std::int32_t max_size = 0;
  std::int32_t desired_capacity = 0;
  LaunchTemplateSpecification launch_template;
  std::vector<std::string> zones;    // sorted
  std::vector<std::string> subnets;  // VPCZoneIdentifier, in the template's order
  std::vector<balancing::TargetGroupArn> target_groups;
  HealthCheckType health_check_type = HealthCheckType::Ec2;
  Duration health_check_grace_period{};
  Duration default_cooldown = std::chrono::seconds{300};
  std::optional<Duration> default_instance_warmup;
  bool new_instances_protected_from_scale_in = false;
  std::vector<std::string> termination_policies = {"Default"};
  std::map<std::string, std::string> tags;
  std::vector<std::string> tags_not_propagated;  // keys with PropagateAtLaunch false; sorted
  std::map<std::string, std::string> suspended;  // process → SuspensionReason

  // Metadata.Tidegate
  scaling::TimingProfile timing = scaling::TimingProfile::Fast;
  Duration launch_timeout = std::chrono::seconds{60};
  Duration stop_timeout = std::chrono::seconds{30};
  DrainSignal drain_signal = DrainSignal::End;
  std::optional<Liveness> liveness;

  Instant created;
  bool deleting = false;       // min, max, desired are 0 from then on
  std::string capacity_cause;  // sentence(s) of the newest change of desired, for the next
                               // activities' Cause
  std::vector<Instant> launch_failures;  // within kLaunchFailureWindow, ascending
  std::optional<Instant>
      capacity_changed;  // when the serving capacity last changed: a low alarm's window starts anew
  bool operator==(const AutoScalingGroup&) const = default;
};

/// Empty when the numbers hold together (0 <= min <= desired <= max, known termination policies
/// with Default last, …), else the sentence, naming the group and what would be valid.
std::string validation_error(const AutoScalingGroup& group);

/// Error: ValidationError outside min..max, in AWS's words.
Result<AutoScalingGroup> with_desired_capacity(AutoScalingGroup group,
                                               std::int32_t capacity,
                                               std::string cause);

/// policy's EstimatedInstanceWarmup → DefaultInstanceWarmup → what the timing profile says (fast 10
/// s; aws DefaultCooldown).
Duration warmup_of(const AutoScalingGroup& group, const scaling::TargetTrackingPolicy* policy);
/// The processes that may be suspended, as DescribeScalingProcessTypes lists them.
std::span<const std::string_view> scaling_processes();
bool is_suspended(const AutoScalingGroup& group, std::string_view process);

/// InService for at least `warmup`.
bool is_warm(const Instance& instance, Duration warmup, Instant now);

}  // namespace tidegate::groups
