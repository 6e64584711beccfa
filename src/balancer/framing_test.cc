// Request framing judged from both ends: by what the client is answered, and by the exact bytes
// that reached a recording origin. One table; `origin` is what the origin got of all requests,
// without the fields that the balancer adds for ALB's sake.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "balancer/origin.h"
#include "balancer/raw_client.h"
#include "balancer/rig.h"

namespace tidegate::balancer {
namespace {

std::string without_added_fields(const std::string& request) {
  std::string out;
  std::size_t at = 0;
  const std::size_t end = request.find("\r\n\r\n");
  while (at < end + 2) {
    const std::size_t next = request.find("\r\n", at) + 2;
    const std::string line = request.substr(at, next - at);
    if (!line.starts_with("X-Forwarded-") && !line.starts_with("X-Amzn-Trace-Id: ")) out += line;
    at = next;
  }
  return out + request.substr(end + 2);
}

struct Case {
  const char* name;
  std::string send;
  std::vector<int> answers;  // statuses, in order; the connection ends after a refusal
  std::string origin;
};

// A request of one field block, and what the origin gets of it.
std::string get(std::string_view fields = {}) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n";
}
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n" + std::string{body};
}
std::string repeat(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

// The rig and the origin serve the whole table; a case whose bytes leak into the next would fail
// it.
void run(const std::vector<Case>& cases) {
  RecordingOrigin origin;
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  std::size_t seen = 0;
  for (const Case& c : cases) {
    const std::string name = c.name;
    CAPTURE(name);
    RawClient client{rig.address()};
    client.send(c.send);
    client.finish();
    std::vector<int> statuses;
    while (true) {
      const bool head = c.send.starts_with("HEAD");
      const int status = client.answer(head ? http1::Method::Head : http1::Method::Get).status;
      if (status == 0) break;
      statuses.push_back(status);
    }
    CHECK(statuses == c.answers);
    std::string got;
    const std::vector<std::string> requests = origin.requests();
    for (; seen < requests.size(); ++seen) {
      got += without_added_fields(requests[seen]);
    }
    CHECK(got == c.origin);
  }
}

const std::string kChunkedHead = "Transfer-Encoding: chunked\r\n";

}  // namespace

