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
    if (text) into[*thread] = thread_ticks(*text);
  }
}

}  // namespace

std::uint64_t thread_ticks(const std::string& stat) {
  const std::size_t bracket = stat.rfind(')');
  if (bracket == std::string::npos || bracket + 2 >= stat.size()) return 0;
  const std::vector<std::string> words = split(stat.substr(bracket + 2), ' ');
  constexpr std::size_t kUserTime = 11;  // field 14; the first word here is field 3
  if (words.size() <= kUserTime + 1) return 0;
  const std::int64_t user = parse_int(words[kUserTime]).value_or(0);
  const std::int64_t system = parse_int(words[kUserTime + 1]).value_or(0);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, user + system));
}

double ThreadLoad::sample(const std::string& procs_file, MonotonicInstant now) {
  std::map<std::int64_t, std::uint64_t> fresh;
  const auto procs = supervise::read_small_file(procs_file);
  for (const std::string& pid : split(procs ? *procs : std::string{}, '\n')) {
    if (!pid.empty()) read_threads(pid, fresh);
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
