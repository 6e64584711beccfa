#include <algorithm>
#include <string_view>

#include "net/http1/chars.h"
#include "net/http1/fields.h"
#include "net/http1/head.h"

namespace tidegate::http1 {
namespace {

// Folded lines become one (RFC 9112 §5.2): CR and LF before a blank turn into blanks. Stops at the
// empty line.
void unfold(std::span<char> bytes) {
  const std::string_view text{bytes.data(), bytes.size()};
  std::size_t at = text.find("\r\n");
  while (at != std::string_view::npos && at + 2 < text.size()) {
    const char next = text[at + 2];
    if (next == '\r') return;
    if (next == ' ' || next == '\t') {
      bytes[at] = ' ';
      bytes[at + 1] = ' ';
    }
    at = text.find("\r\n", at + 2);
  }
}

bool never_has_body(int status, Method method) {
  return method == Method::Head || status < 200 || status == 204 || status == 304;
}

}  // namespace

std::string_view rule_name(Rule rule) {
  static constexpr auto kNames = std::to_array<std::string_view>({
      "none", "S1", "S2", "S3", "S4", "S5", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "B1",
      "B2",   "B3", "B4", "K1", "K2", "K3", "K6", "H1", "H2", "P2", "P5", "P6", "R6",
  });
  static_assert(kNames.size() == kRules);
  return kNames[static_cast<std::size_t>(rule)];
}

Parse ResponseParser::refuse(Rule rule) {
  refusal_ = {502, rule};
  return Parse::Refused;
}

Parse ResponseParser::parse(std::span<char> bytes, Method method) {
  block_.clear();
  head_ = ResponseHead{};
  unfold(bytes);
  const std::string_view text{bytes.data(), bytes.size()};
  std::size_t at = 0;
  if (const Parse parsed = start_line(text, at); parsed != Parse::Complete) return parsed;
  while (true) {
    const FieldLine line = read_field_line(text, at, Strictness::Response);
    if (line.kind == FieldLine::Kind::Bad) return refuse(line.rule);
    const std::size_t line_end = line.kind == FieldLine::Kind::NeedMore ? text.size() : line.next;
    if (line_end > kResponseHeadBytesMax) return refuse(Rule::F5Limits);
    if (line.kind == FieldLine::Kind::NeedMore) return Parse::NeedMore;
    at = line.next;
    if (line.kind == FieldLine::Kind::End) return finish(at, method);
    if (block_.count == kMaxFields) return refuse(Rule::F5Limits);
    const Rule rule = add_field(block_, line.field, Strictness::Response);
    if (rule != Rule::None) return refuse(rule);
  }
}

Parse ResponseParser::start_line(std::string_view bytes, std::size_t& at) {
  const std::size_t end = end_of_value(bytes, 0);
  if (end == bytes.size() || end + 1 == bytes.size()) {
    constexpr std::string_view kPrefix = "HTTP/1.";
    const std::size_t known = std::min(bytes.size(), kPrefix.size());
    if (bytes.substr(0, known) != kPrefix.substr(0, known)) return refuse(Rule::R6StatusLine);
    return bytes.size() > kResponseHeadBytesMax ? refuse(Rule::F5Limits) : Parse::NeedMore;
  }
  if (bytes[end] != '\r' || bytes[end + 1] != '\n') return refuse(Rule::R6StatusLine);
  const std::string_view line = bytes.substr(0, end);
  // "HTTP/1.x SP 3DIGIT [SP reason]": the blank before an empty reason is often missing.
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || !is(kDigit, line[7]) || line[8] != ' ' ||
      !all(kDigit, line.substr(9, 3)) || (line.size() > 12 && line[12] != ' ')) {
    return refuse(Rule::R6StatusLine);
  }
  head_.minor = line[7] == '0' ? 0 : 1;
  head_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (head_.status < 100 || head_.status > 599) return refuse(Rule::R6StatusLine);
  head_.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
  at = end + 2;
  return Parse::Complete;
}

Parse ResponseParser::finish(std::size_t size, Method method) {
  head_.size = size;
  head_.keep_alive = !block_.says_close && (head_.minor == 1 || block_.says_keep_alive);
  const bool length = block_.has(FieldId::ContentLength);
  if (never_has_body(head_.status, method)) {
    head_.body = {};
  } else if (block_.has(FieldId::TransferEncoding)) {
    if (head_.minor == 0) return refuse(Rule::B2CodingInOldVersion);
    if (!same_word(block_.coding, "chunked")) return refuse(Rule::B3Coding);
    head_.body = {Framing::Kind::Chunked, 0};
    if (length)
      head_.keep_alive = false;  // R1: Transfer-Encoding wins, and the peer is not trusted
  } else if (length) {
    head_.body = {Framing::Kind::Length, block_.content_length};
  } else {
    head_.body = {Framing::Kind::UntilClose, 0};
    head_.keep_alive = false;
  }
  const Rule rule = mark_hop_by_hop(block_);
  if (rule != Rule::None) return refuse(rule);
  head_.fields = block_.all();
  head_.switches_to_websocket =
      head_.status == 101 && block_.says_upgrade && block_.upgrade_is_websocket;
  return Parse::Complete;
}

}  // namespace tidegate::http1
