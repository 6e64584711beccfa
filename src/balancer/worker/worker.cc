#include "balancer/worker/worker.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "net/loop.h"

namespace tidegate::balancer {
namespace {

constexpr int kEventsPerTurn = 256;

void close_between(unsigned first, unsigned last) {
  if (first <= last) ::syscall(SYS_close_range, first, last, 0U);
}

}  // namespace

Worker::Worker(Options options, Handover& handover, Prober::Report report)
    : options_(options),
      handover_(handover),
      context_(options.index, options.seed),
      proxy_(context_, options.limits),
      prober_(context_, std::move(report)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  TG_CHECK(wake_);
  auto pair = net::socket_pair(SOCK_SEQPACKET);
  TG_CHECK(pair.has_value());
  socket_out_ = std::move(pair->first);
  socket_in_ = std::move(pair->second);
  context_.watch(wake_.get(), EPOLLIN | EPOLLET, mailbox_);
  thread_ = std::thread{[this] { run(); }};
}

Worker::~Worker() {
  post(Stop{});
  thread_.join();
}

void Worker::post(Mail mail) {
  {
    const std::lock_guard lock{mail_mutex_};
    mail_.push_back(std::move(mail));
  }
  wake();
}

void Worker::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = ::write(wake_.get(), &one, sizeof one);
}

void Worker::add_listener(balancing::SocketName name, net::Fd fd) {
  const int fds[] = {fd.get()};
  // The pair's buffer holds some hundred of these; a worker empties it within one turn.
  while (!net::send_with_fds(socket_out_.get(), "l", fds).has_value()) {
    ::sched_yield();
  }
  post(AddListener{std::move(name)});
}

void Worker::probe(ProbeRequest request) {
  post(std::move(request));
}

void Worker::start_accepting() {
  post(StartAccepting{});
}

// A table of its own: no lock is shared with other threads, and no descriptor of theirs is kept
// open here by accident. Without the right to unshare (a seccomp filter) the shared one must do.
void Worker::own_descriptors() {
  if (::unshare(CLONE_FILES) != 0) {
    log_event(
        LogLevel::Warn, "descriptor_table_shared", {{"worker", std::to_string(options_.index)}});
    return;
  }
  std::vector<unsigned> keep{static_cast<unsigned>(context_.epoll.get()),
                             static_cast<unsigned>(wake_.get()),
                             static_cast<unsigned>(socket_in_.get())};
  for (const int fd : options_.keep) {
    keep.push_back(static_cast<unsigned>(fd));
  }
  std::ranges::sort(keep);
  unsigned first = 3;
  for (const unsigned fd : keep) {
    close_between(first, fd - 1);
    first = fd + 1;
  }
  close_between(first, ~0U);
}

void Worker::run() {
  const std::string name = "worker-" + std::to_string(options_.index);
  ::pthread_setname_np(::pthread_self(), name.c_str());
  own_descriptors();
  if (options_.pin == Options::Pin::ToCore) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(options_.index % static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)), &cores);
    ::sched_setaffinity(0, sizeof cores, &cores);
  }
  while (turn()) {
  }
  // Here, not in the destructor: these descriptors are of this thread's table.
  prober_.close_all();
  proxy_.close_all();
  end_turn();
  listeners_.clear();
}

int Worker::wait_ms() const {
  if (!context_.to_look_at.empty() || leaving_) {
    return context_.to_look_at.empty() ? 10 : 0;
  }
  const std::optional<MonotonicInstant> next = context_.wheel.next();
  if (!next) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - net::monotonic_now());
  return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 3'600'000));
}

bool Worker::turn() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(context_.epoll.get(), events.data(), kEventsPerTurn, wait_ms());
  TG_CHECK(count >= 0 || errno == EINTR);
  context_.begin_turn();
  adopt_newest();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    events_.emplace_back(static_cast<Source*>(event.data.ptr), event.events);
  }
  bool running = true;
  for (int kind = 0; kind <= static_cast<int>(Source::Kind::Mailbox); ++kind) {
    for (const auto& [source, flags] : events_) {
      if (static_cast<int>(source->kind) != kind) continue;
      if (source->kind == Source::Kind::Mailbox) {
        running = take_mail();
      } else {
        handle(*source, flags);
      }
    }
  }
  look_again();
  run_timers();
  if (leaving_) leaving_ = proxy_.close_leaving();
  end_turn();
  return running;
}

void Worker::handle(Source& source, std::uint32_t events) {
  if (source.closed) return;
  switch (source.kind) {
    case Source::Kind::Upstream:
      proxy_.on_upstream(static_cast<UpConn&>(source), events);
      return;
    case Source::Kind::Probe:
      prober_.on_event(static_cast<ProbeConn&>(source), events);
      return;
    case Source::Kind::Client:
      proxy_.on_client(static_cast<ClientConn&>(source), events);
      return;
    case Source::Kind::Listener:
      proxy_.accept(static_cast<LocalListener&>(source));
      return;
    case Source::Kind::Mailbox:
      return;
  }
}

