// Health probes of one worker: one connection each, an answer's status, a time limit. What the
// outcome means is the control thread's business (core/balancing). One worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "balancer/worker/turn.h"
#include "base/unique_function.h"
#include "core/balancing/target_health.h"

namespace tidegate::balancer {

struct ProbeRequest {
  std::uint64_t token = 0;  // the control thread's
  net::SocketAddress address;
  std::string path;
  Duration timeout{};
};

struct ProbeResult {
  std::uint64_t token = 0;
  balancing::ProbeOutcome outcome;
};

struct ProbeConn : Source {
  ProbeConn() : Source(Kind::Probe) { deadline.owner = this; }
  PlainTransport io;
  Deadline deadline;
  ProbeRequest request;
  std::string received;
  MonotonicInstant started{};
  std::size_t position = 0;
  bool sent = false;
};

class Prober {
 public:
  using Report = UniqueFunction<void(ProbeResult)>;
  Prober(WorkerContext& context, Report report) : context_(context), report_(std::move(report)) {}
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  void start(ProbeRequest request);
  void on_event(ProbeConn& probe, std::uint32_t events);
  void on_deadline(ProbeConn& probe);
  void close_all() { probes_.clear(); }
  /// Frees what ended in this turn.
  void end_turn() { dead_.clear(); }

 private:
  void read(ProbeConn& probe);
  void finish(ProbeConn& probe, balancing::ProbeOutcome::Kind kind, int status);

  WorkerContext& context_;
  Report report_;
  http1::ResponseParser parser_;
  std::vector<std::unique_ptr<ProbeConn>> probes_;
  std::vector<std::unique_ptr<ProbeConn>> dead_;
};

}  // namespace tidegate::balancer
