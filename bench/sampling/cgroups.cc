// What it costs to sample the CPU of a thousand cgroups five times a second: real cgroups where
// this machine lets us make some, else it says so. CPU time of this thread, median of rounds, with
// a bound.
#include "supervise/cgroups.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using namespace tidegate;  // NOLINT(google-build-using-namespace): a program of its own

constexpr double kBoundPercent = 2.0;
constexpr int kCgroups = 1000;
constexpr double kHertz = 5;
constexpr int kRounds = 51;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The cgroups of this run, removed at its end.
class Cgroups {
 public:
  bool make() {
    for (int i = 0; i < kCgroups; ++i) {
      auto paths = tree_.create("i-" + std::to_string(i), {1, 256LL << 20, 64});
      if (!paths.has_value()) {
        std::printf("sampling 1000 cgroups: not measured here: %s\n",
                    paths.error().message.c_str());
        return false;
      }
      paths_.push_back(std::move(*paths));
    }
    return true;
  }
  ~Cgroups() {
    for (const auto& paths : paths_) {
      static_cast<void>(supervise::remove_cgroup(paths));
    }
    tree_.remove_empty();
  }
  const std::vector<supervise::CgroupPaths>& paths() const { return paths_; }

 private:
  supervise::CgroupTree tree_{supervise::cgroup_layout(),
                              "tidegate-bench-" + std::to_string(getpid())};
  std::vector<supervise::CgroupPaths> paths_;
};

}  // namespace

int main() {
  Cgroups cgroups;
  if (!cgroups.make()) {
    return 0;
  }
  std::vector<supervise::CgroupMeter> meters;
  meters.reserve(kCgroups);
  for (const auto& paths : cgroups.paths()) {
    meters.emplace_back(paths);
  }
  std::vector<double> rounds;
  int missing = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = cpu_seconds();
    for (const auto& meter : meters) {
      missing += meter.cpu_used().has_value() ? 0 : 1;
    }
    if (round % static_cast<int>(kHertz) == 0) {  // once a second, as the driver does
      for (const auto& meter : meters) {
        missing += meter.memory_bytes().has_value() ? 0 : 1;
        missing += meter.oom_kills() < 0 ? 1 : 0;
      }
    }
    rounds.push_back(cpu_seconds() - begin);
  }
  double spent = 0;
  for (const double round : rounds) {
    spent += round;
  }
  const double percent = spent / kRounds * kHertz * 100;
  const bool good = missing == 0 && percent <= kBoundPercent;
  std::printf("sampling 1000 cgroups at 5 Hz   %8.2f %% of a core  bound <= %.0f %%  %s%s\n",
              percent,
              kBoundPercent,
              good ? "ok" : "MISSED",
              missing > 0 ? " (some could not be read)" : "");
  return good ? 0 : 1;
}
