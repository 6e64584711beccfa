// What `tidegate simulate` prints: of one template or of several beside each other. Pure.
#pragma once

#include <string>
#include <vector>

#include "apps/tidegate/show/paint.h"
#include "base/json.h"
#include "sim/traces/subject.h"
#include "sim/traces/trace.h"
#include "sim/traces/trace_world.h"

namespace tidegate::apps {

/// One template's run.
struct Simulated {
  std::string name;  // of its column
  traces::Subject subject;
  traces::Outcome outcome;
};

struct SimulationReport {
  traces::Trace trace;  // its buckets are not read
  double trace_requests = 0;
  std::uint64_t seed = 1;
  std::vector<Simulated> runs;  // at least one
};

std::string report_text(Paint paint, const SimulationReport& report);
Json report_json(const SimulationReport& report);

/// "87 d 1 h", "14 d", "58 min", "40 s".
std::string length_text(Duration length);
/// "1,352,804,107"
std::string with_commas(double whole);
/// "ASGAverageCPUUtilization 70"
std::string policy_text(const scaling::TargetTrackingPolicy& policy);

}  // namespace tidegate::apps
