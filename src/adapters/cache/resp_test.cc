#include "adapters/cache/resp.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tidegate::cache_redis {
namespace {

using Kind = Reply::Kind;

Reply whole(const std::string& bytes) {
  ReplyReader reader;
  reader.append(bytes);
  const auto reply = reader.next();
  REQUIRE(reply.has_value());
  REQUIRE(reply->has_value());
  return **reply;
}

bool is_corrupt(const std::string& bytes) {
  ReplyReader reader;
  reader.append(bytes);
  const auto reply = reader.next();
  return !reply && reply.error().code == ErrorCode::Corrupt;
}

}  // namespace

TEST_CASE("resp: a request is an array of texts with their lengths") {
  CHECK(encode_request({"SET", "a b", ""}) == "*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$0\r\n\r\n");
}

TEST_CASE("resp: each kind of reply") {
  CHECK(whole("+PONG\r\n") == Reply{Kind::Simple, "PONG"});
  CHECK(whole("-ERR no\r\n") == Reply{Kind::Error, "ERR no"});
  CHECK(whole(":42\r\n") == Reply{Kind::Integer, "42"});
  CHECK(whole("$5\r\na\r\nbc\r\n") == Reply{Kind::Bulk, "a\r\nbc"});
  CHECK(whole("$0\r\n\r\n") == Reply{Kind::Bulk, ""});
  CHECK(whole("$-1\r\n") == Reply{Kind::Null, ""});
}

TEST_CASE("resp: byte by byte is the same as at once, and what follows stays") {
  const std::string bytes = "$3\r\nabc\r\n+OK\r\n";
  ReplyReader reader;
  std::vector<Reply> replies;
  for (const char c : bytes) {
    reader.append({&c, 1});
    const auto reply = reader.next();
    REQUIRE(reply.has_value());
    if (*reply) replies.push_back(**reply);
  }
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].text == "abc");
  CHECK(replies[1].text == "OK");
}

TEST_CASE("resp: what is no reply is corrupt, not waited for") {
  CHECK(is_corrupt("\r\n"));
  CHECK(is_corrupt("HTTP/1.1 200 OK\r\n"));
  CHECK(is_corrupt("*1\r\n$1\r\na\r\n"));  // our commands get no arrays
  CHECK(is_corrupt("$x\r\n"));
  CHECK(is_corrupt("$-2\r\n"));
  CHECK(is_corrupt("$8388609\r\n"));
  CHECK(is_corrupt("$1\r\nabc\r\n"));
  CHECK(is_corrupt("+" + std::string(70'000, 'x')));
}

TEST_CASE("resp: the largest text is taken, piece by piece") {
  ReplyReader reader;
  reader.append("$8388608\r\n");
  const auto none = reader.next();
  REQUIRE(none.has_value());
  CHECK_FALSE(none->has_value());
  reader.append(std::string(kMaxReplyBytes, 'x') + "\r\n");
  const auto reply = reader.next();
  REQUIRE((reply.has_value() && reply->has_value()));
  CHECK((*reply)->text.size() == kMaxReplyBytes);
}

}  // namespace tidegate::cache_redis
