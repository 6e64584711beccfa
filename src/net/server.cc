#include "net/server.h"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/http1/write.h"

namespace tidegate::net {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kReadsPerEvent = 16;  // then others get their turn
constexpr auto kLingerTime = std::chrono::seconds{1};
constexpr auto kAcceptRetry = std::chrono::milliseconds{100};

http1::HeadLimits head_limits(const ServerLimits& limits) {
  return {.line_bytes = limits.head_bytes,
          .field_bytes = limits.head_bytes,
          .head_bytes = limits.head_bytes,
          .fields = http1::kMaxFields};
}

HttpResponse refusal(int status) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain"}},
          .body = std::to_string(status) + " " + std::string{http1::reason_phrase(status)} + "\n"};
}

enum class Persist { Keep, Close };
enum class Payload { With, Without };  // Without: the answer to HEAD

std::string render(const HttpResponse& response, Persist persist, Payload payload) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " " +
                    std::string{http1::reason_phrase(response.status)} + "\r\n";
  for (const auto& [name, value] : response.headers) {
    out += name + ": " + value + "\r\n";
  }
  if (response.status != 204 && response.status != 304) {
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  if (persist == Persist::Close) out += "Connection: close\r\n";
  out += "\r\n";
  if (payload == Payload::With) out += response.body;
  return out;
}

}  // namespace

const std::string* HttpRequest::header(std::string_view name) const {
  for (const auto& [candidate, value] : headers) {
    if (http1::same_word(candidate, name)) return &value;
  }
  return nullptr;
}

Responder::Responder(HttpServer& server, std::uint64_t connection)
    : server_(&server), connection_(connection) {}

Responder::Responder(Responder&& other) noexcept
    : server_(std::exchange(other.server_, nullptr)), connection_(other.connection_) {}

Responder::~Responder() {
  if (server_ != nullptr) std::move(*this).send(refusal(500));
}

void Responder::send(HttpResponse response) && {
  HttpServer* server = std::exchange(server_, nullptr);
  TG_CHECK(server != nullptr);
  const std::uint64_t connection = connection_;
  server->loop_.post([server, connection, response = std::move(response)]() mutable {
    server->answer(connection, std::move(response));
  });
}

