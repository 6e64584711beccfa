#include "apps/tidegate/rehearse/load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/tidegate/rehearse/answer_reader.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

double monotonic_s() {
  timespec time{};
  TG_CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

/// All state belongs to the thread, but for what mutex_ guards.
class Load::Generator {
 public:
  explicit Generator(LoadTarget target)
      : target_(std::move(target)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    TG_CHECK(epoll_ >= 0 && wake_ >= 0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    TG_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0);
    thread_ = std::thread{[this] { run(); }};
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  ~Generator() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    poke();
    thread_.join();
    for (const Connection& connection : connections_) {
      close(connection.fd);
    }
    close(epoll_);
    close(wake_);
  }

  void set_rate(double per_second, const std::string& path) {
    {
      const std::lock_guard lock{mutex_};
      rate_ = per_second;
      path_ = path;
    }
    poke();
  }
  LoadCounters counters() const {
    const std::lock_guard lock{mutex_};
    return counters_;
  }

 private:
  struct Connection {
    int fd = -1;
    enum class Phase { Connecting, Idle, Waiting } phase = Phase::Connecting;
    bool reused = false;   // carried an answer already
    bool retried = false;  // its request was sent once before, on a connection that was closing
    double since = 0;      // of the request
    AnswerReader reader;
    std::string request;
  };
  using Handle = std::list<Connection>::iterator;

  void poke() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  }
  void run();
  /// Sends what is due; seconds until the next request, at most 0.1.
  double send_due();
  void send_one(const std::string& path);
  void open_connection(std::string request, bool retried);
  void write_request(Connection& connection);
  void ready(Connection& connection, std::uint32_t events);
  void read_answer(Connection& connection);
  void finish(Connection& connection);
  void lose(Connection& connection);
  void remove(Connection& connection);
  void drop_timed_out();
  template <typename Change>
  void count(Change change) {
    const std::lock_guard lock{mutex_};
    change(counters_);
  }

  LoadTarget target_;
  int epoll_, wake_;
  std::list<Connection> connections_;
  std::vector<Connection*> idle_;
  double next_due_ = 0;
  double next_sweep_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  double rate_ = 0;
  std::string path_ = "/";
  LoadCounters counters_;
  bool stopping_ = false;
  std::thread thread_;
};

void Load::Generator::run() {
  std::array<epoll_event, 128> events{};
  while (true) {
    const double wait = send_due();
    if (wait < 0) {
      return;
    }
    const int n =
        epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(std::ceil(wait * 1000)));
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const ssize_t got = read(wake_, &ignored, sizeof ignored);
      } else {
        ready(*static_cast<Connection*>(event.data.ptr), event.events);
      }
    }
    drop_timed_out();
  }
}

double Load::Generator::send_due() {
  double rate = 0;
  std::string path;
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) {
      return -1;
    }
    rate = rate_;
    path = path_;
  }
  const double now = monotonic_s();
  if (rate <= 0) {
    next_due_ = now;
    return 0.1;
  }
  next_due_ = std::max(next_due_, now - 0.5);       // a stall of this thread is not made up for
  next_due_ = std::min(next_due_, now + 1 / rate);  // a faster rate starts now
  while (next_due_ <= now) {
    send_one(path);
    next_due_ += 1 / rate;
  }
  return std::min(0.1, next_due_ - now);
}

void Load::Generator::send_one(const std::string& path) {
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + target_.host +
                        "\r\nUser-Agent: tidegate-rehearse\r\nAccept: */*\r\n\r\n";
  if (!idle_.empty()) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    connection.request = std::move(request);
    connection.retried = false;
    connection.since = monotonic_s();
    count([](LoadCounters& c) { ++c.sent, ++c.in_flight; });
    write_request(connection);
  } else if (connections_.size() < kMaxConnections) {
    count([](LoadCounters& c) { ++c.sent, ++c.in_flight; });
    open_connection(std::move(request), false);
  } else {
    count([](LoadCounters& c) { ++c.skipped; });
  }
}

void Load::Generator::open_connection(std::string request, bool retried) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    count([](LoadCounters& c) { ++c.failed, --c.in_flight; });
    return;
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  inet_pton(AF_INET, target_.address.c_str(), &address.sin_addr);
  connections_.emplace_back();
  Connection& connection = connections_.back();
  connection.fd = fd;
  connection.request = std::move(request);
  connection.retried = retried;
  connection.since = monotonic_s();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  TG_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
  const int connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected != 0 && errno != EINPROGRESS) {
    lose(connection);
  }
}

void Load::Generator::write_request(Connection& connection) {
  connection.phase = Connection::Phase::Waiting;
  const ssize_t written =
      send(connection.fd, connection.request.data(), connection.request.size(), MSG_NOSIGNAL);
  if (written != static_cast<ssize_t>(connection.request.size())) {
    lose(connection);  // heads are small: what does not fit a fresh socket buffer never will
  }
}

