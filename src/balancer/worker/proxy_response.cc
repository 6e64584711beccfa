// Answers: from a target to the client, and what happens when none comes.
#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>

#include "balancer/worker/proxy.h"
#include "core/metrics/sketch.h"

namespace tidegate::balancer {
namespace {

using http1::BodyState;
using http1::Framing;
using http1::HeadWriter;
using http1::Parse;

constexpr int kResponseReadsPerTurn = 16;
constexpr std::uint8_t kInformationalMax = 16;
constexpr std::size_t kChunkRoom = 16;  // "ffffffff\r\n" in front of a chunk, with room to spare

}  // namespace

void Proxy::on_upstream(UpConn& up, std::uint32_t events) {
  if (up.closed) return;
  if (up.connecting) {
    const int error = (events & (EPOLLERR | EPOLLHUP)) != 0 ? net::connect_error(up.io.fd()) : 0;
    if (error != 0 || (events & EPOLLHUP) != 0) {
      connect_failed(up, Failure::ConnectFailed);
      return;
    }
    if ((events & EPOLLOUT) == 0) return;
    up.connecting = false;
    context_.clear_deadline(up.deadline);
  }
  constexpr std::uint32_t kInput = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & EPOLLOUT) != 0) up.writable = true;
  if ((events & kInput) != 0) up.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) up.peer_finished = true;
  if (up.stream == nullptr) {
    // Idle: whatever comes now is no answer to anything (R5).
    if ((events & kInput) != 0) upstreams_.close(up);
    return;
  }
  // Nothing is read from a tunnel's side that has ended: its reset would go unseen.
  if ((events & EPOLLERR) != 0) up.reset_seen = true;
  if (up.reset_seen && up.stream->up_ended) up.send_broken = true;
  look_again(up);
}

void Proxy::look_again(UpConn& up) {
  if (up.closed || up.stream == nullptr) return;
  flush(up);
  drive(*up.stream->client);
}

void Proxy::on_deadline(UpConn& up) {
  if (up.closed) return;
  if (up.stream == nullptr) {
    upstreams_.close(up);
  } else if (up.connecting) {
    connect_failed(up, Failure::TimedOut);
  }
}

void Proxy::connect_failed(UpConn& up, Failure failure) {
  Client& client = *up.stream->client;
  up.target->counters->connection_errors.add(1);
  upstream_failed(*up.stream, failure);
  drive(client);
}

// Moves what there is of the answer as far as the client takes it.
void Proxy::pump_response(Stream& stream) {
  Client& client = *stream.client;
  for (int reads = 0; reads < kResponseReadsPerTurn; ++reads) {
    UpConn* up = stream.up;
    if (up == nullptr || up->connecting || !up->readable || !client.out.empty()) return;
    const std::span<char> memory = context_.in();
    const IoResult got = up->io.recv(memory);
    if (got.kind == IoResult::Kind::WouldBlock) {
      up->readable = false;
      return;
    }
    if (got.kind != IoResult::Kind::Done) {
      if (got.kind == IoResult::Kind::End) {
        upstream_ended(stream);
      } else {
        upstream_failed(stream, Failure::Reset);
      }
      return;
    }
    if (got.size < memory.size() && !up->peer_finished) up->readable = false;
    touch(client);
    if (!take_response(stream, memory.first(got.size))) return;
  }
  if (stream.up != nullptr) context_.again(*stream.up);
}

// False when the stream is over (or has become a tunnel).
bool Proxy::take_response(Stream& stream, std::span<char> bytes) {
  UpConn& up = *stream.up;
  if (!std::exchange(stream.answered, true)) stream.replay.clear(context_.buffers);
  if (stream.head_done) return relay_body(stream, {bytes.data(), bytes.size()}, 0);
  if (!up.in.empty()) {
    up.in.append(context_.buffers, {bytes.data(), bytes.size()});
    if (!up.scan.worth_parsing(up.in.view()) &&
        up.in.view().size() <= http1::kResponseHeadBytesMax) {
      return true;
    }
    Waiting held = std::exchange(up.in, Waiting{});
    const bool alive = take_heads(stream, held.text());
    held.clear(context_.buffers);
    return alive;
  }
  return take_heads(stream, bytes);
}

