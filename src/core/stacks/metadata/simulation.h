// Metadata.Tidegate.Simulation: what `tidegate simulate` assumes of one instance and of its
// traffic. Values and their reader; pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::stacks::properties {
class Reader;
}

namespace tidegate::stacks {

/// From the launch call to the first answer.
struct BootTime {
  enum class Shape {
    Fixed,      // always `seconds`
    Uniform,    // seconds .. seconds + spread
    LogNormal,  // median `seconds`; `spread` is the standard deviation of the logarithm
  };
  Shape shape = Shape::Fixed;
  double seconds = 5;
  double spread = 0;
  bool operator==(const BootTime&) const = default;
};

struct Simulation {
  double service_time_ms = 20;  // that one request keeps one worker busy
  std::int32_t workers = 2;     // requests that an instance works on at the same time
  BootTime boot;
  double slo_ms = 250;                 // 95 of 100 requests shall be answered within it
  double trace_scale = 1;              // what the trace's counts are multiplied by
  std::vector<std::string> defaulted;  // keys that the template does not give
  bool operator==(const Simulation&) const = default;
};

/// metadata: the reader of Metadata.Tidegate. Defaults where it has no Simulation.
Simulation read_simulation(properties::Reader& metadata);

/// "5 s", "3 s to 8 s", "median 30 s, sigma 0.25".
std::string to_text(const BootTime& boot);

}  // namespace tidegate::stacks
