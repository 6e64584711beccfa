#include "sim/memory_store.h"

#include "base/check.h"

namespace tidegate::sim {

Result<std::map<std::string, std::string>> MemoryStore::read(const std::string& prefix) {
  std::map<std::string, std::string> found;
  for (auto entry = contents_.lower_bound(prefix);
       entry != contents_.end() && entry->first.starts_with(prefix);
       ++entry) {
    found.insert(*entry);
  }
  return found;
}

Result<ports::Revision> MemoryStore::append(const std::vector<ports::StoreOperation>& batch,
                                            std::uint64_t epoch,
                                            ports::Revision expected) {
  TG_CHECK(!batch.empty() && batch.size() <= ports::kMaxBatch);
  if (gate_ && !gate_()) {
    return Error{ErrorCode::Unavailable, "Unavailable", "the machine is off"};
  }
  if (failure_) {
    return *failure_;
  }
  if (epoch < epoch_ || expected != revision_) {
    return Error{ErrorCode::FailedPrecondition,
                 "StaleRevision",
                 "another control plane wrote to this store"};
  }
  epoch_ = epoch;
  for (const auto& operation : batch) {
    if (operation.value) {
      contents_.insert_or_assign(operation.key, *operation.value);
    } else {
      contents_.erase(operation.key);
    }
  }
  ++appends_;
  ++revision_.value;
  return revision_;
}

}  // namespace tidegate::sim
