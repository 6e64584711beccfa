// The simulated cloud: ports::Compute over virtual time. Instances boot by a distribution, run an
// application that starts serving later still, use CPU as the work that is given to them asks for,
// and can be made to fail in every way that a real one does. Single-threaded, like everything in
// sim.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ports/compute.h"
#include "sim/virtual_clock.h"

namespace tidegate::sim {

/// How launches behave from now on.
struct BootModel {
  Duration boot_min = std::chrono::milliseconds{100};  // until its pid 1 is there
  Duration boot_max = std::chrono::milliseconds{300};
  Duration start_min = std::chrono::milliseconds{500};  // then until the application answers
  Duration start_max = std::chrono::milliseconds{1500};
  Duration stop_min = std::chrono::milliseconds{50};  // from SIGTERM to its exit
  Duration stop_max = std::chrono::milliseconds{500};
  double fail_user_data = 0;  // probability that user data exits 1 in line 3
  double never_serves = 0;    // probability that it runs and never answers
  double lose_launch = 0;     // probability that a launch call is lost on the way
  double lose_kill = 0;       // the same of a kill call
  Duration launch_delay{};    // a launch call arrives this much later: its answer is late
};

struct SimulatedInstance {
  ports::LaunchSpec spec;
  Instant accepted, running_at, serving_at;
  std::optional<Instant> stopped_at;  // SIGTERM was sent
  std::optional<Instant> exited_at;   // from then on its processes are gone
  bool lost = false;                  // its shim is gone
  bool fails_user_data = false;
  bool status_check_failed = false;
  bool frozen = false;                 // alive, and answers nothing
  bool ailing = false;                 // answers requests, and its health check with 500
  std::optional<Instant> restarts_at;  // crashed; its shim starts it again then
  std::vector<Instant> restart_times;  // within the restart window
  std::uint32_t incarnation = 0;
  std::int32_t restarts = 0;
  std::string target_lifecycle_state;  // as its metadata has it; empty: never told
  Duration cpu_used{};
  double load = 0;  // share of its quota, 0..1, since `accounted`
  Instant accounted;
  Duration shown_cpu{};  // what snapshots show: stands still in a metric gap
  Instant shown_at;
  std::string address;
};

/// What the control plane asks of the driver, for those who watch over it.
struct ComputeCall {
  enum class What { Launch, Stop, Kill };
  What what = What::Launch;
  groups::InstanceId id;
  std::string group_name;  // of a launch
};

class Cloud final : public ports::Compute {
 public:
  Cloud(VirtualClock& clock, Rng rng, ports::HostCapacity host);

  ports::HostCapacity capacity() const override { return host_; }
  std::vector<ports::Capability> capabilities() const override { return {}; }
  Status check_image(const ports::ProcessImage& image) const override;
  void launch(const ports::LaunchSpec& spec) override;
  void stop(const groups::InstanceId& id) override;
  void kill(const groups::InstanceId& id) override;
  void set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state) override;
  std::vector<std::string> troubles() const override { return troubles_; }
  std::vector<ports::InstanceObservation> snapshot() override;
  Result<ports::ConsoleChunk> console(const groups::InstanceId& id,
                                      std::uint64_t offset,
                                      std::size_t max_bytes) override;

  BootModel& boot_model() { return boot_model_; }
  /// Every instance that exists, by id.
  const std::map<groups::InstanceId, SimulatedInstance>& instances() const { return instances_; }
  SimulatedInstance* find(const groups::InstanceId& id);
  /// The one with that address, or null.
  const SimulatedInstance* at_address(const std::string& address) const;
  /// Its application answers requests now.
  bool serves(const SimulatedInstance& instance) const;
  /// Its health check says so, too.
  bool passes_health(const SimulatedInstance& instance) const {
    return serves(instance) && !instance.ailing;
  }
  /// Its processes are there, whatever they answer.
  bool is_alive(const SimulatedInstance& instance) const;

  // Faults. Unknown ids: nothing.
  void exit(const groups::InstanceId& id);   // its processes end, for good
  void lose(const groups::InstanceId& id);   // its shim is killed, and everything under it
  void crash(const groups::InstanceId& id);  // its main process ends; restarted in place
  /// While true snapshots are those of the moment it began: answers are late.
  void set_stale(bool stale);
  /// Asked before each call; false: the call does not get through.
  void set_gate(std::function<bool(const ComputeCall&)> gate) { gate_ = std::move(gate); }
  /// Sets the share of its quota that an instance uses from now on.
  void set_load(const groups::InstanceId& id, double share);
  /// While true no snapshot shows fresh CPU: a metric gap.
  void set_metric_gap(bool gap) { metric_gap_ = gap; }
  /// What the host complains of from now on.
  void set_troubles(std::vector<std::string> troubles) { troubles_ = std::move(troubles); }
  /// Calls so far, for economy checks: launched once, killed once.
  std::uint64_t launches() const { return launches_; }
  std::uint64_t kills() const { return kills_; }

 private:
  struct PendingLaunch {
    Instant arrives;
    ports::LaunchSpec spec;
  };

  void accept(const ports::LaunchSpec& spec);
  void catch_up();
  void restart_in_place(SimulatedInstance& instance);
  bool gets_through(ComputeCall::What what, const groups::InstanceId& id, std::string group);
  Duration between(Duration low, Duration high);
  void account(SimulatedInstance& instance);
  ports::InstanceObservation observe(const groups::InstanceId& id, SimulatedInstance& instance);

  VirtualClock& clock_;
  Rng rng_;
  ports::HostCapacity host_;
  BootModel boot_model_;
  std::map<groups::InstanceId, SimulatedInstance> instances_;
  std::uint32_t next_address_ = 1;
  bool metric_gap_ = false;
  std::vector<std::string> troubles_;
  std::optional<std::vector<ports::InstanceObservation>> stale_;
  std::vector<PendingLaunch> late_;
  std::function<bool(const ComputeCall&)> gate_;
  std::uint64_t launches_ = 0;
  std::uint64_t kills_ = 0;
};

}  // namespace tidegate::sim
