#include "net/server.h"

#include <atomic>
#include <deque>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::net {
namespace {

// Runs a server on a loop thread of its own; the handler echoes what it was given.
class Server {
 public:
  explicit Server(ServerLimits limits = {})
      : server_(loop_,
                std::move(*listen_tcp(*SocketAddress::ip("127.0.0.1", 0), PortSharing::Exclusive)),
                limits,
                [this](HttpRequest request, Responder responder) {
                  handle(std::move(request), std::move(responder));
                }),
        address_(server_.address()),
        thread_([this] { loop_.run(); }) {}
  ~Server() {
    loop_.stop();
    thread_.join();
    helpers_.clear();
  }
  const SocketAddress& address() const { return address_; }
  int handled() const { return handled_.load(); }

 private:
  void handle(HttpRequest request, Responder responder) {
    ++handled_;
    if (request.path == "/drop") return;
    if (request.path == "/later") {  // answered from another thread
      helpers_.emplace_back([responder = std::move(responder)]() mutable {
        std::move(responder).send({.status = 201, .headers = {}, .body = "later"});
      });
      return;
    }
    if (request.path == "/large") {
      std::move(responder).send({.status = 200, .headers = {}, .body = std::string(8 << 20, 'z')});
      return;
    }
    const std::string* tag = request.header("x-tag");
    std::move(responder).send(
        {.status = 200,
         .headers = {{"X-Path", request.path}, {"X-Query", request.query}},
         .body = request.method + "|" + request.body + "|" + (tag == nullptr ? "" : *tag)});
  }

  std::atomic<int> handled_ = 0;
  EventLoop loop_;
  std::deque<std::jthread> helpers_;
  HttpServer server_;
  SocketAddress address_;
  std::thread thread_;
};

// A blocking client with a deadline: a test that hangs fails instead.
class Client {
 public:
  explicit Client(const Server& server)
      : fd_(::socket(server.address().family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval deadline{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    REQUIRE(::connect(fd_.get(), server.address().get(), server.address().size()) == 0);
  }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t size = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void finish() { ::shutdown(fd_.get(), SHUT_WR); }
  /// Up to the end of the connection.
  std::string rest() {
    while (more()) {
    }
    return std::exchange(read_, {});
  }
  /// Up to the end of the first head.
  std::string head() {
    std::size_t end = std::string::npos;
    while ((end = read_.find("\r\n\r\n")) == std::string::npos && more()) {
    }
    REQUIRE(end != std::string::npos);
    const std::string out = read_.substr(0, end + 4);
    read_.erase(0, end + 4);
    return out;
  }
  /// One answer with Content-Length.
  std::string answer() {
    std::size_t head = std::string::npos;
    while ((head = read_.find("\r\n\r\n")) == std::string::npos && more()) {
    }
    REQUIRE(head != std::string::npos);
    const std::size_t field = read_.find("Content-Length: ");
    const std::size_t size = head + 4 + std::stoul(read_.substr(field + 16));
    while (read_.size() < size && more()) {
    }
    const std::string out = read_.substr(0, size);
    read_.erase(0, size);
    return out;
  }

 private:
  bool more() {
    char buffer[65536];
    const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    REQUIRE((size >= 0 || errno == ECONNRESET));
    if (size > 0) read_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  Fd fd_;
  std::string read_;
};

int status_of(std::string_view answer) {
  return answer.size() < 12 ? 0 : std::stoi(std::string{answer.substr(9, 3)});
}

}  // namespace

TEST_CASE("server: answers requests in order on one connection, whatever the cuts") {
  Server server;
  Client client{server};
  const std::string requests =
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Tag: 1\r\nContent-Length: 3\r\n\r\nabc"
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
      "PUT /d HTTP/1.1\r\nHost: x\r\nX-Tag: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x\r\ndef\r\n0\r\n\r\n";
  for (const char byte : requests) {
    client.send({&byte, 1});
  }
  const std::string first = client.answer();
  CHECK(first.find("X-Path: /a\r\n") != std::string::npos);
  CHECK(first.find("X-Query: b=c\r\n") != std::string::npos);
  CHECK(first.ends_with("POST|abc|1"));
  CHECK(client.answer().ends_with("later"));
  CHECK(client.answer().ends_with("PUT|def|2"));
  client.send("HEAD /e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string last = client.rest();
  CHECK(last.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(last.find("Connection: close\r\n") != std::string::npos);
  CHECK(last.ends_with("\r\n\r\n"));
}

TEST_CASE("server: what is over a limit or malformed gets its status, then the end") {
  struct Case {
    const char* name;
    std::string bytes;
    int status;
  };
  const Case cases[] = {
      {"nonsense", "hello\r\n\r\n", 400},
      {"head over 16 KiB",
       "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(16 * 1024, 'a') + "\r\n\r\n",
       431},
      {"endless head", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(17 * 1024, 'a'), 431},
      {"body over 1 MiB by length",
       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n" + std::string(1048577, 'b'),
       413},
      {"10 MB",
       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" +
           std::string(10000000, 'b'),
       413},
      {"body over 1 MiB in chunks",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n" +
           std::string(1048577, 'b'),
       413},
      {"bad chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
      {"version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
  };
  Server server;
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Client client{server};
    client.send(c.bytes);
    const std::string answer = client.rest();
    CHECK(status_of(answer) == c.status);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  }
  CHECK(server.handled() == 0);
}

TEST_CASE("server: a body of exactly the limit is taken") {
  Server server;
  Client client{server};
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" +
              std::string(1048576, 'b'));
  CHECK(status_of(client.answer()) == 200);
}

TEST_CASE("server: a request cut in the middle reaches no handler") {
  Server server;
  for (const char* part :
       {"GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}) {
    Client client{server};
    client.send(part);
    client.finish();
    CHECK(client.rest().empty());
  }
  CHECK(server.handled() == 0);
}

TEST_CASE("server: a slow head is answered 408, a silent connection is closed") {
  Server server{
      {.header_time = std::chrono::milliseconds{50}, .idle_time = std::chrono::milliseconds{50}}};
  Client slow{server};
  slow.send("GET / HTTP/1.1\r\n");
  CHECK(status_of(slow.rest()) == 408);
  Client silent{server};
  CHECK(silent.rest().empty());
}

TEST_CASE("server: connections over the limit are told so, and a freed place is given again") {
  Server server{{.connections = 2}};
  auto first = std::make_unique<Client>(server);
  Client second{server};
  first->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(first->answer()) == 200);
  CHECK(status_of(second.answer()) == 200);
  CHECK(status_of(Client{server}.rest()) == 503);
  first.reset();
  int status = 503;  // the server sees the end of `first` a moment later
  while (status == 503) {
    Client next{server};
    next.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    status = status_of(next.rest());
  }
  CHECK(status == 200);
}

TEST_CASE("server: a handler that drops its responder answers 500") {
  Server server;
  Client client{server};
  client.send("GET /drop HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(client.answer()) == 500);
}

TEST_CASE("server: a large answer arrives whole, and 100-continue is given") {
  Server server;
  Client client{server};
  client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.answer().size() > (8u << 20));
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.head() ==
        "HTTP/1.1 100 Continue\r\n\r\n");  // a body that is there already needs none
  client.send("ok");
  client.finish();
  const std::string rest = client.rest();
  CHECK(rest.starts_with("HTTP/1.1 200 OK"));
  CHECK(rest.ends_with("POST|ok|"));
}

}  // namespace tidegate::net
