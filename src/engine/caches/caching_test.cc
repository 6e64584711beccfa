// Caches through the engine: created, told to instances, replaced in place, removed.
#include <doctest/doctest.h>

#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const caches::CacheClusterId kCache{"web-redis"};

std::string with_cache() {
  std::string body = kTemplate;
  const std::string resource = R"(  Redis:
    Type: AWS::ElastiCache::CacheCluster
    Properties:
      { ClusterName: web-redis, Engine: redis, CacheNodeType: !Ref Node, NumCacheNodes: 1 }
)";
  // The last one: the group is there before it, and its instances wait for the address.
  body.insert(body.find("Outputs:"), resource);
  body.insert(body.find("Resources:"), "  Node: { Type: String, Default: cache.t3.micro }\n");
  return body;
}

const CacheModel& cache(const World& world) {
  return world.model().caches.at(kCache);
}

std::string status(const World& world) {
  const CacheModel& one = cache(world);
  return std::string{caches::status_of(one.cluster, one.seen ? &*one.seen : nullptr)};
}

}  // namespace

TEST_CASE("caching: a cluster is creating, then available, and then its stack is complete") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(milliseconds{300});
  REQUIRE(world.model().caches.contains(kCache));
  CHECK(status(world) == "creating");
  CHECK(world.stack().status == stacks::Status::CreateInProgress);
  world.run_for(seconds{2});
  CHECK(status(world) == "available");
  CHECK(world.stack().status == stacks::Status::CreateComplete);
  CHECK(cache(world).cluster.address == "10.64.15.0");
  CHECK(cache(world).cluster.stack == "web");
  const auto spec = world.caches.spec_of(kCache);
  REQUIRE(spec.has_value());
  CHECK(spec->address == "10.64.15.0");
  CHECK(spec->port == 6379);
  CHECK(spec->max_memory == 402'653'184);
}

TEST_CASE("caching: instances get the endpoint's name and REDIS_URL, also those launched first") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{10});
  REQUIRE(world.serving().size() == 1);
  const auto& spec = world.cloud.instances().at(world.serving()[0]).spec;
  const auto& cluster = cache(world).cluster;
  CHECK(spec.environment.at("REDIS_URL") == "redis://" + cluster.endpoint + ":6379/0");
  REQUIRE(spec.host_names.contains(cluster.endpoint));
  CHECK(spec.host_names.at(cluster.endpoint) == "10.64.15.0");
}

TEST_CASE("caching: without a cache instances are told of none") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  REQUIRE(world.serving().size() == 1);
  const auto& spec = world.cloud.instances().at(world.serving()[0]).spec;
  CHECK_FALSE(spec.environment.contains("REDIS_URL"));
  CHECK(spec.host_names.empty());
  CHECK(world.caches.calls() == 0);
}

TEST_CASE("caching: asked for once, not with every tick") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{60});
  CHECK(world.caches.calls() == 1);
}

TEST_CASE("caching: a lost call is made again once it is overdue") {
  World world;
  bool through = false;
  world.caches.set_gate([&] { return through; });
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{4});
  through = true;
  world.run_for(milliseconds{500});
  CHECK(world.caches.calls() == 0);
  world.run_for(seconds{2});
  CHECK(world.caches.calls() == 1);
  CHECK(status(world) == "available");
}

TEST_CASE("caching: what cannot be started fails the stack with the driver's sentence") {
  World world;
  world.caches.set_trouble("Redis is not installed: apt-get install redis-tools");
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{60});
  CHECK(world.stack().status == stacks::Status::RollbackComplete);
  CHECK(world.model().caches.empty());
  CHECK_FALSE(world.caches.spec_of(kCache).has_value());
  bool said = false;
  for (const auto& event : world.stack().events) {
    said = said || (event.logical_id == "Redis" && event.status == stacks::Status::CreateFailed &&
                    event.status_reason.find("redis-tools") != std::string::npos);
  }
  CHECK(said);
}

