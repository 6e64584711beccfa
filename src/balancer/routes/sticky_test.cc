#include "balancer/routes/sticky.h"

#include <doctest/doctest.h>

namespace tidegate::balancer {
namespace {

constexpr std::int64_t kNow = 1'767'441'871;
constexpr const char* kKey = "key of this home";

balancing::TargetGroupConfig group(const std::string& arn = "tg") {
  balancing::TargetGroupConfig made;
  made.arn.value = arn;
  made.stickiness = {true, std::chrono::seconds{60}};
  for (const char* id : {"i-0", "i-1", "i-2"}) {
    made.targets.push_back({id, "10.64.0.2", 8000, "eu-west-2a"});
  }
  return made;
}

}  // namespace

TEST_CASE("sticky: a token leads to its target, until its duration is over") {
  const Sticky sticky{group(), kKey};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string token = sticky.token(i, kNow);
    CHECK(token.size() == 32);
    CHECK(sticky.position(token, kNow) == i);
    CHECK(sticky.position(token, kNow + 60) == i);
    CHECK_FALSE(sticky.position(token, kNow + 61).has_value());
  }
}

TEST_CASE("sticky: no byte of a token can be changed") {
  const Sticky sticky{group(), kKey};
  const std::string token = sticky.token(1, kNow);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK_FALSE(sticky.position(other, kNow).has_value());
  }
  for (const std::string& nonsense : {std::string{},
                                      std::string(32, 'A'),
                                      std::string(32, '%'),
                                      token.substr(1),
                                      token + "AAAA"}) {
    CHECK_FALSE(sticky.position(nonsense, kNow).has_value());
  }
}

TEST_CASE("sticky: a token is worth nothing in another group or another home") {
  const Sticky sticky{group(), kKey};
  const std::string token = sticky.token(0, kNow);
  CHECK_FALSE((Sticky{group("other"), kKey}.position(token, kNow).has_value()));
  CHECK_FALSE((Sticky{group(), "another key"}.position(token, kNow).has_value()));
  CHECK((Sticky{group(), kKey}.position(token, kNow)) == 0);
}

TEST_CASE("sticky: a target is found where it stands now; one that left is not") {
  const std::string token = Sticky{group(), kKey}.token(2, kNow);
  auto fewer = group();
  fewer.targets.erase(fewer.targets.begin());
  CHECK((Sticky{fewer, kKey}.position(token, kNow)) == 1);
  fewer.targets.pop_back();
  CHECK_FALSE((Sticky{fewer, kKey}.position(token, kNow).has_value()));
  auto moved = group();
  moved.targets[2].port = 8001;  // another target
  CHECK_FALSE((Sticky{moved, kKey}.position(token, kNow).has_value()));
}

TEST_CASE("sticky: both cookies, with their end, the second for other sites") {
  const Sticky sticky{group(), kKey};
  const std::string token = sticky.token(0, kNow);
  const std::string life = "; Expires=Sat, 03 Jan 2026 12:05:31 GMT; Path=/";
  CHECK(sticky.cookie_lines(0, kNow) == "Set-Cookie: AWSALB=" + token + life +
                                            "\r\nSet-Cookie: AWSALBCORS=" + token + life +
                                            "; SameSite=None; Secure\r\n");
}

TEST_CASE("cookie field: the value of exactly that name") {
  CHECK(cookie_value("AWSALB=x", "AWSALB") == "x");
  CHECK(cookie_value("a=b; AWSALBCORS=y;AWSALB=x ; c=d", "AWSALB") == "x");
  CHECK(cookie_value("a=b; AWSALBCORS=y; AWSALB=x", "AWSALBCORS") == "y");
  CHECK(cookie_value("AWSALB=\"x\"", "AWSALB") == "x");
  CHECK(cookie_value("AWSALB=", "AWSALB") == "");
  CHECK_FALSE(cookie_value("AWSALBCORS=y", "AWSALB").has_value());
  CHECK_FALSE(cookie_value("XAWSALB=y; AWSALB", "AWSALB").has_value());
  CHECK_FALSE(cookie_value("", "AWSALB").has_value());
  CHECK_FALSE(cookie_value(";;;", "AWSALB").has_value());
}

TEST_CASE("http date: RFC 9110's example, a leap day, the turn of a year") {
  CHECK(http_date(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(1'709'164'800) == "Thu, 29 Feb 2024 00:00:00 GMT");
  CHECK(http_date(1'767'225'599) == "Wed, 31 Dec 2025 23:59:59 GMT");
  CHECK(http_date(1'767'225'600) == "Thu, 01 Jan 2026 00:00:00 GMT");
}

}  // namespace tidegate::balancer
