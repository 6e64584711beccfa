#include "core/groups/launch_gate.h"

#include <algorithm>
#include <array>
#include <limits>

namespace tidegate::groups {
namespace {

constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max();

// After the k-th failed launch in a row the next attempt waits this long; after the last of
// kMaxLaunchFailures, until one of them is kLaunchFailureWindow ago.
constexpr std::array<Duration, kMaxLaunchFailures - 1> kBackoff = {std::chrono::seconds{1},
                                                                   std::chrono::seconds{2},
                                                                   std::chrono::seconds{4},
                                                                   std::chrono::seconds{8}};

LaunchGate closed_until(std::int32_t failures, Instant reopens) {
  return {0,
          Blocker{"",
                  std::to_string(failures) + (failures == 1 ? " launch" : " launches") +
                      " failed within the last 10 minutes.",
                  format_iso8601(reopens)},
          reopens};
}

LaunchGate gate_of_failures(Instant now, std::span<const Instant> all, std::int32_t pending) {
  std::vector<Instant> recent;
  for (const Instant failure : all) {
    if (now < failure + kLaunchFailureWindow) {
      recent.push_back(failure);
    }
  }
  const auto failures = static_cast<std::int32_t>(recent.size());
  if (failures == 0) {
    return {kUnlimited, std::nullopt, std::nullopt};
  }
  if (failures >= kMaxLaunchFailures) {
    const std::size_t oldest_that_counts = recent.size() - std::size_t{kMaxLaunchFailures};
    return closed_until(failures, recent[oldest_that_counts] + kLaunchFailureWindow);
  }
  const Instant next_attempt = recent.back() + kBackoff[recent.size() - 1];
  if (now < next_attempt) {
    return closed_until(failures, next_attempt);
  }
  return {
      std::max(0, kMaxLaunchFailures - failures - pending),
      Blocker{
          "", "Launches failed, so only a few are tried at a time.", "a launching instance serves"},
      std::nullopt};
}

}  // namespace

LaunchGate make_launch_gate(const PlanInput& input,
                            std::span<const Instant> failures,
                            std::int32_t pending) {
  if (is_suspended(input.group, "Launch")) {
    return {0, Blocker{"", "The process Launch is suspended.", "ResumeProcesses"}, std::nullopt};
  }
  if (input.launch_obstacle) {
    Blocker obstacle = *input.launch_obstacle;
    obstacle.fails_launch = true;
    return {0, std::move(obstacle), std::nullopt};
  }
  LaunchGate gate = gate_of_failures(input.now, failures, pending);
  const std::int32_t room =
      input.capacity_available ? std::max(0, input.room.value_or(kUnlimited)) : 0;
  if (room < gate.open_for) {
    gate.open_for = room;
    gate.blocker =
        Blocker{"",
                "InsufficientInstanceCapacity: the host has no room for another instance.",
                "another instance ends, or the instance type is smaller",
                true};
    gate.reopens = std::nullopt;
  }
  return gate;
}

}  // namespace tidegate::groups
