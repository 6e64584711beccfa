#include "sim/traces/capacity.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace tidegate::traces {
namespace {

constexpr double kLateShare = 0.05;  // p95
constexpr double kRounding = 1e-9;   // of a load that fits a whole number of instances exactly
constexpr int kHalvings = 60;

}  // namespace

double erlang_c(std::int32_t workers, double offered) {
  TG_CHECK(workers >= 1 && offered >= 0 && offered < workers);
  double blocked = 1;  // Erlang's B, by its recursion
  for (std::int32_t i = 1; i <= workers; ++i) {
    blocked = offered * blocked / (i + offered * blocked);
  }
  const double busy = offered / workers;
  return blocked / (1 - busy * (1 - blocked));
}

Capacity capacity_of(const stacks::Simulation& simulation) {
  const double service = simulation.service_time_ms / 1000;
  Capacity capacity;
  capacity.saturated = simulation.workers / service;
  capacity.patience = (simulation.slo_ms - simulation.service_time_ms) / 1000;
  TG_CHECK(capacity.patience > 0);
  double least = 0;
  double most = simulation.workers;
  for (int i = 0; i < kHalvings; ++i) {
    const double offered = (least + most) / 2;
    const double late = erlang_c(simulation.workers, offered) *
                        std::exp(-(simulation.workers - offered) * capacity.patience / service);
    (late <= kLateShare ? least : most) = offered;
  }
  capacity.within_slo = least / service;
  return capacity;
}

std::int32_t needed(const Capacity& capacity, double requests_per_second) {
  const double instances = requests_per_second / capacity.within_slo * (1 - kRounding);
  return static_cast<std::int32_t>(std::clamp(std::ceil(instances), 1.0, 1e6));
}

}  // namespace tidegate::traces
