// Cgroups as they are found: v1, hybrid (v1 controllers, v2 without any), v2, or none. Detection is
// pure over /proc's text; what may really be done is found by doing it (CgroupTree::create). Paths,
// never names of hierarchies, are kept per instance, because our own position may be another one
// after a restart. Any one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"

namespace tidegate::supervise {

enum class CgroupKind { None, V1, Hybrid, V2 };
std::string_view to_string(CgroupKind kind);  // "none", "v1", "hybrid", "v2"

struct CgroupLayout {
  CgroupKind kind = CgroupKind::None;
  std::map<std::string, std::string>
      controllers;                     // v1 only: "cpu" → the folder of our own position
  std::optional<std::string> unified;  // v2: the top of its mount
  bool operator==(const CgroupLayout&) const = default;
};

/// mountinfo: of /proc/self/mountinfo; own: of /proc/self/cgroup. v1 positions are our own, line by
/// line (they differ per controller); v2's is the top, where no process stands in the way of
/// controllers.
CgroupLayout cgroup_layout(std::string_view mountinfo, std::string_view own);
/// Of another user than root: v2 begins where we are ourselves, which is ours where it was
/// delegated.
CgroupLayout below_own(CgroupLayout layout, std::string_view own);
/// Of this process, now.
CgroupLayout cgroup_layout();

struct CgroupLimits {
  double vcpus = 1;
  std::int64_t memory_bytes = 0;
  std::int64_t processes = 4096;
};

/// One instance's cgroups: controller → folder ("unified" for v2's).
using CgroupPaths = std::map<std::string, std::string>;
std::string to_text(const CgroupPaths& paths);
CgroupPaths parse_cgroup_paths(std::string_view text);

struct CgroupWrite {
  std::string file;
  std::string text;
  bool operator==(const CgroupWrite&) const = default;
};
/// What limits an instance, in the order to write it. Pure.
std::vector<CgroupWrite> limit_writes(const CgroupPaths& paths, const CgroupLimits& limits);

/// The cgroups of one home: a folder `name` per hierarchy, an instance's below it.
class CgroupTree {
 public:
  CgroupTree(CgroupLayout layout, std::string name);

  CgroupKind kind() const { return layout_.kind; }
  /// Makes and limits an instance's cgroups; done again, it limits anew. Error: Unavailable naming
  /// the file that refused.
  Result<CgroupPaths> create(const std::string& instance, const CgroupLimits& limits) const;
  /// Where create() would put them.
  CgroupPaths paths_of(const std::string& instance) const;
  /// Instances that have a folder in any hierarchy.
  std::vector<std::string> instances() const;
  /// Removes the home's own folders, as far as they are empty.
  void remove_empty() const;

 private:
  Status enable_controllers() const;
  void weigh(const CgroupPaths& paths) const;

  CgroupLayout layout_;
  std::string name_;
};

/// SIGKILL to every process in it: cgroup.kill, else frozen, killed, thawed.
void kill_cgroup(const CgroupPaths& paths);
/// Error: Unavailable while processes are left in it.
Status remove_cgroup(const CgroupPaths& paths);

/// Reads the CPU time that an instance has used, through a descriptor that stays open.
class CpuMeter {
 public:
  explicit CpuMeter(const CgroupPaths& paths);

  /// Since the cgroup was made; absent when it cannot be read (any more).
  std::optional<Duration> used() const;

 private:
  bool unified_ = false;
  FileDescriptor file_;
};

/// Reads what an instance has used, through descriptors that stay open.
class CgroupMeter {
 public:
  explicit CgroupMeter(const CgroupPaths& paths);

  std::optional<Duration> cpu_used() const { return cpu_.used(); }
  std::optional<std::int64_t> memory_bytes() const;
  std::int64_t oom_kills() const;
  Duration throttled() const;

 private:
  CpuMeter cpu_;
  bool unified_memory_ = false;
  FileDescriptor memory_, oom_, throttle_;
};

/// The number behind `key` in text of lines "key number"; absent when there is none.
std::optional<std::int64_t> keyed_number(std::string_view text, std::string_view key);

}  // namespace tidegate::supervise
