// One worker: a thread with its own descriptor table, epoll, listening sockets, connections and
// timers. Shares nothing on the hot path; learns of new snapshots, sockets and probes by a mailbox,
// and answers by callbacks that it calls on its own thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "balancer/routes/snapshot.h"
#include "balancer/worker/prober.h"
#include "balancer/worker/proxy.h"
#include "base/unique_function.h"
#include "core/balancing/wire.h"

namespace tidegate::balancer {

class Worker {
 public:
  struct Options {
    std::size_t index = 0;
    std::uint64_t seed = 0;
    ProxyLimits limits;
    enum class Pin { ToCore, Nowhere } pin = Pin::ToCore;
    /// The worker's table of descriptors is its own and holds none of the process's but these: what
    /// `report` uses must be among them.
    std::vector<int> keep;
  };
  /// `report` is called on the worker's thread. Both references outlive the worker.
  Worker(Options options, Handover& handover, Prober::Report report);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Stops the thread and closes everything.
  ~Worker();

  // Any thread.

  /// A listening socket; taken over (the worker's descriptor table gets a copy of its own).
  void add_listener(balancing::SocketName name, net::Fd fd);
  void probe(ProbeRequest request);
  /// A new snapshot is there.
  void wake();
  /// Until now new connections waited in the kernel.
  void start_accepting();

 private:
  struct AddListener {
    balancing::SocketName name;
  };
  struct StartAccepting {};
  struct Stop {};
  using Mail = std::variant<AddListener, ProbeRequest, StartAccepting, Stop>;
  struct Mailbox : Source {
    Mailbox() : Source(Kind::Mailbox) {}
  };

  void post(Mail mail);
  void run();
  void own_descriptors();
  bool turn();
  int wait_ms() const;
  void handle_events(int count);
  void handle(Source& source, std::uint32_t events);
  void look_again();
  void run_timers();
  bool take_mail();
  void take_listener(balancing::SocketName name);
  void adopt_newest();
  void bind_listener(LocalListener& listener, const Snapshot& snapshot);
  void end_turn();

  const Options options_;
  Handover& handover_;
  WorkerContext context_;
  Proxy proxy_;
  Prober prober_;
  std::vector<std::unique_ptr<LocalListener>> listeners_;
  const Snapshot* snapshot_ = nullptr;  // the adopted one
  bool accepting_ = false;
  bool leaving_ = false;  // connections of leaving targets are still open
  std::vector<std::pair<Source*, std::uint32_t>> events_;

  Mailbox mailbox_;
  net::Fd wake_;                    // eventfd
  net::Fd socket_in_, socket_out_;  // listening sockets cross descriptor tables here
  std::mutex mail_mutex_;           // guards mail_
  std::vector<Mail> mail_;
  std::thread thread_;
};

}  // namespace tidegate::balancer
