#include "core/stacks/metadata/simulation.h"

#include "base/text.h"
#include "core/stacks/properties/reader.h"

namespace tidegate::stacks {
namespace {

using properties::Range;
using properties::Reader;

constexpr Range<double> kMilliseconds{0.001, 1e6};
constexpr double kLongestBoot = 86'400;

BootTime read_boot_mapping(Reader& boot) {
  BootTime time;
  if (boot.has("Min") || boot.has("Max")) {
    time.shape = BootTime::Shape::Uniform;
    const double least = boot.required("Min").number("Min", {0, kLongestBoot}).value_or(0);
    const double most = boot.required("Max").number("Max", {0, kLongestBoot}).value_or(least);
    if (most < least) {
      boot.complain("Max", format_double(most) + " is less than Min " + format_double(least));
    }
    time.seconds = least;
    time.spread = most - least;
  } else {
    time.shape = BootTime::Shape::LogNormal;
    time.seconds =
        boot.required("Median").number("Median", {0.001, kLongestBoot}).value_or(time.seconds);
    time.spread = boot.required("Sigma").number("Sigma", {0, 3}).value_or(0);
  }
  boot.finish();
  return time;
}

BootTime read_boot(Reader& simulation) {
  if (simulation.has_mapping("BootSeconds")) {
    if (auto boot = simulation.mapping("BootSeconds")) {
      return read_boot_mapping(*boot);
    }
  }
  BootTime time;
  time.seconds = simulation.number("BootSeconds", {0, kLongestBoot}).value_or(time.seconds);
  return time;
}

}  // namespace

Simulation read_simulation(Reader& metadata) {
  Simulation result;
  const std::vector<std::string> keys{
      "ServiceTimeMs", "Workers", "BootSeconds", "SloMs", "TraceScale"};
  auto simulation = metadata.mapping("Simulation");
  if (!simulation) {
    result.defaulted = keys;
    return result;
  }
  for (const std::string& key : keys) {
    if (!simulation->has(key)) {
      result.defaulted.push_back(key);
    }
  }
  result.service_time_ms =
      simulation->number("ServiceTimeMs", kMilliseconds).value_or(result.service_time_ms);
  result.workers = simulation->integer("Workers", {1, 100'000}).value_or(result.workers);
  result.boot = read_boot(*simulation);
  result.slo_ms = simulation->number("SloMs", kMilliseconds).value_or(result.slo_ms);
  result.trace_scale = simulation->number("TraceScale", {1e-6, 1e6}).value_or(result.trace_scale);
  if (result.slo_ms <= result.service_time_ms) {
    simulation->complain(simulation->has("SloMs") ? "SloMs" : "ServiceTimeMs",
                         "an SloMs of " + format_double(result.slo_ms) +
                             " cannot be met: one request takes ServiceTimeMs, " +
                             format_double(result.service_time_ms) + " ms");
  }
  simulation->finish();
  return result;
}

std::string to_text(const BootTime& boot) {
  switch (boot.shape) {
    case BootTime::Shape::Fixed:
      return format_double(boot.seconds) + " s";
    case BootTime::Shape::Uniform:
      return format_double(boot.seconds) + " s to " + format_double(boot.seconds + boot.spread) +
             " s";
    case BootTime::Shape::LogNormal:
      return "median " + format_double(boot.seconds) + " s, sigma " + format_double(boot.spread);
  }
  return {};
}

}  // namespace tidegate::stacks
