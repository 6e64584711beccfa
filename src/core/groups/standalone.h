// An instance outside any group: launched by RunInstances, or detached from its group. It lives
// until somebody terminates it or its processes end; nothing replaces it. What ended stays listed
// for a while, as EC2 does, also when it was of a group. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "core/groups/instance.h"
#include "core/groups/launch_template.h"

namespace tidegate::groups {

struct StandaloneInstance {
  // Pending, InService (it runs), Terminating in Stopping or Killing, or Terminated. `group` is
  // empty but for a Terminated one that was of a group.
  Instance instance;
  LaunchTemplateVersion made_from;  // what it was launched from
  std::string reservation;          // "r-…"
  std::int64_t launch_index = 0;    // within its reservation
  std::string client_token;         // of the call that launched it; empty: none
  std::optional<Instant> terminated;
  std::string end_reason;  // "Client.UserInitiatedShutdown: …"; empty while it lives
  bool operator==(const StandaloneInstance&) const = default;
};

inline constexpr Duration kStandaloneLaunchTimeout = std::chrono::seconds{60};
inline constexpr Duration kStandaloneStopTimeout = std::chrono::seconds{30};
inline constexpr Duration kTerminatedShown = std::chrono::hours{1};  // about what EC2 does
inline constexpr std::size_t kMaxTerminatedShown = 200;              // the newest

struct StandaloneStep {
  enum class Keep { Yes, Forget };
  std::optional<StandaloneInstance> changed;
  Keep keep = Keep::Yes;            // Forget: it has been shown as terminated for long enough
  std::optional<Instant> next_due;  // the earliest deadline it waits for
};

/// What becomes of one by what is seen of it. One step; a further call right after it was taken
/// over changes nothing.
///   Pending      runs: InService · cannot be started, or not seen in time: Terminating
///   InService    its processes are gone for good: Terminating
///   Terminating  exited or over StopTimeout: killed · nothing left: Terminated
StandaloneStep step(const StandaloneInstance& given, const InstanceFacts* facts, Instant now);

/// Asked for by a user: SIGTERM, then SIGKILL after kStandaloneStopTimeout. One that is on its way
/// out, or gone, stays as it is.
StandaloneInstance begin_end(StandaloneInstance instance, Instant now);

/// A group's instance as it goes on outside: it runs, or it is Terminated since `now`.
StandaloneInstance outside_group(const Instance& instance,
                                 const LaunchTemplateVersion& made_from,
                                 Instant now);

}  // namespace tidegate::groups
