// Puts a copy of a damaged state file aside. The file itself is never touched.
#pragma once

#include <string>

#include "base/result.h"

namespace tidegate::store_sqlite {

inline constexpr int kMaxBackups = 100;  // of one state file; each is of other bytes

/// Copies `path` (and `path`-wal) to `path`.corrupt-<n>, the first n that is free; an earlier copy
/// of the same bytes is used again, so that restarts do not fill the disk. Returns the copy's name.
/// Errors: ResourceExhausted (full disk, or kMaxBackups are there), Unavailable.
Result<std::string> back_up(const std::string& path);

}  // namespace tidegate::store_sqlite
