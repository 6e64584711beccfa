// Writes down what a control plane saw: every tick and command, and what each port answered
// meanwhile. Together with the stored state it began with that is all the engine's decisions follow
// from, so a recording replays to the same ledger (replay.h). A frame is one recovery, tick or
// command; ticks that were not due leave none. Engine thread only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_function.h"
#include "core/metrics/distribution.h"
#include "engine/engine.h"
#include "replay/pack.h"

namespace tidegate::replay {

/// First bytes of a recording; the build's version and a line end follow.
inline constexpr std::string_view kMagic = "tidegate-recording 1 ";

/// Tells builds apart whose values have other members: "7.19.22.17.6".
std::string shape_of_values();

enum class FrameKind { Recovery, Tick, WokenTick, Command };

/// Whose answer comes next in a frame.
enum class Call {
  End,  // of the answers
  Capacity,
  CheckImage,
  Snapshot,
  Troubles,
  Report,
  AssignAddress,
  StoreRead,
  StoreAppend,
  MetricsRead,
  MetricsList,
  MetricsUnit,
  MetricsDistributions,
  MetricsNewest,
  Failures,
  Caches,
  CacheAddresses,
};

/// A metrics::DistributionPoint as it is written.
struct WrittenDistribution {
  Instant timestamp;
  metrics::StatisticSet values;
  std::vector<metrics::Sketch::Bin> bins;
  bool operator==(const WrittenDistribution&) const = default;
};

/// A hash over ledger lines, for telling whether two ledgers are the same up to a frame.
class LedgerDigest {
 public:
  void add(std::string_view line);
  std::uint64_t lines() const { return lines_; }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t lines_ = 0;
  std::uint64_t hash_ = 14695981039346656037U;
};

class Recorder {
 public:
  using Sink = UniqueFunction<void(std::string_view bytes)>;

  /// Writes the head at once.
  Recorder(Sink sink, const engine::Settings& settings, std::string_view version);

  // What is about to happen to the engine; ends the frame before.
  void begin_recovery(Instant now);
  void begin_tick(Instant now, FrameKind kind);
  void begin_command(const engine::Principal& principal,
                     const engine::Command& command,
                     Instant now);
  /// Ledger lines since the frame began.
  void note_ledger(std::span<const std::string> lines);
  /// Ends the last frame.
  void finish();

  /// Where a port's answer goes.
  Packer& answer(Call call);

 private:
  void begin(FrameKind kind, Instant now);

  Sink sink_;
  Packer frame_;
  bool is_open_ = false;
  bool is_needed_ = false;  // something was asked, or it is no plain tick
  Instant before_;
  LedgerDigest digest_;
};

}  // namespace tidegate::replay
