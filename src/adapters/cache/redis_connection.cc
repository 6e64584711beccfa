#include "adapters/cache/redis_connection.h"

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include "net/loop.h"
#include "net/socket.h"

namespace tidegate::cache_redis {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;

Error too_slow() {
  return Error{ErrorCode::Timeout,
               "RedisTimeout",
               "no answer within " + std::to_string(kAnswerTime.count()) + " ms"};
}

Error broken(std::string what) {
  return Error{ErrorCode::Unavailable, "RedisUnavailable", std::move(what)};
}

Status wait_for(int fd, short events, MonotonicInstant deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - net::monotonic_now()).count();
    if (left <= 0) {
      return too_slow();
    }
    pollfd one{fd, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(left));
    if (ready > 0) {
      return Ok{};
    }
    if (ready < 0 && errno != EINTR) {
      return net::errno_error("poll", errno);
    }
  }
}

}  // namespace

Result<RedisConnection> RedisConnection::open(const std::string& address,
                                              std::uint16_t port,
                                              const std::string& user,
                                              const std::string& password) {
  TG_ASSIGN_OR_RETURN(const auto to, net::SocketAddress::ip(address, port));
  TG_ASSIGN_OR_RETURN(auto socket, net::start_connect(to));
  TG_RETURN_IF_ERROR(wait_for(socket.get(), POLLOUT, net::monotonic_now() + kAnswerTime));
  if (const int error = net::connect_error(socket.get()); error != 0) {
    return broken(net::errno_error("connect to " + to.text(), error).message);
  }
  RedisConnection connection{std::move(socket)};
  TG_ASSIGN_OR_RETURN(const Reply reply, connection.call({"AUTH", user, password}));
  if (reply.kind == Reply::Kind::Error) {
    return Error{ErrorCode::PermissionDenied, "RedisRefused", "AUTH: " + reply.text};
  }
  return connection;
}

Status RedisConnection::send(std::string_view bytes) {
  const MonotonicInstant deadline = net::monotonic_now() + kAnswerTime;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return broken(net::errno_error("send", errno).message);
    } else {
      TG_RETURN_IF_ERROR(wait_for(socket_.get(), POLLOUT, deadline));
    }
  }
  return Ok{};
}

Result<Reply> RedisConnection::call(std::initializer_list<std::string_view> words) {
  TG_RETURN_IF_ERROR(send(encode_request(words)));
  const MonotonicInstant deadline = net::monotonic_now() + kAnswerTime;
  std::array<char, kReadBytes> bytes{};
  while (true) {
    TG_ASSIGN_OR_RETURN(auto reply, reader_.next());
    if (reply) {
      return *std::move(reply);
    }
    TG_RETURN_IF_ERROR(wait_for(socket_.get(), POLLIN, deadline));
    const ssize_t got = recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) {
      reader_.append({bytes.data(), static_cast<std::size_t>(got)});
    } else if (got == 0) {
      return broken("it closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
      return broken(net::errno_error("receive", errno).message);
    }
  }
}

}  // namespace tidegate::cache_redis
