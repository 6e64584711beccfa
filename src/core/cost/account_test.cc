#include "core/cost/account.h"

#include <doctest/doctest.h>

#include "core/cost/price_book.h"

namespace tidegate::cost {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Instant kStart = parse_iso8601("2026-01-03T12:00:00Z").value();
constexpr Rate kOne{730, 73};  // a dollar an hour, and ten cents for services

Instant at(const char* text) {
  return parse_iso8601(text).value();
}

}  // namespace

TEST_CASE("account: the rate that held is paid for the time that it held, each kind by itself") {
  CHECK(opened("id", kStart).since == kStart);
  Account account = with_rate(opened("id", kStart), kOne, kStart + hours{1});
  CHECK(account.opened == kStart);
  CHECK(account.spent == Spent{});  // nothing ran in the first hour
  account = with_rate(account, {3 * 730, 0}, kStart + hours{3});
  CHECK(account.spent.instances == doctest::Approx(2));
  CHECK(account.spent.services == doctest::Approx(0.2));
  account = accrued(account, kStart + hours{3} + seconds{1800});
  CHECK(account.spent.instances == doctest::Approx(3.5));
  CHECK(account.spent.services == doctest::Approx(0.2));
  CHECK(account.since == kStart + hours{3} + seconds{1800});
  CHECK(account.stack_id == "id");
}

TEST_CASE("account: looked at late or often, it says the same") {
  const Account account = with_rate(opened("id", kStart), kOne, kStart);
  Account often = account;
  for (int i = 1; i <= 1000; ++i) {
    often = accrued(often, kStart + i * hours{1});
  }
  const Account late = accrued(account, kStart + hours{1000});
  CHECK(often.spent.instances == doctest::Approx(late.spent.instances));
  CHECK(often.before_month.instances == doctest::Approx(late.before_month.instances));
  CHECK(late.spent.instances == doctest::Approx(1000));
}

TEST_CASE("account: a clock that stands or goes back costs nothing") {
  const Account account = with_rate(opened("id", kStart), kOne, kStart);
  CHECK(accrued(account, kStart) == account);
  CHECK(accrued(account, kStart - hours{1}) == account);
}

TEST_CASE("months: they begin at midnight UTC of the first") {
  CHECK(begin_of_month(at("2026-01-01T00:00:00Z")) == at("2026-01-01T00:00:00Z"));
  CHECK(begin_of_month(at("2026-01-31T23:59:59Z")) == at("2026-01-01T00:00:00Z"));
  CHECK(begin_of_next_month(at("2026-01-01T00:00:00Z")) == at("2026-02-01T00:00:00Z"));
  CHECK(begin_of_next_month(at("2025-12-31T23:59:59Z")) == at("2026-01-01T00:00:00Z"));
  CHECK(begin_of_next_month(at("2028-02-29T12:00:00Z")) == at("2028-03-01T00:00:00Z"));
}

TEST_CASE("account: a month's spending begins anew with each month, also over several") {
  const Account account =
      with_rate(opened("id", at("2026-01-31T22:00:00Z")), kOne, at("2026-01-31T22:00:00Z"));
  CHECK(month_of(account, at("2026-01-31T23:00:00Z")).so_far == doctest::Approx(1));
  CHECK(month_of(account, at("2026-01-31T23:00:00Z")).at_this_rate == doctest::Approx(2));
  CHECK(month_of(account, at("2026-02-01T00:00:00Z")).so_far == 0);
  CHECK(month_of(account, at("2026-02-01T03:00:00Z")).so_far == doctest::Approx(3));
  CHECK(month_of(account, at("2026-02-01T03:00:00Z")).at_this_rate == doctest::Approx(28 * 24));
  CHECK(month_of(account, at("2026-04-01T05:00:00Z")).so_far == doctest::Approx(5));
  CHECK(accrued(account, at("2026-02-01T03:00:00Z")).spent.instances == doctest::Approx(5));
  CHECK(accrued(account, at("2026-02-01T03:00:00Z")).before_month.services == doctest::Approx(0.2));
}

}  // namespace tidegate::cost
