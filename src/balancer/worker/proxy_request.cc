// Requests: from a parsed head to a target, with its body behind it; again when it may be sent
// again.
#include <algorithm>

#include "balancer/worker/proxy.h"

namespace tidegate::balancer {
namespace {

using http1::BodyState;
using http1::Framing;
using http1::HeadWriter;
using http1::Method;
using http1::RequestHead;

constexpr int kRequestReadsPerTurn = 8;

bool is_idempotent(Method method) {  // RFC 9110 §9.2.2
  switch (method) {
    case Method::Get:
    case Method::Head:
    case Method::Put:
    case Method::Delete:
    case Method::Options:
    case Method::Trace:
      return true;
    case Method::Post:
    case Method::Patch:
    case Method::Connect:
    case Method::Other:
      break;
  }
  return false;
}

}  // namespace

// The status to refuse with, or 0 with the group in the stream.
int Proxy::route(Client& client, const RequestHead& head, Stream& stream) {
  if (forwarded_for_count(head) > kForwardedForMax) return 463;
  const SnapshotListener* listener = client.listener->routes;
  if (listener == nullptr) return 503;
  std::optional<std::string> normalised;
  std::string_view path = head.path;
  if (balancing::needs_normalising(path)) {
    normalised = balancing::routing_path(path);
    if (!normalised) return 400;
    path = *normalised;
  }
  const balancing::RouteTable::Match match = listener->routes.match(head.host, path);
  client.listener->counters->rule_evaluations.add(match.evaluated);
  if (!match.target_group) return 503;
  stream.group = upstreams_.group(*match.target_group);
  ++stream.group->streams;
  stream.preferred = sticky_target(*stream.group, head);
  return 0;
}

void Proxy::begin_request(Client& client, const RequestHead& head, std::string_view rest) {
  if (spare_streams_.empty()) spare_streams_.push_back(std::make_unique<Stream>());
  client.stream = std::move(spare_streams_.back());
  spare_streams_.pop_back();
  Stream& stream = *client.stream;
  stream = Stream{};
  stream.client = &client;
  stream.method = head.method;
  stream.client_minor = head.minor;
  stream.client_keep_alive =
      head.keep_alive && context_.now - client.opened < limits_.connection_life;
  stream.wants_websocket = head.wants_websocket;
  stream.idempotent = is_idempotent(head.method);
  stream.chunk_request = head.body.kind == Framing::Kind::Chunked;
  stream.request_body = http1::BodyReader{head.body};
  stream.request_read = stream.request_body.state() == BodyState::Done;
  client.phase = Client::Phase::Request;
  client.scan.restart();
  ++client.requests;
  touch(client);
  context_.retries.request();

  if (const int status = route(client, head, stream); status != 0) {
    const bool keep = stream.client_keep_alive && stream.request_read && status == 503;
    client.in.append(context_.buffers, rest);
    answer(client, status, keep ? AnswerFraming::Persist::Keep : AnswerFraming::Persist::Close);
    return;
  }
  HeadWriter out{context_.out()};
  // An HTTP/1.0 request without Host gets the listener's address, which is what it connected to.
  const SnapshotListener& routes = *client.listener->routes;
  write_request_head(out,
                     head,
                     {.client = client.peer_text(),
                      .proto = "http",
                      .port = routes.port,
                      .trace = context_.next_trace(),
                      .default_host = routes.address});
  const std::size_t used = first_body(stream, rest, out);
  client.in.append(context_.buffers, rest.substr(used));
  if (out.overflowed()) {
    refuse(client, 431);
    return;
  }
  if (stream.request_body.state() == BodyState::Bad) {
    refuse(client, 400);
    return;
  }
  keep_for_replay(stream, out.text());
  const bool careful = !stream.idempotent && client.requests == 1;
  dispatch(stream, careful ? Upstreams::Freshness::Fresh : Upstreams::Freshness::Any);
}

// Adds what came of the body together with the head; returns how much of `rest` it was.
std::size_t Proxy::first_body(Stream& stream, std::string_view rest, HeadWriter& out) {
  std::size_t used = 0;
  while (used < rest.size() && stream.request_body.state() == BodyState::More) {
    const auto piece = stream.request_body.next(rest.substr(used));
    used += piece.consumed;
    if (stream.chunk_request && !piece.payload.empty()) {
      out.put_hex(piece.payload.size()).put("\r\n").put(piece.payload).put("\r\n");
    } else {
      out.put(piece.payload);
    }
  }
  if (stream.request_read) return used;
  stream.request_read = stream.request_body.state() == BodyState::Done;
  if (stream.request_read && stream.chunk_request) out.put(http1::kLastChunk);
  return used;
}

void Proxy::keep_for_replay(Stream& stream, std::string_view bytes) {
  if (!stream.replayable) return;
  if (stream.replay.view().size() + bytes.size() > limits_.replay_bytes + limits_.head.head_bytes) {
    stream.replayable = false;
    stream.replay.clear(context_.buffers);
    return;
  }
  stream.replay.append(context_.buffers, bytes);
}

// Sends what is kept of the request to the next target. The stream may be over when it returns.
void Proxy::dispatch(Stream& stream, Upstreams::Freshness freshness) {
  while (stream.tries < kTriesMax) {
    LocalTarget* target = upstreams_.pick(*stream.group, stream);
    if (target == nullptr) break;
    stream.tried[stream.tries++] = target;
    if (!std::exchange(stream.counted, true)) {
      stream.client->listener->counters->requests.add(1);
      target->counters->requests.add(1);
    }
    UpConn* up = upstreams_.acquire(*target, freshness);
    if (up == nullptr) {
      target->counters->connection_errors.add(1);
      continue;
    }
    stream.up = up;
    up->stream = &stream;
    target->counters->in_flight.add(1);
    stream.sent = context_.now;
    send(*up, stream.replay.view());
    if (up->send_broken) pump_response(stream);  // it tells whether an answer came before
    return;
  }
  fail(stream, stream.counted ? 502 : 503);
}

// False when the target takes no more for now (or never will: send_broken).
bool Proxy::send(UpConn& up, std::string_view bytes) {
  if (up.send_broken) return false;
  if (up.out.empty() && up.writable && !up.connecting) {
    const IoResult sent = up.io.send(bytes);
    if (sent.kind == IoResult::Kind::Broken) {
      up.send_broken = up.readable = true;
      return false;
    }
    if (sent.kind == IoResult::Kind::Done) bytes.remove_prefix(sent.size);
    if (bytes.empty()) return true;
    up.writable = false;
  }
  up.out.append(context_.buffers, bytes);
  return false;
}

bool Proxy::flush(UpConn& up) {
  while (!up.out.empty()) {
    if (!up.writable || up.connecting || up.send_broken) return false;
    const IoResult sent = up.io.send(up.out.view());
    if (sent.kind == IoResult::Kind::WouldBlock) {
      up.writable = false;
      return false;
    }
    if (sent.kind == IoResult::Kind::Broken) {
      up.send_broken = up.readable = true;
      up.out.clear(context_.buffers);
      return false;
    }
    up.out.consume(context_.buffers, sent.size);
  }
  return true;
}

// Moves what there is of the request's body; false when the stream is over.
bool Proxy::pump_request(Stream& stream) {
  Client& client = *stream.client;
  for (int reads = 0; !stream.request_read && reads < kRequestReadsPerTurn; ++reads) {
    UpConn* up = stream.up;
    if (up == nullptr || up->connecting || !flush(*up) || up->send_broken) return true;
    if (!client.in.empty()) {
      Waiting held = std::exchange(client.in, Waiting{});
      std::string_view bytes = held.view();
      const bool alive = forward_body(stream, bytes);
      if (alive) client.in.append(context_.buffers, bytes);
      held.clear(context_.buffers);
      if (!alive) return false;
      continue;
    }
    if (!client.readable) return true;
    const std::span<char> memory = context_.in();
    const IoResult got = client.io.recv(memory);
    if (got.kind == IoResult::Kind::WouldBlock) {
      client.readable = false;
      return true;
    }
    if (got.kind != IoResult::Kind::Done) {
      client_gone(client);  // a body that was cut: nobody waits for the answer
      return false;
    }
    if (got.size < memory.size() && !client.peer_finished) client.readable = false;
    client.listener->counters->processed_bytes.add(got.size);
    touch(client);
    std::string_view bytes{memory.data(), got.size};
    if (!forward_body(stream, bytes)) return false;
    client.in.append(context_.buffers, bytes);
  }
  if (!stream.request_read) context_.again(client);
  return true;
}

// Sends the payload at the front of `bytes` on and takes it away; what is left is no body of this
// request. False when the stream is over.
bool Proxy::forward_body(Stream& stream, std::string_view& bytes) {
  if (stream.chunk_request) {
    HeadWriter out{context_.out()};
    bytes.remove_prefix(first_body(stream, bytes, out));
    keep_for_replay(stream, out.text());
    if (out.size() > 0) send(*stream.up, out.text());
  } else {
    const auto piece = stream.request_body.next(bytes);
    bytes.remove_prefix(piece.consumed);
    stream.request_read = piece.state == BodyState::Done;
    keep_for_replay(stream, piece.payload);
    send(*stream.up, piece.payload);
  }
  if (stream.request_body.state() != BodyState::Bad) return true;
  if (stream.head_done) {
    abort(*stream.client);
  } else {
    fail(stream, 400);
  }
  return false;
}

// Answers by ourselves. The connection is kept only where the client is in step with us.
void Proxy::fail(Stream& stream, int status) {
  const bool keep = stream.client_keep_alive && stream.request_read && status >= 500;
  const auto persist = !keep                      ? AnswerFraming::Persist::Close
                       : stream.client_minor == 0 ? AnswerFraming::Persist::KeepOld
                                                  : AnswerFraming::Persist::Keep;
  answer(*stream.client, status, persist);
}

// Lets go of both sides; the target's connection is closed unless it was given back before.
void Proxy::end_stream(Stream& stream) {
  Client& client = *stream.client;
  if (UpConn* up = std::exchange(stream.up, nullptr)) {
    const bool tunnel = client.phase == Client::Phase::Tunnel;
    (tunnel ? up->target->counters->websockets : up->target->counters->in_flight).add(-1);
    upstreams_.close(*up);
  }
  if (stream.group != nullptr) --stream.group->streams;
  stream.group = nullptr;
  stream.replay.clear(context_.buffers);
  spare_streams_.push_back(std::move(client.stream));
}

}  // namespace tidegate::balancer
