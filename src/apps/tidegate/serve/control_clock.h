// Control-plane time on a real machine: UTC that never goes backwards, neither across restarts
// (a high-water mark in a file of the home) nor when somebody sets the machine's clock: then it
// runs slower or faster until it agrees again (slewed, at most half as fast or half again as fast).
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/result.h"
#include "ports/clock.h"

namespace tidegate::apps {

/// Microseconds: `wall` since 1970 UTC, as the machine believes; `steady` since boot, suspension
/// included, never set.
struct RawTime {
  std::int64_t wall = 0;
  std::int64_t steady = 0;
};
using TimeSource = std::function<RawTime()>;

class ControlClock final : public ports::Clock {
 public:
  /// mark: the newest time that may have been told before. The clock starts at the wall's time, or
  /// at `mark` where the wall is behind it.
  ControlClock(TimeSource source, Instant mark);

  Instant now() override;

 private:
  TimeSource source_;
  std::mutex mutex_;         // guards what follows
  std::int64_t offset_ = 0;  // told time minus steady time
  std::int64_t last_steady_ = 0;
  std::int64_t last_told_ = 0;
};

/// This machine's clocks.
RawTime machine_time();

/// How often the mark is to be written; a restart after the wall was set back resumes that much
/// after the mark, so that nothing told before is told again.
inline constexpr Duration kMarkInterval = std::chrono::seconds{1};

/// The mark of a home, zero when there is none yet. Error: Corrupt, naming the file.
Result<Instant> read_clock_mark(const std::string& file);
/// Overwrites the mark; a failure (full disk) is returned and harmless but for the promise.
Status write_clock_mark(const std::string& file, Instant mark);

}  // namespace tidegate::apps