// One final head, with any informational ones before it.
bool Proxy::take_heads(Stream& stream, std::span<char> bytes) {
  UpConn& up = *stream.up;
  while (true) {
    const Parse parsed = response_parser_.parse(bytes, stream.method);
    if (parsed == Parse::Refused) {
      upstream_failed(stream, Failure::Malformed);
      return false;
    }
    if (parsed == Parse::NeedMore) {
      up.in.append(context_.buffers, {bytes.data(), bytes.size()});
      up.scan.restart();
      up.scan.worth_parsing(up.in.view());
      return true;
    }
    const int status = response_parser_.head().status;
    bytes = bytes.subspan(response_parser_.head().size);
    if (status >= 200) return take_final(stream, bytes);
    if (status == 101) {
      if (stream.wants_websocket && response_parser_.head().switches_to_websocket) {
        start_tunnel(stream, {bytes.data(), bytes.size()});
      } else {
        upstream_failed(stream, Failure::Malformed);
      }
      return false;
    }
    if (!relay_informational(stream)) return false;
    if (bytes.empty()) return true;
  }
}

bool Proxy::relay_informational(Stream& stream) {
  if (++stream.informational > kInformationalMax) {
    upstream_failed(stream, Failure::Malformed);
    return false;
  }
  if (stream.client_minor == 0) return true;
  HeadWriter out{context_.out()};
  write_informational(out, response_parser_.head());
  Client& client = *stream.client;
  send(client, out.text());
  return !client.closed;
}

bool Proxy::take_final(Stream& stream, std::span<char> rest) {
  const http1::ResponseHead& head = response_parser_.head();
  count_answer(stream, head.status);
  stream.head_done = true;
  stream.up_reusable = head.keep_alive && stream.request_read;
  stream.response_body = http1::BodyReader{head.body};
  AnswerFraming framing{.method = stream.method};
  const bool old = stream.client_minor == 0;
  const bool open_ended =
      head.body.kind == Framing::Kind::Chunked || head.body.kind == Framing::Kind::UntilClose;
  if (open_ended) {
    framing.kind = old ? AnswerFraming::Kind::UntilClose : AnswerFraming::Kind::Chunked;
  }
  stream.chunk_response = framing.kind == AnswerFraming::Kind::Chunked;
  const bool keep = stream.client_keep_alive && stream.request_read && !(open_ended && old) &&
                    stream.client->listener->routes != nullptr;
  stream.client->close_after_out = !keep;
  framing.persist = !keep ? AnswerFraming::Persist::Close
                    : old ? AnswerFraming::Persist::KeepOld
                          : AnswerFraming::Persist::Keep;
  const std::string cookies = cookie_lines(stream);
  framing.own_lines = cookies;
  HeadWriter out{context_.out()};
  write_response_head(out, head, framing);
  if (out.overflowed()) {
    upstream_failed(stream, Failure::Malformed);
    return false;
  }
  return relay_body(stream, {rest.data(), rest.size()}, out.size());
}

// Sends `head_bytes` that stand at the front of the scratch memory already, and behind them the
// payload of `bytes` in our framing, in one send. False when the stream is over.
bool Proxy::relay_body(Stream& stream, std::string_view bytes, std::size_t head_bytes) {
  Client& client = *stream.client;
  const std::span<char> memory = context_.out();
  // Payload is gathered behind room for one chunk line, so that one read makes one chunk.
  const std::size_t payload_at = head_bytes + (stream.chunk_response ? kChunkRoom : 0);
  HeadWriter payload{memory.subspan(payload_at)};
  while (!bytes.empty() && stream.response_body.state() == BodyState::More) {
    const auto piece = stream.response_body.next(bytes);
    bytes.remove_prefix(piece.consumed);
    if (head_bytes == 0 && !stream.chunk_response) {
      send(client, piece.payload);  // nothing to put around it: no copy
    } else {
      payload.put(piece.payload);
    }
  }
  TG_CHECK(!payload.overflowed());
  const bool done = stream.response_body.state() == BodyState::Done;
  if (!stream.chunk_response) {
    send(client, {memory.data(), head_bytes + payload.size()});
  } else {
    send_chunk(stream, head_bytes, payload);
  }
  if (client.closed) return false;
  if (stream.response_body.state() == BodyState::Bad) {
    abort(client);
    return false;
  }
  if (!done) return true;
  if (!bytes.empty()) stream.up_reusable = false;  // R4: not to be read as the next answer
  finish(stream);
  return false;
}

