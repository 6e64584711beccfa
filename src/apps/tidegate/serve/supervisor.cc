#include "apps/tidegate/serve/supervisor.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/tidegate/serve/home.h"
#include "apps/tidegate/serve/process.h"
#include "apps/tidegate/verbs/connection.h"
#include "base/log.h"

namespace tidegate::apps {
namespace {

constexpr Duration kFirstBackOff = std::chrono::milliseconds{200};
constexpr Duration kLongestBackOff = std::chrono::seconds{30};
constexpr double kWell_s = 60;  // a control plane that lived so long starts the back-off anew

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) {
    sigaddset(&set, number);
  }
  return set;
}

pid_t start_serve(const Environment& environment) {
  const pid_t pid = fork();
  if (pid == 0) {
    const sigset_t set = watched_signals();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    exec_self({"serve"}, environment.home);
    _exit(127);
  }
  return pid;
}

enum class Wake { ChildEnded, Asked };

/// Waits until the child ends; on SIGTERM passes it on first.
std::pair<Wake, int> wait_for_end(pid_t child) {
  const sigset_t set = watched_signals();
  Wake why = Wake::ChildEnded;
  while (true) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) {
      return {why, status};
    }
    const int number = sigwaitinfo(&set, nullptr);
    if (number == SIGTERM || number == SIGINT) {
      why = Wake::Asked;
      kill(child, SIGTERM);
    }
  }
}

/// Whether somebody asked to end while nothing ran.
bool asked_within(Duration time) {
  sigset_t set = watched_signals();
  sigdelset(&set, SIGCHLD);
  const auto ns = std::chrono::nanoseconds{time};
  const timespec patience{std::chrono::duration_cast<std::chrono::seconds>(ns).count(),
                          (ns % std::chrono::seconds{1}).count()};
  return sigtimedwait(&set, nullptr, &patience) > 0;
}

std::string ending_of(int status) {
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                             : "exit " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

int supervise_serve(const Environment& environment) {
  const sigset_t set = watched_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  Duration back_off = kFirstBackOff;
  bool first = true;
  while (true) {
    const MonotonicInstant begin = monotonic_now();
    const pid_t child = start_serve(environment);
    if (child < 0) {
      return 1;
    }
    const auto [wake, status] = wait_for_end(child);
    const bool by_itself = WIFEXITED(status);
    const bool refused_at_first = first && by_itself;  // it said why; trying again says the same
    if (wake == Wake::Asked || (by_itself && WEXITSTATUS(status) == 0) || refused_at_first) {
      return by_itself ? WEXITSTATUS(status) : 0;
    }
    first = false;
    if (seconds_since(begin) > kWell_s) {
      back_off = kFirstBackOff;
    }
    log_event(LogLevel::Error,
              "control_plane_ended",
              {{"by", ending_of(status)},
               {"again_in_ms", std::to_string(back_off / std::chrono::milliseconds{1})}});
    if (asked_within(back_off)) {
      return 0;
    }
    back_off = std::min(back_off * 2, kLongestBackOff);
  }
}

}  // namespace tidegate::apps
