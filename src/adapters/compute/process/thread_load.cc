#include "adapters/compute/process/thread_load.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <unistd.h>

#include "base/text.h"
#include "supervise/files.h"

namespace tidegate::compute_process {
namespace {

constexpr std::size_t kMostThreads = 512;  // looked at per instance and sample

void read_threads(const std::string& pid, std::map<std::int64_t, std::uint64_t>& into) {
  const std::string folder = "/proc/" + pid + "/task";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    const std::optional<std::int64_t> thread = parse_int(name);
    if (!thread || into.size() >= kMostThreads) continue;
    const auto text = supervise::read_small_file(folder + "/" + name + "/stat");
    if (text) into[*thread] = stat_ticks(*text).own;
  }
}

}  // namespace

StatTicks stat_ticks(const std::string& stat) {
  const std::size_t bracket = stat.rfind(')');
  if (bracket == std::string::npos || bracket + 2 >= stat.size()) return {};
  const std::vector<std::string> words = split(stat.substr(bracket + 2), ' ');
  constexpr std::size_t kUserTime = 11;  // field 14; the first word here is field 3
  if (words.size() < kUserTime + 4) return {};
  const auto ticks = [&words](std::size_t index) {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, parse_int(words[index]).value_or(0)));
  };
  return {ticks(kUserTime) + ticks(kUserTime + 1), ticks(kUserTime + 2) + ticks(kUserTime + 3)};
}

std::vector<std::string> pids_in(const std::string& procs_file) {
  std::vector<std::string> pids;
  const auto procs = supervise::read_small_file(procs_file);
  for (const std::string& pid : split(procs ? *procs : std::string{}, '\n')) {
    if (!pid.empty()) pids.push_back(pid);
  }
  return pids;
}

std::vector<std::string> pids_below(std::int64_t root) {
  std::vector<std::string> pids{std::to_string(root)};
  for (std::size_t i = 0; i < pids.size() && pids.size() < kMostThreads; ++i) {
    std::error_code error;
    const std::string folder = "/proc/" + pids[i] + "/task";
    for (const auto& thread : std::filesystem::directory_iterator(folder, error)) {
      const auto children = supervise::read_small_file(thread.path().string() + "/children");
      for (const std::string& pid : split(children ? *children : std::string{}, ' ')) {
        if (!pid.empty()) pids.push_back(pid);
      }
    }
  }
  return pids;
}

Duration cpu_of(const std::vector<std::string>& pids) {
  std::uint64_t ticks = 0;
  for (const std::string& pid : pids) {
    const auto text = supervise::read_small_file("/proc/" + pid + "/stat");
    const StatTicks one = text ? stat_ticks(*text) : StatTicks{};
    ticks += one.own + one.reaped;
  }
  return from_seconds(static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

double ThreadLoad::sample(const std::vector<std::string>& pids, MonotonicInstant now) {
  std::map<std::int64_t, std::uint64_t> fresh;
  for (const std::string& pid : pids) {
    read_threads(pid, fresh);
  }
  std::uint64_t most = 0;
  for (const auto& [thread, ticks] : fresh) {
    const auto before = ticks_.find(thread);
    if (before != ticks_.end() && ticks > before->second) {
      most = std::max(most, ticks - before->second);
    }
  }
  const double seconds = std::chrono::duration<double>(now - last_).count();
  const bool first = last_ == MonotonicInstant{};
  ticks_ = std::move(fresh);
  last_ = now;
  if (first || seconds <= 0) return 0;
  const double per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return std::min(1.0, static_cast<double>(most) / per_second / seconds);
}

}  // namespace tidegate::compute_process
