// Queries: the one door through which edge reads: an immutable published view. Any thread; never
// waits for a tick.
#pragma once

#include <memory>

#include "engine/model.h"

namespace tidegate::engine {

class QueryDoor {
 public:
  QueryDoor() = default;
  QueryDoor(const QueryDoor&) = delete;
  QueryDoor& operator=(const QueryDoor&) = delete;
  virtual ~QueryDoor() = default;

  /// Never null. The newest published view: at most one second old while the engine runs, and newer
  /// than any command that was answered before the call.
  virtual std::shared_ptr<const Model> view() const = 0;
  /// Console of an instance; see ports::Compute::console.
  virtual Result<std::pair<std::string, std::uint64_t>> console(const groups::InstanceId& id,
                                                                std::uint64_t offset,
                                                                std::size_t max_bytes) const = 0;
};

}  // namespace tidegate::engine
