#include "adapters/store/sqlite/home_lock.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"

namespace tidegate::store_sqlite {
namespace {

std::string text_of(const LockHolder& holder) {
  return "pid " + std::to_string(holder.pid) + ", started " + format_iso8601(holder.started) + "\n";
}

/// What the holder wrote; it may not have come to writing yet.
std::string read_holder(int descriptor) {
  char buffer[256];
  const ssize_t count = pread(descriptor, buffer, sizeof buffer, 0);
  const std::string text{
      trim(std::string_view{buffer, count > 0 ? static_cast<std::size_t>(count) : 0})};
  return text.empty() ? "it has not said its pid yet" : text;
}

Error failed(const std::string& path, std::string_view what) {
  return Error{ErrorCode::Unavailable,
               "HomeLock",
               std::string{what} + " " + path + ": " + std::strerror(errno)};
}

bool write_holder(int descriptor, const std::string& text) {
  return ftruncate(descriptor, 0) == 0 &&
         pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

Result<HomeLock> HomeLock::acquire(const std::string& path, const LockHolder& holder) {
  FileDescriptor file{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) {
    return failed(path, "cannot open the lock file");
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return failed(path, "cannot lock");
    }
    return Error{ErrorCode::FailedPrecondition,
                 "HomeInUse",
                 "another control plane uses this home (" + read_holder(file.get()) + "; lock " +
                     path + "): stop it first, or choose another TIDEGATE_HOME"};
  }
  if (!write_holder(file.get(), text_of(holder))) {
    return failed(path, "cannot write the lock file");
  }
  return HomeLock{std::move(file)};
}

}  // namespace tidegate::store_sqlite
