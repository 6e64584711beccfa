// The picture of a simulation as SVG: for each template the load, and below it the instances that
// were needed and those that served, with every decision of the policy. Pure.
#pragma once

#include <string>
#include <vector>

#include "apps/tidegate/simulate/report.h"

namespace tidegate::apps {

std::string chart_svg(const SimulationReport& report);

/// Round numbers from 0 to at least `most`, about `count` of them: 0, 20, 40, …
std::vector<double> even_ticks(double most, int count);
/// Instants at round distances (1 s … 28 d) within `length` of `begin`, at most `count`.
struct TimeTick {
  Duration at{};  // since the begin
  std::string label;
};
std::vector<TimeTick> time_ticks(Instant begin, Duration length, int count);

}  // namespace tidegate::apps