void Load::Generator::ready(Connection& connection, std::uint32_t events) {
  switch (connection.phase) {
    case Connection::Phase::Connecting: {
      if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        lose(connection);
      } else if ((events & EPOLLOUT) != 0) {
        write_request(connection);
      }
      return;
    }
    case Connection::Phase::Idle:
      if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) {
        remove(connection);  // the server closed it; nobody is waiting
      }
      return;
    case Connection::Phase::Waiting:
      if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) {
        read_answer(connection);
      }
      return;
  }
}

void Load::Generator::read_answer(Connection& connection) {
  std::array<char, 16384> bytes{};
  while (true) {
    const ssize_t n = recv(connection.fd, bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    const auto state = n > 0
                           ? connection.reader.take({bytes.data(), static_cast<std::size_t>(n)})
                           : (n == 0 ? connection.reader.take_end() : AnswerReader::State::Broken);
    switch (state) {
      case AnswerReader::State::Reading:
        continue;
      case AnswerReader::State::Complete:
        finish(connection);
        return;
      case AnswerReader::State::Broken:
        lose(connection);
        return;
    }
  }
}

void Load::Generator::finish(Connection& connection) {
  const double seconds = monotonic_s() - connection.since;
  const bool good = connection.reader.status() < 400;
  count([&](LoadCounters& c) {
    --c.in_flight;
    if (good) {
      ++c.answered;
      c.seconds_sum += seconds;
    } else {
      ++c.refused;
    }
  });
  if (connection.reader.closes()) {
    remove(connection);
    return;
  }
  connection.reader.reset();
  connection.reused = true;
  connection.phase = Connection::Phase::Idle;
  idle_.push_back(&connection);
}

/// The request on it got no whole answer. One that met a connection its server was just closing is
/// sent once more, as every keep-alive client does.
void Load::Generator::lose(Connection& connection) {
  const bool again = connection.reused && !connection.reader.started() && !connection.retried;
  std::string request = std::move(connection.request);
  remove(connection);
  if (again) {
    open_connection(std::move(request), true);
  } else {
    count([](LoadCounters& c) { ++c.failed, --c.in_flight; });
  }
}

void Load::Generator::remove(Connection& connection) {
  close(connection.fd);
  std::erase(idle_, &connection);
  connections_.remove_if([&](const Connection& other) { return &other == &connection; });
}

void Load::Generator::drop_timed_out() {
  const double now = monotonic_s();
  if (now < next_sweep_) {
    return;
  }
  next_sweep_ = now + 0.25;
  for (auto it = connections_.begin(); it != connections_.end();) {
    Connection& connection = *it++;
    if (connection.phase != Connection::Phase::Idle && now - connection.since > kRequestTimeout_s) {
      connection.retried = true;
      lose(connection);
    }
  }
}

Load::Load(LoadTarget target) : generator_(std::make_unique<Generator>(std::move(target))) {}
Load::~Load() = default;

void Load::set_rate(double per_second, const std::string& path) {
  generator_->set_rate(per_second, path);
}

LoadCounters Load::counters() const {
  return generator_->counters();
}

Result<LoadTarget> load_target(const std::string& url) {
  const std::string scheme = "http://";
  if (!url.starts_with(scheme)) {
    return Error{ErrorCode::InvalidArgument, "InvalidUrl", "'" + url + "' is no http:// address"};
  }
  LoadTarget target;
  target.host = url.substr(scheme.size(), url.find('/', scheme.size()) - scheme.size());
  const auto colon = target.host.rfind(':');
  std::string name = target.host.substr(0, colon);
  if (colon != std::string::npos) {
    const auto port = parse_int(target.host.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
      return Error{ErrorCode::InvalidArgument, "InvalidUrl", "'" + url + "' has no valid port"};
    }
    target.port = static_cast<std::uint16_t>(*port);
  }
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
    return Error{ErrorCode::NotFound, "UnknownHost", "the name '" + name + "' has no address"};
  }
  std::array<char, INET_ADDRSTRLEN> text{};
  sockaddr_in address{};
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr),
              sizeof address,
              reinterpret_cast<char*>(&address));
  inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  freeaddrinfo(found);
  target.address = text.data();
  return target;
}

Status try_path(const LoadTarget& target, const std::string& path) {
  Load load{target};
  load.set_rate(0.01, path);
  const double begin = monotonic_s();
  while (monotonic_s() - begin < kRequestTimeout_s) {
    const LoadCounters seen = load.counters();
    if (seen.answered > 0) {
      return Ok{};
    }
    if (seen.refused > 0) {
      return Error{ErrorCode::FailedPrecondition,
                   "NotServed",
                   "http://" + target.host + path + " is not served"};
    }
    if (seen.failed > 0) {
      return Error{
          ErrorCode::Unavailable, "NotReached", "no answer from http://" + target.host + path};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return Error{ErrorCode::Timeout, "NotReached", "no answer from http://" + target.host + path};
}

}  // namespace tidegate::apps
