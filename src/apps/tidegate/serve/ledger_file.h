// The ledger on disk: one JSON line per decision, appended; rotated by size, so that a home never
// grows without bound. Used by one thread. The state does not depend on it: a full disk costs lines
// (counted), nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tidegate::apps {

inline constexpr std::uint64_t kLedgerFileBytes = 16 * 1024 * 1024;
inline constexpr int kLedgerFilesKept = 4;  // ledger.jsonl, ledger.jsonl.1 … .3

/// The newest whole lines of the ledger in `file` and its rotated ones, oldest first, at most
/// `max`; empty when there is none.
std::vector<std::string> newest_ledger_lines(const std::string& file, std::size_t max);

class LedgerFile {
 public:
  explicit LedgerFile(std::string file, std::uint64_t max_bytes = kLedgerFileBytes);
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;
  LedgerFile& operator=(const LedgerFile&) = delete;

  /// Appends each line and a line end, in one write. Error: ResourceExhausted; the lines are lost.
  Status append(const std::vector<std::string>& lines);

 private:
  Status open_file();
  void rotate();

  std::string file_;
  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  int fd_ = -1;
};

}  // namespace tidegate::apps
