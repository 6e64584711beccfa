#include "adapters/compute/process/board.h"

#include <algorithm>
#include <utility>

namespace tidegate::compute_process {

void Board::post(const Entry& entry) {
  const std::lock_guard lock{entries_mutex_};
  entries_[entry.seen.id] = entry;
}

void Board::watch(const groups::InstanceId& id, supervise::CpuMeter meter) {
  const std::lock_guard lock{entries_mutex_};
  meters_.insert_or_assign(id, std::move(meter));
}

void Board::unwatch(const groups::InstanceId& id) {
  const std::lock_guard lock{entries_mutex_};
  meters_.erase(id);
}

void Board::remove(const groups::InstanceId& id) {
  const std::lock_guard lock{entries_mutex_};
  meters_.erase(id);
  entries_.erase(id);
}

bool Board::contains(const groups::InstanceId& id) const {
  const std::lock_guard lock{entries_mutex_};
  return entries_.contains(id);
}

std::vector<Board::Entry> Board::all(MonotonicInstant now) const {
  const std::lock_guard lock{entries_mutex_};
  std::vector<Entry> copied;
  copied.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    Entry& copy = copied.emplace_back(entry);
    const auto meter = meters_.find(id);
    if (const auto used = meter == meters_.end() ? std::nullopt : meter->second.used()) {
      copy.seen.cpu_used = std::max(copy.seen.cpu_used, *used);
      copy.sampled = now;
    }
  }
  return copied;
}

void Board::post_troubles(std::vector<std::string> troubles) {
  const std::lock_guard lock{entries_mutex_};
  troubles_ = std::move(troubles);
}

std::vector<std::string> Board::troubles() const {
  const std::lock_guard lock{entries_mutex_};
  return troubles_;
}

}  // namespace tidegate::compute_process
