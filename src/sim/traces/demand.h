// The load of a trace over time: what arrives in each cell of 200 ms, and how many instances that
// needs. Chance is drawn by (seed, cell), so it is the same whatever the policy does and whichever
// cells are asked for. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stacks/metadata/simulation.h"
#include "sim/traces/capacity.h"
#include "sim/traces/trace.h"

namespace tidegate::traces {

/// A stretch of constant need.
struct Need {
  double requests_per_second = 0;  // mean
  std::int32_t instances = 1;
  bool is_measured = true;
};

/// Needs on an even grid from the trace's begin: its buckets where they are 10 s or longer, else
/// seconds with the mean of the 10 s around them (a single second is chance).
struct Needs {
  Duration step{};
  std::vector<Need> steps;
};
Needs needs_of(const Trace& trace, const Capacity& capacity, double trace_scale);

struct Arrivals {
  double requests = 0;
  double work = 0;  // in requests of mean service time
};

class Demand {
 public:
  Demand(const Trace& trace, double trace_scale, std::uint64_t seed);

  std::int64_t cells() const { return cells_; }
  /// 0 <= cell < cells(). Of buckets: by chance, as many as a Poisson process of the bucket's mean
  /// rate gives; of single requests: those that came.
  Arrivals arrivals(std::int64_t cell);

 private:
  void enter(std::size_t bucket);

  const Trace& trace_;
  double scale_;
  std::uint64_t seed_;
  std::int64_t cells_;
  std::int64_t cells_per_bucket_;
  std::size_t bucket_ = 0;
  double mean_ = 0;  // arrivals per cell of that bucket
  double none_ = 1;  // probability that nothing arrives in a cell of it
};

}  // namespace tidegate::traces