// One client. Reading, handling and writing follow each other; while one request is handled nothing
// further is read, so that a client cannot make us hold more than one.
class HttpServer::Connection {
 public:
  Connection(HttpServer& server, std::uint64_t id, Fd fd, SocketAddress peer)
      : server_(server),
        id_(id),
        fd_(std::move(fd)),
        peer_(peer),
        parser_(head_limits(server.limits_)) {
    arm(server_.limits_.idle_time);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  /// No event and no timer reaches it from now on.
  void detach() {
    disarm();
    server_.loop_.unwatch(fd_.get());
  }

  enum class Fate { Alive, Gone };

  void begin() {
    server_.loop_.watch(
        fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, [this](std::uint32_t events) {
          const bool broken = (events & EPOLLERR) != 0;
          if ((broken ? Fate::Gone : progress()) == Fate::Gone) {
            server_.close(id_);
          }
        });
  }

  /// Writes what is to be written, then reads what there is to read, as far as both go.
  Fate progress() {
    for (int reads = 0; reads < kReadsPerEvent;) {
      if (stage_ == Stage::Writing) {
        if (write() == Fate::Gone) return Fate::Gone;
        if (stage_ == Stage::Writing) return Fate::Alive;
      }
      if (stage_ == Stage::Handling) return Fate::Alive;
      if (!input_.empty() && digest()) continue;
      const Fill filled = fill();
      if (stage_ == Stage::Lingering) input_.clear();
      if (filled == Fill::Broken) return Fate::Gone;
      if (filled == Fill::Dry) return Fate::Alive;
      ++reads;
    }
    // Edge-triggered: nobody else will remind us of what is left.
    server_.loop_.post([&server = server_, id = id_] { server.progress(id); });
    return Fate::Alive;
  }

  Fate answer(HttpResponse response) {
    if (stage_ != Stage::Handling) return Fate::Alive;
    const Persist persist = keep_alive_ ? Persist::Keep : Persist::Close;
    output_ += render(response, persist, is_head_ ? Payload::Without : Payload::With);
    close_after_write_ = persist == Persist::Close;
    stage_ = Stage::Writing;
    arm(server_.limits_.write_time);
    return progress();
  }

 private:
  enum class Stage { Head, Body, Handling, Writing, Lingering };
  enum class Fill { Some, Dry, Broken };

  Fill fill() {
    std::array<char, kReadBytes> buffer;
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR ? Fill::Dry : Fill::Broken;
    if (size == 0) return Fill::Broken;  // cut between or inside requests: nobody to answer
    if (input_.empty() && stage_ == Stage::Head) arm(server_.limits_.header_time);
    input_.append(buffer.data(), static_cast<std::size_t>(size));
    return Fill::Some;
  }

  // True when it got further: another stage, or input used up in a body.
  bool digest() {
    if (stage_ == Stage::Lingering) return false;
    return stage_ == Stage::Head ? digest_head() : digest_body();
  }

  bool digest_head() {
    if (!scan_.worth_parsing(input_) && input_.size() <= server_.limits_.head_bytes) return false;
    const http1::Parse parsed = parser_.parse(input_);
    if (parsed == http1::Parse::NeedMore) return false;
    if (parsed == http1::Parse::Refused) {
      refuse(parser_.refusal().status);
      return true;
    }
    const http1::RequestHead& head = parser_.head();
    keep_alive_ = head.keep_alive;
    is_head_ = head.method == http1::Method::Head;
    body_ = http1::BodyReader{head.body};
    take_head(head);
    const bool waits = head.expects_continue && input_.size() == head.size;
    const bool too_large = head.body.length > server_.limits_.body_bytes;
    input_.erase(0, head.size);
    scan_.restart();
    stage_ = Stage::Body;
    if (too_large) {
      refuse(413);
      return true;
    }
    if (waits && body_.state() == http1::BodyState::More) say_continue();
    arm(server_.limits_.body_time);
    if (body_.state() == http1::BodyState::Done) handle();
    return true;
  }

  void take_head(const http1::RequestHead& head) {
    request_ = HttpRequest{};
    request_.method = head.method_text;
    request_.target = (head.slash_missing ? "/" : "") + std::string{head.target};
    request_.path = head.path;
    request_.query = head.query;
    request_.host = head.host;
    for (const http1::Field& field : head.fields) {
      request_.headers.emplace_back(field.name, field.value);
    }
    request_.peer = peer_;
    request_.received = server_.loop_.now();
  }

  bool digest_body() {
    std::size_t used = 0;
    while (used < input_.size() && body_.state() == http1::BodyState::More) {
      const http1::BodyPiece piece = body_.next(std::string_view{input_}.substr(used));
      request_.body += piece.payload;
      used += piece.consumed;
      if (request_.body.size() > server_.limits_.body_bytes) {
        refuse(413);
        return true;
      }
    }
    input_.erase(0, used);
    if (body_.state() == http1::BodyState::Bad) {
      refuse(400);
      return true;
    }
    if (body_.state() == http1::BodyState::More) return false;
    handle();
    return true;
  }

  void handle() {
    stage_ = Stage::Handling;
    disarm();
    server_.handler_(std::move(request_), Responder{server_, id_});
  }

  // A body that waits for leave to come is small enough to be asked for at once; a client that
  // cannot take these 25 bytes now sends its body without them.
  void say_continue() {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    [[maybe_unused]] const ssize_t sent =
        ::send(fd_.get(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
  }

  void refuse(int status) {
    output_ += render(refusal(status), Persist::Close, Payload::With);
    close_after_write_ = true;
    input_.clear();
    stage_ = Stage::Writing;
    arm(server_.limits_.write_time);
  }

  Fate write() {
    while (written_ < output_.size()) {
      const ssize_t size =
          ::send(fd_.get(), output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
      if (size < 0) return errno == EAGAIN || errno == EINTR ? Fate::Alive : Fate::Gone;
      written_ += static_cast<std::size_t>(size);
      arm(server_.limits_.write_time);
    }
    output_.clear();
    written_ = 0;
    if (close_after_write_) {
      // Closing with unread input would reset the connection and take the answer with it.
      ::shutdown(fd_.get(), SHUT_WR);
      stage_ = Stage::Lingering;
      arm(kLingerTime);
      return Fate::Alive;
    }
    stage_ = Stage::Head;
    arm(input_.empty() ? server_.limits_.idle_time : server_.limits_.header_time);
    return Fate::Alive;
  }

  void arm(MonotonicTime::duration delay) {
    disarm();
    timer_ = server_.loop_.after(delay, [this] { expire(); });
  }
  void disarm() {
    if (timer_) server_.loop_.cancel(*timer_);
    timer_.reset();
  }

  void expire() {
    timer_.reset();
    const bool in_request = (stage_ == Stage::Head && !input_.empty()) || stage_ == Stage::Body;
    if (in_request) {
      refuse(408);
      if (progress() == Fate::Alive) return;
    }
    server_.close(id_);
  }

  HttpServer& server_;
  std::uint64_t id_;
  Fd fd_;
  SocketAddress peer_;
  Stage stage_ = Stage::Head;
  std::string input_;
  std::string output_;
  std::size_t written_ = 0;
  http1::HeadScan scan_;
  http1::RequestParser parser_;
  http1::BodyReader body_;
  HttpRequest request_;
  bool keep_alive_ = true;
  bool close_after_write_ = false;
  bool is_head_ = false;
  std::optional<TimerId> timer_;
};

HttpServer::HttpServer(EventLoop& loop, Fd listener, ServerLimits limits, Handler handler)
    : loop_(loop), listener_(std::move(listener)), limits_(limits), handler_(std::move(handler)) {
  loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
}

HttpServer::~HttpServer() {
  for (const auto& [id, connection] : connections_) {
    connection->detach();
  }
  stop_listening();
}

void HttpServer::end() {
  for (auto& [id, connection] : connections_) {
    connection->detach();
    loop_.post([doomed = std::move(connection)] {});
  }
  connections_.clear();
  stop_listening();
}

void HttpServer::stop_listening() {
  if (accept_retry_) loop_.cancel(*accept_retry_);
  accept_retry_.reset();
  if (listener_) loop_.unwatch(listener_.get());
  listener_.reset();
}

SocketAddress HttpServer::address() const {
  return local_address(listener_.get());
}

void HttpServer::accept_all() {
  constexpr int kAcceptsPerTurn = 64;
  for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
    SocketAddress peer;
    socklen_t size = peer.size();
    Fd fd{::accept4(listener_.get(), peer.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd) {
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
      if (accept_retry_) return;
      loop_.change(listener_.get(), 0);
      accept_retry_ = loop_.after(kAcceptRetry, [this] {
        accept_retry_.reset();
        loop_.change(listener_.get(), EPOLLIN);
      });
      return;
    }
    peer.set_size(size);
    if (connections_.size() >= limits_.connections) {
      refuse(fd.get());
      continue;
    }
    const std::uint64_t id = next_id_++;
    auto connection = std::make_unique<Connection>(*this, id, std::move(fd), peer);
    connection->begin();
    connections_.emplace(id, std::move(connection));
  }
}

// A new connection has an empty send buffer: the answer fits. What it has sent already is read, so
// that closing does not reset the connection before the answer is seen.
void HttpServer::refuse(int fd) {
  const std::string text = render(refusal(503), Persist::Close, Payload::With);
  [[maybe_unused]] const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  std::array<char, 4096> buffer;
  [[maybe_unused]] const ssize_t read = ::recv(fd, buffer.data(), buffer.size(), 0);
}

void HttpServer::answer(std::uint64_t connection, HttpResponse response) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  if (at->second->answer(std::move(response)) == Connection::Fate::Gone) close(connection);
}

void HttpServer::progress(std::uint64_t connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  if (at->second->progress() == Connection::Fate::Gone) close(connection);
}

// Destroyed in a task of its own: the connection's own code may be on the stack.
void HttpServer::close(std::uint64_t connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  at->second->detach();
  loop_.post([doomed = std::move(at->second)] {});
  connections_.erase(at);
}

}  // namespace tidegate::net
