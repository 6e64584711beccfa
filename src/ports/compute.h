// Compute: hosts that run instances. Every call is non-blocking and idempotent by instance id: it
// is queued, and what came of it shows in a later snapshot. A lost answer is harmless for that
// reason. Called from the engine thread only, except console(), which any thread may call.
// Implementations: adapters/compute/process, sim.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/groups/instance.h"

namespace tidegate::ports {

/// An image as the template's Metadata names it; one variant per driver.
struct ProcessImage {
  std::vector<std::string> layers;  // "host", or absolute folders; later ones lie over earlier ones
  bool operator==(const ProcessImage&) const = default;
};

struct InstanceSize {
  double vcpus = 1;               // share of the host's CPUs, > 0
  std::int64_t memory_mib = 512;  // > 0
  bool operator==(const InstanceSize&) const = default;
};

struct LaunchSpec {
  groups::InstanceId id;
  std::string group_name;
  std::string zone;
  std::string image_id;
  ProcessImage image;
  std::string instance_type;
  InstanceSize size;
  std::string user_data;   // decoded; empty: the instance just runs
  std::uint16_t port = 0;  // the application's; PORT
  std::map<std::string, std::string>
      environment;  // DRAIN_DEADLINE_S, …; INSTANCE_ID and PORT are added by the driver
  std::map<std::string, std::string> host_names;  // name → address, for /etc/hosts
  std::string metadata_document;  // JSON, kept beside the instance for the metadata service
  bool operator==(const LaunchSpec&) const = default;
};

using groups::FailingLine;
using groups::InstanceObservation;
using groups::InstancePhase;

struct HostCapacity {
  double vcpus = 0;
  std::int64_t memory_mib = 0;
};

/// What a driver cannot do is a capability that is false, said by name, not an error later.
struct Capability {
  std::string name;  // "network namespace"
  bool present = false;
  std::string detail;  // what was seen, and what follows
};

struct ConsoleChunk {
  std::string text;
  std::uint64_t next_offset = 0;  // pass it on to follow
};

class Compute {
 public:
  Compute() = default;
  Compute(const Compute&) = delete;
  Compute& operator=(const Compute&) = delete;
  virtual ~Compute() = default;

  virtual HostCapacity capacity() const = 0;
  virtual std::vector<Capability> capabilities() const = 0;
  /// Whether an image can be launched here. Error: InvalidArgument (InvalidAMIID.NotFound) naming
  /// what is missing.
  virtual Status check_image(const ProcessImage& image) const = 0;

  /// A launch of an id that exists already does nothing.
  virtual void launch(const LaunchSpec& spec) = 0;
  /// SIGTERM to the instance's processes, no restart in place from then on. Unknown ids: nothing.
  virtual void stop(const groups::InstanceId& id) = 0;
  /// SIGKILL, and everything of the instance is removed; then it is absent from snapshots. Unknown
  /// ids: nothing.
  virtual void kill(const groups::InstanceId& id) = 0;

  /// What autoscaling/target-lifecycle-state of its metadata says from now on: "InService",
  /// "Terminated". Unknown ids: nothing.
  virtual void set_target_lifecycle_state(const groups::InstanceId& id,
                                          const std::string& state) = 0;
  /// Sentences of what does not work now, and what follows from it.
  virtual std::vector<std::string> troubles() const = 0;

  /// Everything of this home that exists, by id. `cpu_used` is fresh (≤ 200 ms old).
  virtual std::vector<InstanceObservation> snapshot() = 0;

  /// From `offset` of everything ever written, at most `max_bytes`; what rotation dropped is
  /// skipped. offset UINT64_MAX: the last max_bytes. Error: NotFound.
  virtual Result<ConsoleChunk> console(const groups::InstanceId& id,
                                       std::uint64_t offset,
                                       std::size_t max_bytes) = 0;
};

}  // namespace tidegate::ports
