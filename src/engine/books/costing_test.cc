// What stacks spend: the documents' prices over a life of launches, ends and restarts.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::string priced_template() {
  std::string body = kTemplate;
  const std::string prices = "    Prices: { LoadBalancer: 16, RDS: 15 }\n";
  const auto at = body.find("    InstanceTypes:");
  REQUIRE(at != std::string::npos);
  return body.insert(at, prices);
}

const cost::Account& account(const World& world) {
  return world.model().costs.at(kStack);
}

double spent(World& world) {
  return cost::accrued(account(world), world.clock.now()).spent.instances;
}

}  // namespace

TEST_CASE("costing: an instance is paid for from its launch to its end, at its price") {
  World world;
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  world.run_for(seconds{10});
  REQUIRE(world.serving().size() == 1);
  CHECK(account(world).rate == cost::Rate{68, 16});
  CHECK(account(world).opened == world.stack().created);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{60});
  CHECK(account(world).rate == cost::Rate{136, 16});
  CHECK(spent(world) == doctest::Approx(68.0 / 730 / 3600 * (10 + 2 * 60)).epsilon(0.01));
  world.run_for(hours{2});  // scaled in to one after two minutes
  CHECK(account(world).rate == cost::Rate{68, 16});
  CHECK(spent(world) == doctest::Approx(68.0 / 730 * 2.05).epsilon(0.02));
}

TEST_CASE("costing: a restart and the time without a control plane change nothing about it") {
  World world;
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  world.run_for(hours{1});
  const cost::Account before = account(world);
  world.clock.advance_to(world.clock.now() + hours{5});  // nobody looks, the instance runs
  world.start();
  REQUIRE(world.recovered.has_value());
  CHECK(account(world) == before);
  world.run_for(hours{1});
  CHECK(spent(world) == doctest::Approx(68.0 / 730 * 7).epsilon(0.001));
}

TEST_CASE("costing: nothing is written while the rate stands") {
  World world;
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  world.run_for(seconds{30});
  const std::string stored = world.store.contents().at("cost/web");
  world.run_for(hours{1});
  CHECK(world.store.contents().at("cost/web") == stored);
}

TEST_CASE("costing: an account ends with its stack; the name begins anew") {
  World world;
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  world.run_for(hours{1});
  REQUIRE(world.execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  world.run_for(seconds{60});
  CHECK(world.model().costs.empty());
  CHECK_FALSE(world.store.contents().contains("cost/web"));
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  CHECK(spent(world) == 0);
  CHECK(account(world).opened == world.clock.now());
}

TEST_CASE("costing: decisions say what they change") {
  World world;
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  world.run_for(seconds{10});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{10});
  const Json up = Json::object({{"MonthlyBefore", 68.0}, {"MonthlyAfter", 136.0}});
  std::size_t desired = 0;
  std::size_t launches = 0;
  for (const LedgerEntry& entry : world.model().ledger) {
    if (entry.what == "desired 1 -> 2") {
      ++desired;
      CHECK(entry.cost == up);
    } else if (entry.what.starts_with("launch i-")) {
      ++launches;
      CHECK(entry.cost["MonthlyAfter"] == Json{68.0 * static_cast<double>(launches)});
    } else if (!entry.decided) {
      CHECK(entry.cost.is_null());
    }
  }
  CHECK(desired == 1);
  CHECK(launches == 2);
}

TEST_CASE("costing: a command that was refused for a full disk is in no ledger") {
  World world;
  REQUIRE(world.create(priced_template(), {{"Target", "99"}}).has_value());
  world.run_for(seconds{10});
  static_cast<void>(world.engine->take_ledger());
  world.store.fail_with(Error{ErrorCode::ResourceExhausted, "DiskFull", "no space"});
  REQUIRE_FALSE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  for (const LedgerEntry& entry : world.engine->take_ledger()) {
    CHECK(entry.what.find("desired 1 -> 2") == std::string::npos);
  }
  CHECK(world.group().group.desired_capacity == 1);
}

}  // namespace tidegate::engine
