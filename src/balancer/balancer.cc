#include "balancer/balancer.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::balancer {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kUnsentBytesMax =
    64 * 1024 * 1024;  // a control side that reads nothing is let go
constexpr auto kTickUnwatched = std::chrono::seconds{1};
constexpr auto kTickWhileWaiting = std::chrono::milliseconds{5};

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  for (const char byte : net::random_bytes(sizeof seed)) {
    seed = seed << 8 | static_cast<unsigned char>(byte);
  }
  return seed;
}

std::string key_of(const balancing::TargetReport& target) {
  return target.target_group.value + '\n' + target.id + '\n' + std::to_string(target.port);
}

}  // namespace

Balancer::Balancer(net::EventLoop& loop, BalancerOptions options)
    : loop_(loop),
      options_(std::move(options)),
      epoch_(hex_encode(net::random_bytes(8))),
      handover_(options_.workers),
      health_(loop, options_.workers, [this](ProbeRequest request) {
        start_probe(std::move(request));
      }) {
  for (std::size_t i = 0; i < options_.workers; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(Worker::Options{.index = i,
                                                 .seed = random_seed(),
                                                 .limits = options_.limits,
                                                 .pin = options_.pin,
                                                 .keep = {loop_.wake_descriptor()}},
                                 handover_,
                                 [this](ProbeResult result) {
                                   loop_.post([this, result] { health_.finish_probe(result); });
                                 }));
  }
  for (auto& [name, fd] : options_.listeners) {
    add_listener(name, std::move(fd));
  }
  if (options_.control) {
    loop_.watch(options_.control.get(), EPOLLIN, [this](std::uint32_t) { accept_control(); });
  }
  tick_timer_ = loop_.after(options_.report_every, [this] { tick(); });
}

Balancer::~Balancer() {
  workers_.clear();
  if (tick_timer_) loop_.cancel(*tick_timer_);
  for (const auto& connection : connections_) {
    loop_.unwatch(connection->fd.get());
  }
  if (options_.control) loop_.unwatch(options_.control.get());
}

// Workers take turns: a probe costs as much as a request, and shows that the worker lives.
void Balancer::start_probe(ProbeRequest request) {
  workers_[next_prober_++ % workers_.size()]->probe(std::move(request));
}

void Balancer::add_listener(const balancing::SocketName& name, net::Fd fd) {
  if (!sockets_.insert(name).second) return;
  workers_[name.worker % workers_.size()]->add_listener(name, std::move(fd));
}

void Balancer::apply(const balancing::DataPlaneConfig& config) {
  std::unique_ptr<Snapshot> snapshot = health_.apply(config);
  snapshot->sequence = ++sequence_;
  generations_.emplace_back(sequence_, config.generation);
  handover_.publish(std::move(snapshot));
  for (const auto& worker : workers_) {
    worker->wake();
  }
  const auto configured = [&](const balancing::SocketName& name) {
    return std::ranges::any_of(config.listeners, [&](const balancing::ListenerConfig& listener) {
      return listener.address == name.address && listener.port == name.port;
    });
  };
  // As the workers do: a socket whose listener has gone is closed, one that waits for its is not.
  std::erase_if(sockets_, [&](const balancing::SocketName& name) {
    if (configured(name)) {
      used_sockets_.insert(name);
      return false;
    }
    return used_sockets_.erase(name) > 0;
  });
  if (!accept_by_) accept_by_ = net::monotonic_now() + options_.first_look;
  loop_.cancel(*tick_timer_);
  tick();
}

void Balancer::begin_accepting() {
  accepting_ = true;
  for (const auto& worker : workers_) {
    worker->start_accepting();
  }
}

std::uint64_t Balancer::applied_generation() {
  const std::uint64_t applied = handover_.applied();
  while (generations_.size() > 1 && generations_[1].first <= applied) {
    generations_.pop_front();
  }
  const bool any = !generations_.empty() && generations_.front().first <= applied;
  return any ? generations_.front().second : 0;
}

balancing::DataPlaneReport Balancer::report() {
  return {.connected = false,
          .epoch = epoch_,
          .generation = applied_generation(),
          .bindings = {},
          .targets = health_.target_reports(),
          .load_balancers = health_.load_balancer_reports()};
}

void Balancer::tick() {
  const bool waiting = accept_by_ && !accepting_;
  if (waiting && (health_.all_seen() || net::monotonic_now() >= *accept_by_)) begin_accepting();
  handover_.reclaim();
  if (sequence_ > 0 && handover_.applied() == sequence_) health_.reclaim();
  if (!connections_.empty()) {
    const balancing::DataPlaneReport now = report();
    for (const auto& connection : connections_) {
      report_to(*connection, now);
    }
    drop_broken();
  }
  const MonotonicTime::duration next = accept_by_ && !accepting_ ? kTickWhileWaiting
                                       : connections_.empty()    ? kTickUnwatched
                                                                 : options_.report_every;
  tick_timer_ = loop_.after(next, [this] { tick(); });
}

