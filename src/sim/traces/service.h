// The group under load as a fluid: what arrives in each cell of 200 ms joins one queue, instances
// in service work it off at their saturated rate, each an even part of it. What they use and get is
// counted per instance, scores and the chart are fed. Single-threaded.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/traces/capacity.h"
#include "sim/traces/demand.h"
#include "sim/traces/scores.h"
#include "sim/traces/trace_world.h"

namespace tidegate::traces {

class Service {
 public:
  Service(const Trace& trace, const Plan& plan);

  /// Time since the trace's begin; never backwards. Before 0 nothing arrives.
  void advance_to(Duration at);
  void set_serving(std::int32_t instances) { serving_ = instances; }
  /// vCPUs of each instance.
  void set_quota(double quota) { quota_ = quota; }
  std::int32_t serving() const { return serving_; }

  /// Of an instance that was in service from the first moment on.
  Duration cpu_used() const { return Duration{static_cast<std::int64_t>(cpu_us_)}; }
  std::uint64_t requests() const { return static_cast<std::uint64_t>(requests_); }

  Scores finish(std::span<const Billed> billed, Duration boot) const {
    return keeper_.finish(billed, boot);
  }
  Duration chart_step() const { return chart_step_; }
  std::vector<ChartPoint> chart() const { return chart_; }

 private:
  void spend(Duration length);
  void draw(const Stretch& stretch, bool is_bad);

  Capacity capacity_;
  Demand demand_;
  Needs needs_;
  ScoreKeeper keeper_;
  Duration at_{};
  std::int64_t cell_ = -1;
  Arrivals arrivals_;  // of that cell, per second
  double backlog_ = 0;
  std::int32_t serving_ = 0;
  double quota_ = 1;
  double cpu_us_ = 0;
  double requests_ = 0;
  Duration chart_step_{};
  std::vector<ChartPoint> chart_;
};

}  // namespace tidegate::traces
