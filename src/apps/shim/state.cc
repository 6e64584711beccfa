#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

bool replace_file(const char* path, const char* fresh, const char* text, size_t length) {
  const int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = write(fd, text, length) == static_cast<ssize_t>(length) && fsync(fd) == 0;
  close(fd);
  return written && rename(fresh, path) == 0;
}

}  // namespace

uint64_t now_us() {
  struct timespec t = {};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000 + static_cast<uint64_t>(t.tv_nsec) / 1000;
}

uint64_t now_ms() {
  return now_us() / 1000;
}

void set_text(char (&out)[kMaxTextBytes], const char* what, const char* object, int error) {
  snprintf(out, sizeof out, "%s %s: %s", what, object, strerror(error));
}

void read_boot_id(char (&out)[40]) {
  const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? 0 : read(fd, out, sizeof out - 1);
  if (fd >= 0) close(fd);
  out[got > 0 ? got : 0] = 0;
  if (char* line_end = strchr(out, '\n')) *line_end = 0;
}

uint64_t start_time_of(pid_t pid) {
  char path[32];
  char text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(pid));
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return 0;
  text[got] = 0;
  const char* at = strrchr(text, ')');  // the name may hold blanks and brackets
  for (int field = 2; at != nullptr && field < 22; ++field) {
    at = strchr(at + 1, ' ');
  }
  return at == nullptr ? 0 : strtoull(at + 1, nullptr, 10);
}

bool write_state(const Shim& shim) {
  char text[256];
  const int length = snprintf(text,
                              sizeof text,
                              "%u %s %d %llu %d %llu %u\n",
                              static_cast<unsigned>(kVersion),
                              shim.boot_id,
                              static_cast<int>(getpid()),
                              static_cast<unsigned long long>(start_time_of(getpid())),
                              static_cast<int>(shim.status.child_pid),
                              static_cast<unsigned long long>(shim.status.child_start_time),
                              shim.status.run);
  return replace_file(kStateFile, "state.new", text, static_cast<size_t>(length));
}

bool write_exit(const Shim& shim) {
  const Status& status = shim.status;
  char text[256 + kMaxTextBytes];
  const int length =
      snprintf(text,
               sizeof text,
               "%u %u %u %d %llu %u %s\n",
               static_cast<unsigned>(kVersion),
               status.end,
               status.run,
               static_cast<int>(status.main_exited != 0 ? status.main_wait_status : 0),
               static_cast<unsigned long long>(status.main_duration_us),
               status.restarts,
               status.text);
  return replace_file(kExitFile, "exit.new", text, static_cast<size_t>(length));
}

}  // namespace tidegate::shim
