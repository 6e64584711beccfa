// The control side of the balancer: ports::DataPlane over the control wire. It binds listening
// sockets with the rights of `serve`, leaves them with the balancer's shim (which hands them to
// each start of the balancer, so that no SYN is lost while it restarts), starts the balancer under
// that shim or adopts one that runs, and exchanges configs and reports.
//
// One thread of its own does all that; publish() and report() only exchange values with it under a
// mutex.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "adapters/dataplane/listeners.h"
#include "base/result.h"
#include "core/balancing/wire.h"
#include "net/socket.h"
#include "ports/data_plane.h"
#include "supervise/shim.h"

namespace tidegate::dataplane {

struct BalancerUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct Settings {
  std::string home;                  // TIDEGATE_HOME
  std::string shim_program;          // path of tidegate-shim
  std::string tidegate_program;      // path of tidegate
  std::uint32_t workers = 1;         // listening sockets are made for so many
  std::optional<BalancerUser> user;  // the balancer runs as that one; absent: as the caller
  std::vector<std::string>
      addresses;  // literals that load balancers may have, in the order to take them
  std::optional<std::string>
      address_link;  // "lo": addresses are added to that link; absent: they work as they are
};

class DataPlane final : public ports::DataPlane {
 public:
  explicit DataPlane(Settings settings);
  ~DataPlane() override;  // leaves the balancer alone

  void publish(const balancing::DataPlaneConfig& config) override;
  const balancing::DataPlaneReport& report() override;
  Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) override;
  void release_address(const balancing::LoadBalancerArn& arn) override;

  /// Tells an address that is in use since an earlier start.
  void remember_address(const balancing::LoadBalancerArn& arn, const std::string& address);
  /// Called on the adapter's thread whenever a new report is there. Set before the first publish().
  void on_report(std::function<void()> callback);
  /// Ends the balancer and its shim, closes every listener and takes the load balancers' addresses
  /// off the link; for `stop --all`.
  void stop_balancer();

 private:
  void take_off_link(const std::string& address);
  void run();
  void work_once();
  void take_wanted();
  void ensure_shim();
  bool adopt_shim();
  void start_shim();
  supervise::ShimSpec shim_spec() const;
  void end_balancer();
  void connect();
  void disconnect(const std::string& why);
  void read_messages();
  void take(const balancing::WireMessage& message);
  void apply_config(balancing::DataPlaneConfig config);
  void send_config();
  void hand_over(std::vector<BoundSocket> sockets);
  void hold_snapshot(const balancing::DataPlaneConfig& config);
  void publish_report();
  Status send_all(std::string_view bytes);
  std::string folder() const { return settings_.home + "/balancer"; }

  Settings settings_;
  std::function<void()> on_report_;

  std::mutex exchange_mutex_;  // guards the next five
  std::optional<balancing::DataPlaneConfig> wanted_;
  balancing::DataPlaneReport newest_;
  bool newest_is_new_ = false;
  bool stopping_ = false;
  bool stop_balancer_ = false;

  // The engine's thread only.
  balancing::DataPlaneReport reported_;
  std::map<balancing::LoadBalancerArn, std::string> addresses_;

  // The adapter's thread only.
  std::unique_ptr<supervise::Shim> shim_;
  net::Fd socket_;
  balancing::WireReader reader_;
  std::optional<balancing::DataPlaneConfig> asked_;   // newest, as the engine wants it
  std::optional<balancing::DataPlaneConfig> config_;  // the same with ports as bound
  bool config_sent_ = false;
  bool hello_ = false;  // this connection's balancer has said who it is
  Listeners listeners_;
  balancing::DataPlaneReport known_;  // of this connection
  std::vector<balancing::ListenerBinding> bindings_;
  std::int64_t next_start_ = 0;  // monotonic milliseconds; starts of the balancer's shim back off

  net::Fd wake_;
  std::thread thread_;
};

}  // namespace tidegate::dataplane
