// Field names that a server or proxy acts on, and the words of methods and statuses. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::http1 {

enum class Method : std::uint8_t {
  Get,
  Head,
  Post,
  Put,
  Delete,
  Patch,
  Options,
  Trace,
  Connect,
  Other
};

enum class FieldId : std::uint8_t {
  Other,
  Host,
  ContentLength,
  TransferEncoding,
  Connection,
  KeepAlive,
  ProxyConnection,
  ProxyAuthenticate,
  ProxyAuthorization,
  Te,
  Trailer,
  Upgrade,
  Http2Settings,
  Expect,
  MaxForwards,
  Authorization,
  ContentType,
  ContentRange,
  Range,
  Cookie,
  XForwardedFor,
  XForwardedPort,
  XForwardedProto,
  XAmznTraceId,
};

struct Field {
  std::string_view name;
  std::string_view value;
  FieldId id = FieldId::Other;
  bool hop_by_hop = false;  // for this connection only: not forwarded (RFC 9110 §7.6.1)
};

/// Case-insensitive.
FieldId field_id(std::string_view name);
/// Exact: methods are case-sensitive.
Method method_of(std::string_view text);
/// "Not Found" for 404; "Unknown" for a code without a registered phrase.
std::string_view reason_phrase(int status);

/// The name reads as Content-Length or Transfer-Encoding to a lenient parser, and is neither
/// (underscores, doubled or trailing hyphens, points).
bool disguises_framing(std::string_view name);

/// Fields that belong to one connection whatever Connection says.
bool always_hop_by_hop(FieldId id);
/// Fields that no Connection header may take away (rule P2).
bool protected_from_connection(FieldId id);
/// Fields that may stand twice only with equal values (rule F7).
bool is_singleton(FieldId id);

/// ASCII case-insensitive equality.
bool same_word(std::string_view a, std::string_view b);

}  // namespace tidegate::http1