// What changed since the last report on this connection; nothing when nothing did.
void Balancer::report_to(Connection& connection, const balancing::DataPlaneReport& report) {
  balancing::DataPlaneReport changes;
  changes.epoch = report.epoch;
  changes.generation = report.generation;
  std::map<std::string, balancing::TargetReport> current;
  for (const balancing::TargetReport& target : report.targets) {
    current.emplace(key_of(target), target);
  }
  // Members that left are told by telling all that are left.
  const bool all = !std::ranges::all_of(
      connection.sent_targets, [&](const auto& sent) { return current.contains(sent.first); });
  for (const auto& [key, target] : current) {
    const auto sent = connection.sent_targets.find(key);
    const bool changed = sent == connection.sent_targets.end() || sent->second != target;
    if (all || changed) changes.targets.push_back(target);
  }
  connection.sent_targets = std::move(current);
  for (const balancing::LoadBalancerReport& load_balancer : report.load_balancers) {
    const auto [sent, added] =
        connection.sent_load_balancers.try_emplace(load_balancer.arn, load_balancer);
    if (!added && sent->second == load_balancer) continue;
    sent->second = load_balancer;
    changes.load_balancers.push_back(load_balancer);
  }
  const bool news = all || !changes.targets.empty() || !changes.load_balancers.empty() ||
                    connection.sent_generation != report.generation;
  if (!news) return;
  connection.sent_generation = report.generation;
  send(connection, balancing::ReportMessage{std::move(changes), all});
}

void Balancer::accept_control() {
  net::Fd fd{::accept4(options_.control.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!fd) return;
  auto added = std::make_unique<Connection>();
  added->fd = std::move(fd);
  Connection& connection = *added;
  connections_.push_back(std::move(added));
  loop_.watch(connection.fd.get(),
              EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
              [this, &connection](std::uint32_t events) { on_control(connection, events); });
  balancing::HelloMessage hello;
  hello.epoch = epoch_;
  hello.pid = ::getpid();
  hello.workers = static_cast<std::uint32_t>(workers_.size());
  hello.generation = applied_generation();
  hello.sockets.assign(sockets_.begin(), sockets_.end());
  send(connection, hello);
  loop_.cancel(*tick_timer_);
  tick();
}

void Balancer::on_control(Connection& connection, std::uint32_t events) {
  flush(connection);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) read_control(connection);
  drop_broken();
}

void Balancer::read_control(Connection& connection) {
  std::array<char, kReadBytes> buffer;
  while (!connection.broken) {
    Result<net::Received> got = net::receive_with_fds(connection.fd.get(), buffer);
    if (!got && (errno == EAGAIN || errno == EINTR)) return;
    if (!got || got->size == 0) {
      connection.broken = true;
      return;
    }
    std::ranges::move(got->fds, std::back_inserter(connection.received));
    connection.reader.append({buffer.data(), got->size});
    while (!connection.broken) {
      const auto next = connection.reader.next();
      if (next && !next->has_value()) break;
      const auto message = next ? balancing::decode(**next) : next.error();
      if (message) {
        take_message(connection, *message);
      } else if (message.error().code != ErrorCode::Unsupported) {
        log_event(LogLevel::Warn, "control_message_refused", {{"why", message.error().message}});
        connection.broken = true;
      }
    }
  }
}

void Balancer::take_message(Connection& connection, const balancing::WireMessage& message) {
  if (const auto* sockets = std::get_if<balancing::SocketsMessage>(&message)) {
    take_sockets(connection, *sockets);
  }
  if (const auto* config = std::get_if<balancing::ConfigMessage>(&message)) apply(config->config);
}

void Balancer::take_sockets(Connection& connection, const balancing::SocketsMessage& message) {
  for (const balancing::SocketName& name : message.names) {
    if (connection.received.empty()) {
      log_event(LogLevel::Warn, "socket_without_descriptor", {{"name", to_string(name)}});
      connection.broken = true;
      return;
    }
    add_listener(name, std::move(connection.received.front()));
    connection.received.pop_front();
  }
}

void Balancer::send(Connection& connection, const balancing::WireMessage& message) {
  connection.out += balancing::encode(message);
  flush(connection);
}

void Balancer::flush(Connection& connection) {
  while (!connection.out.empty() && !connection.broken) {
    const ssize_t size =
        ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (size < 0) {
      const bool later = errno == EAGAIN || errno == EINTR;
      connection.broken = !later || connection.out.size() > kUnsentBytesMax;
      return;
    }
    connection.out.erase(0, static_cast<std::size_t>(size));
  }
}

void Balancer::drop_broken() {
  std::erase_if(connections_, [this](const std::unique_ptr<Connection>& connection) {
    if (connection->broken) loop_.unwatch(connection->fd.get());
    return connection->broken;
  });
}

}  // namespace tidegate::balancer
