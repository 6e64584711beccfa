// What the metric store takes in: points a second and core, with its file kept as `serve` keeps it.
// CPU time of this thread, the keeping included; median of rounds, with a bound.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <stdlib.h>

#include "adapters/telemetry/metric_store.h"

namespace {

using namespace tidegate;  // NOLINT(google-build-using-namespace): a program of its own
using std::chrono::seconds;

constexpr double kLeastPerSecond = 1e6;
constexpr int kSeries = 1000;
constexpr int kPointsEach = 1000;  // in a second: what a busy publisher sends
constexpr int kRounds = 15;
constexpr int kKeepEvery = 5;  // seconds, as `serve`

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::vector<metrics::MetricSample> second_of_points(Instant at) {
  std::vector<metrics::MetricSample> samples;
  for (int series = 0; series < kSeries; ++series) {
    samples.push_back({metrics::make_metric_id(
                           "AWS/EC2",
                           "CPUUtilization",
                           {{"InstanceId", "i-0123456789abcd" + std::to_string(100 + series)}}),
                       at,
                       metrics::statistic_set_of(series * 0.1),
                       "Percent",
                       1});
  }
  return samples;
}

enum class Values { Same, Spread };

/// Points taken in per second of CPU; Spread: each point of a second has another value.
double points_per_second(Values values) {
  std::string folder = (std::filesystem::temp_directory_path() / "tidegate-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    return -1;
  }
  telemetry::DurableMetricStore store;
  store.open(folder + "/metrics.db");
  Instant now{seconds{1767441600}};
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round, now += seconds{1}) {
    auto samples = second_of_points(now);
    double spent = 0;
    for (int i = 0; i < kPointsEach; ++i) {
      if (values == Values::Spread) {
        for (auto& sample : samples) {
          sample.values = metrics::statistic_set_of(1 + (i * 7919 % 1000) * 0.1);
        }
      }
      const double begin = cpu_seconds();
      store.put(samples);
      spent += cpu_seconds() - begin;
    }
    const double begin = cpu_seconds();
    if (round % kKeepEvery == 0 && !store.keep(now)) {
      return -1;
    }
    spent += cpu_seconds() - begin;
    rounds.push_back(static_cast<double>(kSeries) * kPointsEach / spent);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2];
}

bool judge(const char* what, double value) {
  const bool good = value >= kLeastPerSecond;
  std::printf("%-34s %8.2f M points/s/core  bound >= %.0f M  %s\n",
              what,
              value / 1e6,
              kLeastPerSecond / 1e6,
              good ? "ok" : "MISSED");
  return good;
}

}  // namespace

int main() {
  const bool same = judge("metric store, one value a second", points_per_second(Values::Same));
  const bool spread = judge("metric store, spread values", points_per_second(Values::Spread));
  return same && spread ? 0 : 1;
}
