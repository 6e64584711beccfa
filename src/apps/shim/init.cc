#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

struct Init {
  int report_fd;
  int life_read;
  int signal_fd;
  pid_t main;
};

pid_t run_program(const Shim& shim, const Init& init) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  setsid();
  exec_program(shim, init.report_fd);
}

void report_main_exit(const Init& init, int wait_status) {
  ChildReport report = {};
  report.kind = static_cast<uint32_t>(ChildReport::Kind::MainExited);
  report.value = wait_status;
  if (write(init.report_fd, &report, sizeof report) < 0) _exit(1);
}

/// The instance can read what pid 1 is called and what is in its environment.
void show_little(const Shim& shim) {
  constexpr char kName[] = "tidegate-init";
  prctl(PR_SET_NAME, kName, 0, 0, 0);
  if (strlen(shim.name) >= sizeof kName - 1) strcpy(shim.name, kName);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    memset(*variable, 0, strlen(*variable));
  }
}

/// A main program that failed takes what it left with it: the next run begins with nothing.
void main_ended(const Init& init, int wait_status) {
  report_main_exit(init, wait_status);
  if (wait_status != 0) kill(-1, SIGKILL);
}

/// True when no process is left.
bool reap(Init& init) {
  for (;;) {
    int wait_status = 0;
    const pid_t pid = waitpid(-1, &wait_status, WNOHANG);
    if (pid == 0) return false;
    if (pid < 0) return errno == ECHILD;
    if (pid == init.main) main_ended(init, wait_status);
  }
}

}  // namespace

void init_main(const Shim& shim, int report_fd, int life_read) {
  show_little(shim);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  Init init = {report_fd, life_read, signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), 0};
  const bool has_program = shim.spec.argument_count > 0;
  if (has_program) init.main = run_program(shim, init);
  for (;;) {
    struct pollfd waits[2] = {{init.signal_fd, POLLIN, 0}, {life_read, 0, 0}};
    poll(waits, 2, -1);
    if (waits[1].revents != 0) _exit(0);  // the shim is gone: the kernel ends the namespace
    struct signalfd_siginfo info;
    while (read(init.signal_fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int number = static_cast<int>(info.ssi_signo);
      if (number == SIGCHLD) continue;
      kill(-1, number);
      if (!has_program && number == shim.spec.stop_signal) _exit(0);
    }
    if (reap(init) && has_program) _exit(0);
  }
}

}  // namespace tidegate::shim