TEST_CASE("framing: start lines") {
  run({
      {"plain", get(), {200}, get()},
      {"one empty line before", "\r\n" + get(), {200}, get()},
      {"two empty lines before", "\r\n\r\n" + get(), {400}, ""},
      {"bare LF before", "\n" + get(), {400}, ""},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"tab for a blank", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"trailing blank", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", {400}, ""},
      {"bare LF after", "GET / HTTP/1.1\nHost: a\r\n\r\n", {400}, ""},
      {"bare CR after", "GET / HTTP/1.1\rHost: a\r\n\r\n", {400}, ""},
      {"HTTP/0.9", "GET /\r\n", {400}, ""},
      {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", {505}, ""},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", {505}, ""},
      {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", {400}, ""},
      {"HTTP/11", "GET / HTTP/11\r\nHost: a\r\n\r\n", {400}, ""},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}, ""},
      {"method of 32 bytes",
       std::string(32, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       std::string(32, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"method of 33 bytes", std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"lower-case method is another method",
       "get / HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"method with a colon", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", {405}, ""},
      {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", {405}, ""},
      {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28), {400}, ""},
      {"0x80 in the target", "GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"encoded NUL", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"encoded bytes go on as they are",
       "GET /%2e%2E/%41?%00 HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       "GET /%2e%2E/%41?%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"asterisk with OPTIONS",
       "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"absolute form",
       "GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"absolute form without a path",
       "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"absolute form, query only",
       "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n",
       {200},
       "GET /?q HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"absolute form, another Host", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", {400}, ""},
      {"absolute form with userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", {400}, ""},
      {"line over 16 KiB",
       "GET /" + std::string(16 * 1024 - 15, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
       {414},
       ""},
  });
}

TEST_CASE("framing: fields") {
  run({
      {"empty name", get(": x\r\n"), {400}, ""},
      {"blank before the colon", get("A : x\r\n"), {400}, ""},
      {"tab before the colon", get("A\t: x\r\n"), {400}, ""},
      {"no colon", get("A\r\n"), {400}, ""},
      {"blank before the first field", "GET / HTTP/1.1\r\n A: b\r\nHost: a\r\n\r\n", {400}, ""},
      {"folded", get("A: b\r\n c\r\n"), {400}, ""},
      {"folded with a tab", get("A: b\r\n\tc\r\n"), {400}, ""},
      {"bare LF", get("A: b\nC: d\r\n"), {400}, ""},
      {"bare CR", get("A: b\rC: d\r\n"), {400}, ""},
      {"NUL", get(std::string("A: b\0\r\n", 7)), {400}, ""},
      {"DEL", get("A: b\x7f\r\n"), {400}, ""},
      {"vertical tab", get("A: \x0b\r\n"), {400}, ""},
      {"control byte", get("A: \x01\r\n"), {400}, ""},
      {"0x80 in the name", get("A\x80: b\r\n"), {400}, ""},
      {"obs-text in the value", get("A: b\xff\r\n"), {200}, get("A: b\xff\r\n")},
      {"blanks around the value go", get("A:  b \t\r\n"), {200}, get("A: b\r\n")},
      {"0x85 is no blank", get("A: \x85x\r\n"), {200}, get("A: \x85x\r\n")},
      {"empty value", get("A:\r\n"), {200}, get("A: \r\n")},
      {"many fields", get(repeat(123, "A: b\r\n")), {200}, get(repeat(123, "A: b\r\n"))},
      {"129 fields", get(repeat(128, "A: b\r\n")), {431}, ""},
      {"field over 16 KiB", get("A: " + std::string(16 * 1024, 'x') + "\r\n"), {431}, ""},
      {"head over 64 KiB", get(repeat(5, "A: " + std::string(14000, 'x') + "\r\n")), {431}, ""},
      {"Content_Length", post("Content_Length: 1\r\n", "x"), {400}, ""},
      {"Transfer_Encoding", post("Transfer_Encoding: chunked\r\n", "0\r\n\r\n"), {400}, ""},
      {"Content--Length", post("Content--Length: 1\r\n", "x"), {400}, ""},
      {"Content.Length", post("Content.Length: 1\r\n", "x"), {400}, ""},
      {"two Content-Types", get("Content-Type: a\r\nContent-Type: b\r\n"), {400}, ""},
      {"two equal Content-Types",
       get("Content-Type: a\r\nContent-Type: a\r\n"),
       {200},
       get("Content-Type: a\r\nContent-Type: a\r\n")},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", {400}, ""},
      {"two Hosts", get("Host: a\r\n"), {400}, ""},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", {400}, ""},
      {"Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", {400}, ""},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", {400}, ""},
      {"Host with a comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", {400}, ""},
      {"Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", {400}, ""},
      {"Host with port 65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", {400}, ""},
      {"Host stays as it is",
       "GET / HTTP/1.1\r\nhOsT: A:080\r\n\r\n",
       {200},
       "GET / HTTP/1.1\r\nHost: A:080\r\n\r\n"},
      {"more than 30 forwarders",
       get("X-Forwarded-For: 1" + repeat(30, ", 1") + "\r\n"),
       {463},
       ""},
  });
}

TEST_CASE("framing: lengths and codings") {
  const std::string three = post("Content-Length: 3\r\n", "abc");
  run({
      {"three bytes", three, {200}, three},
      {"leading zeros become decimal", post("Content-Length: 0003\r\n", "abc"), {200}, three},
      {"zero", post("Content-Length: 0\r\n", ""), {200}, post("Content-Length: 0\r\n", "")},
      {"both", post("Content-Length: 3\r\n" + kChunkedHead, "0\r\n\r\n"), {400}, ""},
      {"both, other order", post(kChunkedHead + "Content-Length: 3\r\n", "0\r\n\r\n"), {400}, ""},
      {"repeated", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), {400}, ""},
      {"differing", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), {400}, ""},
      {"list", post("Content-Length: 3, 3\r\n", "abc"), {400}, ""},
      {"signed", post("Content-Length: +3\r\n", "abc"), {400}, ""},
      {"negative", post("Content-Length: -3\r\n", "abc"), {400}, ""},
      {"hexadecimal", post("Content-Length: 0x3\r\n", "abc"), {400}, ""},
      {"with a blank inside", post("Content-Length: 1 3\r\n", "abc"), {400}, ""},
      {"empty", post("Content-Length:\r\n", "abc"), {400}, ""},
      {"fraction", post("Content-Length: 3.0\r\n", "abc"), {400}, ""},
      {"2^64 + 3", post("Content-Length: 18446744073709551619\r\n", "abc"), {400}, ""},
      {"coding in 1.0", "POST / HTTP/1.0\r\n" + kChunkedHead + "\r\n0\r\n\r\n", {400}, ""},
      {"gzip", post("Transfer-Encoding: gzip\r\n", "x"), {501}, ""},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), {501}, ""},
      {"chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), {400}, ""},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "x"), {400}, ""},
      {"identity", post("Transfer-Encoding: identity\r\n", ""), {400}, ""},
      {"comma before", post("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), {400}, ""},
      {"vertical tab before",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       {400},
       ""},
      {"quoted", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), {400}, ""},
      {"with a parameter", post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"), {400}, ""},
      {"two fields", post(kChunkedHead + kChunkedHead, "0\r\n\r\n"), {400}, ""},
      {"two fields, one unknown",
       post(kChunkedHead + "Transfer-Encoding: x\r\n", "0\r\n\r\n"),
       {400},
       ""},
      {"xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), {501}, ""},
      {"upper case",
       post("TRANSFER-ENCODING: CHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n"),
       {200},
       post(kChunkedHead, "3\r\nabc\r\n0\r\n\r\n")},
      {"GET with a body, then another",
       get("Content-Length: 5\r\n") + "GET /" + get(),
       {200, 200},
       get("Content-Length: 5\r\n") + "GET /" + get()},
      {"no length means no body", post("", "") + get(), {200, 200}, post("", "") + get()},
      {"a smuggled request is body",
       post("Content-Length: 27\r\n", get()) + get(),
       {200, 200},
       post("Content-Length: 27\r\n", get()) + get()},
      {"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", {200}, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"},
  });
}

TEST_CASE("framing: chunks") {
  const auto chunked = [](std::string_view body) { return post(kChunkedHead, body); };
  const auto refused = [&](const char* name, std::string_view body) {
    return Case{name, chunked(body), {400}, ""};
  };
  const std::string abc = chunked("3\r\nabc\r\n0\r\n\r\n");
  run({
      {"one chunk", abc, {200}, abc},
      {"empty body", chunked("0\r\n\r\n"), {200}, chunked("0\r\n\r\n")},
      {"zeros before the size go", chunked("003\r\nabc\r\n000\r\n\r\n"), {200}, abc},
      {"extension goes", chunked("3;a=b;c=\"d;\"\r\nabc\r\n0;x\r\n\r\n"), {200}, abc},
      {"trailers go", chunked("3\r\nabc\r\n0\r\nContent-Length: 9\r\nB: c\r\n\r\n"), {200}, abc},
      {"another request behind", abc + get(), {200, 200}, abc + get()},
      refused("no size", "\r\nabc\r\n0\r\n\r\n"),
      refused("0x", "0x3\r\nabc\r\n0\r\n\r\n"),
      refused("sign", "+3\r\nabc\r\n0\r\n\r\n"),
      refused("underscore", "0_3\r\nabc\r\n0\r\n\r\n"),
      refused("blank before", " 3\r\nabc\r\n0\r\n\r\n"),
      refused("blank after", "3 \r\nabc\r\n0\r\n\r\n"),
      refused("17 digits", "00000000000000003\r\nabc\r\n0\r\n\r\n"),
      refused("overflow", "10000000000000000\r\nabc\r\n0\r\n\r\n"),
      refused("no letter g", "g\r\nabc\r\n0\r\n\r\n"),
      refused("bare LF after the size", "3\nabc\r\n0\r\n\r\n"),
      refused("bare CR after the size", "3\rabc\r\n0\r\n\r\n"),
      refused("bare LF in the extension", "3;a\nabc\r\n0\r\n\r\n"),
      refused("bare CR in the extension", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
      refused("long extension", "3;" + std::string(257, 'a') + "\r\nabc\r\n0\r\n\r\n"),
      refused("unclosed quote", "3;a=\"b\r\nabc\r\n0\r\n\r\n"),
      refused("too much data", "3\r\nabcd\r\n0\r\n\r\n"),
      refused("bare LF after the data", "3\r\nabc\n0\r\n\r\n"),
      refused("other bytes after the data", "3\r\nabcXX0\r\n\r\n"),
      refused("bare LF at the end", "0\r\n\n"),
      refused("trailer without a colon", "0\r\nbad\r\n\r\n"),
      refused("trailer with a blank before the colon", "0\r\na : b\r\n\r\n"),
      refused("folded trailer", "0\r\na: b\r\n c\r\n\r\n"),
      refused("NUL in a trailer", std::string("0\r\na: \0\r\n\r\n", 11)),
  });
}

TEST_CASE("framing: what belongs to the connection does not go on") {
  run({
      {"hop-by-hop fields go",
       get("Connection: keep-alive, x-mine\r\nKeep-Alive: 1\r\nX-Mine: 1\r\n"
           "Proxy-Connection: x\r\nTE: gzip\r\nTrailer: a\r\nB: c\r\n"),
       {200},
       get("B: c\r\n")},
      {"h2c goes",
       get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
           "HTTP2-Settings: x\r\n"),
       {200},
       get()},
      {"Upgrade without Connection goes", get("Upgrade: websocket\r\n"), {200}, get()},
      {"Connection may not name Host", get("Connection: close, Host\r\n"), {400}, ""},
      {"Connection may not name Content-Length",
       post("Connection: Content-Length\r\nContent-Length: 3\r\n", "abc"),
       {400},
       ""},
      {"Connection may not name Transfer-Encoding",
       post("Connection: transfer-encoding\r\n" + kChunkedHead, "0\r\n\r\n"),
       {400},
       ""},
      {"Connection may not name Cookie", get("Connection: cookie\r\nCookie: a\r\n"), {400}, ""},
      {"Connection may not name Authorization", get("Connection: authorization\r\n"), {400}, ""},
      {"Connection may not name X-Forwarded-For",
       get("Connection: x-forwarded-for\r\n"),
       {400},
       ""},
      {"Connection with a bad word", get("Connection: a b\r\n"), {400}, ""},
      {"close ends the connection", get("Connection: close\r\n") + get(), {200}, get()},
      {"1.0 ends the connection", "GET / HTTP/1.0\r\nHost: a\r\n\r\n" + get(), {200}, get()},
      {"1.0 keep-alive",
       "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + get(),
       {200, 200},
       get() + get()},
      {"other expectations", get("Expect: x\r\n"), {417}, ""},
      {"Expect of 1.0 goes",
       "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n"
       "Content-Length: 1\r\n\r\nx",
       {200},
       post("Content-Length: 1\r\n", "x")},
      {"Expect goes on",
       post("Expect: 100-continue\r\nContent-Length: 1\r\n", "x"),
       {200},
       post("Expect: 100-continue\r\nContent-Length: 1\r\n", "x")},
  });
}

TEST_CASE("framing: a request in single bytes is the same request") {
  RecordingOrigin origin;
  Rig rig;
  rig.add_target(origin.port());
  rig.apply();
  const std::string request =
      post(kChunkedHead + "A: b\r\n", "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n");
  RawClient client{rig.address()};
  for (const char byte : request + get()) {
    client.send({&byte, 1});
  }
  CHECK(client.answer().status == 200);
  CHECK(client.answer().status == 200);
  REQUIRE(origin.requests().size() == 2);
  // How the payload was cut into chunks is ours; what it is, is not.
  http1::RequestParser parser;
  const std::string got = origin.requests()[0];
  REQUIRE(parser.parse(got) == http1::Parse::Complete);
  CHECK(parser.head().body.kind == http1::Framing::Kind::Chunked);
  http1::BodyReader body{parser.head().body};
  std::string payload;
  std::string_view rest = std::string_view{got}.substr(parser.head().size);
  while (!rest.empty() && body.state() == http1::BodyState::More) {
    const auto piece = body.next(rest);
    payload += piece.payload;
    rest.remove_prefix(piece.consumed);
  }
  CHECK(payload == "abcde");
  CHECK(without_added_fields(origin.requests()[1]) == get());
}

}  // namespace tidegate::balancer
