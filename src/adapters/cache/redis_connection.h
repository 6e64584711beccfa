// One connection to a Redis for our own few commands: each call waits at most kAnswerTime. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/cache/resp.h"
#include "base/file_descriptor.h"
#include "base/result.h"

namespace tidegate::cache_redis {

inline constexpr std::chrono::milliseconds kAnswerTime{500};

class RedisConnection {
 public:
  /// Connects and authenticates. Errors: Unavailable (refused, reset), Timeout, PermissionDenied.
  static Result<RedisConnection> open(const std::string& address,
                                      std::uint16_t port,
                                      const std::string& user,
                                      const std::string& password);

  /// Sends one command and waits for its reply. A reply that is an error is a value. Errors: as
  /// open(), Corrupt; the connection is of no use any more then.
  Result<Reply> call(std::initializer_list<std::string_view> words);

 private:
  explicit RedisConnection(FileDescriptor socket) : socket_(std::move(socket)) {}
  Status send(std::string_view bytes);

  FileDescriptor socket_;
  ReplyReader reader_;
};

}  // namespace tidegate::cache_redis
