// Runs one program to its end: input on its standard input, the tail of what it says kept, a time
// limit after which its whole process group is killed. No shell, none of our descriptors, a minimal
// environment. Blocking; any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace tidegate::notify {

inline constexpr std::size_t kKeptOutput = 512;  // bytes, of standard output and error together

struct ChildProcess {
  std::string program;                   // absolute path; runs in the folder it lies in
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string input;
  std::chrono::milliseconds timeout{0};
};

/// Ok when it exits 0 in time. Errors: Timeout; Unavailable "Stopped" once `stop_descriptor` is
/// readable; FailedPrecondition when it exits otherwise, or cannot be run.
Status run(const ChildProcess& child, int stop_descriptor);

}  // namespace tidegate::notify
