// What a stack has cost since it exists: dollars spent up to an instant, and the rate that has held
// since then. Between two changes of the rate nothing has to be written down, so that a restart
// loses nothing: an account in the store is exact at any later time. Pure values; any thread.
#pragma once

#include "base/time.h"

namespace tidegate::cost {

/// Dollars a month (of kHoursPerMonth), kept apart as the bill keeps them apart.
struct Rate {
  double instances = 0;
  double services = 0;  // load balancers, Redis: what has a price and runs here
  bool operator==(const Rate&) const = default;
};

/// Dollars.
struct Spent {
  double instances = 0;
  double services = 0;
  bool operator==(const Spent&) const = default;
};

struct Account {
  Instant opened;  // when the stack began
  Instant since;   // the rate has held since then
  Rate rate;
  Spent spent;           // up to `since`
  Spent before_month;    // of it, what was spent before the calendar month (UTC) of `since`
  std::string stack_id;  // whose it is: a new stack of the same name opens a new one
  bool operator==(const Account&) const = default;
};

Account opened(const std::string& stack_id, Instant now);
/// The same account with everything up to `now` in `spent`. An earlier `now` changes nothing.
Account accrued(const Account& account, Instant now);
/// Accrued, and from `now` on at that rate.
Account with_rate(const Account& account, Rate rate, Instant now);

/// The first instant of the calendar month (UTC) of `at`, and of the month after it.
Instant begin_of_month(Instant at);
Instant begin_of_next_month(Instant at);

/// Spent on instances in the calendar month of `now` so far, and if the present rate holds to its
/// end.
struct Month {
  double so_far = 0;
  double at_this_rate = 0;
  bool operator==(const Month&) const = default;
};
Month month_of(const Account& account, Instant now);

}  // namespace tidegate::cost
