// How hard to push: the request rate that brings the CPU of a group to a goal, found by looking.
// Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace tidegate::apps {

/// Where the CPU is to be driven so that a policy with this target must scale out, while the
/// instances can still answer: well over the target, under saturation. All in percent.
double cpu_goal(double target_percent);

/// The rate to begin with: what `instances` of `vcpus` each need to be at `goal` percent when one
/// request costs work_ms and what the server adds.
double first_rate(double goal, double vcpus, std::int64_t instances, double work_ms);

/// The rate after one more second of looking: up by at most half while the CPU is under the goal
/// and requests are answered. Never down: a group that cannot keep up is what is to be shown.
double next_rate(double rate,
                 std::optional<double> cpu_percent,
                 double goal,
                 std::int64_t in_flight);

inline constexpr double kMaxRate = 20'000;      // per second: what one thread of load can send
inline constexpr std::int64_t kPilingUp = 100;  // open requests that say the group is saturated

}  // namespace tidegate::apps