// The head may end anywhere before the payload: it is moved up to the chunk line.
void Proxy::send_chunk(Stream& stream, std::size_t head_bytes, HeadWriter& payload) {
  const std::span<char> memory = context_.out();
  const std::size_t size = payload.size();
  std::size_t begin = head_bytes + kChunkRoom;
  if (size > 0) {
    std::array<char, kChunkRoom> line{};
    HeadWriter writer{line};
    writer.put_hex(size).put("\r\n");
    begin -= writer.size();
    std::ranges::copy(writer.text(), memory.begin() + static_cast<std::ptrdiff_t>(begin));
    payload.put("\r\n");
  }
  if (stream.response_body.state() == BodyState::Done) payload.put(http1::kLastChunk);
  TG_CHECK(!payload.overflowed());
  const std::size_t end = head_bytes + kChunkRoom + payload.size();
  const std::size_t moved = begin - head_bytes;
  std::copy_backward(memory.begin(),
                     memory.begin() + static_cast<std::ptrdiff_t>(head_bytes),
                     memory.begin() + static_cast<std::ptrdiff_t>(begin));
  send(*stream.client, {memory.data() + moved, end - moved});
}

void Proxy::count_answer(Stream& stream, int status) {
  TargetCounters& counters = *stream.up->target->counters;
  const auto kind = static_cast<std::size_t>(std::clamp(status / 100 - 2, 0, 3));
  counters.responses[kind].add(1);
  const auto took = static_cast<std::uint64_t>((context_.now - stream.sent).count());
  counters.response_nanoseconds.add(took);
  counters.response_count.add(1);
  counters.response_nanoseconds_max.raise_to(took);
  constexpr auto kLastBin = kFirstTimeBin + static_cast<std::int32_t>(kTimeBins) - 1;
  const auto bin = metrics::Sketch::bin_of(static_cast<double>(took) / 1e9);
  const auto slot = std::clamp(bin, kFirstTimeBin, kLastBin) - kFirstTimeBin;
  counters.response_times[static_cast<std::size_t>(slot)].add(1);
}

// The answer is with the client, or on its way there.
void Proxy::finish(Stream& stream) {
  Client& client = *stream.client;
  UpConn* up = stream.up;
  if (stream.up_reusable && stream.request_read) {
    stream.up = nullptr;
    up->target->counters->in_flight.add(-1);
    upstreams_.release(*up);
  }
  end_stream(stream);
  client.phase = Client::Phase::Head;
  after_answer(client);
}

// FIN of the target: the end of an answer that is as long as its connection, a broken one
// otherwise.
void Proxy::upstream_ended(Stream& stream) {
  const bool until_close =
      stream.head_done && stream.response_body.framing().kind == Framing::Kind::UntilClose;
  if (!until_close) {
    upstream_failed(stream, Failure::Reset);
    return;
  }
  if (stream.chunk_response) send(*stream.client, http1::kLastChunk);
  if (stream.client->closed) return;
  stream.up_reusable = false;
  finish(stream);
}

// Another try where that is safe and allowed, else an answer of our own; once the client has seen
// the head, only the end of the connection can tell it (R3).
void Proxy::upstream_failed(Stream& stream, Failure failure) {
  if (stream.head_done) {
    abort(*stream.client);
    return;
  }
  UpConn* up = std::exchange(stream.up, nullptr);
  const bool stale = up->reused && failure == Failure::Reset && !stream.answered;
  const bool nothing_sent = up->connecting;
  up->target->counters->in_flight.add(-1);
  upstreams_.close(*up);
  const bool may_repeat = stream.replayable && !stream.answered &&
                          (nothing_sent || (stream.idempotent && failure == Failure::Reset));
  if (may_repeat && stale) {
    --stream.tries;  // the connection was old, not the target bad
    dispatch(stream, Upstreams::Freshness::Fresh);
    return;
  }
  if (may_repeat && context_.retries.spend(context_.now)) {
    dispatch(stream, Upstreams::Freshness::Any);
    return;
  }
  fail(stream, failure == Failure::TimedOut ? 504 : 502);
}

}  // namespace tidegate::balancer
