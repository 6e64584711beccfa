// How busy the busiest thread of an instance is: a single-threaded program at its limit looks idle
// by its instance's CPU. Read from /proc, rarely. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/time.h"

namespace tidegate::compute_process {

/// utime + stime of the text of /proc/PID/task/TID/stat, in clock ticks; 0 when it is none.
std::uint64_t thread_ticks(const std::string& stat);

class ThreadLoad {
 public:
  /// procs_file: the cgroup.procs of the instance. Share of one CPU, 0..1, that the busiest thread
  /// used since the last call; 0 at the first.
  double sample(const std::string& procs_file, MonotonicInstant now);

 private:
  std::map<std::int64_t, std::uint64_t> ticks_;  // by thread id
  MonotonicInstant last_;
};

}  // namespace tidegate::compute_process
