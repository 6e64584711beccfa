// The driver's side of the metadata service: the documents of the instances, and the process that
// answers from them (`tidegate metadata` under a shim, one for the home), which goes on while the
// control plane is away. It gets a listening socket per instance, which stands in that instance's
// own network; the shim keeps them all over its restarts. The driver's thread only; no call waits
// longer than the shim's kAnswerTime.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/file_descriptor.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "core/groups/instance.h"
#include "net/link/ipv4.h"
#include "supervise/shim.h"

namespace tidegate::compute_process {

inline constexpr link::Ipv4 kMetadataAddress{0xa9fea9fe};  // 169.254.169.254
inline constexpr std::uint16_t kMetadataPort = 80;
inline constexpr std::uint16_t kSharedMetadataPort = 8169;  // at 127.77.x.y, without a network

/// A socket at 169.254.169.254:80 on the loopback link of that network namespace, where only what
/// runs in it reaches it. Answers go one hop, so that nothing forwards them. Error: the step.
Result<FileDescriptor> listen_for_metadata(int network_namespace);
/// At that address of the machine's loopback, for an instance without a network of its own: others
/// of the machine reach it too. Error: AlreadyExists, the step.
Result<FileDescriptor> listen_for_metadata_at(link::Ipv4 address);
/// The hardware address of `link` in the network of that socket; empty where it has none.
std::string mac_of(const FileDescriptor& socket, const std::string& link);

struct MetadataSettings {
  std::string home;
  std::string shim_path;
  std::string tidegate_path;
  std::optional<supervise::User> user;  // it runs as that one; absent: as the caller
};

class MetadataProcess {
 public:
  /// A new listening socket for an instance that runs.
  using Listen = std::function<Result<FileDescriptor>(const groups::InstanceId&)>;

  MetadataProcess(MetadataSettings settings, Listen listen);
  MetadataProcess(const MetadataProcess&) = delete;
  MetadataProcess& operator=(const MetadataProcess&) = delete;
  ~MetadataProcess() = default;  // leaves the process alone

  /// What is answered for that instance from now on. Error: of the file.
  Status describe(const groups::InstanceId& id, const Json& document);
  /// Error: NotFound, Corrupt.
  Result<Json> document_of(const groups::InstanceId& id) const;
  /// Serves it on `listener` as soon as the process runs.
  void add(const groups::InstanceId& id, FileDescriptor listener);
  /// An instance that was found again: its socket is with the process, or is made anew.
  void expect(const groups::InstanceId& id) { wanted_.insert(id); }
  void remove(const groups::InstanceId& id);

  /// Starts, adopts or reconnects what is not there. To be called at each tick while an instance
  /// is.
  void tend();
  /// Ends the process and its shim, also another run's, and removes the documents.
  void end();
  /// A sentence while instances are not answered; else empty.
  std::string trouble() const;

 private:
  std::string folder() const { return settings_.home + "/metadata"; }
  std::string document_file(const groups::InstanceId& id) const;
  bool adopt_shim();
  Status start_shim();
  void connect();
  void take_greeting();
  void supply(const groups::InstanceId& id);
  void release(const groups::InstanceId& id);
  void hand_over(const groups::InstanceId& id, const FileDescriptor& listener);
  void disconnect();
  void fail(const std::string& why);

  MetadataSettings settings_;
  Listen listen_;
  std::unique_ptr<supervise::Shim> shim_;
  FileDescriptor connection_;
  bool greeted_ = false;
  std::set<groups::InstanceId> wanted_;
  std::map<groups::InstanceId, FileDescriptor> waiting_;  // sockets that are not handed over yet
  MonotonicInstant next_start_;
  std::optional<MonotonicInstant> away_since_;
  std::string why_;
};

}  // namespace tidegate::compute_process
