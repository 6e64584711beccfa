#include <algorithm>

#include "net/http1/chars.h"
#include "net/http1/fields.h"
#include "net/http1/head.h"

namespace tidegate::http1 {
namespace {

constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"

bool is_port(std::string_view text) {
  if (text.empty()) return true;  // RFC 3986 §3.2.3: the port may be empty
  if (text.size() > 5 || !all(kDigit, text)) return false;
  unsigned port = 0;
  for (const char c : text) {
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535;
}

// An IP literal in brackets: hexadecimal digits, colons and points (no zone, no future forms).
bool is_ip_literal(std::string_view inside) {
  return inside.size() >= 2 && std::ranges::all_of(inside, [](char c) {
           return is(kHexDigit, c) || c == ':' || c == '.';
         });
}

bool has_broken_escape(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (i + 2 >= text.size() || !is(kHexDigit, text[i + 1]) || !is(kHexDigit, text[i + 2])) {
      return true;
    }
  }
  return false;
}

enum class CodingVerdict { Chunked, Unknown, Malformed };

// Exactly `chunked` is ours. A list of well-formed codings that we do not know is honest (501);
// everything that another parser may read as chunked is not.
CodingVerdict judge_coding(std::string_view value) {
  if (same_word(value, "chunked")) return CodingVerdict::Chunked;
  std::string_view rest = value;
  std::size_t chunked_at_end = 0;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view word = trim_ows(rest.substr(0, comma));
    if (word.empty() || !all(kTchar, word) || same_word(word, "identity")) {
      return CodingVerdict::Malformed;
    }
    if (chunked_at_end > 0) return CodingVerdict::Malformed;  // chunked was not the last
    if (same_word(word, "chunked")) ++chunked_at_end;
    if (comma == std::string_view::npos) return CodingVerdict::Unknown;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

bool is_valid_host(std::string_view host) {
  if (host.empty() || !all(kHostChar, host)) return false;
  if (host.front() == '[') {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos || !is_ip_literal(host.substr(1, close - 1))) return false;
    const std::string_view rest = host.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  if (host.find_first_of("[]") != std::string_view::npos || has_broken_escape(host)) return false;
  const std::size_t colon = host.find(':');
  if (colon == std::string_view::npos) return true;
  return colon > 0 && is_port(host.substr(colon + 1));
}

bool parse_length(std::string_view text, std::uint64_t& length) {
  constexpr std::uint64_t kMax = (std::uint64_t{1} << 63) - 1;
  if (text.empty() || !all(kDigit, text)) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
  }
  length = value;
  return true;
}

Parse RequestParser::refuse(int status, Rule rule) {
  refusal_ = {status, rule};
  return Parse::Refused;
}

Parse RequestParser::parse(std::string_view bytes) {
  block_.clear();
  head_ = RequestHead{};
  authority_in_target_ = false;
  std::size_t at = 0;
  if (bytes.starts_with("\r\n")) at = 2;  // S6: one empty line before the request is forgiven
  if (bytes == "\r") return Parse::NeedMore;
  if (const Parse parsed = start_line(bytes, at); parsed != Parse::Complete) return parsed;
  while (true) {
    const FieldLine line = read_field_line(bytes, at, Strictness::Request);
    const std::size_t line_end = line.kind == FieldLine::Kind::NeedMore ? bytes.size() : line.next;
    if (line.kind == FieldLine::Kind::Bad) return refuse(400, line.rule);
    if (line_end - at > limits_.field_bytes || line_end > limits_.head_bytes) {
      return refuse(431, Rule::F5Limits);
    }
    if (line.kind == FieldLine::Kind::NeedMore) return Parse::NeedMore;
    at = line.next;
    if (line.kind == FieldLine::Kind::End) return finish(at);
    if (block_.count == std::min(limits_.fields, kMaxFields)) return refuse(431, Rule::F5Limits);
    const Rule rule = add_field(block_, line.field, Strictness::Request);
    if (rule != Rule::None) return refuse(rule == Rule::F5Limits ? 431 : 400, rule);
  }
}

Parse RequestParser::start_line(std::string_view bytes, std::size_t& at) {
  const std::size_t begin = at;
  while (at < bytes.size() && is(kTchar, bytes[at])) {
    ++at;
  }
  head_.method_text = bytes.substr(begin, at - begin);
  if (head_.method_text.size() > kMethodBytesMax) return refuse(400, Rule::S2Method);
  if (at == bytes.size()) return Parse::NeedMore;
  if (bytes[at] != ' ' || head_.method_text.empty()) return refuse(400, Rule::S1StartLine);
  head_.method = method_of(head_.method_text);
  const std::size_t target_at = ++at;
  at = end_of_target(bytes, at);
  if (at - begin > limits_.line_bytes) return refuse(414, Rule::F5Limits);
  if (at == bytes.size()) return Parse::NeedMore;
  head_.target = bytes.substr(target_at, at - target_at);
  if (bytes[at] != ' ') {
    const bool line_end = bytes[at] == '\r' || bytes[at] == '\n';
    return refuse(400, line_end ? Rule::S1StartLine : Rule::S4Target);
  }
  if (head_.target.empty()) return refuse(400, Rule::S1StartLine);
  ++at;
  if (const Parse parsed = version(bytes, at); parsed != Parse::Complete) return parsed;
  if (at - begin > limits_.line_bytes) return refuse(414, Rule::F5Limits);
  return split_target();
}

Parse RequestParser::version(std::string_view bytes, std::size_t& at) {
  const std::string_view rest = bytes.substr(at, kVersionBytes + 2);
  if (rest.size() < kVersionBytes + 2) {
    const bool ended = rest.find('\n') != std::string_view::npos;
    return ended ? refuse(400, Rule::S1StartLine) : Parse::NeedMore;
  }
  if (!rest.starts_with("HTTP/") || !is(kDigit, rest[5]) || rest[6] != '.' ||
      !is(kDigit, rest[7])) {
    return refuse(400, Rule::S3Version);
  }
  if (rest[8] != '\r' || rest[9] != '\n') return refuse(400, Rule::S1StartLine);
  if (head_.method_text == "PRI") return refuse(400, Rule::S3Version);  // the HTTP/2 preface
  if (rest[5] != '1' || rest[7] > '1') {
    return refuse(rest.starts_with("HTTP/0") ? 400 : 505, Rule::S3Version);
  }
  head_.minor = rest[7] - '0';
  at += kVersionBytes + 2;
  return Parse::Complete;
}

Parse RequestParser::split_target() {
  const std::string_view target = head_.target;
  if (head_.method == Method::Connect) return refuse(405, Rule::S5TargetForm);
  if (head_.method == Method::Trace) return refuse(405, Rule::P5Trace);
  if (target == "*") {
    if (head_.method != Method::Options) return refuse(400, Rule::S5TargetForm);
    head_.path = target;
    return Parse::Complete;
  }
  if (target.front() != '/') {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return refuse(400, Rule::S5TargetForm);
    const std::string_view name = target.substr(0, scheme);
    if (!same_word(name, "http") && !same_word(name, "https")) {
      return refuse(400, Rule::S5TargetForm);
    }
    return absolute_target(scheme + 3);
  }
  const std::size_t question = target.find('?');
  head_.path = target.substr(0, question);
  if (question != std::string_view::npos) head_.query = target.substr(question + 1);
  return Parse::Complete;
}

Parse RequestParser::absolute_target(std::size_t scheme_bytes) {
  const std::string_view rest = head_.target.substr(scheme_bytes);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  authority_in_target_ = true;
  head_.host = rest.substr(0, end);
  if (!is_valid_host(head_.host)) return refuse(400, Rule::S5TargetForm);
  head_.target = rest.substr(end);
  if (head_.target.empty() && head_.method == Method::Options) {
    head_.target = head_.path = "*";  // RFC 9112 §3.2.4
    return Parse::Complete;
  }
  const std::size_t question = head_.target.find('?');
  head_.slash_missing = head_.target.empty() || question == 0;
  head_.path = head_.slash_missing ? std::string_view{"/"} : head_.target.substr(0, question);
  if (question != std::string_view::npos) head_.query = head_.target.substr(question + 1);
  return Parse::Complete;
}

Parse RequestParser::decide_host() {
  const bool given = block_.has(FieldId::Host);
  if (!given) {
    return head_.minor == 0 ? Parse::Complete : refuse(400, Rule::H1HostCount);
  }
  if (!is_valid_host(block_.host)) return refuse(400, Rule::H2HostForm);
  if (authority_in_target_ && !same_word(head_.host, block_.host)) {
    return refuse(400, Rule::S5TargetForm);
  }
  if (!authority_in_target_) head_.host = block_.host;
  return Parse::Complete;
}

Parse RequestParser::decide_framing() {
  const bool length = block_.has(FieldId::ContentLength);
  if (!block_.has(FieldId::TransferEncoding)) {
    if (length) head_.body = {Framing::Kind::Length, block_.content_length};
    return Parse::Complete;
  }
  if (length) return refuse(400, Rule::B1LengthAndCoding);
  if (head_.minor == 0) return refuse(400, Rule::B2CodingInOldVersion);
  switch (judge_coding(block_.coding)) {
    case CodingVerdict::Chunked:
      head_.body = {Framing::Kind::Chunked, 0};
      return Parse::Complete;
    case CodingVerdict::Unknown:
      return refuse(501, Rule::B3Coding);
    case CodingVerdict::Malformed:
      break;
  }
  return refuse(400, Rule::B3Coding);
}

Parse RequestParser::finish(std::size_t size) {
  head_.size = size;
  if (const Parse parsed = decide_framing(); parsed != Parse::Complete) return parsed;
  if (const Parse parsed = decide_host(); parsed != Parse::Complete) return parsed;
  const Rule rule = mark_hop_by_hop(block_);
  if (rule != Rule::None) return refuse(400, rule);
  head_.fields = block_.all();
  head_.keep_alive = !block_.says_close && (head_.minor == 1 || block_.says_keep_alive);
  if (block_.has(FieldId::Expect)) {
    const auto expect = std::ranges::find(head_.fields, FieldId::Expect, &Field::id);
    if (!same_word(expect->value, "100-continue")) return refuse(417, Rule::P6Expect);
    head_.expects_continue = head_.minor == 1;
  }
  const bool empty_body = head_.body.kind == Framing::Kind::None ||
                          (head_.body.kind == Framing::Kind::Length && head_.body.length == 0);
  head_.wants_websocket = head_.minor == 1 && head_.method == Method::Get && empty_body &&
                          block_.says_upgrade && block_.upgrade_is_websocket;
  return Parse::Complete;
}

bool HeadScan::worth_parsing(std::string_view bytes) {
  bool worth = false;
  while (scanned_ < bytes.size()) {
    const std::size_t newline = bytes.find('\n', scanned_);
    if (newline == std::string_view::npos) {
      scanned_ = bytes.size();
      break;
    }
    const bool malformed = newline == 0 || bytes[newline - 1] != '\r';
    const bool empty = newline - line_start_ <= 1;
    worth = worth || malformed || empty || !first_line_seen_;
    first_line_seen_ = first_line_seen_ || !empty;
    scanned_ = line_start_ = newline + 1;
  }
  return worth;
}

}  // namespace tidegate::http1
