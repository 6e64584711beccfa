// A bug stops the process: the journal resumes after a restart, a wrong decision would not. Never
// for input.
#pragma once

namespace tidegate {
/// Prints `file:line: check failed: expression` on stderr and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace tidegate

#define TG_CHECK(condition)                                     \
  do {                                                          \
    if (!(condition)) {                                         \
      ::tidegate::check_failed(#condition, __FILE__, __LINE__); \
    }                                                           \
  } while (false)
