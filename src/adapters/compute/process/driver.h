// The process driver's work, done by one thread: launches, adopts, watches, measures and removes
// instances, and posts what it sees on the board. ProcessCompute owns the thread and the queue.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/compute/process/board.h"
#include "adapters/compute/process/form.h"
#include "adapters/compute/process/host_network.h"
#include "adapters/compute/process/instance.h"
#include "adapters/compute/process/metadata_process.h"
#include "adapters/compute/process/places.h"
#include "adapters/compute/process/thread_load.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "ports/compute.h"
#include "supervise/cgroups.h"
#include "supervise/shim.h"

namespace tidegate::compute_process {

struct DriverSettings {
  std::string home;     // TIDEGATE_HOME, absolute
  std::string home_id;  // 1..8 of [a-z0-9]
  std::string shim_path;
  Form form;              // of instances that are launched from now on
  link::Ipv4Range range;  // of a network of the home's own
  int range_lock = -1;    // each shim gets a copy; stays the caller's
  ports::HostCapacity capacity;
  MetadataSettings metadata;
};

class Driver {
 public:
  Driver(DriverSettings settings, Board& board);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  /// Leaves running instances alone; without any, the home's network and cgroups go.
  ~Driver();

  /// Finds what an earlier control plane left, and removes what belongs to nobody.
  void adopt_all();

  void launch(const ports::LaunchSpec& spec);
  void stop(const groups::InstanceId& id);
  void kill(const groups::InstanceId& id);
  void set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state);

  /// Readable when something is to be taken in by handle_events().
  int events_fd() const { return events_.get(); }
  void handle_events();
  /// CPU of all; memory and threads each kSlowTicks-th time; unfinished removals again. To be
  /// called each kTick while wants_ticks().
  void tick();
  bool wants_ticks() const { return !entries_.empty(); }

 private:
  struct Entry {
    InstanceRecord record;
    std::string folder;
    std::unique_ptr<supervise::Shim> shim;  // null once it has ended
    FileDescriptor foreign;                 // the pidfd of a shim of another version
    std::optional<supervise::CgroupMeter> meter;
    ThreadLoad threads;
    Board::Entry posted;
    std::optional<MonotonicInstant> kill_asked;
    bool removing = false;
    int removal_tries = 0;
    Duration cpu_before{};
    MonotonicInstant run_seen;  // when this incarnation was seen first
  };

  std::string folder_of(const groups::InstanceId& id) const;
  void adopt(const std::string& folder);
  void take_adoption(Entry& entry, supervise::Shim::Adoption adoption);
  void await_first_words();
  void remove_orphans();
  Status check_capacity(const ports::LaunchSpec& spec) const;
  std::vector<Place> places() const;
  /// The network of an instance, where it has one.
  Result<FileDescriptor> make_network(const Entry& entry);
  Result<std::vector<supervise::SetupStep>> lay_out(const ports::LaunchSpec& spec,
                                                    const Entry& entry);
  Result<FileDescriptor> listen(const Entry& entry, const FileDescriptor& network) const;
  Status start(const ports::LaunchSpec& spec, Entry& entry);
  void start_metadata(const ports::LaunchSpec& spec,
                      const Entry& entry,
                      Result<FileDescriptor> listener);
  Result<FileDescriptor> listen_again(const groups::InstanceId& id);
  void fail(Entry& entry, const Error& error);
  void watch(Entry& entry);
  void ended(Entry& entry);
  void refresh(Entry& entry);
  /// True when nothing of it is left and it has been forgotten.
  bool remove(Entry& entry);
  static std::vector<std::string> pids_of(const Entry& entry);
  void measure(Entry& entry, bool slowly);
  Entry* find(const groups::InstanceId& id);

  DriverSettings settings_;
  Board& board_;
  std::optional<HostNetwork> network_;
  MetadataProcess metadata_;
  supervise::CgroupTree cgroups_;
  FileDescriptor events_;
  std::map<groups::InstanceId, Entry> entries_;
  std::map<int, groups::InstanceId> watched_;  // descriptor in events_ → whose
  Places places_;
  std::uint64_t ticks_ = 0;
};

inline constexpr std::chrono::milliseconds kTick{200};  // CPU at 5 Hz (CONTRACT "Timing")
inline constexpr std::uint64_t kSlowTicks = 5;          // memory, OOM and threads at 1 Hz

}  // namespace tidegate::compute_process
