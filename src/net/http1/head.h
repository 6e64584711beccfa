// Strict parsers of HTTP/1.1 request and response heads: what is ambiguous to any other parser is
// refused, with the rule that it breaks (rule ids: docs/internals/http-rules.md). A head is
// complete or nothing; all views point into the bytes given to parse() and live as long as those.
// A parser belongs to one thread and is reused for many heads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/http1/field.h"

namespace tidegate::http1 {

/// ALB's quotas; the API uses smaller ones.
struct HeadLimits {
  std::size_t line_bytes = 16 * 1024;   // request line: 414 beyond
  std::size_t field_bytes = 16 * 1024;  // one field line: 431 beyond
  std::size_t head_bytes = 64 * 1024;   // everything: 431 beyond
  std::size_t fields = 128;             // at most kMaxFields: 431 beyond
};
constexpr std::size_t kMaxFields = 128;
constexpr std::size_t kMethodBytesMax = 32;
constexpr std::size_t kConnectionWordsMax = 64;  // keeps nominated fields × fields small
constexpr std::size_t kResponseHeadBytesMax = 32 * 1024;

enum class Rule : std::uint8_t {
  None,
  S1StartLine,
  S2Method,
  S3Version,
  S4Target,
  S5TargetForm,
  F1Name,
  F2BlankBeforeColon,
  F3Folding,
  F4Value,
  F5Limits,
  F6DisguisedFraming,
  F7Duplicate,
  B1LengthAndCoding,
  B2CodingInOldVersion,
  B3Coding,
  B4Length,
  K1ChunkSize,
  K2ChunkExtension,
  K3ChunkEnd,
  K6Trailer,
  H1HostCount,
  H2HostForm,
  P2NominatedField,
  P5Trace,
  P6Expect,
  R6StatusLine,
};
constexpr std::size_t kRules = 27;
std::string_view rule_name(Rule rule);

struct Refusal {
  int status = 0;  // what to answer; 502 for everything wrong with a response
  Rule rule = Rule::None;
};

enum class Parse : std::uint8_t { Complete, NeedMore, Refused };

/// How long a body is and how its end is known.
struct Framing {
  enum class Kind : std::uint8_t { None, Length, Chunked, UntilClose };
  Kind kind = Kind::None;
  std::uint64_t length = 0;  // Kind::Length only

  bool operator==(const Framing&) const = default;
};

struct RequestHead {
  Method method = Method::Other;
  std::string_view method_text;
  std::string_view target;     // origin-form or "*"; of an absolute-form what follows the authority
  bool slash_missing = false;  // absolute-form without a path: "/" belongs before `target`
  std::string_view path;       // of the target, without the query; "/" when the slash is missing
  std::string_view query;      // after '?', empty without one
  std::string_view host;  // as received, of the authority when that was given; empty only in 1.0
  int minor = 1;
  std::span<const Field> fields;
  Framing body;
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_websocket = false;  // a valid upgrade request to `websocket`
  std::size_t size = 0;          // bytes of the head with its empty line (and a skipped one before)
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor = 1;
  std::span<const Field> fields;
  Framing body;
  bool keep_alive = true;
  bool switches_to_websocket = false;  // 101 with Upgrade: websocket
  std::size_t size = 0;
};

/// The fields of one head, in the order received, with what their combination says.
struct FieldBlock {
  std::array<Field, kMaxFields> fields;
  std::size_t count = 0;
  std::uint32_t seen = 0;  // one bit per FieldId
  std::string_view host;
  std::uint64_t content_length = 0;
  std::string_view coding;  // the one Transfer-Encoding
  bool says_close = false;
  bool says_keep_alive = false;
  bool says_upgrade = false;
  bool upgrade_is_websocket = false;

  void clear();
  bool has(FieldId id) const { return (seen & (1u << static_cast<unsigned>(id))) != 0; }
  std::span<const Field> all() const { return {fields.data(), count}; }
};

class RequestParser {
 public:
  explicit RequestParser(HeadLimits limits = {}) : limits_(limits) {}

  /// Reads one request head from the front of `bytes`. Linear in `bytes`; a caller whose head comes
  /// in pieces asks HeadScan when to call again.
  Parse parse(std::string_view bytes);
  /// Valid after Complete.
  const RequestHead& head() const { return head_; }
  /// Valid after Refused.
  Refusal refusal() const { return refusal_; }

 private:
  Parse start_line(std::string_view bytes, std::size_t& at);
  Parse version(std::string_view bytes, std::size_t& at);
  Parse split_target();
  Parse absolute_target(std::size_t scheme_bytes);
  Parse finish(std::size_t size);
  Parse decide_framing();
  Parse decide_host();
  Parse refuse(int status, Rule rule);

  HeadLimits limits_;
  FieldBlock block_;
  RequestHead head_;
  Refusal refusal_;
  bool authority_in_target_ = false;
};

class ResponseParser {
 public:
  /// Reads one response head, of a request of that method. Folded lines are unfolded in place, so
  /// the bytes are not const.
  Parse parse(std::span<char> bytes, Method method);
  const ResponseHead& head() const { return head_; }
  Refusal refusal() const { return refusal_; }

 private:
  Parse start_line(std::string_view bytes, std::size_t& at);
  Parse finish(std::size_t size, Method method);
  Parse refuse(Rule rule);

  FieldBlock block_;
  ResponseHead head_;
  Refusal refusal_;
};

/// Reads each byte of a head that comes in pieces once, and says when parsing again can tell more:
/// the first line is there, the empty line is there, or a line end is malformed.
class HeadScan {
 public:
  /// `bytes`: all of the head so far, each time from its start.
  bool worth_parsing(std::string_view bytes);
  void restart() { *this = HeadScan{}; }

 private:
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  bool first_line_seen_ = false;
};

/// `host[:port]` without userinfo, blanks and commas; port <= 65535.
bool is_valid_host(std::string_view host);
/// 1*DIGIT up to 2^63-1.
bool parse_length(std::string_view text, std::uint64_t& length);

}  // namespace tidegate::http1
