// The files of a shim's folder and of /proc, read. Internal to supervise.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tidegate::supervise {

struct ShimState {
  std::int64_t version = 0;  // of the wire; the four words stay whatever it is
  std::string boot_id;
  std::int32_t shim_pid = 0;
  std::uint64_t shim_start_time = 0;
  bool operator==(const ShimState&) const = default;
};

/// Whole small file (≤ 64 KiB). Error: NotFound.
Result<std::string> read_small_file(const std::string& path);
/// Error: Corrupt.
Result<ShimState> parse_state(const std::string& text, const std::string& folder);

struct ProcessStat {
  char state = '?';
  std::uint64_t start_time = 0;
};
/// From the text of /proc/PID/stat; the command may hold blanks and brackets. Error: Corrupt.
Result<ProcessStat> parse_process_stat(const std::string& text);

}  // namespace tidegate::supervise
