// libFuzzer over the HTTP/1.1 codec: request heads whole and in pieces, response heads, chunked
// bodies. Beyond "no crash": a head that is accepted reads the same when it comes byte by byte,
// everything it names lies inside of it, and what it says about framing is one thing only.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/http1/body.h"
#include "net/http1/chars.h"
#include "net/http1/head.h"

namespace tidegate::http1 {
namespace {

void check_inside(std::string_view whole, std::string_view part) {
  if (part.empty()) return;
  TG_CHECK(part.data() >= whole.data());
  TG_CHECK(part.data() + part.size() <= whole.data() + whole.size());
}

void check_request(std::string_view bytes, const RequestHead& head) {
  TG_CHECK(head.size <= bytes.size());
  const std::string_view whole = bytes.substr(0, head.size);
  TG_CHECK(whole.ends_with("\r\n\r\n"));
  check_inside(whole, head.method_text);
  std::size_t lengths = 0, codings = 0, hosts = 0;
  for (const Field& field : head.fields) {
    check_inside(whole, field.name);
    check_inside(whole, field.value);
    TG_CHECK(!field.name.empty() && all(kTchar, field.name) && all(kValueChar, field.value));
    lengths += field.id == FieldId::ContentLength ? 1U : 0U;
    codings += field.id == FieldId::TransferEncoding ? 1U : 0U;
    hosts += field.id == FieldId::Host ? 1U : 0U;
  }
  TG_CHECK(lengths + codings <= 1 && hosts <= 1);
  TG_CHECK(hosts == 1 || head.minor == 0);
  TG_CHECK((head.body.kind == Framing::Kind::Chunked) == (codings == 1));
  TG_CHECK(head.body.kind != Framing::Kind::UntilClose);
}

void request(std::string_view bytes) {
  RequestParser parser;
  const Parse whole = parser.parse(bytes);
  if (whole == Parse::Refused) TG_CHECK(parser.refusal().status >= 400);
  if (whole != Parse::Complete) return;
  check_request(bytes, parser.head());
  const std::size_t size = parser.head().size;
  const Framing body = parser.head().body;
  // A prefix is never complete, and what HeadScan skips never could have been.
  HeadScan scan;
  RequestParser again;
  for (std::size_t cut = 1; cut < size; ++cut) {
    if (scan.worth_parsing(bytes.substr(0, cut))) {
      TG_CHECK(again.parse(bytes.substr(0, cut)) == Parse::NeedMore);
    }
  }
  TG_CHECK(scan.worth_parsing(bytes.substr(0, size)));
  TG_CHECK(again.parse(bytes.substr(0, size)) == Parse::Complete);
  TG_CHECK(again.head().body == body);
}

void response(std::string_view bytes) {
  std::string text{bytes};
  ResponseParser parser;
  if (parser.parse(text, Method::Get) != Parse::Complete) return;
  TG_CHECK(parser.head().size <= text.size());
  TG_CHECK(parser.head().status >= 100 && parser.head().status <= 599);
  for (const Field& field : parser.head().fields) {
    check_inside(text, field.name);
    check_inside(text, field.value);
  }
}

struct Body {
  std::string payload;
  BodyState state = BodyState::More;
  std::size_t consumed = 0;
};

Body read_body(std::string_view bytes, std::size_t step) {
  BodyReader reader{{Framing::Kind::Chunked, 0}};
  Body out;
  while (out.consumed < bytes.size() && reader.state() == BodyState::More) {
    const BodyPiece piece = reader.next(bytes.substr(out.consumed, step));
    TG_CHECK(piece.consumed <= step);
    out.payload += piece.payload;
    out.consumed += piece.consumed;
    if (piece.consumed == 0 && piece.state == BodyState::More) std::abort();
  }
  out.state = reader.state();
  return out;
}

void body(std::string_view bytes) {
  const Body whole = read_body(bytes, bytes.size() + 1);
  const Body single = read_body(bytes, 1);
  TG_CHECK(whole.state == single.state);
  TG_CHECK(whole.payload == single.payload);
  if (whole.state == BodyState::Done) TG_CHECK(whole.consumed == single.consumed);
}

}  // namespace
}  // namespace tidegate::http1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  tidegate::http1::request(bytes);
  tidegate::http1::response(bytes);
  tidegate::http1::body(bytes);
  return 0;
}
