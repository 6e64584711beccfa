// CBOR (RFC 8949) as Smithy's RPC v2 has it: a request's body as Json, and the pieces of an answer.
// libcbor takes the bytes apart and stays inside cbor.cc; what it may find, and how deep, is
// decided here: the bytes come from the network. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace tidegate::api {

inline constexpr std::size_t kMaxCborDepth = 32;      // containers in one another; requests have 6
inline constexpr std::size_t kMaxCborMembers = 1024;  // of one map; the widest structure has 20

/// One item and nothing behind it. Of definite or indefinite length; a number tagged 1 (seconds
/// since 1970) is that number; undefined is null. Error: InvalidArgument SerializationException:
/// cut short, nested too deep, a map with too many or repeated members or a key that is no text,
/// text that is no UTF-8, an integer outside 64 bits with sign, byte strings and other tags (no
/// request here has any).
Result<Json> parse_cbor(std::string_view bytes);

/// Appends items to `bytes`; the caller sees to it that a map or an array gets what it announced.
class CborWriter {
 public:
  void map(std::size_t members);
  void array(std::size_t items);
  void text(std::string_view value);
  void blob(std::string_view value);
  void integer(std::int64_t value);
  void number(double value);  // always eight bytes, as AWS writes them
  void boolean(bool value);
  void timestamp(Instant value);  // tag 1, seconds as a double, to the millisecond

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace tidegate::api
