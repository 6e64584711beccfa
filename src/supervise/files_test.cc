#include "supervise/files.h"

#include <doctest/doctest.h>

namespace tidegate::supervise {
namespace {

TEST_CASE("process stat: a name with blanks and brackets does not shift the fields") {
  const std::string tail =
      " S 1 2 2 0 -1 4194560 90 0 0 0 1 2 3 4 20 0 1 0 987654 2000 30 18446744073709551615 1 1";
  for (const char* name : {"(bash)", "(a b) c)", "(x) Z 9)"}) {
    CAPTURE(name);
    const Result<ProcessStat> stat = parse_process_stat("4711 " + std::string{name} + tail + "\n");
    REQUIRE(stat);
    CHECK(stat->state == 'S');
    CHECK(stat->start_time == 987654);
  }
}

TEST_CASE("process stat: a short or empty line is corrupt") {
  for (const char* text : {"", "12", "12 (x)", "12 (x) S 1 2 3"}) {
    CAPTURE(text);
    CHECK(parse_process_stat(text).has_value() == false);
  }
}

TEST_CASE("shim state: reads what a shim writes") {
  const Result<ShimState> state = parse_state("1 5f3a-11 812 99887 813 99890 2\n", "/f");
  REQUIRE(state);
  CHECK(*state == ShimState{1, "5f3a-11", 812, 99887});
}

TEST_CASE("shim state: another version's says which process it is, rubbish is corrupt") {
  CHECK(*parse_state("7 5f3a 812 99887 and more\n", "/f") == ShimState{7, "5f3a", 812, 99887});
  for (const char* text : {"", "x y z", "1 boot", "1 boot 0 5", "1 boot 1 5", "1 boot 12 -5"}) {
    CAPTURE(text);
    const Result<ShimState> state = parse_state(text, "/f");
    REQUIRE_FALSE(state);
    CHECK(state.error().code == ErrorCode::Corrupt);
  }
}

}  // namespace
}  // namespace tidegate::supervise
