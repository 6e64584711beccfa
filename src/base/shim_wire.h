// The wire between tidegate-shim and whoever supervises one: the spec that a shim is started with,
// the packets of its socket, the words of its files. Plain data and constants only, and nothing but
// <stdint.h>: the shim is built without a C++ library. Versioned, because old shims outlive
// upgrades: structs grow at their end only (`size` says how far the writer knew them), anything
// else is a new kVersion.
#pragma once

#include <stdint.h>

namespace tidegate::shim {

inline constexpr uint32_t kMagic = 0x4d494853;  // "SHIM"
inline constexpr uint16_t kVersion = 1;
inline constexpr int kSpecDescriptor = 3;  // the spec, a memfd, is open there when a shim starts
inline constexpr uint32_t kMaxSpecBytes = 1 << 20;
// Descriptors that one shim keeps for its child (a listener's, one per worker): half of the usual
// RLIMIT_NOFILE, which the shim itself lives under.
inline constexpr uint32_t kMaxHeld = 512;
inline constexpr uint32_t kMaxNameBytes = 32;
inline constexpr uint32_t kMaxTextBytes = 160;
inline constexpr uint32_t kMaxSocketPath = 100;  // CONTRACT: no socket path is longer

// Files of a shim's folder. `lock` is held by flock for as long as the shim lives.
inline constexpr char kLockFile[] = "lock";
inline constexpr char kStateFile[] =
    "state";  // "VERSION BOOT_ID SHIM_PID SHIM_START CHILD_PID CHILD_START RUN\n"
inline constexpr char kSocketFile[] = "socket";  // SOCK_SEQPACKET: Request → Status
inline constexpr char kConsoleFile[] =
    "console.log";  // the rotated one: console.log.OFFSET (of its first byte)
inline constexpr char kExitFile[] =
    "exit";  // "VERSION END RUN WAIT_STATUS DURATION_US RESTARTS SENTENCE\n"
inline constexpr char kHeldVariable[] =
    "TIDEGATE_FDS";  // "name:fd,name:fd" in the child's environment

/// The spec is a SpecHeader and then records: a Record, `length` bytes, zeros up to a multiple
/// of 8.
struct SpecHeader {
  uint32_t magic = kMagic;
  uint16_t version = kVersion;
  uint16_t reserved = 0;
  uint32_t size = 0;  // of everything, this header included
  uint32_t reserved2 = 0;
};

/// A shim refuses a spec with a tag that it does not know. Strings end with a zero byte.
enum class Tag : uint16_t {
  End = 0,
  Folder,            // string: where its files are
  Argument,          // string: of the child, in order; the first is the program
  Environment,       // string NAME=value: the child gets these and kHeldVariable, nothing else
  WorkingDirectory,  // string
  User,              // Number uid, Number2 gid
  OpenFiles,         // Number: RLIMIT_NOFILE, soft; as much of it as the hard limit allows
  Cgroup,            // string: a cgroup.procs that the child joins
  Namespaces,        // Number: CLONE_NEW* flags of the child
  NetworkNamespace,  // Number: descriptor; the shim itself enters it, and so keeps it alive
  HostName,          // string (with CLONE_NEWUTS)
  Mount,             // MountRecord and 4 strings: type, source, target, options
  MakeDirectory,     // Number mode, string: in order with the mounts
  MakeLink,          // Number, 2 strings: target, path
  MakeDevice,        // Number mode, Number2 major << 8 | minor, string
  Root,              // string: pivot_root into it
  Capabilities,     // Number: the capabilities that stay, a bit each; all others leave the bounding
                    // set
  NoNewPrivileges,  // Number 1
  Init,          // Number 1: the child is pid 1 of its namespace and runs the program as its child
  Restart,       // RestartPolicy
  ConsoleBytes,  // Number: size at which the console is rotated; one older file is kept
  StopSignal,    // Number, default SIGTERM
  Held,          // Number descriptor, string name: kept for the child
  Keep,          // Number descriptor: kept open by the shim, never passed on (locks)
  Report,  // Number descriptor: a Status is written there once the child is there, or the start
           // failed
};

struct Record {
  uint16_t tag = 0;
  uint16_t reserved = 0;
  uint32_t length = 0;
};

struct Number {
  uint64_t value = 0;
};
struct Numbers {
  uint64_t value = 0;
  uint64_t value2 = 0;
};
struct MountRecord {
  uint64_t flags = 0;  // MS_*; a read-only bind mount is remounted by the shim
};

enum class RestartWhen : uint32_t { Never = 0, OnFailure = 1, Always = 2 };

struct RestartPolicy {
  uint32_t when = 0;              // RestartWhen
  uint32_t first_delay_ms = 200;  // doubles with each restart within the window
  uint32_t longest_delay_ms = 30000;
  uint32_t most_restarts = 5;  // within the window; the next exit is the end
  uint32_t window_ms = 60000;
};

enum class Operation : uint32_t {
  Stat = 1,   // answers a Status, as every operation does
  Watch = 2,  // a Status now, and again after each change
  Stop = 3,   // the stop signal, once; no restart from then on
  Kill = 4,   // SIGKILL to everything of the child; the shim ends
  Hold = 5,   // keep the descriptor sent along under `name`, in place of an older one of that name
  Release = 6,  // close the descriptor of that name
};

struct Request {
  uint32_t magic = kMagic;
  uint16_t version = kVersion;
  uint16_t size = sizeof(uint32_t) * 4 + kMaxNameBytes;
  uint32_t operation = 0;
  uint32_t sequence = 0;  // echoed in the answer; pushed statuses have 0
  char name[kMaxNameBytes] = {};
};
static_assert(sizeof(Request) == sizeof(uint32_t) * 4 + kMaxNameBytes);

enum class State : uint32_t { Starting = 0, Running = 1, BackingOff = 2, Stopping = 3, Ended = 4 };

enum class End : uint32_t {
  None = 0,
  Exited = 1,          // by itself, and the policy asks for no restart
  GaveUp = 2,          // too many restarts within the window
  Stopped = 3,         // after Stop
  Killed = 4,          // after Kill
  SetupFailed = 5,     // the program could not be started at all: `text`
  AlreadyRunning = 6,  // only as a Report: another shim holds the folder's lock
};

struct Status {
  uint32_t magic = kMagic;
  uint16_t version = kVersion;
  uint16_t size = 0;
  uint32_t state = 0;  // State
  uint32_t end = 0;    // End
  int32_t shim_pid = 0;
  int32_t child_pid = 0;          // 0 while there is none
  uint64_t child_start_time = 0;  // field 22 of /proc/PID/stat
  uint32_t run = 0;               // 0 is the first
  uint32_t restarts = 0;          // within the window
  uint32_t main_exited = 0;       // 1: the program of this run has ended (what it left may live on)
  int32_t main_wait_status = 0;   // as waitpid has it; valid with main_exited
  uint64_t main_duration_us = 0;  // valid with main_exited
  uint32_t refused = 0;           // errno of the request that this answers, 0 when it was done
  uint32_t held = 0;              // descriptors kept
  uint32_t sequence = 0;          // of the request that this answers
  uint32_t reserved = 0;
  uint64_t console_bytes = 0;     // ever written
  char text[kMaxTextBytes] = {};  // why it could not be started
};

}  // namespace tidegate::shim
