// tidegate-shim ID: reads its spec from descriptor 3, leaves its parent, starts the program, and
// stays until it is over. Everything else is in shim.h.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

constexpr unsigned kWaitsBeforeClients = 4;

void end(Shim& shim, End how) {
  shim.status.end = static_cast<uint32_t>(how);
  shim.status.state = static_cast<uint32_t>(State::Ended);
  shim.changed = true;
}

/// Restarts within the window before `now`.
unsigned recent_restarts(const Shim& shim, uint64_t now) {
  unsigned count = 0;
  const unsigned kept =
      shim.restart_count < kMaxRestartTimes ? shim.restart_count : kMaxRestartTimes;
  for (unsigned i = 0; i < kept; ++i) {
    if (now - shim.restart_times[i] < shim.spec.restart.window_ms) ++count;
  }
  return count;
}

void back_off(Shim& shim) {
  const RestartPolicy& policy = shim.spec.restart;
  const uint64_t now = now_ms();
  const unsigned recent = recent_restarts(shim, now);
  shim.status.restarts = recent;
  if (recent >= policy.most_restarts) {
    console_note(shim, "gives up; restarts within the window:", recent);
    end(shim, End::GaveUp);
    return;
  }
  uint64_t delay = policy.first_delay_ms;
  for (unsigned i = 0; i < recent && delay < policy.longest_delay_ms; ++i) {
    delay *= 2;
  }
  shim.start_at_ms = now + (delay < policy.longest_delay_ms ? delay : policy.longest_delay_ms);
  shim.status.state = static_cast<uint32_t>(State::BackingOff);
}

void restart(Shim& shim) {
  shim.restart_times[shim.restart_count++ % kMaxRestartTimes] = now_ms();
  shim.status.restarts = recent_restarts(shim, now_ms());
  ++shim.status.run;
  rename("run/failure", "run/failure.previous");  // what user data says of its failing line
  console_note(shim, "restart in place, run", shim.status.run + 1);
  start_child(shim);
}

void main_exited(Shim& shim, int wait_status) {
  Status& status = shim.status;
  if (status.main_exited != 0) return;
  status.main_exited = 1;
  status.main_wait_status = wait_status;
  status.main_duration_us = now_us() - shim.started_us;
  shim.changed = true;
}

void read_reports(Shim& shim) {
  ChildReport report;
  while (shim.report_read >= 0 &&
         read(shim.report_read, &report, sizeof report) == static_cast<ssize_t>(sizeof report)) {
    if (report.kind == static_cast<uint32_t>(ChildReport::Kind::SetupFailed)) {
      memcpy(shim.status.text, report.text, sizeof report.text);
      console_note(shim, report.text, static_cast<unsigned>(report.value));
      shim.setup_failed = true;
    } else {
      main_exited(shim, report.value);
    }
  }
}

