// ElastiCache through the front.
#include "edge/api/models/elasticache.h"

#include <doctest/doctest.h>

#include "sample/desk.h"

namespace tidegate::api {
namespace {

using sample::code_of;
using sample::Desk;
using sample::message_of;

constexpr const char* kDescribe = "Action=DescribeCacheClusters";

engine::Model with_caches(int count) {
  engine::Model model = sample::model();
  for (int i = 0; i < count; ++i) {
    caches::CacheCluster cluster;
    cluster.id.value = "redis-" + std::string{static_cast<char>('a' + i)};
    cluster.arn = "arn:aws:elasticache:eu-west-2:000000000000:cluster:" + cluster.id.value;
    cluster.stack = "cnt";
    cluster.node_type = "cache.t3.micro";
    cluster.engine_version = "7.1.0";
    cluster.zone = "eu-west-2a";
    cluster.endpoint = cluster.id.value + ".abcdef.0001.euw2.cache.amazonaws.com";
    cluster.created = sample::kNow;
    model.caches[cluster.id].cluster = cluster;
  }
  return model;
}

void run(engine::CacheModel& cache) {
  caches::CacheObservation seen;
  seen.id = cache.cluster.id;
  seen.state = caches::CacheObservation::State::Running;
  seen.version = "7.0.15";
  cache.seen = seen;
}

Json described(Desk& desk, const std::string& more = {}) {
  const HttpResponse response = desk.form("elasticache", kDescribe + more);
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  const Service& model = elasticache::service();
  return decode_answer(
      model, *find_operation(model, "DescribeCacheClusters"), *parse_xml(response.body));
}

}  // namespace

TEST_CASE("DescribeCacheClusters: creating as asked for, then available with what runs") {
  engine::Model model = with_caches(1);
  {
    Desk desk{model};
    const Json one = described(desk)["CacheClusters"].items().at(0);
    CHECK(one["CacheClusterId"].string_or("") == "redis-a");
    CHECK(one["CacheClusterStatus"].string_or("") == "creating");
    CHECK(one["EngineVersion"].string_or("") == "7.1.0");
    CHECK(one["Engine"].string_or("") == "redis");
    CHECK(one["NumCacheNodes"].int_or(0) == 1);
    CHECK(one["CacheNodeType"].string_or("") == "cache.t3.micro");
    CHECK_FALSE(one["AuthTokenEnabled"].bool_or(true));
    CHECK(one["CacheNodes"].is_null());
  }
  engine::CacheModel& cache = model.caches.begin()->second;
  cache.cluster.auth_token = "sixteen-letters!";
  run(cache);
  Desk desk{model};
  const Json one = described(desk, "&ShowCacheNodeInfo=true")["CacheClusters"].items().at(0);
  CHECK(one["CacheClusterStatus"].string_or("") == "available");
  CHECK(one["EngineVersion"].string_or("") == "7.0.15");
  CHECK(one["AuthTokenEnabled"].bool_or(false));
  CHECK(one.dump().find("sixteen") == std::string::npos);
  const Json node = one["CacheNodes"].items().at(0);
  CHECK(node["CacheNodeId"].string_or("") == "0001");
  CHECK(node["CacheNodeStatus"].string_or("") == "available");
  CHECK(node["Endpoint"]["Address"].string_or("") == cache.cluster.endpoint);
  CHECK(node["Endpoint"]["Port"].int_or(0) == 6379);
}

TEST_CASE("DescribeCacheClusters: one by its name in any case; an unknown one is a 404") {
  Desk desk{with_caches(3)};
  CHECK(described(desk)["CacheClusters"].items().size() == 3);
  const Json one = described(desk, "&CacheClusterId=REDIS-B")["CacheClusters"];
  REQUIRE(one.items().size() == 1);
  CHECK(one.items().at(0)["CacheClusterId"].string_or("") == "redis-b");
  CHECK(described(desk, "&ShowCacheClustersNotInReplicationGroups=true")["CacheClusters"]
            .items()
            .size() == 3);
  const HttpResponse unknown =
      desk.form("elasticache", std::string{kDescribe} + "&CacheClusterId=x");
  CHECK(unknown.status == 404);
  CHECK(code_of(unknown) == "CacheClusterNotFound");
  CHECK(message_of(unknown) == "CacheCluster not found: x");
}

TEST_CASE("DescribeCacheClusters: pages of 20 to 100") {
  Desk desk{with_caches(26)};
  const Json first = described(desk, "&MaxRecords=20");
  CHECK(first["CacheClusters"].items().size() == 20);
  const std::string marker = first["Marker"].string_or("");
  REQUIRE_FALSE(marker.empty());
  const Json second = described(desk, "&MaxRecords=20&Marker=" + marker);
  CHECK(second["CacheClusters"].items().size() == 6);
  CHECK(second["CacheClusters"].items().at(0)["CacheClusterId"].string_or("") == "redis-u");
  CHECK(second["Marker"].is_null());
  CHECK(described(desk, "&MaxRecords=100")["CacheClusters"].items().size() == 26);
  for (const char* bad : {"&MaxRecords=19", "&MaxRecords=101", "&Marker=nonsense"}) {
    const HttpResponse refused = desk.form("elasticache", std::string{kDescribe} + bad);
    CAPTURE(refused.body);
    CHECK(refused.status == 400);
    CHECK(code_of(refused) == "InvalidParameterValue");
  }
}

}  // namespace tidegate::api
