// A supervised program's console, read while its shim writes and rotates it. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace tidegate::supervise {

struct ConsoleText {
  std::string text;
  std::uint64_t next_offset = 0;  // of the byte after it, of everything ever written
};

/// From `offset` of everything ever written; absent: the newest part. At most max_bytes; what was
/// rotated away is skipped. Error: NotFound.
Result<ConsoleText> read_console(const std::string& folder,
                                 std::optional<std::uint64_t> offset,
                                 std::size_t max_bytes);

}  // namespace tidegate::supervise
