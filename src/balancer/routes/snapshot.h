// A configuration as the workers use it: immutable, compiled once by the control thread, handed
// over as a raw pointer and freed when every worker has moved on (QSBR: see Handover).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "balancer/routes/state.h"
#include "balancer/routes/sticky.h"
#include "core/balancing/data_plane.h"
#include "core/balancing/routing.h"

namespace tidegate::balancer {

struct SnapshotTarget {
  TargetState* state = nullptr;
  balancing::TargetIntent intent = balancing::TargetIntent::Serving;
};

struct SnapshotGroup {
  GroupState* state = nullptr;
  std::vector<SnapshotTarget> targets;
  std::optional<Sticky> sticky;  // absent: no cookies
};

struct SnapshotListener {
  std::string address;
  std::uint16_t port = 0;  // bound
  LoadBalancerState* load_balancer = nullptr;
  Duration idle_timeout{};
  balancing::RouteTable routes;  // into Snapshot::groups
};

struct Snapshot {
  std::uint64_t sequence = 0;    // of this process, from 1: what the handover goes by
  std::uint64_t generation = 0;  // the configuration's own
  std::vector<SnapshotListener> listeners;
  std::vector<SnapshotGroup> groups;
};

/// One writer, many readers without locks. The control thread publishes; each worker, once per turn
/// of its loop and while it holds no pointer of an older one, adopts the newest and says so.
class Handover {
 public:
  explicit Handover(std::size_t workers) : adopted_(workers) {}
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// Control thread. Older ones are kept until reclaim().
  void publish(std::unique_ptr<const Snapshot> snapshot);
  /// Control thread: frees what no worker can see any more.
  void reclaim();
  /// The sequence of the oldest snapshot that a worker still uses.
  std::uint64_t applied() const;

  /// A worker's: null before the first publish.
  const Snapshot* newest() const { return newest_.load(std::memory_order_acquire); }
  void adopt(std::size_t worker, std::uint64_t sequence) {
    adopted_[worker].sequence.store(sequence, std::memory_order_release);
  }

 private:
  struct alignas(64) Adopted {
    std::atomic<std::uint64_t> sequence = 0;
  };
  std::atomic<const Snapshot*> newest_ = nullptr;
  std::vector<Adopted> adopted_;
  std::vector<std::unique_ptr<const Snapshot>> kept_;  // oldest first; the last is the newest
};

}  // namespace tidegate::balancer
