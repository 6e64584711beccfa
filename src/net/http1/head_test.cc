#include "net/http1/head.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "net/http1/body.h"
#include "net/http1/chars.h"
#include "net/http1/write.h"

namespace tidegate::http1 {
namespace {

std::string repeat(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

std::string get(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string{lines} + "\r\n";
}

struct Refused {
  const char* name;
  std::string bytes;
  int status;
  Rule rule;
};

void check_refused(const Refused& c) {
  CAPTURE(c.name);
  RequestParser parser;
  REQUIRE(parser.parse(c.bytes) == Parse::Refused);
  CHECK(parser.refusal().status == c.status);
  CHECK(rule_name(parser.refusal().rule) == rule_name(c.rule));
}

}  // namespace

TEST_CASE("request head: refused start lines name their rule") {
  const Refused cases[] = {
      {"two blanks after the method", "GET  / HTTP/1.1\r\n", 400, Rule::S1StartLine},
      {"tab after the method", "GET\t/ HTTP/1.1\r\n", 400, Rule::S1StartLine},
      {"leading blank", " GET / HTTP/1.1\r\n", 400, Rule::S1StartLine},
      {"two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n", 400, Rule::S1StartLine},
      {"bare LF before", "\nGET / HTTP/1.1\r\n", 400, Rule::S1StartLine},
      {"trailing blank", "GET / HTTP/1.1 \r\n", 400, Rule::S1StartLine},
      {"two blanks before the version", "GET /  HTTP/1.1\r\n", 400, Rule::S3Version},
      {"bare LF end", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400, Rule::S1StartLine},
      {"HTTP/0.9", "GET /\r\n", 400, Rule::S1StartLine},
      {"method of 33 bytes", std::string(33, 'A') + " / HTTP/1.1\r\n", 400, Rule::S2Method},
      {"no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, Rule::S1StartLine},
      {"lower-case http", "GET / http/1.1\r\n", 400, Rule::S3Version},
      {"version 1.2", "GET / HTTP/1.2\r\n", 505, Rule::S3Version},
      {"version 2.0", "GET / HTTP/2.0\r\n", 505, Rule::S3Version},
      {"version 0.9 spelled", "GET / HTTP/0.9\r\n", 400, Rule::S3Version},
      {"version 1.10", "GET / HTTP/1.10\r\n", 400, Rule::S1StartLine},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, Rule::S3Version},
      {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\n", 17), 400, Rule::S4Target},
      {"byte 0x80 in the target", "GET /\x80 HTTP/1.1\r\n", 400, Rule::S4Target},
      {"fragment", "GET /#x HTTP/1.1\r\n", 400, Rule::S4Target},
      {"DEL in the target", "GET /\x7f HTTP/1.1\r\n", 400, Rule::S4Target},
      {"relative target", "GET a/b HTTP/1.1\r\n", 400, Rule::S5TargetForm},
      {"asterisk with GET", "GET * HTTP/1.1\r\n", 400, Rule::S5TargetForm},
      {"ftp target", "GET ftp://a/ HTTP/1.1\r\n", 400, Rule::S5TargetForm},
      {"userinfo in the target", "GET http://u@a/ HTTP/1.1\r\n", 400, Rule::S5TargetForm},
      {"CONNECT", "CONNECT a:443 HTTP/1.1\r\n", 405, Rule::S5TargetForm},
      {"TRACE", "TRACE / HTTP/1.1\r\n", 405, Rule::P5Trace},
      {"target and Host differ",
       "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
       400,
       Rule::S5TargetForm},
      {"line over 16 KiB", "GET /" + std::string(16 * 1024, 'x'), 414, Rule::F5Limits},
  };
  for (const Refused& c : cases)
    check_refused(c);
}

TEST_CASE("request head: refused fields name their rule") {
  const Refused cases[] = {
      {"empty name", get(": x\r\n"), 400, Rule::F1Name},
      {"blank in the name", get("A b: x\r\n"), 400, Rule::F2BlankBeforeColon},
      {"byte 0x80 in the name", get("A\x80: x\r\n"), 400, Rule::F1Name},
      {"blank before the colon", get("A : x\r\n"), 400, Rule::F2BlankBeforeColon},
      {"tab before the colon", get("A\t: x\r\n"), 400, Rule::F2BlankBeforeColon},
      {"no colon", get("A\r\n"), 400, Rule::F3Folding},
      {"folded line", get("A: x\r\n y\r\n"), 400, Rule::F3Folding},
      {"blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, Rule::F3Folding},
      {"bare CR in a value", get("A: x\ry\r\n"), 400, Rule::F4Value},
      {"bare LF in a value", get("A: x\ny: z\r\n"), 400, Rule::F4Value},
      {"NUL in a value", get(std::string("A: x\0y\r\n", 8)), 400, Rule::F4Value},
      {"DEL in a value", get("A: x\x7f\r\n"), 400, Rule::F4Value},
      {"vertical tab in a value", get("A: \x0bx\r\n"), 400, Rule::F4Value},
      {"129 fields", get(repeat(128, "A: b\r\n")), 431, Rule::F5Limits},
      {"field over 16 KiB", get("A: " + std::string(16 * 1024, 'x') + "\r\n"), 431, Rule::F5Limits},
      {"head over 64 KiB",
       get(repeat(5, "A: " + std::string(14 * 1024, 'x') + "\r\n")),
       431,
       Rule::F5Limits},
      {"Content_Length", get("Content_Length: 1\r\n"), 400, Rule::F6DisguisedFraming},
      {"Transfer_Encoding", get("Transfer_Encoding: chunked\r\n"), 400, Rule::F6DisguisedFraming},
      {"Content--Length", get("Content--Length: 1\r\n"), 400, Rule::F6DisguisedFraming},
      {"Content-Length-", get("Content-Length-: 1\r\n"), 400, Rule::F6DisguisedFraming},
      {"two Content-Types", get("Content-Type: a\r\nContent-Type: b\r\n"), 400, Rule::F7Duplicate},
      {"two Hosts, equal", get("Host: a\r\n"), 400, Rule::H1HostCount},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, Rule::H1HostCount},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, Rule::H2HostForm},
      {"userinfo in Host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, Rule::H2HostForm},
      {"path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, Rule::H2HostForm},
      {"comma in Host", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, Rule::H2HostForm},
      {"port 65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, Rule::H2HostForm},
      {"port with letters", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400, Rule::H2HostForm},
      {"open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, Rule::H2HostForm},
      {"Connection names Host", get("Connection: host\r\n"), 400, Rule::P2NominatedField},
      {"Connection names Cookie",
       get("Connection: close, cookie\r\n"),
       400,
       Rule::P2NominatedField},
      {"Connection names X-Forwarded-For",
       get("Connection: X-Forwarded-For\r\n"),
       400,
       Rule::P2NominatedField},
      {"65 words in Connection",
       get("Connection: a" + repeat(64, ",a") + "\r\n"),
       431,
       Rule::F5Limits},
      {"unknown expectation", get("Expect: 200-ok\r\n"), 417, Rule::P6Expect},
  };
  for (const Refused& c : cases)
    check_refused(c);
}

TEST_CASE("request head: refused framing names its rule") {
  const Refused cases[] = {
      {"both",
       get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
       400,
       Rule::B1LengthAndCoding},
      {"coding in 1.0",
       "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       400,
       Rule::B2CodingInOldVersion},
      {"unknown coding", get("Transfer-Encoding: gzip\r\n"), 501, Rule::B3Coding},
      {"gzip, chunked", get("Transfer-Encoding: gzip, chunked\r\n"), 501, Rule::B3Coding},
      {"identity", get("Transfer-Encoding: identity\r\n"), 400, Rule::B3Coding},
      {"chunked twice", get("Transfer-Encoding: chunked, chunked\r\n"), 400, Rule::B3Coding},
      {"chunked not last", get("Transfer-Encoding: chunked, gzip\r\n"), 400, Rule::B3Coding},
      {"parameter", get("Transfer-Encoding: chunked;q=1\r\n"), 400, Rule::B3Coding},
      {"quotes", get("Transfer-Encoding: \"chunked\"\r\n"), 400, Rule::B3Coding},
      {"leading comma", get("Transfer-Encoding: ,chunked\r\n"), 400, Rule::B3Coding},
      {"trailing comma", get("Transfer-Encoding: chunked,\r\n"), 400, Rule::B3Coding},
      {"empty", get("Transfer-Encoding:\r\n"), 400, Rule::B3Coding},
      {"two fields",
       get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       400,
       Rule::B3Coding},
      {"signed", get("Content-Length: +1\r\n"), 400, Rule::B4Length},
      {"negative", get("Content-Length: -1\r\n"), 400, Rule::B4Length},
      {"hexadecimal", get("Content-Length: 0x1\r\n"), 400, Rule::B4Length},
      {"underscore", get("Content-Length: 1_0\r\n"), 400, Rule::B4Length},
      {"empty", get("Content-Length:\r\n"), 400, Rule::B4Length},
      {"list", get("Content-Length: 1, 1\r\n"), 400, Rule::B4Length},
      {"trailing comma", get("Content-Length: 1,\r\n"), 400, Rule::B4Length},
      {"repeated", get("Content-Length: 1\r\nContent-Length: 1\r\n"), 400, Rule::B4Length},
      {"2^63", get("Content-Length: 9223372036854775808\r\n"), 400, Rule::B4Length},
      {"2^64 + 1", get("Content-Length: 18446744073709551617\r\n"), 400, Rule::B4Length},
  };
  for (const Refused& c : cases)
    check_refused(c);
}

TEST_CASE("request head: accepted heads are read as meant") {
  RequestParser parser;
  const std::string bytes =
      "POST /a/b?c=d HTTP/1.1\r\nHost: example.org:80\r\nContent-Length: 0012\r\n"
      "X:\t v \xff \t\r\nConnection: x, keep-alive\r\n\r\nrest";
  REQUIRE(parser.parse(bytes) == Parse::Complete);
  const RequestHead& head = parser.head();
  CHECK(head.method == Method::Post);
  CHECK(head.target == "/a/b?c=d");
  CHECK(head.path == "/a/b");
  CHECK(head.query == "c=d");
  CHECK(head.host == "example.org:80");
  CHECK(head.body == Framing{Framing::Kind::Length, 12});
  CHECK(head.keep_alive);
  REQUIRE(head.fields.size() == 4);
  CHECK(head.fields[2].value == "v \xff");
  CHECK(head.fields[2].hop_by_hop);
  CHECK(head.fields[3].hop_by_hop);
  CHECK(!head.fields[1].hop_by_hop);
  CHECK(head.size == bytes.size() - 4);
}

TEST_CASE("request head: the edges of limits are accepted") {
  RequestParser parser;
  CHECK(parser.parse(get(repeat(127, "A: b\r\n"))) == Parse::Complete);
  CHECK(parser.parse(get("A: " + std::string(16 * 1024 - 5, 'x') + "\r\n")) == Parse::Complete);
  CHECK(parser.parse(get("A: " + std::string(16 * 1024 - 4, 'x') + "\r\n")) == Parse::Refused);
  const std::string path = "/" + std::string(16 * 1024 - 16, 'x');  // the line without CRLF
  CHECK(parser.parse("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n") == Parse::Complete);
  CHECK(parser.parse(get("Content-Length: 9223372036854775807\r\n")) == Parse::Complete);
  CHECK(parser.parse(std::string(32, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == Parse::Complete);
  CHECK(parser.parse("GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n") == Parse::Complete);
  CHECK(parser.parse("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n") == Parse::Complete);
  CHECK(parser.parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == Parse::Complete);
  CHECK(parser.head().size == 29);
  CHECK(parser.parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == Parse::Complete);
  CHECK(parser.parse(get("Connection: a" + repeat(63, ",a") + "\r\n")) == Parse::Complete);
  CHECK(parser.parse(get("Content-Type: a\r\nContent-Type: a\r\n")) == Parse::Complete);
}

TEST_CASE("request head: an absolute target replaces Host") {
  struct Case {
    const char* target;
    const char* host;
    const char* rest;
    const char* path;
  };
  const Case cases[] = {
      {"http://a:8/x?y", "a:8", "/x?y", "/x"},
      {"HTTP://a", "a", "", "/"},
      {"https://a?q", "a", "?q", "/"},
  };
  for (const Case& c : cases) {
    RequestParser parser;
    const std::string bytes =
        "GET " + std::string{c.target} + " HTTP/1.1\r\nHost: " + c.host + "\r\n\r\n";
    REQUIRE(parser.parse(bytes) == Parse::Complete);
    CHECK(parser.head().host == c.host);
    CHECK(parser.head().target == c.rest);
    CHECK(parser.head().path == c.path);
    CHECK(parser.head().slash_missing == (parser.head().target.substr(0, 1) != "/"));
  }
}

TEST_CASE("request head: OPTIONS of a whole server is an asterisk") {
  RequestParser parser;
  REQUIRE(parser.parse("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n") == Parse::Complete);
  CHECK(parser.head().target == "*");
  CHECK(!parser.head().slash_missing);
}

TEST_CASE("request head: connection persistence follows version and Connection") {
  struct Case {
    const char* version;
    const char* line;
    bool keep;
  };
  const Case cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.0", "", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.1", "Connection: keep-alive, Close\r\n", false},
  };
  for (const Case& c : cases) {
    RequestParser parser;
    REQUIRE(parser.parse("GET / HTTP/" + std::string{c.version} + "\r\nHost: a\r\n" + c.line +
                         "\r\n") == Parse::Complete);
    CHECK(parser.head().keep_alive == c.keep);
  }
}

TEST_CASE("request head: only a whole upgrade request is one") {
  struct Case {
    const char* bytes;
    bool want;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false},
      {"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
       "Content-Length: 1\r\n\r\n",
       false},
  };
  for (const Case& c : cases) {
    RequestParser parser;
    REQUIRE(parser.parse(c.bytes) == Parse::Complete);
    CHECK(parser.head().wants_websocket == c.want);
  }
}

TEST_CASE("request head: every cut of a good head needs more, byte by byte") {
  const std::string bytes =
      "POST http://a/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n";
  HeadScan scan;
  std::size_t asked = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    RequestParser parser;
    CHECK(parser.parse(std::string_view{bytes}.substr(0, size)) == Parse::NeedMore);
    asked += scan.worth_parsing(std::string_view{bytes}.substr(0, size)) ? 1U : 0U;
  }
  CHECK(asked == 1);  // the first line
  CHECK(scan.worth_parsing(bytes));
}

TEST_CASE("response head: framing and persistence") {
  struct Case {
    const char* bytes;
    Method method;
    Framing body;
    bool keep;
  };
  using Kind = Framing::Kind;
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::Get, {Kind::Length, 5}, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::Head, {}, true},
      {"HTTP/1.1 200\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
       Method::Get,
       {Kind::Length, 5},
       true},
      {"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", Method::Get, {}, true},
      {"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", Method::Get, {}, true},
      {"HTTP/1.1 200 OK\r\n\r\n", Method::Get, {Kind::UntilClose, 0}, false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
       Method::Get,
       {Kind::Chunked, 0},
       true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
       Method::Get,
       {Kind::Chunked, 0},
       false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", Method::Get, {Kind::Length, 5}, false},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
       Method::Get,
       {Kind::Length, 5},
       false},
      {"HTTP/1.1 200 OK\r\nA : b\r\n c\r\nContent-Length: 5\r\n\r\n",
       Method::Get,
       {Kind::Length, 5},
       true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes);
    ResponseParser parser;
    std::string bytes = c.bytes;
    REQUIRE(parser.parse(bytes, c.method) == Parse::Complete);
    CHECK(parser.head().body == c.body);
    CHECK(parser.head().keep_alive == c.keep);
    CHECK(parser.head().size == bytes.size());
  }
}

TEST_CASE("response head: nonsense is refused") {
  const char* cases[] = {
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1 200 OK\r\nA\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const char* text : cases) {
    CAPTURE(text);
    ResponseParser parser;
    std::string bytes = text;
    CHECK(parser.parse(bytes, Method::Get) == Parse::Refused);
    CHECK(parser.refusal().status == 502);
  }
}

TEST_CASE("response head: a folded line becomes one with blanks") {
  ResponseParser parser;
  std::string bytes = "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 0\r\n\r\n";
  REQUIRE(parser.parse(bytes, Method::Get) == Parse::Complete);
  CHECK(parser.head().fields[0].value == "b  \tc");
}

namespace {
struct Decoded {
  std::string payload;
  BodyState state;
  std::size_t consumed;
  Rule rule;
};

Decoded decode(Framing framing, std::string_view input, std::size_t step) {
  BodyReader reader{framing};
  Decoded out{"", reader.state(), 0, Rule::None};
  while (out.consumed < input.size() && reader.state() == BodyState::More) {
    const BodyPiece piece = reader.next(input.substr(out.consumed, step));
    out.payload += piece.payload;
    out.consumed += piece.consumed;
    if (piece.consumed == 0 && piece.state == BodyState::More) break;
  }
  out.state = reader.state();
  out.rule = reader.rule();
  return out;
}
}  // namespace

TEST_CASE("body: chunked bodies are decoded whatever the cuts") {
  const std::string good[] = {
      "5\r\nhello\r\n0\r\n\r\n",
      "005;a=b\r\nhello\r\n0;x\r\n\r\n",
      "2;a=\"q\\\"; x\"\r\nhe\r\n3 ; b = c ;d\r\nllo\r\n0\r\nTrailer: v\r\nOther:\r\n\r\n",
      "5;" + std::string(256, 'a') + "\r\nhello\r\n00\r\n\r\n",
  };
  for (const std::string& text : good) {
    for (std::size_t step = 1; step <= text.size(); ++step) {
      const Decoded got = decode({Framing::Kind::Chunked, 0}, text + "next", step);
      CHECK(got.payload == "hello");
      CHECK(got.state == BodyState::Done);
      CHECK(got.consumed == text.size());
    }
  }
}

TEST_CASE("body: malformed chunks are refused by rule") {
  struct Case {
    std::string text;
    Rule rule;
  };
  const Case cases[] = {
      {"\r\n", Rule::K1ChunkSize},
      {"x\r\n", Rule::K1ChunkSize},
      {"+1\r\na\r\n", Rule::K1ChunkSize},
      {"-1\r\na\r\n", Rule::K1ChunkSize},
      {" 1\r\na\r\n", Rule::K1ChunkSize},
      {"0x1\r\na\r\n", Rule::K1ChunkSize},
      {"1_0\r\na\r\n", Rule::K1ChunkSize},
      {"1 \r\na\r\n", Rule::K1ChunkSize},
      {"00000000000000001\r\na\r\n", Rule::K1ChunkSize},
      {"ffffffffffffffff\r\n", Rule::K1ChunkSize},
      {"1\na\r\n", Rule::K1ChunkSize},
      {"1\rXa\r\n", Rule::K3ChunkEnd},
      {"1\r\naX\r\n", Rule::K3ChunkEnd},
      {"1\r\na\n", Rule::K3ChunkEnd},
      {"1\r\na\r\r", Rule::K3ChunkEnd},
      {"1;\r\na\r\n", Rule::K2ChunkExtension},
      {"1;a\nb\r\na\r\n", Rule::K2ChunkExtension},
      {"1;a\rb\r\na\r\n", Rule::K3ChunkEnd},
      {"1;a=\r\na\r\n", Rule::K2ChunkExtension},
      {"1;a=\"x\"y\r\na\r\n", Rule::K2ChunkExtension},
      {"1;a=\"x\r\n", Rule::K2ChunkExtension},
      {"1;a b\r\na\r\n", Rule::K2ChunkExtension},
      {"1;=b\r\na\r\n", Rule::K2ChunkExtension},
      {"1;" + std::string(257, 'a'), Rule::K2ChunkExtension},
      {repeat(20, "1;" + std::string(250, 'a') + "\r\na\r\n"), Rule::K2ChunkExtension},
      {"0\r\nbad\r\n\r\n", Rule::K6Trailer},
      {"0\r\n a: b\r\n\r\n", Rule::K6Trailer},
      {"0\r\na : b\r\n\r\n", Rule::K6Trailer},
      {"0\r\na: b\n\r\n", Rule::K6Trailer},
      {"0\r\na: b\r\n\rX", Rule::K3ChunkEnd},
      {"0\r\na: " + std::string(17000, 'x'), Rule::K6Trailer},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Decoded got = decode({Framing::Kind::Chunked, 0}, c.text, c.text.size());
    CHECK(got.state == BodyState::Bad);
    CHECK(rule_name(got.rule) == rule_name(c.rule));
  }
}

TEST_CASE("body: a counted body ends after its last byte and not before") {
  CHECK(decode({Framing::Kind::Length, 3}, "abcd", 10).payload == "abc");
  CHECK(decode({Framing::Kind::Length, 3}, "abcd", 1).consumed == 3);
  CHECK(decode({Framing::Kind::Length, 3}, "ab", 10).state == BodyState::More);
  CHECK(BodyReader{{Framing::Kind::Length, 0}}.state() == BodyState::Done);
  CHECK(BodyReader{{Framing::Kind::None, 0}}.state() == BodyState::Done);
  CHECK(decode({Framing::Kind::UntilClose, 0}, "abc", 2).payload == "abc");
  CHECK(decode({Framing::Kind::UntilClose, 0}, "abc", 2).state == BodyState::More);
}

TEST_CASE("chars: the vector scan stops where the table says, at every offset") {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at : {0UL, 1UL, 15UL, 16UL, 17UL, 39UL}) {
      std::string text(40, 'a');
      text[at] = static_cast<char>(byte);
      CHECK(end_of_value(text, 0) == (is(kValueChar, text[at]) ? 40U : at));
      CHECK(end_of_target(text, 0) == (is(kTargetChar, text[at]) ? 40U : at));
    }
  }
}

TEST_CASE("writer: numbers, status lines and overflow") {
  std::array<char, 64> memory{};
  HeadWriter writer{memory};
  writer.status_line(404).field("A", "b").put_number(0).put(" ").put_hex(255);
  CHECK(writer.text() == "HTTP/1.1 404 Not Found\r\nA: b\r\n0 ff");
  CHECK(!writer.overflowed());
  writer.put(std::string(64, 'x'));
  CHECK(writer.overflowed());
}

}  // namespace tidegate::http1
