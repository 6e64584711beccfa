// The process driver: instances as processes of this machine, each under a shim of its own with
// namespaces, an overlay, cgroup limits and an address. Implements ports::Compute; every call of
// the port only queues, one thread of the driver works. As root with everything, without it in the
// form that this machine allows (form.h).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "adapters/compute/process/driver.h"
#include "base/file_descriptor.h"
#include "ports/clock.h"
#include "ports/compute.h"

namespace tidegate::compute_process {

inline constexpr std::size_t kMaxQueued = 8192;  // calls; one more is dropped, and seen as a gap

struct Settings {
  std::string home;           // TIDEGATE_HOME, absolute, exists
  std::string home_id;        // 1..8 of [a-z0-9], another one for each home
  std::string shim_path;      // of tidegate-shim
  Form form;                  // of find_form()
  link::Ipv4Range range;      // claim_range(); without a network of the home's own it is not used
  int range_lock = -1;        // of claim_range(); the caller keeps it open
  std::string tidegate_path;  // runs the metadata service; empty: instances have none
  std::optional<supervise::User> metadata_user;  // as whom it runs; absent: as the caller
};

class ProcessCompute final : public ports::Compute {
 public:
  /// Adopts what runs already (≤ 1 ms an instance) before it returns. Error: InvalidArgument (a
  /// home whose socket paths would be too long).
  static Result<std::unique_ptr<ProcessCompute>> open(const Settings& settings,
                                                      ports::Clock& clock);

  ProcessCompute(const Settings& settings, ports::Clock& clock);
  /// Instances go on; without any, network and cgroups of the home are removed.
  ~ProcessCompute() override;

  ports::HostCapacity capacity() const override { return capacity_; }
  /// Tried anew at each call: tens of milliseconds.
  std::vector<ports::Capability> capabilities() const override;
  Status check_image(const ports::ProcessImage& image) const override;
  void launch(const ports::LaunchSpec& spec) override;
  void stop(const groups::InstanceId& id) override;
  void kill(const groups::InstanceId& id) override;
  void set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state) override;
  std::vector<std::string> troubles() const override { return board_.troubles(); }
  std::vector<groups::InstanceObservation> snapshot() override;
  Result<ports::ConsoleChunk> console(const groups::InstanceId& id,
                                      std::uint64_t offset,
                                      std::size_t max_bytes) override;

 private:
  struct Stop {
    groups::InstanceId id;
  };
  struct Kill {
    groups::InstanceId id;
  };
  struct Tell {
    groups::InstanceId id;
    std::string target_lifecycle_state;
  };
  using Call = std::variant<ports::LaunchSpec, Stop, Kill, Tell>;

  void queue(Call call);
  void work();
  void perform(const Call& call);
  std::vector<Call> take_calls();

  Settings settings_;
  ports::Clock& clock_;
  ports::HostCapacity capacity_;
  Board board_;
  std::unique_ptr<Driver> driver_;  // the thread's, once it runs
  std::mutex calls_mutex_;
  std::vector<Call> calls_;  // guarded by calls_mutex_
  FileDescriptor wake_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// What this machine allows, tried in a folder that is made and removed.
std::vector<ports::Capability> probe_capabilities(const FormTrial& trial);
/// CPUs that this process may use, and the machine's memory.
ports::HostCapacity host_capacity();

}  // namespace tidegate::compute_process
