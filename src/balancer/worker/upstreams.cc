#include "balancer/worker/upstreams.h"

#include <algorithm>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

namespace tidegate::balancer {
namespace {

// A target that vanished without a word is given up after this long without an acknowledgement.
constexpr int kUnacknowledgedMs = 10'000;
constexpr int kProbeQuietSeconds = 15, kProbeEverySeconds = 5, kProbes = 3;

// An option that cannot be set costs detection of vanished hosts, not the connection.
void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void notice_vanished_peers(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kProbeQuietSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kProbeEverySeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

}  // namespace

void Upstreams::close_all() {
  for (const auto& target : targets_) {
    while (!target->connections.empty()) {
      close(*target->connections.back());
    }
    target->counters->held.add(-1);
  }
  targets_.clear();
}

LocalTarget* Upstreams::local(TargetState& state) {
  const auto found = by_state_.find(&state);
  if (found != by_state_.end()) return found->second;
  auto added = std::make_unique<LocalTarget>();
  added->state = &state;
  added->counters = &state.per_worker[context_.index];
  added->counters->held.add(1);
  by_state_.emplace(&state, added.get());
  targets_.push_back(std::move(added));
  return targets_.back().get();
}

void Upstreams::take_group(const SnapshotGroup& group) {
  LocalGroup*& local_group = group_by_state_[group.state];
  if (local_group == nullptr) {
    groups_.push_back(std::make_unique<LocalGroup>());
    local_group = groups_.back().get();
    local_group->rotation = balancing::Rotation{context_.index};
  }
  local_group->state = group.state;
  local_group->stale = true;
  local_group->sticky = group.sticky ? &*group.sticky : nullptr;
  for (const SnapshotTarget& target : group.targets) {
    LocalTarget* held = local(*target.state);
    held->intent = target.intent;
    held->configured = true;
    local_group->targets.push_back(held);
  }
  by_position_.push_back(local_group);
}

void Upstreams::adopt(const Snapshot& snapshot) {
  for (const auto& target : targets_) {
    target->configured = false;
  }
  for (const auto& group : groups_) {
    group->targets.clear();
    group->routable.clear();
    group->sticky = nullptr;
  }
  by_position_.clear();
  for (const SnapshotGroup& group : snapshot.groups) {
    take_group(group);
  }
  for (const auto& group : groups_) {
    if (std::ranges::find(by_position_, group.get()) != by_position_.end()) continue;
    group_by_state_.erase(group->state);  // its state may be freed, and the address used again
    group->state = nullptr;
  }
  for (const auto& target : targets_) {
    const bool serves = target->configured && target->intent == balancing::TargetIntent::Serving;
    while (!serves && !target->idle.empty()) {
      close(*target->idle.back());
    }
  }
  forget_unused();
}

void Upstreams::forget_unused() {
  std::erase_if(groups_, [](const std::unique_ptr<LocalGroup>& group) {
    return group->state == nullptr && group->streams == 0;
  });
  std::erase_if(targets_, [&](const std::unique_ptr<LocalTarget>& target) {
    if (target->configured || !target->connections.empty()) return false;
    by_state_.erase(target->state);
    target->counters->held.add(-1);
    return true;
  });
}

void Upstreams::refresh(LocalGroup& group) {
  if (group.state == nullptr) return;
  const std::uint32_t epoch = group.state->choice_epoch.load(std::memory_order_acquire);
  if (!group.stale && epoch == group.choice_epoch) return;
  std::vector<balancing::Eligibility> eligibility;
  eligibility.reserve(group.targets.size());
  for (const LocalTarget* target : group.targets) {
    eligibility.push_back(target->state->eligibility.load(std::memory_order_relaxed));
  }
  group.routable = balancing::routable(eligibility);
  group.choice_epoch = epoch;
  group.stale = false;
}

LocalTarget* Upstreams::pick(LocalGroup& group, Stream& stream) {
  refresh(group);
  const std::span<const LocalTarget* const> tried{stream.tried.data(), stream.tries};
  if (stream.preferred != nullptr && stream.tries == 0) {
    for (const std::uint32_t position : group.routable) {
      if (group.targets[position] == stream.preferred) return stream.preferred;
    }
  }
  for (std::size_t i = 0; i < group.routable.size(); ++i) {
    const std::optional<std::uint32_t> position = group.rotation.pick(group.routable);
    LocalTarget* target = group.targets[*position];
    if (std::ranges::find(tried, target) == tried.end()) return target;
  }
  return nullptr;
}

UpConn* Upstreams::acquire(LocalTarget& target, Freshness freshness) {
  if (freshness == Freshness::Fresh || target.idle.empty()) return connect(target);
  UpConn* hottest = target.idle.back();
  target.idle.pop_back();
  return hottest;
}

UpConn* Upstreams::connect(LocalTarget& target) {
  Result<net::Fd> fd = net::start_connect(target.state->address);
  if (!fd) return nullptr;
  notice_vanished_peers(fd->get());
  auto added = std::make_unique<UpConn>();
  added->io = PlainTransport{std::move(*fd)};
  added->target = &target;
  added->position = target.connections.size();
  context_.watch(added->io.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *added);
  context_.set_deadline(added->deadline, context_.now + kConnectTime);
  target.connections.push_back(std::move(added));
  return target.connections.back().get();
}

void Upstreams::release(UpConn& connection) {
  LocalTarget& target = *connection.target;
  const bool serves = target.configured && target.intent == balancing::TargetIntent::Serving;
  // Unread bytes would be taken for the next answer (R4).
  const bool clean = !connection.readable && connection.in.empty() && connection.out.empty() &&
                     !connection.peer_finished && !connection.send_broken;
  connection.stream = nullptr;
  if (!serves || !clean || target.idle.size() >= kIdleMax) {
    close(connection);
    return;
  }
  connection.reused = true;
  connection.scan.restart();
  context_.set_deadline(connection.deadline, context_.now + kIdleTime);
  target.idle.push_back(&connection);
}

void Upstreams::close(UpConn& connection) {
  if (connection.closed) return;
  LocalTarget& target = *connection.target;
  connection.closed = true;
  connection.stream = nullptr;
  context_.clear_deadline(connection.deadline);
  connection.in.clear(context_.buffers);
  connection.out.clear(context_.buffers);
  connection.io.close();
  std::erase(target.idle, &connection);
  const std::size_t position = connection.position;
  context_.dead_ups.push_back(std::move(target.connections[position]));
  if (position + 1 != target.connections.size()) {
    target.connections[position] = std::move(target.connections.back());
    target.connections[position]->position = position;
  }
  target.connections.pop_back();
}

}  // namespace tidegate::balancer
