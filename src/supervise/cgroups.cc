#include "supervise/cgroups.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "supervise/files.h"

namespace tidegate::supervise {
namespace {

constexpr std::int64_t kPeriodUs = 100000;
constexpr std::int64_t kLeastQuotaUs = 1000;  // the kernel's minimum
constexpr int kFreezeTries = 200;             // of 5 ms
constexpr const char* kUnified = "unified";
constexpr std::array<const char*, 6> kControllers{
    "cpu", "cpuacct", "memory", "pids", "freezer", kUnified};

struct CgroupMount {
  std::string root, point, type;
  std::vector<std::string> options;
};

/// "31 23 0:28 /root /point rw,… - cgroup cgroup rw,cpu"; absent for other file systems.
std::optional<CgroupMount> parse_mount(const std::string& line) {
  const std::size_t dash = line.find(" - ");
  if (dash == std::string::npos) return std::nullopt;
  const std::vector<std::string> before = split(line.substr(0, dash), ' ');
  const std::vector<std::string> after = split(line.substr(dash + 3), ' ');
  if (before.size() < 5 || after.size() < 3 || !after[0].starts_with("cgroup")) return std::nullopt;
  return CgroupMount{before[3], before[4], after[0], split(after[2], ',')};
}

/// Our position below a mount whose root is not the hierarchy's when we are in a container.
std::string position(const std::string& own, const std::string& root) {
  std::string below = own;
  if (root != "/" && own.starts_with(root)) below = own.substr(root.size());
  if (below == "/") below.clear();
  return below;
}

std::map<std::string, std::string> own_positions(std::string_view own) {
  std::map<std::string, std::string> positions;
  for (const std::string& line : split(own, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string path = line.substr(second + 1);
    for (const std::string& name : split(line.substr(first + 1, second - first - 1), ',')) {
      positions[name] = path;
    }
  }
  return positions;
}

bool write_file(const std::string& path, const std::string& text) {
  const FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

Error refused(const std::string& file) {
  return Error{ErrorCode::Unavailable, "InternalFailure", file + ": " + ::strerrordesc_np(errno)};
}

std::vector<std::string> subfolders(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.is_directory(error)) names.push_back(entry.path().filename());
  }
  return names;
}

std::string read_or_empty(const std::string& path) {
  const Result<std::string> text = read_small_file(path);
  return text ? *text : std::string{};
}

FileDescriptor open_at(const CgroupPaths& paths, const std::string& controller, const char* file) {
  const auto found = paths.find(controller);
  if (found == paths.end()) return FileDescriptor{};
  return FileDescriptor{::open((found->second + "/" + file).c_str(), O_RDONLY | O_CLOEXEC)};
}

/// A kernel file's text, read through a descriptor that stays open: five times a second for each
/// instance, so nothing is allocated or cleared for it.
class Reading {
 public:
  explicit Reading(const FileDescriptor& file) {
    const ssize_t got = file ? ::pread(file.get(), buffer_, sizeof buffer_, 0) : 0;
    size_ = got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  std::string_view text() const { return {buffer_, size_}; }

 private:
  char buffer_[4096];  // not cleared
  std::size_t size_ = 0;
};

/// A container's top is no real root: its processes must go to a leaf first.
bool enable(const std::string& folder, const char* controller) {
  const std::string file = folder + "/cgroup.subtree_control";
  if (write_file(file, controller)) return true;
  if (errno != EBUSY) return false;
  const std::string leaf = folder + "/tidegate-leaf";
  ::mkdir(leaf.c_str(), 0755);
  for (const std::string& pid : split(read_or_empty(folder + "/cgroup.procs"), '\n')) {
    if (!pid.empty()) write_file(leaf + "/cgroup.procs", pid);
  }
  return write_file(file, controller);
}

}  // namespace

std::string_view to_string(CgroupKind kind) {
  switch (kind) {
    case CgroupKind::None:
      return "none";
    case CgroupKind::V1:
      return "v1";
    case CgroupKind::Hybrid:
      return "hybrid";
    case CgroupKind::V2:
      return "v2";
  }
  return "none";
}

CgroupLayout cgroup_layout(std::string_view mountinfo, std::string_view own) {
  const std::map<std::string, std::string> positions = own_positions(own);
  CgroupLayout layout;
  for (const std::string& line : split(mountinfo, '\n')) {
    const std::optional<CgroupMount> mount = parse_mount(line);
    if (!mount) continue;
    if (mount->type == "cgroup2") {
      if (!layout.unified) layout.unified = mount->point;
      continue;
    }
    for (const std::string& option : mount->options) {
      const auto own_position = positions.find(option);
      const bool wanted =
          std::find(kControllers.begin(), kControllers.end(), option) != kControllers.end();
      if (!wanted || own_position == positions.end()) continue;
      layout.controllers.emplace(option,
                                 mount->point + position(own_position->second, mount->root));
    }
  }
  if (!layout.controllers.empty()) {
    layout.kind = layout.unified ? CgroupKind::Hybrid : CgroupKind::V1;
  } else if (layout.unified) {
    layout.kind = CgroupKind::V2;
  }
  return layout;
}

CgroupLayout below_own(CgroupLayout layout, std::string_view own) {
  const std::map<std::string, std::string> positions = own_positions(own);
  const auto unified = positions.find("");
  if (layout.kind == CgroupKind::V2 && unified != positions.end() && unified->second != "/") {
    *layout.unified += unified->second;
  }
  return layout;
}

CgroupLayout cgroup_layout() {
  const std::string own = read_or_empty("/proc/self/cgroup");
  CgroupLayout layout = cgroup_layout(read_or_empty("/proc/self/mountinfo"), own);
  return ::geteuid() == 0 ? layout : below_own(std::move(layout), own);
}

std::string to_text(const CgroupPaths& paths) {
  std::string text;
  for (const auto& [controller, folder] : paths) {
    text.append(controller).append("=").append(folder).append("\n");
  }
  return text;
}

CgroupPaths parse_cgroup_paths(std::string_view text) {
  CgroupPaths paths;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) paths[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return paths;
}

std::vector<CgroupWrite> limit_writes(const CgroupPaths& paths, const CgroupLimits& limits) {
  const std::int64_t quota =
      std::max(kLeastQuotaUs, std::int64_t{std::lround(limits.vcpus * kPeriodUs)});
  const std::string memory = std::to_string(limits.memory_bytes);
  const std::string processes = std::to_string(limits.processes);
  const std::string period = std::to_string(kPeriodUs);
  std::vector<CgroupWrite> writes;
  const bool v1 = paths.contains("cpu") || paths.contains("memory");
  for (const auto& [controller, folder] : paths) {
    if (controller == "cpu") {
      writes.push_back({folder + "/cpu.cfs_period_us", period});
      writes.push_back({folder + "/cpu.cfs_quota_us", std::to_string(quota)});
    } else if (controller == "memory") {
      writes.push_back({folder + "/memory.limit_in_bytes", memory});
    } else if (controller == "pids") {
      writes.push_back({folder + "/pids.max", processes});
    } else if (controller == kUnified && !v1) {
      writes.push_back({folder + "/cpu.max", std::to_string(quota) + " " + period});
      writes.push_back({folder + "/memory.max", memory});
      writes.push_back({folder + "/memory.swap.max", "0"});
      writes.push_back({folder + "/pids.max", processes});
    }
  }
  return writes;
}

CgroupTree::CgroupTree(CgroupLayout layout, std::string name)
    : layout_(std::move(layout)), name_(std::move(name)) {}

CgroupPaths CgroupTree::paths_of(const std::string& instance) const {
  CgroupPaths paths;
  for (const auto& [controller, folder] : layout_.controllers) {
    paths[controller] = folder + "/" + name_ + "/" + instance;
  }
  if (layout_.unified) paths[kUnified] = *layout_.unified + "/" + name_ + "/" + instance;
  return paths;
}

Status CgroupTree::enable_controllers() const {
  const std::string& top = *layout_.unified;
  for (const std::string& folder : {top, top + "/" + name_}) {
    for (const char* controller : {"+cpu", "+memory", "+pids"}) {
      if (!enable(folder, controller)) return refused(folder + "/cgroup.subtree_control");
    }
  }
  return Ok{};
}

/// All instances of a home compete as one group with everything else of the machine. Their quotas
/// bound them already, so the group weighs what 16 groups do: an instance gets the CPU it was sold.
void CgroupTree::weigh(const CgroupPaths& paths) const {
  for (const auto& [controller, folder] : paths) {
    const std::string home = folder.substr(0, folder.rfind('/'));
    if (controller == "cpu") write_file(home + "/cpu.shares", std::to_string(16 * 1024));
    if (controller == kUnified) write_file(home + "/cpu.weight", std::to_string(16 * 100));
  }
}

Result<CgroupPaths> CgroupTree::create(const std::string& instance,
                                       const CgroupLimits& limits) const {
  CgroupPaths paths = paths_of(instance);
  for (const auto& [controller, folder] : paths) {
    const std::string home = folder.substr(0, folder.rfind('/'));
    if (::mkdir(home.c_str(), 0755) != 0 && errno != EEXIST) return refused(home);
  }
  if (layout_.kind == CgroupKind::V2) TG_RETURN_IF_ERROR(enable_controllers());
  weigh(paths);
  for (const auto& [controller, folder] : paths) {
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return refused(folder);
  }
  for (const CgroupWrite& one : limit_writes(paths, limits)) {
    const bool optional = one.file.ends_with("swap.max");  // absent without swap accounting
    if (write_file(one.file, one.text) || optional) continue;
    const Error error = refused(one.file);
    for (const auto& [controller, folder] : paths) {
      ::rmdir(folder.c_str());
    }
    return error;
  }
  return paths;
}

std::vector<std::string> CgroupTree::instances() const {
  std::set<std::string> names;
  for (const auto& [controller, folder] : paths_of("x")) {
    for (const std::string& name : subfolders(folder.substr(0, folder.rfind('/')))) {
      names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

void CgroupTree::remove_empty() const {
  for (const auto& [controller, folder] : paths_of("x")) {
    ::rmdir(folder.substr(0, folder.rfind('/')).c_str());
  }
}

namespace {

/// While frozen nobody exits, so that no number is another process's.
void freeze_and_kill(const std::string& freezer, const std::string& folder) {
  write_file(freezer + "/freezer.state", "FROZEN");
  for (int i = 0; i < kFreezeTries; ++i) {
    if (read_or_empty(freezer + "/freezer.state").starts_with("FROZEN")) break;
    ::poll(nullptr, 0, 5);
  }
  for (const std::string& line : split(read_or_empty(folder + "/cgroup.procs"), '\n')) {
    const std::optional<std::int64_t> pid = parse_int(line);
    if (pid && *pid > 1) ::kill(static_cast<pid_t>(*pid), SIGKILL);
  }
  write_file(freezer + "/freezer.state", "THAWED");
}

}  // namespace

void kill_cgroup(const CgroupPaths& paths) {
  const auto unified = paths.find(kUnified);
  if (unified != paths.end() && write_file(unified->second + "/cgroup.kill", "1")) return;
  const auto freezer = paths.find("freezer");
  if (freezer != paths.end()) freeze_and_kill(freezer->second, freezer->second);
}

Status remove_cgroup(const CgroupPaths& paths) {
  for (const auto& [controller, folder] : paths) {
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) return refused(folder);
  }
  return Ok{};
}

CpuMeter::CpuMeter(const CgroupPaths& paths) {
  file_ = open_at(paths, "cpuacct", "cpuacct.usage");
  unified_ = !file_;
  if (unified_) file_ = open_at(paths, kUnified, "cpu.stat");
}

std::optional<Duration> CpuMeter::used() const {
  const Reading reading{file_};
  const std::string_view text = reading.text();
  if (unified_) {
    const std::optional<std::int64_t> used = keyed_number(text, "usage_usec");
    return used ? std::optional{Duration{*used}} : std::nullopt;
  }
  const std::optional<std::int64_t> nanoseconds = parse_int(trim(text));
  return nanoseconds ? std::optional{Duration{*nanoseconds / 1000}} : std::nullopt;
}

CgroupMeter::CgroupMeter(const CgroupPaths& paths) : cpu_(paths) {
  memory_ = open_at(paths, "memory", "memory.usage_in_bytes");
  unified_memory_ = !memory_;
  if (unified_memory_) memory_ = open_at(paths, kUnified, "memory.current");
  oom_ = unified_memory_ ? open_at(paths, kUnified, "memory.events")
                         : open_at(paths, "memory", "memory.oom_control");
  throttle_ = paths.contains("cpu") ? open_at(paths, "cpu", "cpu.stat")
                                    : open_at(paths, kUnified, "cpu.stat");
}

std::optional<std::int64_t> CgroupMeter::memory_bytes() const {
  return parse_int(trim(Reading{memory_}.text()));
}

std::int64_t CgroupMeter::oom_kills() const {
  return keyed_number(Reading{oom_}.text(), "oom_kill").value_or(0);
}

Duration CgroupMeter::throttled() const {
  const Reading reading{throttle_};
  const std::string_view text = reading.text();
  const std::optional<std::int64_t> microseconds = keyed_number(text, "throttled_usec");
  if (microseconds) return Duration{*microseconds};
  return Duration{keyed_number(text, "throttled_time").value_or(0) / 1000};
}

std::optional<std::int64_t> keyed_number(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos && line.substr(0, blank) == key) {
      return parse_int(line.substr(blank + 1));
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::supervise
