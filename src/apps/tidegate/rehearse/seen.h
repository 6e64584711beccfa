// What a rehearsal looks at: one group of a stack, out of the answer of GetStatus. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace tidegate::apps {

struct SeenInstance {
  bool in_service = false;
  bool healthy = false;         // at every target group, or attached to none
  std::optional<double> share;  // of the traffic, 0..1
  bool operator==(const SeenInstance&) const = default;
};

struct Seen {
  std::string url;
  std::string group;
  std::int64_t min_size = 0, max_size = 0, desired = 0;
  double target_percent = 70;
  std::optional<double> cpu_percent;
  double vcpus = 1;  // of one instance
  double launch_timeout_s = 60;
  std::string last_activity;
  std::map<std::string, SeenInstance> instances;

  std::int64_t in_service() const;
  /// "i-1 61 %, i-2 39 %".
  std::string shares() const;
};

/// The first group with a scaling policy of the stack of that name (empty: the only stack). Errors:
/// NotFound, InvalidArgument (which of several).
Result<Seen> seen_in(const Json& status, const std::string& stack);

}  // namespace tidegate::apps
