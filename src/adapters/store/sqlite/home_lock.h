// HomeLock: one control plane per home. An flock on a file that says who holds it; the kernel drops
// it with the process, so a stale file is harmless. Any thread; held for the life of the object.
#pragma once

#include <cstdint>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"

namespace tidegate::store_sqlite {

struct LockHolder {
  std::int64_t pid = 0;
  Instant started;
};

class HomeLock {
 public:
  /// Creates the file when it is missing, mode 0600. Errors: FailedPrecondition "HomeInUse" with
  /// the other's pid and start; Unavailable when the file cannot be opened or written.
  static Result<HomeLock> acquire(const std::string& path, const LockHolder& holder);

 private:
  explicit HomeLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace tidegate::store_sqlite
