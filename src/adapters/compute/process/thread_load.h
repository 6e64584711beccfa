// What an instance's processes use, from /proc: the busiest thread (a single-threaded program at
// its limit looks idle by its instance's CPU), and the CPU of all of them where no cgroup counts
// it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace tidegate::compute_process {

/// Of the text of /proc/PID/stat, in clock ticks; zeros when it is none.
struct StatTicks {
  std::uint64_t own = 0;     // utime + stime
  std::uint64_t reaped = 0;  // of children that were waited for, and theirs
};
StatTicks stat_ticks(const std::string& stat);

/// Process ids, as text, in a cgroup.procs file.
std::vector<std::string> pids_in(const std::string& procs_file);
/// That process and everything below it.
std::vector<std::string> pids_below(std::int64_t root);
/// CPU of these processes and of what they have waited for.
Duration cpu_of(const std::vector<std::string>& pids);

class ThreadLoad {
 public:
  /// Share of one CPU, 0..1, that the busiest thread of these processes used since the last call; 0
  /// at the first.
  double sample(const std::vector<std::string>& pids, MonotonicInstant now);

 private:
  std::map<std::int64_t, std::uint64_t> ticks_;  // by thread id
  MonotonicInstant last_;
};

}  // namespace tidegate::compute_process
