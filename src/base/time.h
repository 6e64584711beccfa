// The two times of the system. Instant is control-plane time: UTC microseconds that never go
// backwards, fit for deadlines that survive a reboot. MonotonicTime is for loops and timeouts
// inside one process. They do not mix.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidegate {

struct ControlTime {  // has no now(): only a ports::Clock can tell it
  using rep = std::int64_t;
  using period = std::micro;
  using duration = std::chrono::microseconds;
  using time_point = std::chrono::time_point<ControlTime>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming)
};
using Duration = std::chrono::microseconds;
using Instant = ControlTime::time_point;  // microseconds since 1970-01-01T00:00:00Z

struct MonotonicTime {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<MonotonicTime>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming)
};
using MonotonicInstant = MonotonicTime::time_point;

constexpr double seconds_of(Duration d) {
  return static_cast<double>(d.count()) / 1e6;
}
constexpr Duration from_seconds(double seconds) {
  return Duration{static_cast<std::int64_t>(seconds * 1e6)};
}

/// "2026-01-03T12:04:31Z" (whole seconds, as AWS's cause texts have it).
std::string format_iso8601(Instant t);
/// "2026-01-03T12:04:31.250Z" (milliseconds, as query answers have it).
std::string format_iso8601_millis(Instant t);
/// "12:04:31" UTC.
std::string format_clock_time(Instant t);
/// Reads either ISO form, with `Z` or `±hh:mm`, with 0..6 digits of a second. Error:
/// InvalidArgument.
Result<Instant> parse_iso8601(std::string_view text);

}  // namespace tidegate