TEST_CASE("caching: a cache that goes away later takes no instance with it") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{10});
  const auto before = world.serving();
  world.caches.set_trouble("gone");
  world.run_for(seconds{120});
  CHECK(status(world) == "rebooting cluster nodes");
  CHECK(world.serving() == before);
  CHECK(world.cloud.launches() == 1);
  world.caches.set_trouble("");
  world.run_for(seconds{1});
  CHECK(status(world) == "available");
}

TEST_CASE("caching: another node type is asked for at once, with the same address") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{10});
  REQUIRE(world.update({{"Node", "cache.t3.small"}}, with_cache()).has_value());
  world.run_for(seconds{1});
  const auto spec = world.caches.spec_of(kCache);
  REQUIRE(spec.has_value());
  CHECK(spec->max_memory == 1'471'026'299 / 4 * 3);
  CHECK(spec->address == "10.64.15.0");
  CHECK(cache(world).seen->run == 1);
}

TEST_CASE("caching: deleted with its stack, which is complete only when nothing is left of it") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{10});
  bool removable = false;
  world.caches.set_gate([&] { return removable; });
  REQUIRE(world.execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  world.run_for(seconds{20});
  CHECK(status(world) == "deleting");
  CHECK(world.stack().status == stacks::Status::DeleteInProgress);
  removable = true;
  world.run_for(seconds{10});
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
  CHECK(world.model().caches.empty());
  CHECK_FALSE(world.caches.spec_of(kCache).has_value());
}

TEST_CASE(
    "caching: a control plane that starts again asks for the same, and removes what is nobody's") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{10});
  ports::CacheSpec stray;
  stray.id.value = "nobodys";
  stray.max_memory = 1;
  world.caches.ensure(stray);
  const auto before = world.caches.spec_of(kCache);
  world.start();
  world.run_for(seconds{2});
  CHECK(world.caches.spec_of(kCache) == before);
  CHECK(status(world) == "available");
  CHECK(cache(world).seen->run == 0);  // it was not started anew
  CHECK_FALSE(world.caches.spec_of(stray.id).has_value());
}

TEST_CASE("caching: instances in service are counted as connected by their address") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{10});
  const auto id = world.serving()[0];
  CHECK(connected_instances(world.model(), cache(world)).at(id) == false);
  world.caches.connect(kCache, "10.64.15.99");
  world.run_for(seconds{1});
  CHECK(connected_instances(world.model(), cache(world)).at(id) == false);
  world.caches.connect(kCache, world.group().instances.at(id).address);
  world.run_for(seconds{1});
  CHECK(connected_instances(world.model(), cache(world)) ==
        std::map<groups::InstanceId, bool>{{id, true}});
}

TEST_CASE("caching: metrics come once a second while it runs, and none while it does not") {
  World world;
  REQUIRE(world.create(with_cache()).has_value());
  world.run_for(seconds{20});
  const auto metric = metrics::make_metric_id(
      "AWS/ElastiCache", "CurrConnections", {{"CacheClusterId", "web-redis"}});
  const Instant now = std::chrono::floor<seconds>(world.clock.now());
  const auto count = [&](Instant from, Instant to) {
    double sum = 0;
    for (const auto& point : world.metrics.read(metric, from, to, seconds{1})) {
      sum += point.values.sample_count;
    }
    return sum;
  };
  CHECK(count(now - seconds{12}, now - seconds{2}) == 10);
  world.caches.set_trouble("gone");
  world.run_for(seconds{10});
  CHECK(count(now + seconds{3}, now + seconds{9}) == 0);
}

TEST_CASE("caching: no address is left for a fourth cluster, and the sentence says so") {
  World world;
  std::string body = "Resources:\n";
  for (const char* name : {"A", "B", "C", "D"}) {
    body += std::string{"  "} + name +
            ": { Type: AWS::ElastiCache::CacheCluster, Properties: { Engine: redis, "
            "CacheNodeType: cache.t3.micro, NumCacheNodes: 1 } }\n";
  }
  REQUIRE(world.create(body).has_value());
  world.run_for(seconds{10});
  CHECK(world.stack().status == stacks::Status::RollbackComplete);
  bool said = false;
  for (const auto& event : world.stack().events) {
    said = said || event.status_reason.find("no address is left") != std::string::npos;
  }
  CHECK(said);
}

}  // namespace tidegate::engine
