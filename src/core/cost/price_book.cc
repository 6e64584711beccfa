#include "core/cost/price_book.h"

namespace tidegate::cost {

double per_hour(double monthly) {
  return monthly / kHoursPerMonth;
}

double per_second(double monthly) {
  return per_hour(monthly) / 3600;
}

std::optional<double> instance_price(const PriceBook& book, const std::string& instance_type) {
  const auto found = book.instance_types.find(instance_type);
  return found == book.instance_types.end() ? std::nullopt : std::optional{found->second};
}

double services_price(const PriceBook& book) {
  double sum = 0;
  for (const auto& [name, monthly] : book.services) {
    sum += monthly;
  }
  return sum;
}

MonthlyCost monthly_cost(const std::vector<Fleet>& fleets, const PriceBook& book) {
  MonthlyCost cost;
  cost.services = services_price(book);
  for (const Fleet& fleet : fleets) {
    cost.now += fleet.monthly_price * fleet.running;
    cost.base += fleet.monthly_price * fleet.min_size;
    cost.peak_instances += fleet.monthly_price * fleet.max_size;
  }
  cost.base += cost.services;
  cost.peak = cost.peak_instances + cost.services;
  return cost;
}

Spent accrued(const Spent& spent, double monthly, Instant now) {
  if (!spent.until) {
    return Spent{spent.dollars, now};
  }
  if (now <= *spent.until) {
    return spent;
  }
  return Spent{spent.dollars + per_second(monthly) * seconds_of(now - *spent.until), now};
}

}  // namespace tidegate::cost
