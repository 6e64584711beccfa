// The metric store's file: a magic word with the version, one record per metric, a checksum over
// all of it. Our own format, little-endian; read and written by this adapter only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/telemetry/series.h"
#include "base/result.h"
#include "core/metrics/metric.h"

namespace tidegate::telemetry {

struct SnapshotRecord {
  metrics::MetricId metric;
  Series series;
  bool operator==(const SnapshotRecord&) const = default;
};

std::string encode(const metrics::MetricId& metric, const Series& series);

/// Writes `path`.new; finish() moves it over `path` when it is on the disk. Unfinished, it removes
/// what it wrote.
class SnapshotWriter {
 public:
  static Result<SnapshotWriter> create(const std::string& path);
  Status append(std::string_view record);
  Status finish();

  SnapshotWriter(SnapshotWriter&&) noexcept;
  SnapshotWriter& operator=(SnapshotWriter&&) = delete;
  ~SnapshotWriter();

 private:
  struct File;
  explicit SnapshotWriter(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

/// Every record; none where there is no file. Errors: Corrupt (also: another version), Unavailable.
Result<std::vector<SnapshotRecord>> read_snapshot(const std::string& path);

/// Moves the file to `path`.bad, over an older one. Returns the new name, or why it could not.
std::string set_aside(const std::string& path);

}  // namespace tidegate::telemetry
