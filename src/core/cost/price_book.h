// What things cost: monthly prices, and the cost of now, base and peak of a stack. Dollars; a month
// is 730 hours, as AWS counts it. Pure values and functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::cost {

inline constexpr double kHoursPerMonth = 730;  // AWS's pricing calculator

double per_hour(double monthly);
double per_second(double monthly);
/// "$68", "$235.50": whole dollars without cents.
std::string dollars(double amount);
/// "$0.00": always with cents, for what was spent.
std::string dollars_and_cents(double amount);

/// Metadata.Tidegate: MonthlyPrice of each instance type, and Prices of everything else.
struct PriceBook {
  std::map<std::string, double> instance_types;  // "t3.large" → dollars a month
  std::map<std::string, double> services;        // "LoadBalancer", "RDS" → dollars a month
  bool operator==(const PriceBook&) const = default;
};

/// Absent when the book has no price for that type.
std::optional<double> instance_price(const PriceBook& book, const std::string& instance_type);

/// A priced service of a stack. The documents' base counts it once even where nothing of the kind
/// runs here: what does not is named.
struct Service {
  std::string name;          // as in Prices
  double monthly_price = 0;  // of one
  std::int32_t running = 0;  // resources of its type that this stack has
  bool operator==(const Service&) const = default;
};
/// Resource type → how many of it a stack has.
using ResourceCounts = std::map<std::string, std::int32_t>;
/// Every service in the book, in the order of their names.
std::vector<Service> services_of(const PriceBook& book, const ResourceCounts& resources);
/// What the running ones cost a month.
double running_price(const std::vector<Service>& services);
/// What a name in Prices pays for: "RDS" → "AWS::RDS::DBInstance"; empty for an unknown name.
std::string_view resource_type_of(std::string_view service);

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
  double services = 0;        // all else in the price book, whether it runs here or not
  double base = 0;            // MinSize instances and the services
  double peak_instances = 0;  // MaxSize instances
  double peak = 0;            // MaxSize instances and the services
  bool operator==(const MonthlyCost&) const = default;
};
MonthlyCost monthly_cost(const std::vector<Fleet>& fleets, const std::vector<Service>& services);

}  // namespace tidegate::cost
