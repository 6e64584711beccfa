// ports::StateStore on one SQLite file: WAL, synchronous=FULL, so an append is on the disk when it
// returns. One process uses a file (HomeLock); the connection locks it exclusively as well. Called
// from the engine thread only.
//
// A damaged file is refused: it is left as it is, a copy is put aside, and the error names it. A
// new file appears under its name only when it is whole, so an empty or half one is damage, never a
// reason to start anew.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "ports/state_store.h"

namespace tidegate::store_sqlite {

inline constexpr std::int64_t kPageBytes = 4096;
inline constexpr std::int64_t kMaxJournalBytes = 4 * 1024 * 1024;  // of the WAL between checkpoints

struct Options {
  std::string path;
  std::optional<std::int64_t> max_pages;  // a quota for the file; absent: what the disk has
};

/// Opens the file, making or migrating it. Errors: Corrupt (with the copy's name),
/// FailedPrecondition "NewerSchema", ResourceExhausted (full disk), PermissionDenied, Unavailable.
Result<std::unique_ptr<ports::StateStore>> open_state_store(const Options& options);

}  // namespace tidegate::store_sqlite
