#include "core/cost/price_book.h"

#include <doctest/doctest.h>

namespace tidegate::cost {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Instant kStart{seconds{1'000'000}};

PriceBook documents_book() {
  return PriceBook{{{"t3.large", 68.0}}, {{"LoadBalancer", 16.0}, {"RDS", 15.0}}};
}

}  // namespace

TEST_CASE("price: a month is 730 hours of 3600 seconds") {
  CHECK(per_hour(730) == 1);
  CHECK(per_second(730.0 * 3600) == 1);
}

TEST_CASE("instance_price: of a known type, and none of another") {
  CHECK(instance_price(documents_book(), "t3.large") == 68.0);
  CHECK(!instance_price(documents_book(), "t3.small").has_value());
}

TEST_CASE("monthly_cost: the documents' numbers") {
  const Fleet fleet{68, 2, 1, 3};
  CHECK(monthly_cost({fleet}, documents_book()) == MonthlyCost{136, 31, 99, 204, 235});
}

TEST_CASE("monthly_cost: several groups add up, services are paid once") {
  CHECK(monthly_cost({Fleet{10, 1, 2, 3}, Fleet{100, 4, 5, 6}}, documents_book()) ==
        MonthlyCost{410, 31, 551, 630, 661});
  CHECK(monthly_cost({}, PriceBook{}) == MonthlyCost{});
}

TEST_CASE("accrued: the rate that held, for the time it held") {
  Spent spent = accrued({}, 730, kStart);
  CHECK(spent == Spent{0, kStart});
  spent = accrued(spent, 730, kStart + hours{2});
  CHECK(spent.dollars == doctest::Approx(2));
  CHECK(spent.until == kStart + hours{2});
  spent = accrued(spent, 1460, kStart + hours{3});
  CHECK(spent.dollars == doctest::Approx(4));
}

TEST_CASE("accrued: nothing is spent by a clock that stands or goes back") {
  const Spent spent{5, kStart};
  CHECK(accrued(spent, 730, kStart) == spent);
  CHECK(accrued(spent, 730, kStart - hours{1}) == spent);
}

}  // namespace tidegate::cost
