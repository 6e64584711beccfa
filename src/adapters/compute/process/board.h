// What the driver's thread has seen of each instance, for any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/groups/instance.h"
#include "supervise/cgroups.h"

namespace tidegate::compute_process {

/// What is known of each instance, for any thread.
class Board {
 public:
  struct Entry {
    groups::InstanceObservation seen;
    MonotonicInstant sampled;  // when cpu_used was read
  };
  void post(const Entry& entry);
  /// From now on, until unwatch() or remove(), all() reads the CPU time itself: what was posted may
  /// be as old as a whole sample.
  void watch(const groups::InstanceId& id, supervise::CpuMeter meter);
  void unwatch(const groups::InstanceId& id);
  void remove(const groups::InstanceId& id);
  bool contains(const groups::InstanceId& id) const;
  /// now: of this call.
  std::vector<Entry> all(MonotonicInstant now) const;
  void post_troubles(std::vector<std::string> troubles);
  std::vector<std::string> troubles() const;

 private:
  mutable std::mutex entries_mutex_;
  std::map<groups::InstanceId, Entry> entries_;               // guarded by entries_mutex_
  std::map<groups::InstanceId, supervise::CpuMeter> meters_;  // guarded by entries_mutex_
  std::vector<std::string> troubles_;                         // guarded by entries_mutex_
};

}  // namespace tidegate::compute_process
