#include "core/cost/price_book.h"

#include <doctest/doctest.h>

namespace tidegate::cost {
namespace {

PriceBook documents_book() {
  return PriceBook{{{"t3.large", 68.0}}, {{"LoadBalancer", 16.0}, {"RDS", 15.0}}};
}

}  // namespace

TEST_CASE("price: a month is 730 hours of 3600 seconds") {
  CHECK(per_hour(730) == 1);
  CHECK(per_second(730.0 * 3600) == 1);
}

TEST_CASE("dollars: whole ones without cents, what was spent always with them") {
  CHECK(dollars(68) == "$68");
  CHECK(dollars(235.5) == "$235.50");
  CHECK(dollars(0) == "$0");
  CHECK(dollars_and_cents(0) == "$0.00");
  CHECK(dollars_and_cents(68) == "$68.00");
  CHECK(dollars_and_cents(0.126) == "$0.13");
}

TEST_CASE("instance_price: of a known type, and none of another") {
  CHECK(instance_price(documents_book(), "t3.large") == 68.0);
  CHECK(!instance_price(documents_book(), "t3.small").has_value());
}

TEST_CASE("services_of: each priced service, with what the stack really runs of it") {
  const ResourceCounts resources = {{"AWS::ElasticLoadBalancingV2::LoadBalancer", 2},
                                    {"AWS::ElastiCache::CacheCluster", 1}};
  const auto services = services_of(documents_book(), resources);
  CHECK(services == std::vector<Service>{{"LoadBalancer", 16, 2}, {"RDS", 15, 0}});
  CHECK(running_price(services) == 32);
  CHECK(running_price(services_of({{}, {{"Redis", 12.5}}}, resources)) == 12.5);
  CHECK(services_of({}, resources).empty());
  CHECK(services_of({{}, {{"Moon", 1}}}, resources).front().running == 0);
}

TEST_CASE("resource_type_of: what each name in Prices pays for") {
  CHECK(resource_type_of("LoadBalancer") == "AWS::ElasticLoadBalancingV2::LoadBalancer");
  CHECK(resource_type_of("RDS") == "AWS::RDS::DBInstance");
  CHECK(resource_type_of("RDSProxy") == "AWS::RDS::DBProxy");
  CHECK(resource_type_of("Redis") == "AWS::ElastiCache::CacheCluster");
  CHECK(resource_type_of("Moon").empty());
}

TEST_CASE("monthly_cost: the documents' numbers") {
  const auto services = services_of(documents_book(), {});
  CHECK(monthly_cost({Fleet{68, 1, 1, 3}}, services) == MonthlyCost{68, 31, 99, 204, 235});
  CHECK(monthly_cost({Fleet{68, 2, 1, 3}}, services) == MonthlyCost{136, 31, 99, 204, 235});
}

TEST_CASE("monthly_cost: groups add up, a service is paid once or as often as it runs") {
  const auto services =
      services_of(documents_book(), {{"AWS::ElasticLoadBalancingV2::LoadBalancer", 2}});
  CHECK(monthly_cost({Fleet{10, 1, 2, 3}, Fleet{100, 4, 5, 6}}, services) ==
        MonthlyCost{410, 47, 567, 630, 677});
  CHECK(monthly_cost({}, {}) == MonthlyCost{});
}

}  // namespace tidegate::cost
