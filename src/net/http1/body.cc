#include "net/http1/body.h"

#include <algorithm>

#include "net/http1/chars.h"

namespace tidegate::http1 {
namespace {

constexpr std::uint8_t kChunkDigitsMax = 16;

std::uint64_t hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint64_t>(c - '0');
  return static_cast<std::uint64_t>(lower(c) - 'a') + 10;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

BodyReader::BodyReader(Framing framing) : framing_(framing), left_(framing.length) {
  const bool empty = framing.kind == Framing::Kind::None ||
                     (framing.kind == Framing::Kind::Length && framing.length == 0);
  state_ = empty ? BodyState::Done : BodyState::More;
}

BodyPiece BodyReader::next(std::string_view input) {
  if (state_ != BodyState::More) return {.payload = {}, .consumed = 0, .state = state_};
  switch (framing_.kind) {
    case Framing::Kind::None:
      break;
    case Framing::Kind::Length:
      return counted(input);
    case Framing::Kind::Chunked:
      return chunked(input);
    case Framing::Kind::UntilClose:
      return {.payload = input, .consumed = input.size(), .state = state_};
  }
  return {.payload = {}, .consumed = 0, .state = state_};
}

BodyPiece BodyReader::counted(std::string_view input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= size;
  if (left_ == 0) state_ = BodyState::Done;
  return {.payload = input.substr(0, size), .consumed = size, .state = state_};
}

BodyPiece BodyReader::chunked(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && state_ == BodyState::More) {
    if (step_ == Step::Data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
      left_ -= size;
      if (left_ == 0) step_ = Step::DataCr;
      return {.payload = input.substr(at, size), .consumed = at + size, .state = state_};
    }
    if (!take(input[at])) break;
    ++at;
  }
  return {.payload = {}, .consumed = at, .state = state_};
}

bool BodyReader::fail(Rule rule) {
  rule_ = rule;
  state_ = BodyState::Bad;
  return false;
}

bool BodyReader::take(char c) {
  switch (step_) {
    case Step::Size:
    case Step::SizeEnd:
    case Step::SizeLf:
      return take_size(c);
    case Step::ExtensionName:
    case Step::ExtensionValue:
    case Step::QuotedValue:
    case Step::QuotedEscape:
    case Step::QuotedEnd:
      return (c == '\r' || count_extension_byte()) && take_extension(c);
    case Step::Data:
      return false;
    case Step::DataCr:
      step_ = Step::DataLf;
      return c == '\r' || fail(Rule::K3ChunkEnd);
    case Step::DataLf:
      step_ = Step::Size;
      return c == '\n' || fail(Rule::K3ChunkEnd);
    case Step::TrailerStart:
    case Step::TrailerName:
    case Step::TrailerValue:
    case Step::TrailerLf:
    case Step::LastLf:
      return take_trailer(c);
  }
  return false;
}

bool BodyReader::take_size(char c) {
  if (step_ == Step::Size && is(kHexDigit, c)) {
    if (++digits_ > kChunkDigitsMax || left_ >> 59 != 0) return fail(Rule::K1ChunkSize);
    left_ = left_ * 16 + hex_value(c);
    return true;
  }
  if (step_ == Step::SizeLf) {
    if (c != '\n') return fail(Rule::K3ChunkEnd);
    end_of_size_line();
    return true;
  }
  if (digits_ == 0) return fail(Rule::K1ChunkSize);
  if (c == '\r' && step_ == Step::Size) {
    step_ = Step::SizeLf;
    return true;
  }
  if (c == ';') {
    step_ = Step::ExtensionName;
    word_ = blank_ = false;
    return true;
  }
  // Bad whitespace is read before an extension (RFC 9112 §7.1.1), and is an error before CR.
  step_ = Step::SizeEnd;
  return is_blank(c) ? count_extension_byte() : fail(Rule::K1ChunkSize);
}

void BodyReader::end_of_size_line() {
  step_ = left_ == 0 ? Step::TrailerStart : Step::Data;
  digits_ = 0;
  extension_bytes_ = 0;
}

bool BodyReader::count_extension_byte() {
  ++extension_bytes_;
  ++extension_bytes_total_;
  return (extension_bytes_ <= kChunkExtensionBytesMax &&
          extension_bytes_total_ <= kChunkExtensionBytesTotalMax) ||
         fail(Rule::K2ChunkExtension);
}

bool BodyReader::take_extension(char c) {
  if (step_ == Step::QuotedEscape) {
    step_ = Step::QuotedValue;
    return is(kValueChar, c) || fail(Rule::K2ChunkExtension);
  }
  if (step_ == Step::QuotedValue) {
    if (c == '"') step_ = Step::QuotedEnd;
    if (c == '\\') step_ = Step::QuotedEscape;
    return is(kValueChar, c) || fail(Rule::K2ChunkExtension);
  }
  if (is_blank(c)) {
    blank_ = blank_ || word_;
    return true;
  }
  const bool complete = word_ || step_ == Step::QuotedEnd;
  if (c == '\r' && complete && !blank_) {
    step_ = Step::SizeLf;
    return true;
  }
  if (c == ';' && complete) {
    step_ = Step::ExtensionName;
    word_ = blank_ = false;
    return true;
  }
  if (c == '=' && step_ == Step::ExtensionName && word_) {
    step_ = Step::ExtensionValue;
    word_ = blank_ = false;
    return true;
  }
  if (c == '"' && step_ == Step::ExtensionValue && !word_) {
    step_ = Step::QuotedValue;
    return true;
  }
  if (!is(kTchar, c) || blank_ || step_ == Step::QuotedEnd) return fail(Rule::K2ChunkExtension);
  word_ = true;
  return true;
}

bool BodyReader::take_trailer(char c) {
  if (++trailer_bytes_ > kTrailerBytesMax) return fail(Rule::K6Trailer);
  switch (step_) {
    case Step::TrailerStart:
      step_ = c == '\r' ? Step::LastLf : Step::TrailerName;
      return c == '\r' || is(kTchar, c) || fail(Rule::K6Trailer);
    case Step::TrailerName:
      if (c == ':') step_ = Step::TrailerValue;
      return c == ':' || is(kTchar, c) || fail(Rule::K6Trailer);
    case Step::TrailerValue:
      if (c == '\r') step_ = Step::TrailerLf;
      return c == '\r' || is(kValueChar, c) || fail(Rule::K6Trailer);
    case Step::TrailerLf:
      step_ = Step::TrailerStart;
      return c == '\n' || fail(Rule::K6Trailer);
    case Step::LastLf:
      if (c == '\n') state_ = BodyState::Done;
      return c == '\n' || fail(Rule::K3ChunkEnd);
    case Step::Size:
    case Step::SizeEnd:
    case Step::ExtensionName:
    case Step::ExtensionValue:
    case Step::QuotedValue:
    case Step::QuotedEscape:
    case Step::QuotedEnd:
    case Step::SizeLf:
    case Step::Data:
    case Step::DataCr:
    case Step::DataLf:
      break;
  }
  return fail(Rule::K6Trailer);
}

}  // namespace tidegate::http1
