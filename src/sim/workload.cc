#include "sim/workload.h"

#include <algorithm>
#include <utility>

namespace tidegate::sim {
namespace {

constexpr Duration kNoiseInterval = std::chrono::milliseconds{200};  // as often as CPU is sampled
constexpr std::size_t kMaxFailedRequests = 20;
constexpr Duration kFaultWake = std::chrono::minutes{2};  // over drains and replacements

}  // namespace

void Workload::set_demand(const Demand& demand) {
  demand_ = demand;
  next_request_ = clock_.now();
  next_noise_ = clock_.now();
}

void Workload::open_websockets(std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (const Forwarded forwarded = door_.forward(0, "/ws"); forwarded.target) {
      ++door_.traffic(forwarded.target->value).websockets;
    }
  }
}

void Workload::advance() {
  finish_requests();
  const Instant now = clock_.now();
  if (demand_.requests_per_second > 0) {
    const Duration gap = from_seconds(1.0 / demand_.requests_per_second);
    if (now - next_request_ > std::chrono::seconds{2}) {
      next_request_ = now;  // the world slept: users did not
    }
    for (; next_request_ <= now; next_request_ += gap) {
      send_request();
    }
  }
  spread_work();
}

Instant Workload::next_due() const {
  Instant due = Instant::max();
  if (demand_.requests_per_second > 0) {
    due = std::min(due, next_request_);
  }
  if (demand_.noise_percent > 0) {
    due = std::min(due, next_noise_);
  }
  return due;
}

/// An application that is asked to stop finishes what it has.
void Workload::hold_exits() {
  for (const InFlight& request : in_flight_) {
    SimulatedInstance* instance = cloud_.find(request.target);
    if (instance != nullptr && instance->stopped_at && instance->exited_at) {
      instance->exited_at = std::max(*instance->exited_at, request.ends);
    }
  }
}

/// A request is answered when its time is over and its instance was alive until then.
void Workload::finish_requests() {
  const Instant now = clock_.now();
  hold_exits();
  std::erase_if(in_flight_, [&](const InFlight& request) {
    const SimulatedInstance* instance = cloud_.find(request.target);
    const bool stopped = instance != nullptr && instance->stopped_at && !instance->lost;
    const bool alive = instance != nullptr && (cloud_.is_alive(*instance) || stopped);
    const bool over = request.ends <= now;
    if (alive && !over) {
      return false;
    }
    --door_.traffic(request.target.value).in_flight;
    const bool hangs = instance != nullptr && instance->frozen;
    if (over && !hangs) {
      return true;
    }
    ++failed_;
    if (!excused_.contains(request.target) && breaches_.size() < kMaxFailedRequests) {
      breaches_.push_back("a request was in flight at " + request.target.value +
                          " when the control plane ended it");
    }
    return true;
  });
}

/// An instance that answers, served before and suffered no fault: with it a 503 is the control
/// plane's doing, unless faults took the others away while that one was on its way out already.
bool Workload::somebody_could_serve(std::string& who) const {
  if (last_fault_ && clock_.now() - *last_fault_ < kFaultWake) {
    return false;
  }
  for (const auto& [id, instance] : cloud_.instances()) {
    if (served_once_.contains(id) && cloud_.serves(instance) && !instance.stopped_at &&
        !excused_.contains(id)) {
      who = id.value;
      return true;
    }
  }
  return false;
}

void Workload::send_request() {
  ++sent_;
  const Forwarded forwarded = door_.forward(0, "/");
  if (forwarded.target) {
    served_once_.insert(*forwarded.target);
    ++door_.traffic(forwarded.target->value).in_flight;
    in_flight_.push_back({*forwarded.target, clock_.now() + demand_.service_time});
    return;
  }
  ++failed_;
  std::string who;
  if (somebody_could_serve(who) && breaches_.size() < kMaxFailedRequests) {
    breaches_.push_back("a request got " + std::to_string(forwarded.status) + " while " + who +
                        " still answers");
  }
}

std::vector<groups::InstanceId> Workload::workers() const {
  const std::set<std::string> routed = door_.routable_targets();
  std::vector<groups::InstanceId> ids;
  for (const auto& [id, instance] : cloud_.instances()) {
    if (cloud_.serves(instance) && routed.contains(id.value)) {
      ids.push_back(id);
    }
  }
  return ids;
}

void Workload::spread_work() {
  if (clock_.now() < next_noise_) {
    return;
  }
  next_noise_ = clock_.now() + kNoiseInterval;
  const std::vector<groups::InstanceId> ids = workers();
  for (const auto& [id, instance] : cloud_.instances()) {
    if (instance.load > 0 && std::find(ids.begin(), ids.end(), id) == ids.end()) {
      cloud_.set_load(id, 0);
    }
  }
  for (const groups::InstanceId& id : ids) {
    double share = demand_.work_percent / 100.0 / static_cast<double>(ids.size());
    if (demand_.noise_percent > 0) {
      share = rng_.normal(share, demand_.noise_percent / 100.0);
    }
    cloud_.set_load(id, share);
  }
}

}  // namespace tidegate::sim
