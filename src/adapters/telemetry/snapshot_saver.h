// SnapshotSaver: writes a metric store's snapshots in a thread of its own, so that no tick waits
// for the disk. Failures are logged, and the next request tries again. Any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "adapters/telemetry/metric_store.h"

namespace tidegate::telemetry {

class SnapshotSaver {
 public:
  /// `store` must outlive this object.
  SnapshotSaver(const MemoryMetricStore& store, std::string path);
  SnapshotSaver(const SnapshotSaver&) = delete;
  SnapshotSaver& operator=(const SnapshotSaver&) = delete;
  /// Saves once more and waits for it.
  ~SnapshotSaver();

  /// A save begins soon; requests that come before it has begun are the same one. Never waits.
  void request();

 private:
  void loop();

  const MemoryMetricStore& store_;
  const std::string path_;
  std::mutex lock_;  // guards requested_ and stopping_
  std::condition_variable changed_;
  bool requested_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::telemetry
