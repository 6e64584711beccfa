#include "apps/tidegate/serve/serve.h"

#include <csignal>
#include <cstdio>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/tidegate/serve/control_plane.h"
#include "apps/tidegate/serve/home.h"
#include "apps/tidegate/serve/process.h"
#include "apps/tidegate/serve/supervisor.h"
#include "apps/tidegate/verbs/connection.h"

namespace tidegate::apps {
namespace {

constexpr double kStartPatience_s = 60;
constexpr Duration kPoll = std::chrono::milliseconds{20};
constexpr off_t kLogBytes = 16 * 1024 * 1024;
constexpr std::size_t kLogTail = 8;
constexpr MonotonicTime::duration kEndPatience = std::chrono::seconds{30};

/// The log, for appending; a long one is set aside first.
int open_log(const std::string& home) {
  const std::string file = serve_log_file(home);
  struct stat status{};
  if (stat(file.c_str(), &status) == 0 && status.st_size > kLogBytes) {
    std::rename(file.c_str(), (file + ".1").c_str());
  }
  return open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/// What was appended to the log from `offset` on, its last lines.
std::string log_since(const std::string& home, off_t offset) {
  std::ifstream in{serve_log_file(home)};
  in.seekg(offset);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  std::string text;
  for (std::size_t i = lines.size() > kLogTail ? lines.size() - kLogTail : 0; i < lines.size();
       ++i) {
    text += (text.empty() ? "" : "\n") + lines[i];
  }
  return text;
}

/// Forks the parent of the control plane into the background.
pid_t start_supervisor(const Environment& environment, int log) {
  const pid_t pid = fork();
  if (pid != 0) {
    return pid;
  }
  setsid();
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  if (chdir("/") != 0) {
    _exit(1);
  }
  if (!write_file_atomically(supervisor_pid_file(environment.home),
                             std::to_string(getpid()) + "\n")) {
    _exit(1);
  }
  const int status = supervise_serve(environment);
  unlink(supervisor_pid_file(environment.home).c_str());
  _exit(status);
}

Status wait_until_answering(const Environment& environment, pid_t supervisor, off_t log_offset) {
  const MonotonicInstant begin = monotonic_now();
  while (seconds_since(begin) < kStartPatience_s) {
    const Status reached = check_reached(environment);
    if (reached) {
      return Ok{};
    }
    int status = 0;
    if (waitpid(supervisor, &status, WNOHANG) == supervisor) {
      std::string why = log_since(environment.home, log_offset);
      if (why.starts_with("tidegate: ")) {
        why.erase(0, std::string{"tidegate: "}.size());
      }
      return Error{ErrorCode::FailedPrecondition, "NotStarted", why};
    }
    pause_for(kPoll);
  }
  return Error{ErrorCode::Timeout,
               "NotStarted",
               "the control plane does not answer; its log is " + serve_log_file(environment.home)};
}

Status detach(const Environment& environment) {
  const Status reached = check_reached(environment);
  if (reached) {
    progress("the control plane of " + environment.home + " runs already");
    return Ok{};
  }
  if (!is_not_reached(reached.error())) {
    return reached.error();
  }
  TG_RETURN_IF_ERROR(open_home(environment.home));
  const int log = open_log(environment.home);
  if (log < 0) {
    return Error{ErrorCode::PermissionDenied,
                 "HomeNotUsable",
                 "cannot write " + serve_log_file(environment.home)};
  }
  const off_t offset = lseek(log, 0, SEEK_END);
  const pid_t supervisor = start_supervisor(environment, log);
  close(log);
  return wait_until_answering(environment, supervisor, offset);
}

}  // namespace

Exit run_serve(const Serve& serve, const Environment& environment) {
  const auto home = process_environment("TIDEGATE_HOME");
  if (!home || *home != environment.home) {
    // Whoever looks at the process finds its home in its environment.
    exec_self(serve.mode == Serve::Mode::Detach ? std::vector<std::string>{"serve", "--detach"}
                                                : std::vector<std::string>{"serve"},
              environment.home);
    progress("tidegate: cannot start " + own_program());
    return Exit::Failed;
  }
  if (serve.mode == Serve::Mode::Foreground) {
    return run_control_plane(environment);
  }
  const Status detached = detach(environment);
  return detached ? Exit::Done : report(detached.error(), environment);
}

Status ensure_serving(const Environment& environment) {
  const Status reached = check_reached(environment);
  if (reached || !is_not_reached(reached.error())) {
    return reached;
  }
  progress("starting the control plane of " + environment.home);
  const pid_t pid = fork();
  if (pid == 0) {
    exec_self({"serve", "--detach"}, environment.home);
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return Ok{};
  }
  return Error{ErrorCode::FailedPrecondition,
               "NotStarted",
               "the control plane did not start"};  // it has said why
}

Exit run_stop(const Stop& stop, const Environment& environment) {
  const auto supervisor = Process::find(supervisor_pid_file(environment.home), environment.home);
  const auto serve = Process::find(pid_file(environment.home), environment.home);
  if (supervisor) {
    supervisor->signal(SIGTERM);
  }
  if (serve) {
    serve->signal(SIGTERM);
  }
  for (const auto* process : {&supervisor, &serve}) {
    if (*process && !(*process)->ends_within(kEndPatience)) {
      progress("tidegate: process " + std::to_string((*process)->pid()) +
               " does not end; its log is " + serve_log_file(environment.home));
      return Exit::Failed;
    }
  }
  if (!serve && !supervisor) {
    progress("no control plane runs in " + environment.home);
  }
  if (stop.scope == Stop::Scope::ControlPlane) {
    return Exit::Done;
  }
  const Status ended = end_everything(environment);
  return ended ? Exit::Done : report(ended.error(), environment);
}

}  // namespace tidegate::apps
