// The metric store and its file: what keep() does, step by step.
#include <algorithm>
#include <iterator>

#include "adapters/telemetry/chunk_codec.h"
#include "adapters/telemetry/chunk_file.h"
#include "adapters/telemetry/metric_store.h"
#include "base/log.h"

namespace tidegate::telemetry {
namespace {

using metrics::MetricId;

constexpr std::size_t kForgottenFileShare = 16;  // of the series, when the file is too large

void append(ChunkBatch& to, ChunkBatch&& from) {
  std::move(from.removed.begin(), from.removed.end(), std::back_inserter(to.removed));
  std::move(from.removed_series.begin(),
            from.removed_series.end(),
            std::back_inserter(to.removed_series));
}

}  // namespace

Status DurableMetricStore::take_over() {
  TG_ASSIGN_OR_RETURN(file_, ChunkFile::open(path_));
  auto rows = file_->all_series();
  if (!rows.has_value()) {
    file_.reset();
    return rows.error();
  }
  const std::unique_lock map_guard{map_lock_};
  for (SeriesRow& row : *rows) {
    Series& series = all_[std::move(row.metric)].series;
    series.id = row.id;
    series.unit = std::move(row.unit);
    series.newest = row.newest;
    series.filed = row.filed;
    series.written = series.changes;
    next_id_ = std::max(next_id_, row.id + 1);
  }
  return Ok{};
}

void DurableMetricStore::open(const std::string& path) {
  path_ = path;
  Status taken = take_over();
  if (!taken && taken.error().code == ErrorCode::Corrupt) {
    log_event(LogLevel::Warn,
              "metric_file_refused",
              {{"reason", taken.error().message}, {"kept_as", set_aside(path)}});
    taken = take_over();
  }
  if (!taken) {
    log_event(LogLevel::Warn, "metrics_in_memory_only", {{"why", taken.error().message}});
  }
}

/// The reader's errors are the next keep's business; what cannot be read is missing data.
std::optional<Chunk> DurableMetricStore::from_file(const ChunkKey& key) const {
  const std::lock_guard guard{reader_lock_};
  if (!file_) {
    return std::nullopt;
  }
  auto chunk = file_->read(key);
  if (!chunk.has_value()) {
    is_damaged_ = is_damaged_ || chunk.error().code == ErrorCode::Corrupt;
    return std::nullopt;
  }
  return std::move(*chunk);
}

Status DurableMetricStore::keep(Instant now) {
  if (is_damaged_.exchange(false)) {
    begin_anew();
    forget_written();
  }
  ++tick_;
  ChunkBatch batch;
  {
    const std::unique_lock map_guard{map_lock_};
    std::erase_if(all_, [this](const auto& entry) {
      const Series& series = entry.second.series;
      if (series.is_empty() && series.written > 0) {
        owed_->removed_series.push_back(series.id);
      }
      return series.is_empty();
    });
    append(batch, std::exchange(*owed_, ChunkBatch{}));
  }
  for (const MetricId& metric : list("")) {
    keep_series(metric, now, batch);
  }
  if (!file_) {
    return Ok{};
  }
  if (const Status written = write(batch); !written) {
    forget_written();
    const std::unique_lock map_guard{map_lock_};
    append(*owed_, std::move(batch));  // what was to go goes with the next
    return written;
  }
  evict();
  return Ok{};
}

Status DurableMetricStore::write(const ChunkBatch& batch) {
  if (batch.empty()) {
    return Ok{};
  }
  Status written = file_->write(batch);
  if (!written && written.error().code == ErrorCode::Corrupt) {
    is_damaged_ = true;
  }
  if (written) {
    const auto bytes = file_->bytes();
    if (bytes.has_value() && *bytes > limits_.file_bytes) {
      const std::unique_lock map_guard{map_lock_};
      forget_stalest(all_.size() / kForgottenFileShare);
    }
  }
  return written;
}

/// The file is set aside; a new one begins with what is in memory.
void DurableMetricStore::begin_anew() {
  const std::lock_guard guard{reader_lock_};
  file_.reset();
  log_event(LogLevel::Warn,
            "metric_file_damaged",
            {{"file", path_}, {"kept_as", set_aside(path_)}, {"kept", "what is in memory"}});
  auto file = ChunkFile::open(path_);
  if (!file.has_value()) {
    log_event(LogLevel::Warn, "metrics_in_memory_only", {{"why", file.error().message}});
  } else {
    file_ = std::move(*file);
  }
  const std::unique_lock map_guard{map_lock_};
  *owed_ = {};
  for (auto& [metric, guarded] : all_) {
    Series& series = guarded.series;
    series.filed = {};
    for (auto& chunks : series.held) {
      for (auto& [index, held] : chunks) {
        held.is_part = false;
      }
    }
  }
}

/// Everything in memory is to be written again.
void DurableMetricStore::forget_written() {
  const std::shared_lock map_guard{map_lock_};
  for (auto& [metric, guarded] : all_) {
    const std::unique_lock series_guard{guarded.series_lock};
    guarded.series.written = 0;
    for (auto& chunks : guarded.series.held) {
      for (auto& [index, held] : chunks) {
        held.written = 0;
      }
    }
  }
}

void DurableMetricStore::keep_series(const MetricId& metric, Instant now, ChunkBatch& batch) {
  const std::shared_lock map_guard{map_lock_};
  const auto found = all_.find(metric);
  if (found == all_.end()) {
    return;
  }
  const std::unique_lock series_guard{found->second.series_lock};
  Series& series = found->second.series;
  std::size_t before = 0;
  std::size_t after = 0;
  for (const auto& chunks : series.held) {
    before += chunks.size();
  }
  roll_old(series, now, batch);
  for (std::size_t tier = 0; file_ && tier < kTierCount; ++tier) {
    collect(series, tier, batch);
  }
  for (const auto& chunks : series.held) {
    after += chunks.size();
  }
  chunks_ += after - before;
  if (file_ && series.changes != series.written) {
    batch.series.push_back({series.id, metric, series.unit, series.newest, series.filed});
    series.written = series.changes;
  }
}

/// From the finest resolution on, so that what is very old goes all the way.
void DurableMetricStore::roll_old(Series& series, Instant now, ChunkBatch& batch) {
  for (std::size_t tier = 0; tier < kTierCount; ++tier) {
    const std::int64_t first_kept = kTiers[tier].first_kept(now);
    roll_filed(series, tier, first_kept, batch);
    auto& chunks = series.held[tier];
    while (!chunks.empty() && chunks.begin()->first < first_kept) {
      const Held held = std::move(chunks.begin()->second);
      chunks.erase(chunks.begin());
      series.roll(tier, held.chunk, tick_);
    }
  }
}

/// The file's chunks that are too old; of one that is whole in memory, too, only the row goes.
void DurableMetricStore::roll_filed(Series& series,
                                    std::size_t tier,
                                    std::int64_t first_kept,
                                    ChunkBatch& batch) {
  Filed& filed = series.filed[tier];
  const std::int64_t end = std::min(first_kept, filed.last + 1);
  for (; filed.first < end; ++filed.first) {
    const ChunkKey key{tier, filed.first, series.id};
    const auto held = series.held[tier].find(key.index);
    const bool in_memory = held != series.held[tier].end() && !held->second.is_part;
    if (!in_memory) {
      if (const auto chunk = from_file(key)) {
        series.roll(tier, *chunk, tick_);
      }
    }
    batch.removed.push_back(key);
    ++series.changes;
  }
}

/// What the file does not have yet.
void DurableMetricStore::collect(Series& series, std::size_t tier, ChunkBatch& batch) {
  for (auto& [index, held] : series.held[tier]) {
    if (held.changes == held.written) {
      continue;
    }
    const ChunkKey key{tier, index, series.id};
    if (held.is_part) {
      if (const auto rest = from_file(key)) {
        held.chunk.merge(*rest);
      }
      held.is_part = false;
    }
    batch.bodies.push_back({key, encode(held.chunk)});
    held.written = held.changes;
    if (!series.filed[tier].contains(index)) {
      series.filed[tier].extend(index);
      ++series.changes;
    }
  }
}

void DurableMetricStore::evict() {
  const std::uint64_t tick = tick_;
  const bool crowded = chunks_ > limits_.chunks / 2;
  const std::uint64_t idle = crowded ? 1 : limits_.idle_keeps;
  const std::shared_lock map_guard{map_lock_};
  for (auto& [metric, guarded] : all_) {
    const std::unique_lock series_guard{guarded.series_lock};
    for (auto& chunks : guarded.series.held) {
      chunks_ -= std::erase_if(chunks, [&](const auto& entry) {
        const Held& held = entry.second;
        return held.written == held.changes && tick - held.touched >= idle;
      });
    }
  }
}

}  // namespace tidegate::telemetry
