#include "net/link/ipv4.h"

#include <doctest/doctest.h>

namespace tidegate::link {
namespace {

TEST_CASE("IPv4: text and number are the same address") {
  CHECK(parse_ipv4("10.64.0.2") == Ipv4{0x0a400002});
  CHECK(to_string(Ipv4{0x0a4000ff}) == "10.64.0.255");
  for (const char* text : {"", "10.64.0", "10.64.0.256", "10.64.0.-1", "a.b.c.d", "1.2.3.4.5"}) {
    CAPTURE(text);
    CHECK(parse_ipv4(text) == std::nullopt);
  }
}

TEST_CASE("IPv4 range: knows its size and its members") {
  const std::optional<Ipv4Range> range = parse_ipv4_range("10.64.16.0/20");
  REQUIRE(range);
  CHECK(range->size() == 4096);
  CHECK(range->contains(*parse_ipv4("10.64.16.0")));
  CHECK(range->contains(*parse_ipv4("10.64.31.255")));
  CHECK_FALSE(range->contains(*parse_ipv4("10.64.32.0")));
  CHECK_FALSE(range->contains(*parse_ipv4("10.64.15.255")));
  CHECK(to_string(range->at(2)) == "10.64.16.2");
  CHECK(to_string(*range) == "10.64.16.0/20");
}

TEST_CASE("IPv4 range: bits behind the prefix, and rubbish, are refused") {
  for (const char* text :
       {"10.64.16.1/20", "10.64.16.0", "10.64.16.0/33", "10.64.16.0/-1", "/20"}) {
    CAPTURE(text);
    CHECK(parse_ipv4_range(text) == std::nullopt);
  }
  CHECK(parse_ipv4_range("10.1.2.3/32")->size() == 1);
}

}  // namespace
}  // namespace tidegate::link
