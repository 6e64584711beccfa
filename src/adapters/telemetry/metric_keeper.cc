#include "adapters/telemetry/metric_keeper.h"

#include "base/log.h"

namespace tidegate::telemetry {

MetricKeeper::MetricKeeper(DurableMetricStore& store)
    : store_(store), thread_([this] { loop(); }) {}

MetricKeeper::~MetricKeeper() {
  {
    const std::lock_guard guard{lock_};
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void MetricKeeper::request(Instant now) {
  const std::lock_guard guard{lock_};
  requested_ = true;
  newest_ = now;
  changed_.notify_one();
}

void MetricKeeper::loop() {
  for (bool last = false; !last;) {
    std::optional<Instant> now;
    {
      std::unique_lock guard{lock_};
      changed_.wait(guard, [this] { return requested_ || stopping_; });
      requested_ = false;
      last = stopping_;
      now = newest_;
    }
    if (!now.has_value()) {
      continue;  // nobody ever said what the time is
    }
    if (const Status kept = store_.keep(*now); !kept) {
      log_event(LogLevel::Warn, "metrics_not_kept", {{"why", kept.error().message}});
    }
  }
}

}  // namespace tidegate::telemetry