// Connections that ended on the way are skipped; new entries wait for the next turn.
void Worker::look_again() {
  const std::vector<Source*> pending = std::exchange(context_.to_look_at, {});
  for (Source* source : pending) {
    source->again = false;
    if (source->closed) continue;
    if (source->kind == Source::Kind::Client) proxy_.look_again(static_cast<ClientConn&>(*source));
    if (source->kind == Source::Kind::Upstream) proxy_.look_again(static_cast<UpConn&>(*source));
    if (source->kind == Source::Kind::Listener) {
      proxy_.accept(static_cast<LocalListener&>(*source));
    }
  }
}

void Worker::run_timers() {
  context_.wheel.advance(context_.now, [this](net::TimerWheel::Node& node) {
    Deadline& deadline = deadline_of(node);
    if (deadline.when > context_.now) {
      context_.set_deadline(deadline, deadline.when);
      return;
    }
    Source& source = *deadline.owner;
    if (source.kind == Source::Kind::Client) proxy_.on_deadline(static_cast<ClientConn&>(source));
    if (source.kind == Source::Kind::Upstream) proxy_.on_deadline(static_cast<UpConn&>(source));
    if (source.kind == Source::Kind::Probe) prober_.on_deadline(static_cast<ProbeConn&>(source));
  });
}

bool Worker::take_mail() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &count, sizeof count);
  // Published after this turn looked, and its wake-up was just read: the next turn adopts it.
  if (handover_.newest() != snapshot_) wake();
  std::vector<Mail> mail;
  {
    const std::lock_guard lock{mail_mutex_};
    mail.swap(mail_);
  }
  for (Mail& item : mail) {
    if (std::holds_alternative<Stop>(item)) return false;
    if (auto* added = std::get_if<AddListener>(&item)) take_listener(std::move(added->name));
    if (auto* request = std::get_if<ProbeRequest>(&item)) prober_.start(std::move(*request));
    if (std::holds_alternative<StartAccepting>(item)) {
      accepting_ = true;
      for (const auto& listener : listeners_) {
        if (snapshot_ != nullptr) bind_listener(*listener, *snapshot_);
      }
    }
  }
  return true;
}

void Worker::take_listener(balancing::SocketName name) {
  std::array<char, 8> byte{};
  Result<net::Received> received = net::receive_with_fds(socket_in_.get(), byte);
  TG_CHECK(received.has_value() && received->fds.size() == 1);
  auto added = std::make_unique<LocalListener>();
  added->name = std::move(name);
  added->fd = std::move(received->fds[0]);
  listeners_.push_back(std::move(added));
  if (snapshot_ != nullptr) bind_listener(*listeners_.back(), *snapshot_);
}

// A socket is listened to once a configuration names it, and closed once one names it no longer.
void Worker::bind_listener(LocalListener& listener, const Snapshot& snapshot) {
  const auto routes = std::ranges::find_if(snapshot.listeners, [&](const SnapshotListener& wanted) {
    return wanted.address == listener.name.address && wanted.port == listener.name.port;
  });
  if (routes == snapshot.listeners.end()) {
    if (listener.routes != nullptr && listener.fd) {
      listener.fd.reset();
      listener.watched = false;
    }
    const bool was_used = std::exchange(listener.routes, nullptr) != nullptr;
    if (was_used) proxy_.close_idle_clients(listener);
    return;
  }
  listener.routes = &*routes;
  listener.counters = &routes->load_balancer->per_worker[options_.index];
  if (accepting_ && !listener.watched && listener.fd) {
    listener.watched = true;
    context_.watch(listener.fd.get(), EPOLLIN | EPOLLET, listener);
  }
}

void Worker::adopt_newest() {
  const Snapshot* newest = handover_.newest();
  if (newest == nullptr || newest == snapshot_) return;
  snapshot_ = newest;
  for (const auto& listener : listeners_) {
    bind_listener(*listener, *newest);
  }
  proxy_.adopt(*newest);
  leaving_ = true;
  handover_.adopt(options_.index, newest->sequence);
}

void Worker::end_turn() {
  events_.clear();
  const auto forget = [this](const auto& dead) {
    for (const auto& connection : dead) {
      if (connection->again) std::erase(context_.to_look_at, connection.get());
    }
  };
  forget(context_.dead_clients);
  forget(context_.dead_ups);
  context_.dead_clients.clear();
  context_.dead_ups.clear();
  prober_.end_turn();
  std::erase_if(listeners_, [](const std::unique_ptr<LocalListener>& listener) {
    return !listener->fd && listener->clients == 0 && !listener->again;
  });
}

}  // namespace tidegate::balancer
