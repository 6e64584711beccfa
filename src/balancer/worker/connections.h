// What a worker holds: listeners, client connections, streams (one request and its answer),
// connections to targets, and its own view of groups and targets. Everything here belongs to one
// worker's thread. A closed connection stays in memory until the turn of the loop ends, because the
// kernel may have reported more events for it in that turn.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "balancer/routes/snapshot.h"
#include "balancer/worker/buffers.h"
#include "balancer/worker/transport.h"
#include "core/balancing/routing.h"
#include "core/balancing/wire.h"
#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/wheel.h"

namespace tidegate::balancer {

struct Stream;

/// Whatever epoll reports on. The order of the kinds is the order in which a turn handles them:
/// answers first, because they free targets and weed out dead connections.
struct Source {
  enum class Kind : std::uint8_t { Upstream, Probe, Client, Listener, Mailbox };
  explicit Source(Kind k) : kind(k) {}
  Kind kind;
  bool closed = false;
  bool again = false;  // in the worker's list of what has more to do without a new event
};

/// A timer that is moved often and mostly later: moving later only stores the deadline.
struct Deadline {
  net::TimerWheel::Node node;  // first: the wheel hands back the node, deadline_of() the rest
  Source* owner = nullptr;
  MonotonicInstant when{};
  MonotonicInstant armed_for{};
};

static_assert(std::is_standard_layout_v<Deadline>);
inline Deadline& deadline_of(net::TimerWheel::Node& node) {
  return *reinterpret_cast<Deadline*>(&node);
}

struct LocalListener : Source {
  LocalListener() : Source(Kind::Listener) {}
  balancing::SocketName name;
  net::Fd fd;
  const SnapshotListener* routes = nullptr;  // of the adopted snapshot; null: not configured
  LoadBalancerCounters* counters = nullptr;
  bool watched = false;
  std::size_t clients = 0;
};

struct LocalTarget;
struct LocalGroup {
  GroupState* state = nullptr;  // null: the group is gone from the configuration
  std::size_t streams = 0;
  std::vector<LocalTarget*> targets;    // as the adopted snapshot has them
  std::vector<std::uint32_t> routable;  // positions in `targets`
  std::uint32_t choice_epoch = 0;       // of `routable`
  bool stale = true;                    // `routable` must be computed
  balancing::Rotation rotation;
  const Sticky* sticky = nullptr;  // of the adopted snapshot; null: no cookies
};

struct ClientConn : Source {
  ClientConn() : Source(Kind::Client) { deadline.owner = this; }
  enum class Phase : std::uint8_t {
    Head,     // between requests, or inside a head
    Request,  // a stream is active
    Tunnel,   // a stream is a WebSocket
    Linger,   // the last answer is sent: what comes is read and dropped
  };
  PlainTransport io;
  Deadline deadline;
  LocalListener* listener = nullptr;
  std::unique_ptr<Stream> stream;
  Waiting in, out;
  http1::HeadScan scan;
  MonotonicInstant opened{};
  std::size_t position = 0;  // in the worker's list
  std::uint32_t requests = 0;
  Phase phase = Phase::Head;
  bool readable = true, writable = true, peer_finished = false;
  bool close_after_out = false;
  std::uint8_t peer_size = 0;
  std::array<char, 46> peer;  // the client's address, rendered at accept
  std::string_view peer_text() const { return {peer.data(), peer_size}; }
};

struct UpConn : Source {
  UpConn() : Source(Kind::Upstream) { deadline.owner = this; }
  PlainTransport io;
  Deadline deadline;
  LocalTarget* target = nullptr;
  Stream* stream = nullptr;  // null while idle
  Waiting in, out;
  http1::HeadScan scan;
  std::size_t position = 0;  // in the target's list
  bool connecting = true;
  bool reused = false;       // it has answered before
  bool send_broken = false;  // the target reads no more; it may still have answered
  bool reset_seen = false;   // EPOLLERR: behind a FIN in the same event recv() does not tell of it
  bool readable = true, writable = false, peer_finished = false;
};

struct LocalTarget {
  TargetState* state = nullptr;
  TargetCounters* counters = nullptr;
  balancing::TargetIntent intent = balancing::TargetIntent::Serving;
  bool configured = true;  // in the adopted snapshot
  std::vector<std::unique_ptr<UpConn>> connections;
  std::vector<UpConn*> idle;  // LIFO: the hottest last
};

constexpr std::size_t kTriesMax = 3;  // the first and two more

/// One request and its answer. Connection ≠ stream: nothing here names a socket.
struct Stream {
  ClientConn* client = nullptr;
  UpConn* up = nullptr;
  LocalGroup* group = nullptr;
  http1::Method method = http1::Method::Get;
  int client_minor = 1;
  bool client_keep_alive = true;
  bool wants_websocket = false;
  bool idempotent = false;
  bool chunk_request = false;  // how we frame the request to the target

  http1::BodyReader request_body;
  bool request_read = false;  // to its end
  Waiting replay;             // what went to the target, while it can be sent again
  bool replayable = true;     // `replay` is whole
  std::array<LocalTarget*, kTriesMax> tried{};  // compared, never followed
  std::size_t tries = 0;
  LocalTarget* preferred = nullptr;  // of the client's cookie; compared, never followed
  bool counted = false;              // as a request, of the first target chosen

  http1::BodyReader response_body;
  bool answered = false;   // the target has sent a byte: no other one is asked any more
  bool head_done = false;  // the final head was sent to the client
  bool chunk_response = false;
  bool up_reusable = true;
  std::uint8_t informational = 0;
  MonotonicInstant sent{};  // when the request left for the target

  bool client_ended = false, up_ended = false;  // of a tunnel: that side sends no more
};

}  // namespace tidegate::balancer
