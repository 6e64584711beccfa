#include "core/cost/account.h"

#include <algorithm>
#include <chrono>

#include "core/cost/price_book.h"

namespace tidegate::cost {
namespace {

std::chrono::year_month_day date_of(Instant at) {
  const auto days = std::chrono::floor<std::chrono::days>(at.time_since_epoch());
  return std::chrono::year_month_day{std::chrono::sys_days{days}};
}

Instant instant_of(std::chrono::sys_days day) {
  return Instant{std::chrono::duration_cast<Duration>(day.time_since_epoch())};
}

/// At its own rate, up to `until`, which is in the same calendar month.
void add(Account& account, Instant until) {
  const double seconds = seconds_of(until - account.since);
  account.spent.instances += per_second(account.rate.instances) * seconds;
  account.spent.services += per_second(account.rate.services) * seconds;
  account.since = until;
}

}  // namespace

Instant begin_of_month(Instant at) {
  const auto date = date_of(at);
  return instant_of(date.year() / date.month() / 1);
}

Instant begin_of_next_month(Instant at) {
  const auto date = date_of(at);
  return instant_of((date.year() / date.month() / 1) + std::chrono::months{1});
}

Account opened(const std::string& stack_id, Instant now) {
  Account account;
  account.opened = now;
  account.since = now;
  account.stack_id = stack_id;
  return account;
}

Account accrued(const Account& account, Instant now) {
  Account after = account;
  while (now > after.since) {
    const Instant next_month = begin_of_next_month(after.since);
    add(after, std::min(now, next_month));
    if (after.since == next_month) {
      after.before_month = after.spent;
    }
  }
  return after;
}

Account with_rate(const Account& account, Rate rate, Instant now) {
  Account after = accrued(account, now);
  after.rate = rate;
  return after;
}

Month month_of(const Account& account, Instant now) {
  const Account after = accrued(account, now);
  const double so_far = after.spent.instances - after.before_month.instances;
  const double left = seconds_of(begin_of_next_month(after.since) - after.since);
  return {so_far, so_far + per_second(after.rate.instances) * left};
}

}  // namespace tidegate::cost
