// The template of a simulated stack from a few words: one group behind one balancer, like
// STACK.md's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidegate::sim {

struct GroupOptions {
  std::int32_t min = 1;
  std::int32_t max = 3;
  std::optional<std::int32_t> desired;
  std::int32_t target = 70;  // percent of CPU; 0: no policy
  std::string health = "ELB";
  std::int32_t grace = 0;  // seconds, like all below
  std::int32_t delay = 10;
  std::int32_t launch_timeout = 20;
  std::int32_t stop_timeout = 5;
  std::int32_t warmup = 10;
  std::string drain = "end";
  std::string timing = "fast";
  std::string policy = "Default";  // termination policies, separated by '+'
  std::string is_protected = "no";
  std::string liveness = "no";
  std::string image = "ami-1";
  std::int32_t zones = 2;           // of the group
  std::int32_t balancer_zones = 2;  // of the load balancer; 0: no listener uses the target group
  std::int32_t target_groups = 1;   // 0 or 1
};

/// "max=4": changes one option. Error: InvalidArgument with what would be valid.
Status set_option(GroupOptions& options, std::string_view assignment);

std::string make_template(const GroupOptions& options);

inline constexpr const char* kStackName = "web";
inline constexpr const char* kGroupName = "web-asg";

}  // namespace tidegate::sim
