// Client connections: accepting, reading heads, answering by ourselves, ending.
#include <algorithm>
#include <cstring>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "balancer/worker/proxy.h"

namespace tidegate::balancer {
namespace {

using http1::Parse;

constexpr int kAcceptsPerTurn = 64;
constexpr int kRoundsPerTurn = 16;  // of one connection, before the others get their turn
constexpr int kLingerReads = 16;

}  // namespace

Proxy::Proxy(WorkerContext& context, ProxyLimits limits)
    : context_(context), limits_(limits), upstreams_(context), request_parser_(limits.head) {}

Proxy::~Proxy() = default;

void Proxy::accept(LocalListener& listener) {
  for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
    net::SocketAddress peer;
    socklen_t size = peer.size();
    net::Fd fd{::accept4(listener.fd.get(), peer.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd) {
      const bool out_of_descriptors = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
      if (out_of_descriptors && listener.counters != nullptr) {
        listener.counters->rejected_connections.add(1);
      }
      return;
    }
    peer.set_size(size);
    auto added = std::make_unique<Client>();
    added->io = PlainTransport{std::move(fd)};
    added->listener = &listener;
    added->opened = context_.now;
    added->position = clients_.size();
    const std::string text = peer.host();
    added->peer_size = static_cast<std::uint8_t>(std::min(text.size(), added->peer.size()));
    std::memcpy(added->peer.data(), text.data(), added->peer_size);
    ++listener.clients;
    listener.counters->new_connections.add(1);
    listener.counters->active_connections.add(1);
    context_.watch(added->io.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *added);
    Client& client = *added;
    clients_.push_back(std::move(added));
    touch(client);
    drive(client);
  }
  context_.again(listener);
}

void Proxy::on_client(Client& client, std::uint32_t events) {
  if (client.closed) return;
  if ((events & EPOLLERR) != 0) {
    client_gone(client);
    return;
  }
  if ((events & EPOLLIN) != 0) client.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) client.readable = client.peer_finished = true;
  if ((events & EPOLLOUT) != 0) client.writable = true;
  drive(client);
}

void Proxy::look_again(Client& client) {
  drive(client);
}

void Proxy::drive(Client& client) {
  for (int rounds = 0; rounds < kRoundsPerTurn; ++rounds) {
    if (client.closed || !flush(client)) return;
    switch (client.phase) {
      case Client::Phase::Head:
        if (!take_head(client)) return;
        break;
      case Client::Phase::Request:
        if (pump_request(*client.stream)) pump_response(*client.stream);
        if (client.phase == Client::Phase::Request) return;
        break;
      case Client::Phase::Tunnel:
        pump_tunnel(*client.stream);
        return;
      case Client::Phase::Linger:
        linger(client);
        return;
    }
  }
  context_.again(client);
}

// One read, into the worker's memory; empty when there is nothing to read now, or no one to read
// from.
std::string_view Proxy::receive(Client& client) {
  const std::span<char> memory = context_.in();
  const IoResult got = client.io.recv(memory);
  if (got.kind == IoResult::Kind::WouldBlock) {
    client.readable = false;
    return {};
  }
  if (got.kind != IoResult::Kind::Done) {
    close(client);
    return {};
  }
  if (got.size < memory.size() && !client.peer_finished) client.readable = false;
  client.listener->counters->processed_bytes.add(got.size);
  return {memory.data(), got.size};
}

// One read into the waiting input; false when that got nothing.
bool Proxy::read_more(Client& client) {
  const std::string_view got = client.readable ? receive(client) : std::string_view{};
  if (got.empty()) return false;
  if (client.in.empty()) {
    context_.set_deadline(client.deadline, context_.now + limits_.header_time);
  }
  client.in.append(context_.buffers, got);
  return true;
}

// True when a head was taken or refused; false when there is nothing more to do for now.
bool Proxy::take_head(Client& client) {
  if (client.in.empty() && client.readable) {
    // The common case: a whole request in one read, parsed where it lies.
    const std::string_view bytes = receive(client);
    if (bytes.empty()) return false;
    const Parse parsed = request_parser_.parse(bytes);
    if (parsed == Parse::Complete) {
      const std::size_t head_size = request_parser_.head().size;
      begin_request(client, request_parser_.head(), bytes.substr(head_size));
      return true;
    }
    if (parsed == Parse::Refused) {
      refuse(client, request_parser_.refusal().status);
      return true;
    }
    client.in.append(context_.buffers, bytes);
    client.scan.worth_parsing(bytes);
    context_.set_deadline(client.deadline, context_.now + limits_.header_time);
  }
  while (true) {
    const std::string_view bytes = client.in.view();
    const bool full = bytes.size() > limits_.head.head_bytes;
    if (!bytes.empty() && (client.scan.worth_parsing(bytes) || full)) {
      const Parse parsed = request_parser_.parse(bytes);
      if (parsed == Parse::Refused) {
        refuse(client, request_parser_.refusal().status);
        return true;
      }
      if (parsed == Parse::Complete) {
        // The rest is taken out first: the stream's own use of client.in must not move the head.
        Waiting held = std::exchange(client.in, Waiting{});
        const std::size_t head_size = request_parser_.head().size;
        begin_request(client, request_parser_.head(), bytes.substr(head_size));
        held.clear(context_.buffers);
        return true;
      }
    }
    if (!read_more(client)) return false;
  }
}