/// What a program outside a pid namespace left behind came to us, the subreaper. Bounded: a
/// process that forks faster than we kill is for its cgroup.
void kill_strays() {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", static_cast<int>(getpid()));
  for (int round = 0; round < 64; ++round) {
    FILE* list = fopen(path, "re");
    int pid = 0;
    bool any = false;
    while (list != nullptr && fscanf(list, "%d", &pid) == 1) {
      any = true;
      kill(pid, SIGKILL);  // ours until we reap it: no other process can have its number
    }
    if (list != nullptr) fclose(list);
    if (!any) return;
    while (waitpid(-1, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

void child_ended(Shim& shim, int wait_status) {
  read_reports(shim);
  main_exited(shim, wait_status);
  close(shim.report_read);
  close(shim.life_write);
  shim.report_read = shim.life_write = -1;
  shim.status.child_pid = 0;
  shim.changed = true;
  if ((shim.spec.namespaces & CLONE_NEWPID) == 0) kill_strays();
  const RestartWhen when = static_cast<RestartWhen>(shim.spec.restart.when);
  const bool wanted = when == RestartWhen::Always ||
                      (when == RestartWhen::OnFailure && shim.status.main_wait_status != 0);
  if (shim.kill_asked) {
    end(shim, End::Killed);
  } else if (shim.stop_asked) {
    end(shim, End::Stopped);
  } else if (shim.setup_failed && shim.status.run == 0) {
    end(shim, End::SetupFailed);
  } else if (wanted) {
    back_off(shim);
  } else {
    end(shim, End::Exited);
  }
}

void reap(Shim& shim) {
  for (;;) {
    int wait_status = 0;
    const pid_t pid = waitpid(-1, &wait_status, WNOHANG);
    if (pid <= 0) return;
    if (pid == shim.status.child_pid) child_ended(shim, wait_status);
  }
}

void take_signals(Shim& shim) {
  struct signalfd_siginfo info;
  while (read(shim.signal_fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGTERM) ask_stop(shim);
  }
  reap(shim);
}

int wait_ms(const Shim& shim) {
  if (shim.status.state != static_cast<uint32_t>(State::BackingOff)) return -1;
  const uint64_t now = now_ms();
  return shim.start_at_ms > now ? static_cast<int>(shim.start_at_ms - now) : 0;
}

void turn(Shim& shim) {
  struct pollfd waits[kWaitsBeforeClients + kMaxClients] = {
      {shim.signal_fd, POLLIN, 0},
      {shim.listener, POLLIN, 0},
      {shim.console_read, POLLIN, 0},
      {shim.report_read, POLLIN, 0},
  };
  const unsigned clients = shim.client_count;
  for (unsigned i = 0; i < clients; ++i) {
    waits[kWaitsBeforeClients + i] = {shim.clients[i].fd, POLLIN, 0};
  }
  poll(waits, kWaitsBeforeClients + clients, wait_ms(shim));
  if (waits[2].revents != 0) pump_console(shim);
  if ((waits[3].revents & POLLIN) != 0) read_reports(shim);
  if (waits[0].revents != 0) take_signals(shim);
  if (waits[3].revents == POLLHUP && shim.report_read >= 0) {
    close(shim.report_read);  // the program runs: exec closed its end
    shim.report_read = -1;
  }
  for (unsigned i = clients; i > 0;
       --i) {  // from the end: a closed one's place is refilled from there
    if (waits[kWaitsBeforeClients + i - 1].revents != 0) serve_client(shim, i - 1);
  }
  if (waits[1].revents != 0) accept_client(shim);
  if (shim.status.state == static_cast<uint32_t>(State::BackingOff) && wait_ms(shim) == 0) {
    restart(shim);
    if (shim.status.child_pid == 0) child_ended(shim, 125 << 8);
  }
  if (shim.changed && shim.status.state != static_cast<uint32_t>(State::Ended)) {
    shim.changed = false;
    tell_watchers(shim);
  }
}

void report_start(Shim& shim) {
  if (shim.spec.report_fd < 0) return;
  shim.status.size = sizeof shim.status;
  if (write(shim.spec.report_fd, &shim.status, sizeof shim.status) < 0) {
    console_note(shim, "nobody waits for its start any more; errno", static_cast<unsigned>(errno));
  }
  close(shim.spec.report_fd);
  shim.spec.report_fd = -1;
}

[[noreturn]] void refuse_start(Shim& shim, End how, const char* what, const char* object) {
  end(shim, how);
  set_text(shim.status.text, what, object, errno);
  report_start(shim);
  fprintf(stderr, "tidegate-shim: %s\n", shim.status.text);
  _exit(1);
}

void close_on_exec(const Shim& shim) {
  for (int fd = 3; fd < 256; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
  if (shim.spec.network_namespace >= 0) close(shim.spec.network_namespace);
  close(kSpecDescriptor);
}

void become_shim(Shim& shim) {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  const Spec& spec = shim.spec;
  if (spec.network_namespace >= 0 && setns(spec.network_namespace, CLONE_NEWNET) != 0) {
    refuse_start(shim, End::SetupFailed, "enter", "network namespace");
  }
  close_on_exec(shim);
  sigset_t taken;
  sigemptyset(&taken);
  sigaddset(&taken, SIGCHLD);
  sigaddset(&taken, SIGTERM);
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  shim.signal_fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  int console[2] = {-1, -1};
  if (pipe2(console, O_CLOEXEC) != 0) refuse_start(shim, End::SetupFailed, "make", "console pipe");
  fcntl(console[0], F_SETFL, O_NONBLOCK);
  shim.console_read = console[0];
  shim.console_write = console[1];
  open_console(shim);
  if (!open_listener(shim)) refuse_start(shim, End::SetupFailed, "listen on", kSocketFile);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3 && nothing >= 0; ++fd) {
    dup2(nothing, fd);
  }
}

int run(Shim& shim) {
  become_shim(shim);
  shim.status.shim_pid = getpid();
  start_child(shim);
  if (shim.status.child_pid == 0) child_ended(shim, 125 << 8);
  report_start(shim);
  while (shim.status.state != static_cast<uint32_t>(State::Ended)) {
    turn(shim);
  }
  pump_console(shim);
  write_exit(shim);  // before the socket goes: who finds none looks for this
  unlink(kSocketFile);
  tell_watchers(shim);
  return 0;
}

}  // namespace

void ask_stop(Shim& shim) {
  if (shim.stop_asked) return;
  shim.stop_asked = true;
  shim.changed = true;
  if (shim.status.child_pid > 0) {
    shim.status.state = static_cast<uint32_t>(State::Stopping);
    kill(shim.status.child_pid,
         shim.spec.stop_signal);  // our child, not reaped yet: its own number
  } else {
    end(shim, End::Stopped);
  }
}

void ask_kill(Shim& shim) {
  shim.kill_asked = true;
  if (shim.status.child_pid > 0) {
    kill(shim.status.child_pid, SIGKILL);
  } else {
    end(shim, End::Killed);
  }
}

}  // namespace tidegate::shim

int main(int argc, char** argv) {
  using namespace tidegate::shim;
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("tidegate-shim wire %u\n", static_cast<unsigned>(kVersion));
    return 0;
  }
  static Shim shim;  // zeros; the stack stays small
  shim.status.magic = kMagic;
  shim.status.version = kVersion;
  shim.report_read = shim.life_write = -1;
  shim.uid = geteuid();
  shim.gid = getegid();
  read_boot_id(shim.boot_id);
  shim.name = argv[0];
  if (argc != 2) {
    fprintf(stderr,
            "usage: tidegate-shim ID (started by tidegate, with its spec at descriptor 3)\n");
    return 2;
  }
  if (const char* wrong = read_spec(shim)) {
    fprintf(stderr, "tidegate-shim: %s\n", wrong);
    return 2;
  }
  if (chdir(shim.spec.folder) != 0) refuse_start(shim, End::SetupFailed, "enter", shim.spec.folder);
  const int lock = open(kLockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) refuse_start(shim, End::SetupFailed, "open", kLockFile);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    refuse_start(shim, End::AlreadyRunning, "lock", shim.spec.folder);
  }
  unlink(kExitFile);
  const pid_t pid = fork();
  if (pid < 0) refuse_start(shim, End::SetupFailed, "fork", argv[1]);
  return pid > 0 ? 0 : run(shim);
}
