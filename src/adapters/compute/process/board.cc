#include "adapters/compute/process/board.h"

namespace tidegate::compute_process {

void Board::post(const Entry& entry) {
  const std::lock_guard lock{entries_mutex_};
  entries_[entry.seen.id] = entry;
}

void Board::remove(const groups::InstanceId& id) {
  const std::lock_guard lock{entries_mutex_};
  entries_.erase(id);
}

bool Board::contains(const groups::InstanceId& id) const {
  const std::lock_guard lock{entries_mutex_};
  return entries_.contains(id);
}

std::vector<Board::Entry> Board::all() const {
  const std::lock_guard lock{entries_mutex_};
  std::vector<Entry> copied;
  copied.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    copied.push_back(entry);
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