void Proxy::send(Client& client, std::string_view bytes) {
  if (client.closed || bytes.empty()) return;
  client.listener->counters->processed_bytes.add(bytes.size());
  if (client.out.empty() && client.writable) {
    const IoResult sent = client.io.send(bytes);
    if (sent.kind == IoResult::Kind::Broken) {
      client_gone(client);
      return;
    }
    if (sent.kind == IoResult::Kind::Done) bytes.remove_prefix(sent.size);
    if (!bytes.empty()) client.writable = false;
  }
  client.out.append(context_.buffers, bytes);
}

// True when nothing waits any more and the connection lives.
bool Proxy::flush(Client& client) {
  while (!client.out.empty()) {
    if (!client.writable) return false;
    const IoResult sent = client.io.send(client.out.view());
    if (sent.kind == IoResult::Kind::Broken) {
      client_gone(client);
      return false;
    }
    if (sent.kind == IoResult::Kind::WouldBlock) {
      client.writable = false;
      return false;
    }
    client.out.consume(context_.buffers, sent.size);
    touch(client);
  }
  if (client.close_after_out && client.phase == Client::Phase::Head) {
    client.phase = Client::Phase::Linger;
    client.io.finish();
    context_.set_deadline(client.deadline, context_.now + limits_.linger_time);
  }
  return true;
}

// Closing with unread input would reset the connection, and take the answer with it.
void Proxy::linger(Client& client) {
  client.in.clear(context_.buffers);
  for (int reads = 0; reads < kLingerReads; ++reads) {
    const IoResult got = client.io.recv(context_.in());
    if (got.kind == IoResult::Kind::WouldBlock) return;
    if (got.kind != IoResult::Kind::Done) {
      close(client);
      return;
    }
  }
  context_.again(client);
}

void Proxy::count_own_status(LoadBalancerCounters& counters, int status) {
  if (status >= 300 && status < 400) counters.elb_3xx.add(1);
  if (status >= 400 && status < 500) counters.elb_4xx.add(1);
  if (status >= 500) counters.elb_5xx.add(1);
  if (status == 500) counters.elb_500.add(1);
  if (status == 502) counters.elb_502.add(1);
  if (status == 503) counters.elb_503.add(1);
  if (status == 504) counters.elb_504.add(1);
}

void Proxy::answer(Client& client, int status, AnswerFraming::Persist persist) {
  const http1::Method method = client.stream ? client.stream->method : http1::Method::Get;
  count_own_status(*client.listener->counters, status);
  http1::HeadWriter out{context_.out()};
  write_own_answer(out, status, method, persist);
  if (client.stream) end_stream(*client.stream);
  client.phase = Client::Phase::Head;
  client.close_after_out = persist == AnswerFraming::Persist::Close;
  if (client.close_after_out) client.in.clear(context_.buffers);
  send(client, out.text());
  after_answer(client);
}

void Proxy::refuse(Client& client, int status) {
  answer(client, status, AnswerFraming::Persist::Close);
}

// Ready for the next request, or on the way to the end.
void Proxy::after_answer(Client& client) {
  if (client.closed) return;
  client.scan.restart();
  touch(client);
  if (!client.in.empty()) {
    context_.set_deadline(client.deadline, context_.now + limits_.header_time);
  }
  flush(client);
}

void Proxy::touch(Client& client) {
  const SnapshotListener* routes = client.listener->routes;
  const Duration idle =
      routes == nullptr ? Duration{std::chrono::seconds{60}} : routes->idle_timeout;
  context_.set_deadline(client.deadline, context_.now + idle);
}

void Proxy::on_deadline(Client& client) {
  if (client.closed) return;
  switch (client.phase) {
    case Client::Phase::Head:
      if (client.in.empty() && client.out.empty()) {
        close(client);
      } else if (client.out.empty()) {
        refuse(client, 408);
      } else {
        abort(client);  // it does not take its answer
      }
      return;
    case Client::Phase::Request:
      if (client.stream->head_done) {
        abort(client);
      } else {
        fail(*client.stream, client.stream->request_read ? 504 : 408);
      }
      return;
    case Client::Phase::Tunnel:
      end_tunnel(*client.stream, Cause::Finish);
      return;
    case Client::Phase::Linger:
      close(client);
      return;
  }
}

void Proxy::client_gone(Client& client) {
  if (client.closed) return;
  if (client.phase == Client::Phase::Request) count_own_status(*client.listener->counters, 460);
  close(client);
}

void Proxy::abort(Client& client) {
  client.io.abort_at_close();
  close(client);
}

void Proxy::close(Client& client) {
  if (client.closed) return;
  client.closed = true;
  if (client.stream) end_stream(*client.stream);
  context_.clear_deadline(client.deadline);
  client.in.clear(context_.buffers);
  client.out.clear(context_.buffers);
  client.io.close();
  --client.listener->clients;
  client.listener->counters->active_connections.add(-1);
  const std::size_t position = client.position;
  context_.dead_clients.push_back(std::move(clients_[position]));
  if (position + 1 != clients_.size()) {
    clients_[position] = std::move(clients_.back());
    clients_[position]->position = position;
  }
  clients_.pop_back();
}

void Proxy::close_all() {
  while (!clients_.empty()) {
    close(*clients_.back());
  }
  upstreams_.close_all();
}

void Proxy::close_idle_clients(const LocalListener& listener) {
  for (std::size_t i = clients_.size(); i-- > 0;) {
    Client& client = *clients_[i];
    const bool idle =
        client.phase == Client::Phase::Head && client.in.empty() && client.out.empty();
    if (client.listener == &listener && idle) close(client);
  }
}

}  // namespace tidegate::balancer
