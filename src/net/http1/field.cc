#include "net/http1/field.h"

#include <algorithm>
#include <array>
#include <string>

#include "net/http1/chars.h"

namespace tidegate::http1 {
namespace {

struct Name {
  std::string_view text;  // lower case
  FieldId id;
};

// Ordered by length, so that a length names a short run of candidates.
constexpr auto kNames = std::to_array<Name>({
    {"te", FieldId::Te},
    {"host", FieldId::Host},
    {"range", FieldId::Range},
    {"expect", FieldId::Expect},
    {"cookie", FieldId::Cookie},
    {"upgrade", FieldId::Upgrade},
    {"trailer", FieldId::Trailer},
    {"connection", FieldId::Connection},
    {"keep-alive", FieldId::KeepAlive},
    {"content-type", FieldId::ContentType},
    {"max-forwards", FieldId::MaxForwards},
    {"authorization", FieldId::Authorization},
    {"content-range", FieldId::ContentRange},
    {"content-length", FieldId::ContentLength},
    {"http2-settings", FieldId::Http2Settings},
    {"x-forwarded-for", FieldId::XForwardedFor},
    {"x-amzn-trace-id", FieldId::XAmznTraceId},
    {"proxy-connection", FieldId::ProxyConnection},
    {"x-forwarded-port", FieldId::XForwardedPort},
    {"transfer-encoding", FieldId::TransferEncoding},
    {"x-forwarded-proto", FieldId::XForwardedProto},
    {"proxy-authenticate", FieldId::ProxyAuthenticate},
    {"proxy-authorization", FieldId::ProxyAuthorization},
});
constexpr std::size_t kLongestName = 19;

// kFirst[n]: the first entry of length >= n.
constexpr auto kFirst = [] {
  std::array<std::uint8_t, kLongestName + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    std::uint8_t at = 0;
    while (at < kNames.size() && kNames[at].text.size() < length) {
      ++at;
    }
    first[length] = at;
  }
  return first;
}();

bool is_lower_word(std::string_view lower_word, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_word[i]) return false;
  }
  return true;
}

struct Phrase {
  int status;
  std::string_view text;
};
constexpr auto kPhrases = std::to_array<Phrase>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {460, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower(x) == lower(y);
         });
}

FieldId field_id(std::string_view name) {
  if (name.size() > kLongestName) return FieldId::Other;
  for (std::size_t i = kFirst[name.size()]; i < kFirst[name.size() + 1]; ++i) {
    if (is_lower_word(kNames[i].text, name)) return kNames[i].id;
  }
  return FieldId::Other;
}

Method method_of(std::string_view text) {
  static constexpr auto kMethods = std::to_array<std::string_view>(
      {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"});
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (kMethods[i] == text) return static_cast<Method>(i);
  }
  return Method::Other;
}

std::string_view reason_phrase(int status) {
  const auto at = std::ranges::find(kPhrases, status, &Phrase::status);
  return at == kPhrases.end() ? std::string_view{"Unknown"} : at->text;
}

bool disguises_framing(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    const char mapped = c == '_' || c == '.' ? '-' : lower(c);
    if (mapped == '-' && (plain.empty() || plain.back() == '-')) continue;
    plain += mapped;
  }
  if (!plain.empty() && plain.back() == '-') plain.pop_back();
  const bool framing = plain == "content-length" || plain == "transfer-encoding";
  return framing && field_id(name) == FieldId::Other;
}

bool always_hop_by_hop(FieldId id) {
  switch (id) {
    case FieldId::Connection:
    case FieldId::KeepAlive:
    case FieldId::ProxyConnection:
    case FieldId::ProxyAuthenticate:
    case FieldId::ProxyAuthorization:
    case FieldId::Te:
    case FieldId::Trailer:
    case FieldId::Upgrade:
    case FieldId::Http2Settings:
    case FieldId::TransferEncoding:
      return true;
    case FieldId::Other:
    case FieldId::Host:
    case FieldId::ContentLength:
    case FieldId::Expect:
    case FieldId::MaxForwards:
    case FieldId::Authorization:
    case FieldId::ContentType:
    case FieldId::ContentRange:
    case FieldId::Range:
    case FieldId::Cookie:
    case FieldId::XForwardedFor:
    case FieldId::XForwardedPort:
    case FieldId::XForwardedProto:
    case FieldId::XAmznTraceId:
      return false;
  }
  return false;
}

bool protected_from_connection(FieldId id) {
  return id == FieldId::Host || id == FieldId::ContentLength || id == FieldId::TransferEncoding ||
         id == FieldId::Authorization || id == FieldId::Cookie || id == FieldId::XForwardedFor ||
         id == FieldId::XForwardedPort || id == FieldId::XForwardedProto;
}

bool is_singleton(FieldId id) {
  return id == FieldId::ContentType || id == FieldId::Authorization || id == FieldId::Expect ||
         id == FieldId::ProxyAuthorization || id == FieldId::MaxForwards || id == FieldId::Range ||
         id == FieldId::ContentRange;
}

}  // namespace tidegate::http1
