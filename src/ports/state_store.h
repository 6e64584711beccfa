// The state store: the control plane's memory across crashes. Keys are paths
// ("group/cnt-backend-asg"), values JSON text. append() is atomic and durable when it returns; a
// journal entry travels in the same batch as the state it changes. Called from the engine thread
// only. Implementations: adapters/store/sqlite, sim.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tidegate::ports {

inline constexpr std::size_t kMaxBatch =
    100;  // operations in one append (etcd's transaction limit is 128)

struct StoreOperation {
  std::string key;
  std::optional<std::string> value;  // absent: delete
  bool operator==(const StoreOperation&) const = default;
};

struct Revision {
  std::uint64_t value = 0;
  auto operator<=>(const Revision&) const = default;
};

class StateStore {
 public:
  StateStore() = default;
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;
  virtual ~StateStore() = default;

  /// All keys with that prefix at the newest revision, in key order.
  virtual Result<std::map<std::string, std::string>> read(const std::string& prefix) = 0;
  virtual Revision revision() const = 0;
  /// Applies 1..kMaxBatch operations at once. epoch fences old leaders; expected is the revision
  /// the batch was made from. Errors: FailedPrecondition (another revision or a newer epoch),
  /// ResourceExhausted (full disk), Corrupt, Unavailable.
  virtual Result<Revision> append(const std::vector<StoreOperation>& batch,
                                  std::uint64_t epoch,
                                  Revision expected) = 0;
};

}  // namespace tidegate::ports
