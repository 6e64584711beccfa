#include "sim/traces/service.h"

#include <algorithm>

#include "base/check.h"

namespace tidegate::traces {
namespace {

constexpr std::int64_t kChartPoints = 1200;

Duration chart_step_of(const Trace& trace) {
  const Duration even = trace.length() / kChartPoints;
  return std::max<Duration>((even + kCell - Duration{1}) / kCell * kCell, kCell * 5);
}

}  // namespace

Service::Service(const Trace& trace, const Plan& plan)
    : capacity_(capacity_of(plan.simulation)),
      demand_(trace, plan.simulation.trace_scale, plan.seed),
      needs_(needs_of(trace, capacity_, plan.simulation.trace_scale)),
      keeper_(needs_, burn_in_of(trace.length())),
      chart_step_(chart_step_of(trace)) {}

void Service::advance_to(Duration at) {
  if (at <= Duration{0}) {
    return;
  }
  const Duration end = std::min(at, kCell * demand_.cells());
  while (at_ < end) {
    const std::int64_t cell = at_ / kCell;
    if (cell != cell_) {
      cell_ = cell;
      arrivals_ = demand_.arrivals(cell);
      arrivals_.requests /= seconds_of(kCell);
      arrivals_.work /= seconds_of(kCell);
    }
    spend(std::min(end, kCell * (cell + 1)) - at_);
  }
}

void Service::spend(Duration length) {
  const double seconds = seconds_of(length);
  const double rate = capacity_.saturated * serving_;
  const double requests = arrivals_.requests * seconds;
  const double offered = backlog_ + arrivals_.work * seconds;
  const double served = std::min(offered, rate * seconds);
  const double most = rate * seconds_of(kLongestQueue);
  backlog_ = std::min(offered - served, most);
  const double dropped = offered - served - backlog_;
  if (serving_ > 0) {
    cpu_us_ += served / (rate * seconds) * quota_ * static_cast<double>(length.count());
    requests_ += requests / serving_;
  }
  const bool is_waiting = backlog_ > capacity_.patience * rate;
  const Stretch stretch{
      at_, length, serving_, requests, std::min(dropped, requests), is_waiting || rate <= 0};
  keeper_.add(stretch);
  draw(stretch, stretch.is_waiting);
  at_ += length;
}

void Service::draw(const Stretch& stretch, bool is_bad) {
  const auto index = static_cast<std::size_t>(stretch.begin / chart_step_);
  const auto step = static_cast<std::size_t>(stretch.begin / needs_.step);
  const std::int32_t need = needs_.steps[std::min(step, needs_.steps.size() - 1)].instances;
  if (index >= chart_.size()) {
    chart_.push_back({0, need, serving_, serving_, 0});
  }
  ChartPoint& point = chart_.back();
  point.requests_per_second += stretch.requests / seconds_of(chart_step_);
  point.need = std::max(point.need, need);
  point.serving_least = std::min(point.serving_least, serving_);
  point.serving_most = std::max(point.serving_most, serving_);
  if (is_bad || serving_ < need) {
    point.bad_share += seconds_of(stretch.length) / seconds_of(chart_step_);
  }
}

}  // namespace tidegate::traces
