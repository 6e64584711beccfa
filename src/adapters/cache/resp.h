// RESP2, the protocol of Redis: requests out, replies in. Pure; a reader belongs to one connection.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidegate::cache_redis {

/// Of one reply; a CLIENT LIST of 10 000 clients fits. More is Corrupt.
inline constexpr std::size_t kMaxReplyBytes = 8U << 20U;

/// A reply of the kinds that our commands get: arrays are not among them.
struct Reply {
  enum class Kind { Simple, Error, Integer, Bulk, Null };
  Kind kind = Kind::Null;
  std::string text;  // of an Integer its digits; of an Error "WRONGPASS invalid …"
  bool operator==(const Reply&) const = default;
};

/// An array of bulk strings.
std::string encode_request(std::initializer_list<std::string_view> words);

class ReplyReader {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole reply; absent: more bytes are needed. Error: Corrupt, and then for good.
  Result<std::optional<Reply>> next();

 private:
  std::string buffer_;
};

}  // namespace tidegate::cache_redis
