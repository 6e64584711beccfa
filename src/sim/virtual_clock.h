// Virtual time: stands still until somebody moves it.
#pragma once

#include "base/check.h"
#include "ports/clock.h"

namespace tidegate::sim {

class VirtualClock final : public ports::Clock {
 public:
  explicit VirtualClock(Instant start) : now_(start) {}

  Instant now() override { return now_; }
  void advance_to(Instant t) {
    TG_CHECK(t >= now_);
    now_ = t;
  }

 private:
  Instant now_;
};

}  // namespace tidegate::sim
