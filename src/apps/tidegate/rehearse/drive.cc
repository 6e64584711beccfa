#include "apps/tidegate/rehearse/drive.h"

#include <algorithm>

namespace tidegate::apps {
namespace {
constexpr double kServerCost_ms = 1.5;  // of a small Python server; corrected by looking
constexpr double kMinRate = 1;
}  // namespace

double cpu_goal(double target_percent) {
  return std::clamp(target_percent + 22, 50.0, 97.0);
}

double first_rate(double goal, double vcpus, std::int64_t instances, double work_ms) {
  const double cpu_seconds =
      goal / 100 * vcpus * static_cast<double>(std::max<std::int64_t>(1, instances));
  return std::clamp(cpu_seconds * 1000 / (work_ms + kServerCost_ms), kMinRate, kMaxRate);
}

double next_rate(double rate,
                 std::optional<double> cpu_percent,
                 double goal,
                 std::int64_t in_flight) {
  if (in_flight > kPilingUp || !cpu_percent || *cpu_percent >= goal - 3) {
    return rate;
  }
  const double wanted = goal / std::max(1.0, *cpu_percent);
  return std::min(kMaxRate, rate * std::min(1.5, wanted));
}

}  // namespace tidegate::apps
