// The shim: one small static process per supervised program. It owns the program's namespaces,
// console, restarts and exit status, and outlives the control plane. Built with musl, without a C++
// library, exceptions or RTTI; one thread, no allocation but the spec's mapping. All paths of its
// own are relative to its folder, which is its working directory.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/shim_wire.h"

namespace tidegate::shim {

inline constexpr unsigned kMaxArguments = 64;
inline constexpr unsigned kMaxVariables = 256;
inline constexpr unsigned kMaxCgroups = 16;
inline constexpr unsigned kMaxClients = 8;  // connections at a time; the oldest makes room
inline constexpr unsigned kMaxRestartTimes = 32;

struct HeldDescriptor {
  char name[kMaxNameBytes];
  int fd;
};

/// Pointers lead into the spec's mapping, which stays.
struct Spec {
  const char* folder;
  const char* arguments[kMaxArguments + 1];
  unsigned argument_count;
  const char* environment[kMaxVariables + 2];
  unsigned variable_count;
  const char* working_directory;
  uint32_t uid, gid;
  uint64_t open_files;
  const char* cgroups[kMaxCgroups];
  unsigned cgroup_count;
  uint64_t namespaces;
  int network_namespace;
  const char* host_name;
  const char* first_step;  // the records of mounts and the like, gone through in order
  const char* end;
  const char* root;
  bool limits_capabilities;
  uint64_t capabilities;
  bool no_new_privileges;
  bool init;
  RestartPolicy restart;
  uint64_t console_bytes;
  int stop_signal;
  int report_fd;
};

/// What pid 1, or the child on its way to exec, tells the shim through a pipe.
struct ChildReport {
  enum class Kind : uint32_t { SetupFailed = 1, MainExited = 2 };
  uint32_t kind;
  int32_t value;  // errno, or the wait status
  char text[kMaxTextBytes];
};

struct Client {
  int fd;
  bool watching;
};

struct Console {
  int fd;
  uint64_t base;  // offset of the first byte of the current file
  uint64_t size;  // of the current file
  int64_t older;  // base of the file that is kept beside it; -1: none
  uint64_t limit;
};

struct Shim {
  Spec spec;
  Status status;
  Console console;
  HeldDescriptor held[kMaxHeld];
  unsigned held_count;
  Client clients[kMaxClients];
  unsigned client_count;
  int listener;
  int signal_fd;
  int console_read, console_write;
  int report_read;                           // of the child that runs; -1: none
  int life_write;                            // its other end tells pid 1 that the shim is gone
  uint64_t restart_times[kMaxRestartTimes];  // ms, a ring
  unsigned restart_count;                    // ever
  uint64_t started_us;
  uint64_t start_at_ms;  // when BackingOff ends
  bool stop_asked, kill_asked;
  bool setup_failed;  // of this run
  bool changed;       // watchers are to be told
  uid_t uid;          // whose shim this is: in a user namespace the child goes on as the same user
  gid_t gid;
  char boot_id[40];
  char* name;  // argv[0]: what `ps` shows
};

// spec.cc
/// Maps and reads the spec at kSpecDescriptor. Null when all is well, else what is wrong.
const char* read_spec(Shim& shim);
/// The next record from `at`; returns the one after, null at the end or where it is broken.
const char* next_record(const char* at, const char* end, Record& record, const char*& payload);
uint64_t number_at(const char* payload);

// state.cc
uint64_t now_us();
uint64_t now_ms();
bool write_state(const Shim& shim);
bool write_exit(const Shim& shim);
/// Field 22 of /proc/PID/stat; 0 when there is no such process.
uint64_t start_time_of(pid_t pid);
void read_boot_id(char (&out)[40]);
void set_text(char (&out)[kMaxTextBytes], const char* what, const char* object, int error);

// console.cc
void open_console(Shim& shim);
/// Moves what is in the pipe to the file, at most a few reads per call; drops it on a full disk.
void pump_console(Shim& shim);
void console_note(Shim& shim, const char* text, unsigned number);

// child.cc
/// Starts the next run: the child, its pipes, its state file. A failure becomes an exit at once.
void start_child(Shim& shim);
/// In the child: never returns.
[[noreturn]] void child_main(Shim& shim, int report_fd, int life_read);
[[noreturn]] void fail_setup(int report_fd, const char* what, const char* object);
[[noreturn]] void exec_program(const Shim& shim, int report_fd);

// setup.cc
/// In a new user namespace the child is who the shim is, with every right over its own namespaces
/// until it runs a program.
void map_user(const Shim& shim, int report_fd);
/// Namespaces, mounts, root, limits, capabilities; in the child. Reports and exits on failure.
void set_up_child(const Shim& shim, int report_fd);
void drop_privileges(const Shim& shim, int report_fd);

// init.cc
/// Pid 1: runs the program, reaps, passes signals on, ends when nothing is left or the shim is
/// gone.
[[noreturn]] void init_main(const Shim& shim, int report_fd, int life_read);

// server.cc
bool open_listener(Shim& shim);
void accept_client(Shim& shim);
/// One packet of that client; closes it when it is gone or breaks the wire.
void serve_client(Shim& shim, unsigned index);
void tell_watchers(Shim& shim);
void ask_stop(Shim& shim);
void ask_kill(Shim& shim);

}  // namespace tidegate::shim
