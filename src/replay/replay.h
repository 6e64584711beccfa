// Runs a recording again: a new engine gets what the recorded one saw, and must decide the same. A
// function of the recording alone; needs no control plane, no instances, no clock. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "engine/engine.h"

namespace tidegate::replay {

struct Replayed {
  std::string version;  // of the build that recorded
  std::uint64_t ticks = 0;
  std::uint64_t commands = 0;
  std::uint64_t ledger_entries = 0;
  Instant first, last;
  std::string difference;  // where the ledger is not the recorded one, a sentence; empty: nowhere
  bool is_cut = false;     // its end is missing: the control plane was killed
};

/// Gets each ledger entry in order.
using LedgerSink = std::function<void(const engine::LedgerEntry&)>;

/// Stops at the first difference. version: of this build. Errors: Corrupt (no recording, or of
/// another build: its values are read by position), InvalidArgument when the engine refuses its
/// stored state.
Result<Replayed> replay(std::string_view recording,
                        std::string_view version,
                        const LedgerSink& ledger);

}  // namespace tidegate::replay
