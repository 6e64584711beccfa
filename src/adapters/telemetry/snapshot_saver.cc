#include "adapters/telemetry/snapshot_saver.h"

#include <utility>

#include "base/log.h"

namespace tidegate::telemetry {

SnapshotSaver::SnapshotSaver(const MemoryMetricStore& store, std::string path)
    : store_(store), path_(std::move(path)), thread_([this] { loop(); }) {}

SnapshotSaver::~SnapshotSaver() {
  {
    const std::lock_guard guard{lock_};
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void SnapshotSaver::request() {
  const std::lock_guard guard{lock_};
  requested_ = true;
  changed_.notify_one();
}

void SnapshotSaver::loop() {
  for (bool last = false; !last;) {
    {
      std::unique_lock guard{lock_};
      changed_.wait(guard, [this] { return requested_ || stopping_; });
      requested_ = false;
      last = stopping_;
    }
    if (const Status saved = store_.save_snapshot(path_); !saved) {
      log_event(LogLevel::Warn, "metrics_not_saved", {{"why", saved.error().message}});
    }
  }
}

}  // namespace tidegate::telemetry
