// The API's server: one thread with an HTTP server in front of Front. It answers while the engine
// works; a full engine queue answers Throttling, it never blocks this thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "edge/api/front/front.h"

namespace tidegate::api {

class Server {
 public:
  struct Settings {
    std::string address = "127.0.0.1";  // IPv4 literal
    std::uint16_t port = 4580;          // 0: any free one
    Front::Settings front;
  };

  /// Listens and serves from now on. queries, commands and metrics must outlive it. Errors:
  /// AlreadyExists when the port is taken, InvalidArgument for no address of this host.
  static Result<std::unique_ptr<Server>> start(Settings settings,
                                               const engine::QueryDoor& queries,
                                               engine::CommandDoor& commands,
                                               ports::MetricStore& metrics);
  struct Running;
  explicit Server(std::unique_ptr<Running> running);  // start() makes it
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// No command that came through it may be waiting any more: stop(), then end the engine's thread
  /// (which answers or drops them), then destroy.
  ~Server();

  /// Ends its thread: no further request is read. Idempotent; from the thread that made it.
  void stop();

  std::uint16_t port() const;

 private:
  std::unique_ptr<Running> running_;
};

}  // namespace tidegate::api
