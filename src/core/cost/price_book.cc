#include "core/cost/price_book.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace tidegate::cost {

double per_hour(double monthly) {
  return monthly / kHoursPerMonth;
}

double per_second(double monthly) {
  return per_hour(monthly) / 3600;
}

std::string dollars(double amount) {
  return amount == std::floor(amount) ? "$" + format_double(amount) : dollars_and_cents(amount);
}

std::string dollars_and_cents(double amount) {
  return "$" + format_fixed(amount, 2);
}

std::optional<double> instance_price(const PriceBook& book, const std::string& instance_type) {
  const auto found = book.instance_types.find(instance_type);
  return found == book.instance_types.end() ? std::nullopt : std::optional{found->second};
}

std::string_view resource_type_of(std::string_view service) {
  struct Kind {
    std::string_view service, resource_type;
  };
  static constexpr auto kinds = std::to_array<Kind>({
      {"LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer"},
      {"RDS", "AWS::RDS::DBInstance"},
      {"RDSProxy", "AWS::RDS::DBProxy"},
      {"Redis", "AWS::ElastiCache::CacheCluster"},
  });
  for (const Kind& kind : kinds) {
    if (kind.service == service) {
      return kind.resource_type;
    }
  }
  return {};
}

std::vector<Service> services_of(const PriceBook& book, const ResourceCounts& resources) {
  std::vector<Service> services;
  for (const auto& [name, monthly] : book.services) {
    const auto found = resources.find(std::string{resource_type_of(name)});
    services.push_back({name, monthly, found == resources.end() ? 0 : found->second});
  }
  return services;
}

double running_price(const std::vector<Service>& services) {
  double sum = 0;
  for (const Service& service : services) {
    sum += service.monthly_price * service.running;
  }
  return sum;
}

MonthlyCost monthly_cost(const std::vector<Fleet>& fleets, const std::vector<Service>& services) {
  MonthlyCost cost;
  for (const Service& service : services) {
    cost.services += service.monthly_price * std::max(1, service.running);
  }
  for (const Fleet& fleet : fleets) {
    cost.now += fleet.monthly_price * fleet.running;
    cost.base += fleet.monthly_price * fleet.min_size;
    cost.peak_instances += fleet.monthly_price * fleet.max_size;
  }
  cost.base += cost.services;
  cost.peak = cost.peak_instances + cost.services;
  return cost;
}

}  // namespace tidegate::cost
