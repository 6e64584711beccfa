// WebSockets: only 101 makes a tunnel; from then on bytes go both ways untouched, and a side that
// has finished sending leaves the other one open. And what becomes of connections to targets that
// leave.
#include <algorithm>

#include "balancer/worker/proxy.h"

namespace tidegate::balancer {
namespace {

constexpr int kTunnelReadsPerTurn = 8;

}  // namespace

void Proxy::start_tunnel(Stream& stream, std::string_view rest) {
  Client& client = *stream.client;
  count_answer(stream, 101);
  http1::HeadWriter out{context_.out()};
  write_switching(out, response_parser_.head(), cookie_lines(stream));
  out.put(rest);
  TG_CHECK(!out.overflowed());
  stream.head_done = true;
  stream.up->target->counters->in_flight.add(-1);
  stream.up->target->counters->websockets.add(1);
  client.phase = Client::Phase::Tunnel;
  send(client, out.text());
  if (client.closed) return;
  pump_tunnel(stream);
}

void Proxy::pump_tunnel(Stream& stream) {
  Client& client = *stream.client;
  if (!tunnel_to_target(stream) || !tunnel_to_client(stream)) return;
  UpConn& up = *stream.up;
  if (stream.client_ended && stream.up_ended && client.out.empty() && up.out.empty()) {
    end_tunnel(stream, Cause::Finish);
  }
}

// False when the tunnel is over.
bool Proxy::tunnel_to_target(Stream& stream) {
  Client& client = *stream.client;
  UpConn& up = *stream.up;
  if (!client.in.empty()) {
    Waiting held = std::exchange(client.in, Waiting{});
    send(up, held.view());
    held.clear(context_.buffers);
  }
  for (int reads = 0; !stream.client_ended; ++reads) {
    if (!flush(up) || !client.readable) break;
    if (reads == kTunnelReadsPerTurn) {
      context_.again(client);
      break;
    }
    const std::span<char> memory = context_.in();
    const IoResult got = client.io.recv(memory);
    if (got.kind == IoResult::Kind::WouldBlock) {
      client.readable = false;
    } else if (got.kind == IoResult::Kind::End) {
      stream.client_ended = true;
      if (!up.send_broken) up.io.finish();
    } else if (got.kind == IoResult::Kind::Broken) {
      end_tunnel(stream, Cause::Cut);
      return false;
    } else {
      if (got.size < memory.size() && !client.peer_finished) client.readable = false;
      client.listener->counters->processed_bytes.add(got.size);
      touch(client);
      send(up, {memory.data(), got.size});
    }
  }
  if (!up.send_broken) return true;
  end_tunnel(stream, Cause::Cut);
  return false;
}

bool Proxy::tunnel_to_client(Stream& stream) {
  Client& client = *stream.client;
  UpConn& up = *stream.up;
  for (int reads = 0; !stream.up_ended; ++reads) {
    if (!client.out.empty() || !up.readable) break;
    if (reads == kTunnelReadsPerTurn) {
      context_.again(up);
      break;
    }
    const std::span<char> memory = context_.in();
    const IoResult got = up.io.recv(memory);
    if (got.kind == IoResult::Kind::WouldBlock) {
      up.readable = false;
    } else if (got.kind == IoResult::Kind::End) {
      stream.up_ended = true;
      if (up.reset_seen) {
        end_tunnel(stream, Cause::Cut);
        return false;
      }
      client.io.finish();
    } else if (got.kind == IoResult::Kind::Broken) {
      end_tunnel(stream, Cause::Cut);
      return false;
    } else {
      if (got.size < memory.size() && !up.peer_finished) up.readable = false;
      touch(client);
      send(client, {memory.data(), got.size});
      if (client.closed) return false;
    }
  }
  return true;
}

// Cut: one side broke, and the other learns it by RST. Finish: FIN, and what still comes is read,
// so that no RST overtakes it.
void Proxy::end_tunnel(Stream& stream, Cause cause) {
  Client& client = *stream.client;
  if (cause == Cause::Cut) {
    stream.up->io.abort_at_close();
    abort(client);
    return;
  }
  stream.up->io.finish();
  end_stream(stream);
  client.phase = Client::Phase::Head;
  client.close_after_out = true;
  client.in.clear(context_.buffers);
  touch(client);
  flush(client);
}

// The target is dead: what waits for it is asked elsewhere, or told so.
void Proxy::cut(UpConn& up) {
  Stream* stream = up.stream;
  if (stream == nullptr) {
    upstreams_.close(up);
    return;
  }
  Client& client = *stream->client;
  if (client.phase == Client::Phase::Tunnel) {
    end_tunnel(*stream, Cause::Finish);
    return;
  }
  upstream_failed(*stream, Failure::Reset);
  drive(client);
}

// The target leaves, and its time is up: FIN, never RST.
void Proxy::finish_leaving(UpConn& up) {
  Stream* stream = up.stream;
  if (stream == nullptr) {
    upstreams_.close(up);
    return;
  }
  Client& client = *stream->client;
  if (stream->head_done || client.phase == Client::Phase::Tunnel) {
    end_tunnel(*stream, Cause::Finish);
    return;
  }
  fail(*stream, 502);  // ALB's answer when the deregistration delay is over
  drive(client);
}

void Proxy::adopt(const Snapshot& snapshot) {
  upstreams_.adopt(snapshot);
  for (const auto& target : upstreams_.targets()) {
    if (target->intent != balancing::TargetIntent::Dead || !target->configured) continue;
    // From a copy: cutting one connection may end others of the same client's next request.
    std::vector<UpConn*> connections;
    for (const auto& up : target->connections) {
      connections.push_back(up.get());
    }
    for (UpConn* up : connections) {
      if (!up->closed) cut(*up);
    }
  }
}

bool Proxy::close_leaving() {
  std::size_t closed = 0;
  bool more = false;
  for (const auto& target : upstreams_.targets()) {
    const bool leaves = !target->configured || target->intent == balancing::TargetIntent::Closing;
    while (leaves && !target->connections.empty() && closed < limits_.closings_per_turn) {
      finish_leaving(*target->connections.back());
      ++closed;
    }
    more = more || (leaves && !target->connections.empty());
  }
  if (!more) upstreams_.forget_unused();
  return more;
}

}  // namespace tidegate::balancer
