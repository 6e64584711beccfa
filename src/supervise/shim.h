// A supervised process, seen from outside its shim: started, found again after a restart of ours,
// told to stop, and its end noticed. No call waits longer than kAnswerTime; none ever signals a
// bare pid (a pidfd is opened first, then boot id and start time are compared). A Shim belongs to
// one thread; destroying it leaves the process alone.
//
// With an event loop: watch process_fd() (readable: the shim has ended, see ended()) and
// connection_fd() (readable: call receive()).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/shim_wire.h"
#include "base/time.h"
#include "supervise/spec.h"

namespace tidegate::supervise {

inline constexpr std::chrono::milliseconds kAnswerTime{2000};  // a shim answers within microseconds
inline constexpr std::chrono::milliseconds kStartTime{10000};  // until a shim reports its child

/// How a shim's program ended for good (its `exit` file).
struct Ended {
  shim::End how = shim::End::Exited;
  std::uint32_t run = 0;
  std::int32_t wait_status = 0;  // of the last run, as waitpid has it
  Duration duration{};           // of the last run
  std::uint32_t restarts = 0;    // within the window
  std::string text;              // why it could not be started; else empty
  bool operator==(const Ended&) const = default;
};

/// It is gone without a word: its shim was killed, or the machine was started anew since.
struct Lost {
  std::string why;  // one sentence
  bool operator==(const Lost&) const = default;
};

/// A shim of another version of tidegate runs there: it can be watched and killed, not talked to.
struct OtherVersion {
  FileDescriptor process;  // its pidfd
  std::string why;         // one sentence
};

struct ShimProgram {
  std::string path;  // of tidegate-shim
  std::string home;  // TIDEGATE_HOME in the shim's own environment
};

class Shim {
  struct Key {};  // only start() and adopt() make one

 public:
  using Adoption = std::variant<std::unique_ptr<Shim>, Ended, Lost, OtherVersion>;

  /// Returns once the shim stands and its child is on its way. If a shim already holds the folder,
  /// that one is adopted: a start is idempotent. Errors: InvalidArgument (socket path over
  /// kMaxSocketPath), Internal with the shim's sentence; also when the program has ended for good
  /// before this returns: read_ended() tells how.
  static Result<std::unique_ptr<Shim>> start(const ShimProgram& program, const ShimSpec& spec);

  /// Finds the shim of that folder again; ≤ 1 ms. Errors: NotFound (no shim ever was there),
  /// Corrupt.
  static Result<Adoption> adopt(const std::string& folder);

  explicit Shim(Key) {}
  Shim(const Shim&) = delete;
  Shim& operator=(const Shim&) = delete;
  ~Shim() = default;

  int process_fd() const { return process_.get(); }
  int connection_fd() const { return connection_.get(); }
  std::int32_t pid() const { return pid_; }
  const std::string& folder() const { return folder_; }

  /// Takes in what the shim has sent. True when the status is another one now.
  bool receive();
  /// The newest status that was received.
  const shim::Status& status() const { return status_; }

  /// Asks for a status and waits for it. Errors: Unavailable (the shim is gone), Timeout.
  Result<shim::Status> stat();
  /// The stop signal, once; no restart from then on. Does not wait for the end.
  tidegate::Status stop();
  /// SIGKILL to everything; the shim ends. Does not wait for that.
  tidegate::Status kill();
  /// Kills and waits for the shim's end; a shim that does not answer is killed itself (its child
  /// dies with it). Error: Timeout.
  tidegate::Status kill_and_wait();
  /// A copy of `fd` stays with the shim under that name, in place of an older one, and is passed to
  /// the child at each later start. Errors: InvalidArgument, ResourceExhausted, Unavailable,
  /// Timeout.
  tidegate::Status hold(const std::string& name, int fd);
  /// Error: NotFound.
  tidegate::Status release(const std::string& name);

  bool has_ended() const;

 private:
  tidegate::Status connect();
  tidegate::Status send(shim::Operation operation, const std::string& name, std::optional<int> fd);
  tidegate::Status call(shim::Operation operation, const std::string& name, std::optional<int> fd);

  std::string folder_;
  std::int32_t pid_ = 0;
  FileDescriptor process_;
  FileDescriptor connection_;
  shim::Status status_;
  std::uint32_t sequence_ = 0;
};

/// SIGKILL to that process; its children die with it, as a shim's do.
void kill_process(const FileDescriptor& process);
/// What the `exit` file of that folder says. Errors: NotFound, Corrupt.
Result<Ended> read_ended(const std::string& folder);
/// This boot of this kernel.
std::string boot_id();
/// Another user can reach the program: every folder on its way may be entered by others.
bool others_can_run(const std::string& program);

}  // namespace tidegate::supervise
