// Carries requests to targets and their answers back: the hot path of one worker. Everything is
// driven by readiness: pump what can be moved, remember what cannot. A connection that ends is only
// marked and unlinked; its memory lives until the turn of the loop is over.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "balancer/worker/connections.h"
#include "balancer/worker/heads.h"
#include "balancer/worker/turn.h"
#include "balancer/worker/upstreams.h"

namespace tidegate::balancer {

struct ProxyLimits {
  http1::HeadLimits head;
  std::size_t replay_bytes = 64 * 1024;      // kept of a request to be able to send it again
  std::size_t read_ahead_bytes = 64 * 1024;  // of a WebSocket client before 101
  MonotonicTime::duration header_time = std::chrono::seconds{10};  // a whole request head
  MonotonicTime::duration linger_time = std::chrono::seconds{1};
  MonotonicTime::duration connection_life = std::chrono::seconds{3600};  // ALB's client keep-alive
  std::size_t closings_per_turn = 32;  // "paced": connections that a leaving target loses at once
};

class Proxy {
 public:
  Proxy(WorkerContext& context, ProxyLimits limits);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  void accept(LocalListener& listener);
  void on_client(ClientConn& client, std::uint32_t events);
  void on_upstream(UpConn& up, std::uint32_t events);
  void on_deadline(ClientConn& client);
  void on_deadline(UpConn& up);
  /// What has more to do without an event.
  void look_again(ClientConn& client);
  void look_again(UpConn& up);

  /// The listeners' routes are set by the caller before.
  void adopt(const Snapshot& snapshot);
  /// FINs some of what leaving targets still have; true when there is more for the next turn.
  bool close_leaving();
  /// A listener is gone: idle connections are closed, others after their answer.
  void close_idle_clients(const LocalListener& listener);
  /// The worker ends.
  void close_all();

 private:
  using Client = ClientConn;
  enum class Failure { ConnectFailed, Reset, TimedOut, Malformed };
  enum class Cause { Cut, Finish };

  // proxy_client.cc
  void drive(Client& client);
  bool take_head(Client& client);
  std::string_view receive(Client& client);
  bool read_more(Client& client);
  void refuse(Client& client, int status);
  void answer(Client& client, int status, AnswerFraming::Persist persist);
  void send(Client& client, std::string_view bytes);
  bool flush(Client& client);
  void linger(Client& client);
  void after_answer(Client& client);
  void close(Client& client);
  void abort(Client& client);
  void client_gone(Client& client);
  void touch(Client& client);
  void count_own_status(LoadBalancerCounters& counters, int status);

  // proxy_request.cc
  void begin_request(Client& client, const http1::RequestHead& head, std::string_view rest);
  int route(Client& client, const http1::RequestHead& head, Stream& stream);
  std::size_t first_body(Stream& stream, std::string_view rest, http1::HeadWriter& out);
  void dispatch(Stream& stream, Upstreams::Freshness freshness);
  bool send(UpConn& up, std::string_view bytes);
  bool flush(UpConn& up);
  bool pump_request(Stream& stream);
  bool forward_body(Stream& stream, std::string_view& bytes);
  void keep_for_replay(Stream& stream, std::string_view bytes);
  void fail(Stream& stream, int status);
  void end_stream(Stream& stream);

  // proxy_response.cc
  void pump_response(Stream& stream);
  bool take_response(Stream& stream, std::span<char> bytes);
  bool take_heads(Stream& stream, std::span<char> bytes);
  bool take_final(Stream& stream, std::span<char> rest);
  bool relay_informational(Stream& stream);
  bool relay_body(Stream& stream, std::string_view bytes, std::size_t head_bytes);
  void send_chunk(Stream& stream, std::size_t head_bytes, http1::HeadWriter& payload);
  void finish(Stream& stream);
  void upstream_ended(Stream& stream);
  void connect_failed(UpConn& up, Failure failure);
  void upstream_failed(Stream& stream, Failure failure);
  void count_answer(Stream& stream, int status);

  // proxy_sticky.cc
  LocalTarget* sticky_target(const LocalGroup& group, const http1::RequestHead& head) const;
  std::string cookie_lines(const Stream& stream) const;

  // proxy_tunnel.cc
  void start_tunnel(Stream& stream, std::string_view rest);
  void pump_tunnel(Stream& stream);
  bool tunnel_to_target(Stream& stream);
  bool tunnel_to_client(Stream& stream);
  void end_tunnel(Stream& stream, Cause cause);
  void cut(UpConn& up);
  void finish_leaving(UpConn& up);

  WorkerContext& context_;
  ProxyLimits limits_;
  Upstreams upstreams_;
  http1::RequestParser request_parser_;
  http1::ResponseParser response_parser_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Stream>> spare_streams_;
};

}  // namespace tidegate::balancer
