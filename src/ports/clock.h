// Control-plane time. Only apps/ and sim/ make one; every other module receives it or an Instant.
#pragma once

#include "base/time.h"

namespace tidegate::ports {

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Never goes backwards, also across restarts (a high-water mark in the store) and clock jumps
  /// (slewed).
  virtual Instant now() = 0;
};

}  // namespace tidegate::ports
