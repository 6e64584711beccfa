#include "apps/tidegate/rehearse/answer_reader.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

/// The value of a field in a head, blanks trimmed; names match in any case.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const auto end = std::min(head.find(kLineEnd), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + kLineEnd.size()));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      return trim(line.substr(colon + 1));
    }
  }
  return std::nullopt;
}

}  // namespace

void AnswerReader::reset() {
  buffer_.clear();
  in_body_ = false;
  left_ = 0;
  last_chunk_ = false;
  status_ = 0;
  closes_ = false;
}

AnswerReader::State AnswerReader::take(std::string_view bytes) {
  buffer_.append(bytes);
  return in_body_ ? read_body() : read_head();
}

AnswerReader::State AnswerReader::take_end() {
  return in_body_ && body_ == Body::UntilEnd ? State::Complete : State::Broken;
}

AnswerReader::State AnswerReader::read_head() {
  const auto end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) {
    return buffer_.size() > kMaxAnswerHead ? State::Broken : State::Reading;
  }
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  const auto status = head.size() >= 12 ? parse_int(head.substr(9, 3)) : std::nullopt;
  if (!head.starts_with("HTTP/1.") || !status || *status < 100) {
    return State::Broken;
  }
  if (*status < 200) {
    return read_head();  // an interim answer; the real one follows
  }
  status_ = static_cast<int>(*status);
  closes_ = equals_ignoring_case(field(head, "connection").value_or(""), "close");
  in_body_ = true;
  const auto length = field(head, "content-length");
  if (equals_ignoring_case(field(head, "transfer-encoding").value_or(""), "chunked")) {
    body_ = Body::Chunked;
  } else if (length || status_ == 204 || status_ == 304) {
    body_ = Body::Length;
    const auto bytes = parse_int(length.value_or("0"));
    if (!bytes || *bytes < 0) {
      return State::Broken;
    }
    left_ = static_cast<std::uint64_t>(*bytes);
  } else {
    body_ = Body::UntilEnd;
    closes_ = true;
  }
  return read_body();
}

AnswerReader::State AnswerReader::read_body() {
  switch (body_) {
    case Body::UntilEnd:
      buffer_.clear();
      return State::Reading;
    case Body::Chunked:
      return read_chunks();
    case Body::Length:
      break;
  }
  if (buffer_.size() > left_) {
    return State::Broken;
  }
  left_ -= buffer_.size();
  buffer_.clear();
  return left_ == 0 ? State::Complete : State::Reading;
}

AnswerReader::State AnswerReader::read_chunks() {
  while (true) {
    const auto taken = std::min<std::uint64_t>(left_, buffer_.size());
    buffer_.erase(0, taken);
    left_ -= taken;
    if (left_ > 0) {
      return State::Reading;
    }
    const auto end = buffer_.find(kLineEnd);
    if (end == std::string::npos) {
      return buffer_.size() > kMaxAnswerHead ? State::Broken : State::Reading;
    }
    const std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + kLineEnd.size());
    if (last_chunk_) {  // trailers, up to the empty line
      if (line.empty()) {
        return buffer_.empty() ? State::Complete : State::Broken;
      }
      continue;
    }
    std::uint64_t size = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (read.ec != std::errc{} || size > (std::uint64_t{1} << 40)) {
      return State::Broken;
    }
    last_chunk_ = size == 0;
    left_ = last_chunk_ ? 0 : size + kLineEnd.size();
  }
}

}  // namespace tidegate::apps
