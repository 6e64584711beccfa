#include "sim/traces/trace.h"

#include <array>

#include <doctest/doctest.h>

namespace tidegate::traces {
namespace {

constexpr const char* kHead = "# trace: shop\n# step_s: 60\n";

std::string parse_error_of(const std::string& text) {
  const auto trace = parse_trace("t.txt", text);
  return trace ? std::string{} : trace.error().message;
}

TEST_CASE("trace: counts per bucket are read, with their headers") {
  const auto trace = parse_trace("t.txt",
                                 "# trace: web: shop\n# step_s: 300\n# source: us (MIT)\n"
                                 "# start: 2014-04-10T00:04:00 (local)\n# a comment\n94\n 0 \r\n7");
  REQUIRE(trace.has_value());
  CHECK(trace->name == "web: shop");
  CHECK(trace->source == "us (MIT)");
  CHECK(trace->step == std::chrono::seconds{300});
  CHECK(trace->start == *parse_iso8601("2014-04-10T00:04:00Z"));
  CHECK_FALSE(trace->is_per_request);
  REQUIRE(trace->buckets.size() == 3);
  CHECK(trace->buckets[0].requests == 94);
  CHECK(trace->buckets[0].work == 94);
  CHECK(trace->buckets[1].requests == 0);
  CHECK(trace->buckets[2].requests == 7);
  CHECK(trace->length() == std::chrono::seconds{900});
  CHECK(trace->requests() == 101);
  CHECK(trace->remarks.empty());
}

TEST_CASE("trace: without a name it has the file's, without a start none") {
  const auto trace = parse_trace("t.txt", "# step_s: 1\n# start: soon\n1\n");
  REQUIRE(trace.has_value());
  CHECK(trace->name == "t.txt");
  CHECK_FALSE(trace->start);
}

TEST_CASE("trace: a hole keeps the load before it, is not counted, and is told by its lines") {
  const auto trace = parse_trace("t.txt", std::string{kHead} + "5\n-1\n-1\n9\n-1\n");
  REQUIRE(trace.has_value());
  REQUIRE(trace->buckets.size() == 5);
  CHECK(trace->buckets[1].requests == 5);
  CHECK_FALSE(trace->buckets[1].is_measured);
  CHECK(trace->buckets[3].is_measured);
  CHECK(trace->requests() == 14);
  CHECK(trace->remarks ==
        std::vector<std::string>{
            "t.txt:4-5: not measured (-1): the load before it is kept, and this time is not "
            "scored",
            "t.txt:7: not measured (-1): the load before it is kept, and this time is not "
            "scored"});
}

TEST_CASE("trace: of many holes the first five are told, and how many more there are") {
  std::string text = kHead;
  for (int i = 0; i < 7; ++i) {
    text += "-1\n3\n";
  }
  const auto trace = parse_trace("t.txt", text);
  REQUIRE(trace.has_value());
  REQUIRE(trace->remarks.size() == 6);
  CHECK(trace->remarks[0].starts_with("t.txt:3: "));
  CHECK(trace->remarks[5] == "t.txt: 2 more holes, 7 buckets not measured in all");
}

TEST_CASE("trace: single requests fall into cells of 200 ms, heavy ones weigh more") {
  const auto trace = parse_trace(
      "t.txt",
      "# columns: arrival_ms context_tokens generated_tokens\n0 9 30\n199 9 90\n400 9 0\n");
  REQUIRE(trace.has_value());
  CHECK(trace->is_per_request);
  CHECK(trace->step == kCell);
  REQUIRE(trace->buckets.size() == 3);
  CHECK(trace->buckets[0].requests == 2);
  CHECK(trace->buckets[1].requests == 0);
  CHECK(trace->buckets[2].requests == 1);
  // 30 + 90 tokens, and one that counts for nothing; 3 requests: a mean of 121 / 3 a request.
  CHECK(trace->buckets[0].work == doctest::Approx(120 * 3.0 / 121));
  CHECK(trace->buckets[2].work == doctest::Approx(1 * 3.0 / 121));
}

TEST_CASE("trace: what cannot be read is named by file, line and what would be valid") {
  struct Case {
    std::string text;
    const char* error;  // begins with
  };
  const std::string head = kHead;
  for (const Case& c : {
           Case{"", "t.txt: the trace has no line with a count"},
           Case{head, "t.txt:2: the trace has no line with a count"},
           Case{head + "-1\n", "t.txt:3: nothing in the trace was measured"},
           Case{"5\n", "t.txt:1: counts begin before a header '# step_s: SECONDS'"},
           Case{"# step_s: soon\n5\n", "t.txt:1: step_s 'soon' is no number of seconds from 0.2"},
           Case{"# step_s: 0.1\n5\n", "t.txt:1: step_s '0.1' is no number of seconds from 0.2"},
           Case{"# step_s: 0.3\n5\n", "t.txt:1: step_s '0.3' is no multiple of 0.2 seconds"},
           Case{head + "5\n\n6\n", "t.txt:4: an empty line; a bucket that was not measured is"},
           Case{head + "5\n-2\n", "t.txt:4: '-2' is negative; a bucket that was not measured"},
           Case{head + "5.5\n", "t.txt:3: '5.5' is no whole number of requests"},
           Case{head + "many\n", "t.txt:3: 'many' is no whole number of requests"},
           Case{head + "5 6\n", "t.txt:3: a line has 2 columns; valid are 1"},
           Case{head + "5\n6 7 8\n", "t.txt:4: '6 7 8' has 3 columns, the lines before it have 1"},
           Case{"0 1 1\n5 1 1\n4 1 1\n", "t.txt:3: its time 4 is before that of the line before"},
           Case{"0 1 1\n-5 1 1\n", "t.txt:2: '-5' is negative"},
           Case{"0 1 x\n", "t.txt:1: 'x' is no whole number"},
           Case{"99999999999999 1 1\n", "t.txt:1: the trace is longer than 366 days"},
       }) {
    CAPTURE(c.text);
    const std::string error = parse_error_of(c.text);
    CAPTURE(error);
    CHECK(error.starts_with(c.error));
  }
  CHECK(parse_error_of("0 1 1\n0 1 1\n").empty());  // two at the same time are in order
  std::string long_one = "# step_s: 86400\n";
  for (int day = 0; day < 366; ++day) {
    long_one += "1\n";
  }
  CHECK(parse_error_of(long_one).empty());
  CHECK(parse_error_of(long_one + "1\n") == "t.txt:368: the trace is longer than 366 days");
}

}  // namespace
}  // namespace tidegate::traces
