#include "adapters/notify/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/text.h"

namespace tidegate::notify {
namespace {

constexpr int kFirstOther = 3;  // descriptor after standard input, output and error

Error failed(const std::string& what, int error) {
  return Error{ErrorCode::FailedPrecondition, "Exec", what + ": " + std::strerror(error)};
}

/// A file in memory with the input: the child may read it at any pace, or not at all.
Result<FileDescriptor> input_file(const std::string& input) {
  FileDescriptor file{memfd_create("notification", MFD_CLOEXEC)};
  if (!file ||
      write(file.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()) ||
      lseek(file.get(), 0, SEEK_SET) != 0) {
    return failed("cannot prepare the input", errno);
  }
  return file;
}

Result<FileDescriptor> started_timer(std::chrono::milliseconds timeout) {
  FileDescriptor timer{timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)};
  itimerspec at{};
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  at.it_value.tv_sec = whole.count();
  at.it_value.tv_nsec = std::chrono::nanoseconds{timeout - whole}.count();
  if (!timer || timerfd_settime(timer.get(), 0, &at, nullptr) != 0) {
    return failed("cannot start a timer", errno);
  }
  return timer;
}

class SpawnSettings {
 public:
  SpawnSettings(const std::string& folder, int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kFirstOther);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

Result<pid_t> spawn(const ChildProcess& child, int input, int output) {
  std::string program = child.program;
  std::vector<std::string> environment = child.environment;
  std::vector<char*> environment_pointers;
  for (std::string& variable : environment) {
    environment_pointers.push_back(variable.data());
  }
  environment_pointers.push_back(nullptr);
  std::array<char*, 2> arguments{program.data(), nullptr};
  const std::string folder = program.substr(0, program.rfind('/') + 1);
  const SpawnSettings settings{folder, input, output};
  pid_t pid = 0;
  const int error = posix_spawn(&pid,
                                program.c_str(),
                                settings.actions(),
                                settings.attributes(),
                                arguments.data(),
                                environment_pointers.data());
  if (error != 0) {
    return failed("cannot run " + program, error);
  }
  return pid;
}

/// Keeps the last kKeptOutput bytes of what comes.
void read_tail(int descriptor, std::string& tail) {
  char buffer[4096];
  const ssize_t count = read(descriptor, buffer, sizeof buffer);
  if (count > 0) {
    tail.append(buffer, static_cast<std::size_t>(count));
    tail.erase(0, tail.size() - std::min(tail.size(), kKeptOutput));
  }
}

enum class End { Exited, TimedOut, Stopped };

struct Watch {
  int child;
  int timer;
  int stop;
  int output;
};

End wait_for_end(const Watch& watch, std::string& tail) {
  std::array<pollfd, 4> polled{pollfd{watch.child, POLLIN, 0},
                               pollfd{watch.timer, POLLIN, 0},
                               pollfd{watch.stop, POLLIN, 0},
                               pollfd{watch.output, POLLIN, 0}};
  while (true) {
    if (poll(polled.data(), polled.size(), -1) < 0) {
      continue;  // EINTR
    }
    const auto ready = [&polled](std::size_t i) { return polled[i].revents != 0; };
    if (ready(3)) {
      read_tail(watch.output, tail);
    }
    if (ready(0)) {
      read_tail(watch.output, tail);
      return End::Exited;
    }
    if (ready(1) || ready(2)) {
      return ready(1) ? End::TimedOut : End::Stopped;
    }
    if ((polled[3].revents & POLLHUP) != 0 && (polled[3].revents & POLLIN) == 0) {
      polled[3].fd = -1;  // it closed its output and goes on
    }
  }
}

std::string said(const std::string& tail) {
  const std::string_view text = trim(tail);
  return text.empty() ? std::string{} : "; it said: " + std::string{text};
}

Status outcome(const std::string& program, const siginfo_t& info, const std::string& tail) {
  if (info.si_code == CLD_EXITED && info.si_status == 0) {
    return Ok{};
  }
  const std::string how =
      info.si_code == CLD_EXITED ? " exited with status " : " was ended by signal ";
  return Error{ErrorCode::FailedPrecondition,
               "Exec",
               program + how + std::to_string(info.si_status) + said(tail)};
}

}  // namespace

Status run(const ChildProcess& child, int stop_descriptor) {
  TG_ASSIGN_OR_RETURN(const FileDescriptor input, input_file(child.input));
  TG_ASSIGN_OR_RETURN(const FileDescriptor timer, started_timer(child.timeout));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return failed("cannot make a pipe", errno);
  }
  const FileDescriptor output{ends[0]};
  FileDescriptor output_of_child{ends[1]};
  TG_ASSIGN_OR_RETURN(const pid_t pid, spawn(child, input.get(), output_of_child.get()));
  output_of_child.reset();
  const FileDescriptor process{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
  if (!process) {
    const int error = errno;
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return failed("cannot watch " + child.program, error);
  }
  std::string tail;
  const End end = wait_for_end({process.get(), timer.get(), stop_descriptor, output.get()}, tail);
  if (end != End::Exited) {
    kill(-pid, SIGKILL);
  }
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 && errno == EINTR) {
  }
  switch (end) {
    case End::TimedOut:
      return Error{ErrorCode::Timeout,
                   "Exec",
                   child.program + " did not end within " +
                       format_double(static_cast<double>(child.timeout.count()) / 1000) + " s" +
                       said(tail)};
    case End::Stopped:
      return Error{ErrorCode::Unavailable, "Stopped", child.program + " was ended: we stop"};
    case End::Exited:
      break;
  }
  return outcome(child.program, info, tail);
}

}  // namespace tidegate::notify
