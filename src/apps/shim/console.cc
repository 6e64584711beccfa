#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

constexpr unsigned kReadsPerCall = 16;  // of 64 KiB; a chatty program must not starve the socket

void older_name(char (&out)[48], uint64_t base) {
  snprintf(out, sizeof out, "%s.%llu", kConsoleFile, static_cast<unsigned long long>(base));
}

/// The base of the newest rotated file of an earlier shim in this folder, or -1.
int64_t find_older() {
  int64_t newest = -1;
  DIR* folder = opendir(".");
  if (folder == nullptr) return newest;
  const size_t prefix = sizeof kConsoleFile - 1;
  while (const struct dirent* entry = readdir(folder)) {
    if (strncmp(entry->d_name, kConsoleFile, prefix) != 0 || entry->d_name[prefix] != '.') continue;
    const int64_t base = strtoll(entry->d_name + prefix + 1, nullptr, 10);
    if (base > newest) newest = base;
  }
  closedir(folder);
  return newest;
}

void open_current(Console& console) {
  console.fd = open(kConsoleFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat about = {};
  console.size =
      console.fd >= 0 && fstat(console.fd, &about) == 0 ? static_cast<uint64_t>(about.st_size) : 0;
}

void rotate(Console& console) {
  char name[48];
  older_name(name, console.base);
  if (rename(kConsoleFile, name) != 0) return;
  if (console.older >= 0) {
    char oldest[48];
    older_name(oldest, static_cast<uint64_t>(console.older));
    unlink(oldest);
  }
  console.older = static_cast<int64_t>(console.base);
  console.base += console.size;
  close(console.fd);
  open_current(console);
}

void append(Shim& shim, const char* bytes, size_t length) {
  Console& console = shim.console;
  if (console.size > 0 && console.size + length > console.limit) rotate(console);
  if (console.fd < 0) return;
  const ssize_t wrote = write(console.fd, bytes, length);
  if (wrote > 0) console.size += static_cast<uint64_t>(wrote);
  shim.status.console_bytes = console.base + console.size;
}

}  // namespace

void open_console(Shim& shim) {
  Console& console = shim.console;
  console.limit = shim.spec.console_bytes;
  console.older = find_older();
  console.base = 0;
  if (console.older >= 0) {
    char name[48];
    older_name(name, static_cast<uint64_t>(console.older));
    struct stat about = {};
    stat(name, &about);
    console.base = static_cast<uint64_t>(console.older) + static_cast<uint64_t>(about.st_size);
  }
  open_current(console);
  shim.status.console_bytes = console.base + console.size;
}

void pump_console(Shim& shim) {
  static char buffer[64 << 10];  // the shim has one thread and a small stack
  for (unsigned i = 0; i < kReadsPerCall; ++i) {
    const ssize_t got = read(shim.console_read, buffer, sizeof buffer);
    if (got <= 0) return;
    append(shim, buffer, static_cast<size_t>(got));
  }
}

void console_note(Shim& shim, const char* text, unsigned number) {
  char line[128];
  const int length = snprintf(line, sizeof line, "tidegate: %s %u\n", text, number);
  append(shim, line, static_cast<size_t>(length));
}

}  // namespace tidegate::shim
