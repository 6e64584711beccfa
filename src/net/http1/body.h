// A message body as it arrives: its payload in pieces, and where it ends. Chunk lines, extensions
// and trailers are checked and never handed on (rules K1–K6): who forwards a body writes its own
// framing. One reader per message; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http1/head.h"

namespace tidegate::http1 {

constexpr std::size_t kChunkExtensionBytesMax = 256;        // per chunk line
constexpr std::size_t kChunkExtensionBytesTotalMax = 4096;  // per body
constexpr std::size_t kTrailerBytesMax = 16 * 1024;

enum class BodyState : std::uint8_t { More, Done, Bad };

struct BodyPiece {
  std::string_view payload;  // to hand on; empty when only framing was read
  std::size_t consumed = 0;  // bytes of the input that are read, payload included
  BodyState state = BodyState::More;
};

class BodyReader {
 public:
  BodyReader() = default;
  explicit BodyReader(Framing framing);

  /// Reads from the front of `input`: at most one run of payload. Call again with the rest until
  /// the input is used up or the state is not More. UntilClose never is Done.
  BodyPiece next(std::string_view input);
  BodyState state() const { return state_; }
  const Framing& framing() const { return framing_; }
  /// Bytes still to come where the framing tells (Length); else 0.
  std::uint64_t remaining() const { return framing_.kind == Framing::Kind::Length ? left_ : 0; }
  /// Why the state is Bad.
  Rule rule() const { return rule_; }

 private:
  enum class Step : std::uint8_t {
    Size,
    SizeEnd,  // after the digits: blanks, ';' or CR
    ExtensionName,
    ExtensionValue,
    QuotedValue,
    QuotedEscape,
    QuotedEnd,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
  };

  BodyPiece counted(std::string_view input);
  BodyPiece chunked(std::string_view input);
  bool take(char c);
  bool take_size(char c);
  bool take_extension(char c);
  bool take_trailer(char c);
  bool count_extension_byte();
  bool fail(Rule rule);
  void end_of_size_line();

  Framing framing_;
  std::uint64_t left_ = 0;  // of the body (Length) or of the chunk
  BodyState state_ = BodyState::Done;
  Step step_ = Step::Size;
  Rule rule_ = Rule::None;
  std::uint8_t digits_ = 0;
  bool word_ = false;   // the extension name or value has a byte
  bool blank_ = false;  // bad whitespace inside the extension was seen
  std::uint16_t extension_bytes_ = 0;
  std::uint32_t extension_bytes_total_ = 0;
  std::uint32_t trailer_bytes_ = 0;
};

}  // namespace tidegate::http1
