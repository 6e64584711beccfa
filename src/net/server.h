// HttpServer: a small HTTP/1.1 server for the API and the metadata service, strict in what it reads
// (http1/head.h) and bounded in what it holds. It lives on one EventLoop's thread; the loop must
// outlive it, and it is destroyed when the loop runs no more and no Responder is left. The handler
// runs on that thread and must not block; it answers at once or later, from any thread, through its
// Responder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidegate::net {

using Headers = std::vector<std::pair<std::string, std::string>>;  // in order, names as received

struct HttpRequest {
  std::string method;
  std::string target;  // as received, origin-form
  std::string path;    // of the target, not decoded
  std::string query;   // after '?', not decoded
  std::string host;
  Headers headers;
  std::string body;
  SocketAddress peer;
  MonotonicInstant received;  // when its head was complete

  /// The first value of that name (case-insensitive), or null.
  const std::string* header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  Headers headers;  // without Content-Length and Connection: the server writes them
  std::string body;
};

struct ServerLimits {
  std::size_t head_bytes = 16 * 1024;                              // 431 beyond
  std::size_t body_bytes = 1024 * 1024;                            // 413 beyond
  std::size_t connections = 1024;                                  // 503 and close beyond
  MonotonicTime::duration header_time = std::chrono::seconds{10};  // 408 from the first byte on
  MonotonicTime::duration body_time = std::chrono::seconds{30};    // 408
  MonotonicTime::duration write_time = std::chrono::seconds{60};   // without progress: closed
  MonotonicTime::duration idle_time = std::chrono::seconds{75};    // between requests: closed
};

class HttpServer;

/// The right to answer one request, once. Dropped without an answer it answers 500. An answer to a
/// client that has gone is dropped.
class Responder {
 public:
  Responder(HttpServer& server, std::uint64_t connection);
  Responder(Responder&& other) noexcept;
  Responder& operator=(Responder&&) = delete;
  ~Responder();
  /// Any thread.
  void send(HttpResponse response) &&;

 private:
  HttpServer* server_;  // null once used
  std::uint64_t connection_;
};

class HttpServer {
 public:
  using Handler = UniqueFunction<void(HttpRequest, Responder)>;

  /// Serves a listening socket (TCP or unix) until destroyed.
  HttpServer(EventLoop& loop, Fd listener, ServerLimits limits, Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  SocketAddress address() const;
  std::size_t connections() const { return connections_.size(); }
  /// Closes the listening socket and every connection. From a task posted after it on, the server
  /// may be destroyed while the loop runs.
  void end();

 private:
  friend class Responder;
  class Connection;

  void accept_all();
  void stop_listening();
  void refuse(int fd);
  void answer(std::uint64_t connection, HttpResponse response);
  void progress(std::uint64_t connection);
  void close(std::uint64_t connection);

  EventLoop& loop_;
  Fd listener_;
  ServerLimits limits_;
  Handler handler_;
  std::uint64_t next_id_ = 1;
  std::optional<TimerId> accept_retry_;  // out of descriptors: tried again soon
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
};

}  // namespace tidegate::net
