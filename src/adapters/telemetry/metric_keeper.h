// MetricKeeper: brings a metric store's file up to date in a thread of its own, so that no tick
// waits for the disk. Failures are logged, and the next request tries again. Any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "adapters/telemetry/metric_store.h"

namespace tidegate::telemetry {

class MetricKeeper {
 public:
  /// `store` must outlive this object.
  explicit MetricKeeper(DurableMetricStore& store);
  MetricKeeper(const MetricKeeper&) = delete;
  MetricKeeper& operator=(const MetricKeeper&) = delete;
  /// Keeps once more, as of the last request, and waits for it.
  ~MetricKeeper();

  /// A keep begins soon; requests that come before it has begun are the same one. Never waits.
  void request(Instant now);

 private:
  void loop();

  DurableMetricStore& store_;
  std::mutex lock_;  // guards what follows
  std::condition_variable changed_;
  std::optional<Instant> newest_;  // of all requests
  bool requested_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::telemetry
