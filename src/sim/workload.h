// The users of the simulated applications: work that costs CPU, requests that may fail, WebSockets
// that stay open. Judges each failed request: by an injected fault, or by what the control plane
// did.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "sim/cloud.h"
#include "sim/front_door.h"

namespace tidegate::sim {

struct Demand {
  double work_percent = 0;   // of one instance's quota, in sum over all that serve
  double noise_percent = 0;  // standard deviation of each instance's share, drawn every 200 ms
  double requests_per_second = 0;
  Duration service_time = std::chrono::milliseconds{200};
  bool operator==(const Demand&) const = default;
};

class Workload {
 public:
  Workload(VirtualClock& clock, Cloud& cloud, FrontDoor& door, Rng rng)
      : clock_(clock), cloud_(cloud), door_(door), rng_(rng) {}

  void set_demand(const Demand& demand);
  const Demand& demand() const { return demand_; }
  /// `count` more WebSockets, each on the target that the balancer picks.
  void open_websockets(std::int64_t count);
  /// Requests that hit this instance may fail: a fault was injected into it.
  void excuse(const groups::InstanceId& id) {
    excused_.insert(id);
    last_fault_ = clock_.now();
  }

  /// Brings everything to the clock's time. Call it at each step.
  void advance();
  /// When it has something to do next; Instant::max() without demand.
  Instant next_due() const;

  std::uint64_t sent() const { return sent_; }
  std::uint64_t failed() const { return failed_; }
  /// Failed requests that no injected fault explains, as sentences; each is a breach.
  std::vector<std::string> take_breaches() { return std::exchange(breaches_, {}); }

 private:
  struct InFlight {
    groups::InstanceId target;
    Instant ends;
  };

  void hold_exits();
  void finish_requests();
  void send_request();
  void spread_work();
  std::vector<groups::InstanceId> workers() const;
  bool somebody_could_serve(std::string& who) const;

  VirtualClock& clock_;
  Cloud& cloud_;
  FrontDoor& door_;
  Rng rng_;
  Demand demand_;
  std::vector<InFlight> in_flight_;
  std::set<groups::InstanceId> excused_;
  std::optional<Instant> last_fault_;  // of an instance
  std::set<groups::InstanceId> served_once_;
  Instant next_request_;
  Instant next_noise_;
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
  std::vector<std::string> breaches_;
};

}  // namespace tidegate::sim
