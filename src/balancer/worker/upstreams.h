// The worker's view of groups and targets, and its connections to them: LIFO pools of idle ones,
// new ones on demand. One worker's thread.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "balancer/worker/connections.h"
#include "balancer/worker/turn.h"

namespace tidegate::balancer {

class Upstreams {
 public:
  static constexpr std::size_t kIdleMax = 64;                     // per target and worker
  static constexpr auto kIdleTime = std::chrono::seconds{55};     // below the usual 60 s of targets
  static constexpr auto kConnectTime = std::chrono::seconds{10};  // ALB's

  explicit Upstreams(WorkerContext& context) : context_(context) {}
  Upstreams(const Upstreams&) = delete;
  Upstreams& operator=(const Upstreams&) = delete;
  ~Upstreams() = default;

  /// Takes over the groups and targets of a snapshot. Idle connections to targets that serve no
  /// longer are closed; what is in use stays for the proxy to deal with (targets()).
  void adopt(const Snapshot& snapshot);
  /// The group at that position of the adopted snapshot.
  LocalGroup* group(std::size_t position) { return by_position_[position]; }

  /// The stream's preferred target when it gets requests and nothing was tried yet; else the next
  /// in rotation that was not tried; null when there is none.
  LocalTarget* pick(LocalGroup& group, Stream& stream);

  enum class Freshness { Any, Fresh };
  /// The hottest idle connection, or a new one that may still be connecting. Null: not even begun.
  UpConn* acquire(LocalTarget& target, Freshness freshness);
  /// Back into the pool when the target still serves; else closed.
  void release(UpConn& connection);
  void close(UpConn& connection);
  void close_all();

  /// Frees targets that are in no configuration any more and have no connection left.
  void forget_unused();
  std::vector<std::unique_ptr<LocalTarget>>& targets() { return targets_; }

 private:
  void take_group(const SnapshotGroup& group);
  LocalTarget* local(TargetState& state);
  void refresh(LocalGroup& group);
  UpConn* connect(LocalTarget& target);

  WorkerContext& context_;
  std::vector<std::unique_ptr<LocalGroup>> groups_;
  std::vector<LocalGroup*> by_position_;
  std::vector<std::unique_ptr<LocalTarget>> targets_;
  std::unordered_map<const TargetState*, LocalTarget*> by_state_;
  std::unordered_map<const GroupState*, LocalGroup*> group_by_state_;
};

}  // namespace tidegate::balancer
