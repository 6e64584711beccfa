#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

constexpr int kDescriptorsSwept = 256;  // supervise passes low numbers only

bool is_kept(const Shim& shim, int fd, int report_fd, int life_read) {
  if (fd == report_fd || fd == life_read) return true;
  for (unsigned i = 0; i < shim.held_count; ++i) {
    if (shim.held[i].fd == fd) return true;
  }
  return false;
}

/// Pid 1 does not exec, so that close-on-exec does not help it.
void close_others(const Shim& shim, int report_fd, int life_read) {
  for (int fd = 3; fd < kDescriptorsSwept; ++fd) {
    if (!is_kept(shim, fd, report_fd, life_read)) close(fd);
  }
}

void name_held(const Shim& shim, char* out, size_t size) {
  size_t used = static_cast<size_t>(snprintf(out, size, "%s=", kHeldVariable));
  for (unsigned i = 0; i < shim.held_count && used < size; ++i) {
    const int more = snprintf(
        out + used, size - used, "%s%s:%d", i == 0 ? "" : ",", shim.held[i].name, shim.held[i].fd);
    used += static_cast<size_t>(more);
  }
}

void raise_open_files(uint64_t wanted) {
  struct rlimit limit = {};
  if (wanted == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// A shim that was killed before this could be asked for is seen by its closed pipe.
void die_with_shim(int life_read) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct pollfd life = {life_read, 0, 0};
  if (poll(&life, 1, 0) > 0) _exit(126);
}

}  // namespace

void fail_setup(int report_fd, const char* what, const char* object) {
  ChildReport report = {};
  report.kind = static_cast<uint32_t>(ChildReport::Kind::SetupFailed);
  report.value = errno;
  set_text(report.text, what, object, errno);
  const ssize_t ignored = write(report_fd, &report, sizeof report);
  _exit(ignored > 0 ? 125 : 124);
}

void exec_program(const Shim& shim, int report_fd) {
  static char held[kMaxHeld * (kMaxNameBytes + 12)];
  static const char* environment[kMaxVariables + 2];
  const Spec& spec = shim.spec;
  for (unsigned i = 0; i < shim.held_count; ++i) {
    fcntl(shim.held[i].fd, F_SETFD, 0);
  }
  memcpy(environment, spec.environment, sizeof environment);
  if (shim.held_count > 0) {
    name_held(shim, held, sizeof held);
    environment[spec.variable_count] = held;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);  // ignored ones would stay so across exec
  signal(SIGHUP, SIG_DFL);
  umask(022);
  execve(spec.arguments[0],
         const_cast<char* const*>(spec.arguments),
         const_cast<char* const*>(environment));
  fail_setup(report_fd, "run", spec.arguments[0]);
}

void child_main(Shim& shim, int report_fd, int life_read) {
  setsid();
  die_with_shim(life_read);
  dup2(shim.console_write, STDOUT_FILENO);
  dup2(shim.console_write, STDERR_FILENO);
  map_user(shim, report_fd);
  set_up_child(shim, report_fd);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  raise_open_files(shim.spec.open_files);
  struct rlimit no_core = {};
  setrlimit(RLIMIT_CORE, &no_core);
  drop_privileges(shim, report_fd);
  die_with_shim(life_read);  // a change of user has cleared it
  if (chdir(shim.spec.working_directory) != 0) {
    fail_setup(report_fd, "enter", shim.spec.working_directory);
  }
  if (shim.spec.init) {
    close_others(shim, report_fd, life_read);
    init_main(shim, report_fd, life_read);
  }
  exec_program(shim, report_fd);
}

void start_child(Shim& shim) {
  Status& status = shim.status;
  int report[2] = {-1, -1};
  int life[2] = {-1, -1};
  pid_t pid = -1;
  if (pipe2(report, O_CLOEXEC) == 0 && pipe2(life, O_CLOEXEC) == 0) {
    pid = static_cast<pid_t>(
        syscall(SYS_clone, shim.spec.namespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  }
  if (pid == 0) {
    close(life[1]);
    child_main(shim, report[1], life[0]);
  }
  const int error = errno;
  close(report[1]);
  close(life[0]);
  shim.report_read = report[0];
  shim.life_write = life[1];
  if (report[0] >= 0) fcntl(report[0], F_SETFL, O_NONBLOCK);
  status.state = static_cast<uint32_t>(State::Running);
  shim.setup_failed = false;
  status.main_exited = 0;
  status.main_wait_status = 0;
  status.main_duration_us = 0;
  shim.started_us = now_us();
  shim.changed = true;
  if (pid < 0) {
    set_text(status.text, "start", shim.spec.init ? "pid 1" : "the program", error);
    return;
  }
  status.child_pid = pid;
  status.child_start_time = start_time_of(pid);
  write_state(shim);
}

}  // namespace tidegate::shim
