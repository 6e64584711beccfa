#include "balancer/worker/prober.h"

#include <cerrno>

#include <sys/epoll.h>

namespace tidegate::balancer {
namespace {

using Kind = balancing::ProbeOutcome::Kind;

// As ALB's: one connection each, closed afterwards.
std::string request_text(const ProbeRequest& request) {
  return "GET " + request.path + " HTTP/1.1\r\nHost: " + request.address.text() +
         "\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"
         "Accept-Encoding: gzip, compressed\r\n\r\n";
}

Kind kind_of(int error) {
  return error == ECONNREFUSED ? Kind::ConnectionRefused : Kind::Failed;
}

}  // namespace

void Prober::start(ProbeRequest request) {
  Result<net::Fd> fd = net::start_connect(request.address);
  if (!fd) {
    const bool ours = fd.error().code == ErrorCode::ResourceExhausted;
    report_({request.token, {.kind = ours ? Kind::InternalError : Kind::Failed}});
    return;
  }
  auto added = std::make_unique<ProbeConn>();
  added->io = PlainTransport{std::move(*fd)};
  added->request = std::move(request);
  added->started = context_.now;
  added->position = probes_.size();
  context_.watch(added->io.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *added);
  context_.set_deadline(added->deadline, context_.now + added->request.timeout);
  probes_.push_back(std::move(added));
}

void Prober::on_event(ProbeConn& probe, std::uint32_t events) {
  if (probe.closed) return;
  if (!probe.sent) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
      finish(probe, kind_of(net::connect_error(probe.io.fd())), 0);
      return;
    }
    if ((events & EPOLLOUT) == 0) return;
    probe.sent = true;
    // A new connection's buffer takes a request of some hundred bytes whole.
    if (probe.io.send(request_text(probe.request)).kind != IoResult::Kind::Done) {
      finish(probe, Kind::Failed, 0);
      return;
    }
  }
  read(probe);
}

void Prober::read(ProbeConn& probe) {
  while (true) {
    const std::span<char> memory = context_.in();
    const IoResult got = probe.io.recv(memory);
    if (got.kind == IoResult::Kind::WouldBlock) return;
    if (got.kind != IoResult::Kind::Done) {
      finish(probe, Kind::Failed, 0);
      return;
    }
    probe.received.append(memory.data(), got.size);
    const auto parsed = parser_.parse(probe.received, http1::Method::Get);
    if (parsed == http1::Parse::Refused) {
      finish(probe, Kind::Failed, 0);
      return;
    }
    if (parsed == http1::Parse::NeedMore) continue;
    if (parser_.head().status >= 200) {
      finish(probe, Kind::Answered, parser_.head().status);
      return;
    }
    probe.received.erase(0, parser_.head().size);
  }
}

void Prober::on_deadline(ProbeConn& probe) {
  if (!probe.closed) finish(probe, Kind::TimedOut, 0);
}

void Prober::finish(ProbeConn& probe, Kind kind, int status) {
  const auto took = std::chrono::duration_cast<Duration>(context_.now - probe.started);
  probe.closed = true;
  context_.clear_deadline(probe.deadline);
  probe.io.close();
  const std::uint64_t token = probe.request.token;
  const Duration shown = kind == Kind::TimedOut ? probe.request.timeout : took;
  const std::size_t position = probe.position;
  dead_.push_back(std::move(probes_[position]));
  if (position + 1 != probes_.size()) {
    probes_[position] = std::move(probes_.back());
    probes_[position]->position = position;
  }
  probes_.pop_back();
  report_({token, {.kind = kind, .status = status, .took = shown}});
}

}  // namespace tidegate::balancer
