// What things cost: monthly prices, cost of now, base and peak of a stack, and what was spent so
// far. Dollars; a month is 730 hours, as AWS counts it. Pure values and functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace tidegate::cost {

inline constexpr double kHoursPerMonth = 730;  // AWS's pricing calculator

double per_hour(double monthly);
double per_second(double monthly);

/// Metadata.Tidegate: MonthlyPrice of each instance type, and Prices of everything else.
struct PriceBook {
  std::map<std::string, double> instance_types;  // "t3.large" → dollars a month
  std::map<std::string, double> services;        // "LoadBalancer", "RDS" → dollars a month
  bool operator==(const PriceBook&) const = default;
};

/// Absent when the book has no price for that type.
std::optional<double> instance_price(const PriceBook& book, const std::string& instance_type);
/// Of all services together.
double services_price(const PriceBook& book);

/// Instances of one type in one group.
struct Fleet {
  double monthly_price = 0;  // of one instance
  std::int32_t running = 0;  // Pending to Terminating: they are paid for
  std::int32_t min_size = 0;
  std::int32_t max_size = 0;
};

/// A stack's line of costs; dollars a month.
struct MonthlyCost {
  double now = 0;             // running instances
  double services = 0;        // all else in the price book
  double base = 0;            // MinSize instances and the services
  double peak_instances = 0;  // MaxSize instances
  double peak = 0;            // MaxSize instances and the services
  bool operator==(const MonthlyCost&) const = default;
};
MonthlyCost monthly_cost(const std::vector<Fleet>& fleets, const PriceBook& book);

/// Dollars spent up to an instant.
struct Spent {
  double dollars = 0;
  std::optional<Instant> until;  // absent before the first accrual
  bool operator==(const Spent&) const = default;
};
/// Adds what `monthly` (the rate that held since `spent.until`) cost up to `now`. The first accrual
/// only starts the clock; an earlier `now` changes nothing.
Spent accrued(const Spent& spent, double monthly, Instant now);

}  // namespace tidegate::cost
