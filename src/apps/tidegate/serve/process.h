// Processes of a home, named by a file that holds a pid. A pid is used only through a pidfd opened
// before it was checked, so a number that now belongs to somebody else is never signalled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/time.h"

namespace tidegate::apps {

class Process {
 public:
  /// The process that `file` names, if it lives, is a `tidegate` with the verb `serve`, and has
  /// TIDEGATE_HOME=home in its environment.
  static std::optional<Process> find(const std::string& file, const std::string& home);

  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Whether it ended within that time.
  bool ends_within(MonotonicTime::duration time) const;

 private:
  Process(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  pid_t pid_;
  int fd_;
};

/// Path of the running program, for starting it again.
std::string own_program();

/// Replaces this process by `tidegate` with these arguments and TIDEGATE_HOME set. Returns only
/// when that fails.
void exec_self(const std::vector<std::string>& arguments, const std::string& home);

}  // namespace tidegate::apps
