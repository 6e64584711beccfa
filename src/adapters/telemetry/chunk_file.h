// ChunkFile: the metric store's file: an SQLite database of encoded chunks, by resolution, time and
// series, so that what is written together lies together and what ages together leaves together. A
// batch is one transaction: a process that is killed loses the batches it had not committed and
// nothing else; after a power cut the file is that of an earlier batch. read() and write() may run
// at the same time, each in one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/telemetry/chunk.h"
#include "adapters/telemetry/series.h"
#include "base/result.h"

namespace tidegate::telemetry {

struct ChunkKey {
  std::size_t tier = 0;
  std::int64_t index = 0;
  std::int64_t series = 0;
};

struct SeriesRow {
  std::int64_t id = 0;
  metrics::MetricId metric;
  std::string unit;
  Instant newest;
  std::array<Filed, kTierCount> filed;
};

struct ChunkBatch {
  struct Body {
    ChunkKey key;
    std::string bytes;  // of encode()
  };
  std::vector<ChunkKey> removed;  // before the bodies are written
  std::vector<Body> bodies;
  std::vector<SeriesRow> series;
  std::vector<std::int64_t> removed_series;

  bool empty() const {
    return removed.empty() && bodies.empty() && series.empty() && removed_series.empty();
  }
};

class ChunkFile {
  struct Connections;

 public:
  /// Opens or makes the file, mode 0600. Errors: Corrupt (also: no file of this version),
  /// ResourceExhausted, Unavailable, PermissionDenied.
  static Result<std::unique_ptr<ChunkFile>> open(const std::string& path);
  explicit ChunkFile(std::unique_ptr<Connections> connections);  // open() alone can
  ChunkFile(const ChunkFile&) = delete;
  ChunkFile& operator=(const ChunkFile&) = delete;
  ~ChunkFile();

  Result<std::vector<SeriesRow>> all_series();
  /// Absent where there is none. Errors: as open(). A damaged chunk is Corrupt, too.
  Result<std::optional<Chunk>> read(const ChunkKey& key);
  Status write(const ChunkBatch& batch);
  /// Of what it holds; free pages are not counted, they are used again.
  Result<std::int64_t> bytes();

 private:
  std::unique_ptr<Connections> connections_;
};

/// Moves the file to `path`.bad, over an older one, and removes what belongs to it. Returns the new
/// name, or why it could not.
std::string set_aside(const std::string& path);

}  // namespace tidegate::telemetry
