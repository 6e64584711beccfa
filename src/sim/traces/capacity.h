// How many instances a load needs: the queueing model of one instance. An instance has m workers
// that each take the service time s for a request; requests arrive by chance (Poisson) and are
// spread evenly, so each instance is an M/M/m queue of its own. A request waits longer than w with
// probability C(m, a) exp(-(m - a) w / s), a = arrivals × s (Erlang's C). An instance carries as
// much as keeps 95 of 100 requests within the SLO. Independent of any policy; pure.
#pragma once

#include <cstdint>

#include "core/stacks/metadata/simulation.h"

namespace tidegate::traces {

/// The share of requests that have to wait at all; 0 <= offered < workers, in workers kept busy.
double erlang_c(std::int32_t workers, double offered);

struct Capacity {
  double saturated = 0;   // requests per second that keep all workers of an instance busy
  double within_slo = 0;  // the most at which p95 meets the SLO; less than `saturated`
  double patience = 0;    // seconds that a request may wait and still meet the SLO
};
/// SloMs > ServiceTimeMs, which read_simulation() has seen to.
Capacity capacity_of(const stacks::Simulation& simulation);

/// The least number of instances that meets the SLO at a load; at least 1.
std::int32_t needed(const Capacity& capacity, double requests_per_second);

}  // namespace tidegate::traces
