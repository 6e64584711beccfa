#include "adapters/cache/resp.h"

#include "base/text.h"

namespace tidegate::cache_redis {
namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kMaxLine = 64U << 10U;

Error corrupt(std::string what) {
  return Error{ErrorCode::Corrupt, "CorruptReply", "the answer is not Redis's: " + std::move(what)};
}

std::optional<Reply::Kind> kind_of(char mark) {
  switch (mark) {
    case '+':
      return Reply::Kind::Simple;
    case '-':
      return Reply::Kind::Error;
    case ':':
      return Reply::Kind::Integer;
    case '$':
      return Reply::Kind::Bulk;
  }
  return std::nullopt;
}

}  // namespace

std::string encode_request(std::initializer_list<std::string_view> words) {
  std::string request = "*" + std::to_string(words.size()) + std::string{kEnd};
  for (const std::string_view word : words) {
    request += "$" + std::to_string(word.size()) + std::string{kEnd};
    request += word;
    request += kEnd;
  }
  return request;
}

Result<std::optional<Reply>> ReplyReader::next() {
  const std::size_t end = buffer_.find(kEnd);
  if (end == std::string::npos) {
    if (buffer_.size() > kMaxLine) {
      return corrupt("a line without an end");
    }
    return std::optional<Reply>{};
  }
  const auto kind = end == 0 ? std::nullopt : kind_of(buffer_.front());
  if (!kind) {
    return corrupt("it begins with '" + buffer_.substr(0, 1) + "'");
  }
  Reply reply{*kind, buffer_.substr(1, end - 1)};
  std::size_t used = end + kEnd.size();
  if (*kind == Reply::Kind::Bulk) {
    const auto size = parse_int(reply.text);
    if (!size || *size < -1 || *size > static_cast<std::int64_t>(kMaxReplyBytes)) {
      return corrupt("a text of " + reply.text.substr(0, 20) + " bytes");
    }
    if (*size == -1) {
      reply = {Reply::Kind::Null, {}};
    } else {
      const auto length = static_cast<std::size_t>(*size);
      if (buffer_.size() < used + length + kEnd.size()) {
        return std::optional<Reply>{};
      }
      if (buffer_.compare(used + length, kEnd.size(), kEnd) != 0) {
        return corrupt("a text longer than it says");
      }
      reply.text = buffer_.substr(used, length);
      used += length + kEnd.size();
    }
  }
  buffer_.erase(0, used);
  return std::optional{std::move(reply)};
}

}  // namespace tidegate::cache_redis
