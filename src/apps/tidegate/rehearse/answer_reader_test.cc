#include "apps/tidegate/rehearse/answer_reader.h"

#include <array>

#include <doctest/doctest.h>

namespace tidegate::apps {
namespace {

using State = AnswerReader::State;

TEST_CASE("answer reader: finds the end of each kind of answer, however it is cut") {
  struct Case {
    const char* text;
    int status;
    bool closes;
  };
  const auto cases = std::to_array<Case>({
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", 200, false},
      {"HTTP/1.1 200 OK\r\ncontent-length:0\r\nConnection: close\r\n\r\n", 200, true},
      {"HTTP/1.1 204 No Content\r\n\r\n", 204, false},
      {"HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n"
       "4\r\nab\r\n\r\n1f;x=y\r\n0123456789012345678901234567890\r\n0\r\nTrailer: x\r\n\r\n",
       503,
       false},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
       201,
       false},
  });
  for (const Case& c : cases) {
    const std::string text = c.text;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      CAPTURE(text);
      CAPTURE(cut);
      AnswerReader reader;
      State state = reader.take(text.substr(0, cut));
      if (cut < text.size()) {
        CHECK(state == State::Reading);
        state = reader.take(text.substr(cut));
      }
      CHECK(state == State::Complete);
      CHECK(reader.status() == c.status);
      CHECK(reader.closes() == c.closes);
    }
  }
}

TEST_CASE("answer reader: an answer without a length ends with the connection") {
  AnswerReader reader;
  CHECK(reader.take("HTTP/1.1 200 OK\r\n\r\nabc") == State::Reading);
  CHECK(reader.take_end() == State::Complete);
  CHECK(reader.closes());
}

TEST_CASE("answer reader: what is broken is noticed") {
  for (const char* text : {
           "SSH-2.0-x\r\n\r\n",
           "HTTP/1.1 abc\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore",
       }) {
    CAPTURE(text);
    AnswerReader reader;
    CHECK(reader.take(text) == State::Broken);
  }
  AnswerReader cut;
  CHECK_FALSE(cut.started());
  CHECK(cut.take("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na") == State::Reading);
  CHECK(cut.started());
  CHECK(cut.take_end() == State::Broken);
  cut.reset();
  CHECK_FALSE(cut.started());
  CHECK(cut.take("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na") == State::Complete);
}

}  // namespace
}  // namespace tidegate::apps
