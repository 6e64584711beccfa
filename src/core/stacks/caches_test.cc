// AWS::ElastiCache::CacheCluster in a template.
#include <array>

#include <doctest/doctest.h>

#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

constexpr const char* kCache = R"(Parameters:
  Token: { Type: String, NoEcho: true, Default: sixteen-letters! }
Resources:
  Redis:
    Type: AWS::ElastiCache::CacheCluster
    Properties:
      ClusterName: cnt-redis-cluster
      Engine: redis
      EngineVersion: 7.1.0
      CacheNodeType: cache.t3.micro
      NumCacheNodes: 1
Outputs:
  Address: { Value: !GetAtt Redis.RedisEndpoint.Address }
  Port: { Value: !GetAtt Redis.RedisEndpoint.Port }
  Name: { Value: !Ref Redis }
)";

std::string refused(const std::string& from, const std::string& to) {
  return refusal(replaced(kCache, from, to));
}

bool says(const std::string& sentence, const std::string& words) {
  INFO(sentence);
  return sentence.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("cache cluster: planned with its name, type, version, endpoint and address to come") {
  const StackPlan plan = planned(kCache);
  const auto& cluster = the<caches::CacheCluster>(plan);
  CHECK(cluster.id.value == "cnt-redis-cluster");
  CHECK(plan.resources[0].physical_id == "cnt-redis-cluster");
  CHECK(cluster.node_type == "cache.t3.micro");
  CHECK(cluster.engine_version == "7.1.0");
  CHECK(cluster.port == 6379);
  CHECK(cluster.zone == "eu-west-2a");
  CHECK(cluster.stack == "cnt");
  CHECK(cluster.auth_token.empty());
  CHECK(cluster.address.empty());
  CHECK(cluster.arn == "arn:aws:elasticache:eu-west-2:000000000000:cluster:cnt-redis-cluster");
  CHECK(plan.outputs[0].value == cluster.endpoint);
  CHECK(cluster.endpoint.ends_with(".0001.euw2.cache.amazonaws.com"));
  CHECK(plan.outputs[1].value == "6379");
  CHECK(plan.outputs[2].value == "cnt-redis-cluster");
}

TEST_CASE("cache cluster: port, zone and token as given; a name of its own, in small letters") {
  const StackPlan plan =
      planned(replaced(kCache,
                       "ClusterName: cnt-redis-cluster",
                       "Port: 7000\n      PreferredAvailabilityZone: eu-west-2c\n"
                       "      AuthToken: !Ref Token"));
  const auto& cluster = the<caches::CacheCluster>(plan);
  CHECK(cluster.port == 7000);
  CHECK(cluster.zone == "eu-west-2c");
  CHECK(cluster.auth_token == "sixteen-letters!");
  CHECK(plan.parameters.at("Token") == "****");
  CHECK(cluster.id.value.starts_with("cnt-redis-s"));
}

TEST_CASE("cache cluster: the name it has is kept in an update") {
  StackContext context = context_of_test();
  context.physical_ids[LogicalId{"Redis"}] = "cnt-redis-abc";
  const std::string text = replaced(kCache, "      ClusterName: cnt-redis-cluster\n", "");
  CHECK(the<caches::CacheCluster>(planned(text, context)).id.value == "cnt-redis-abc");
}

TEST_CASE("cache cluster: what cannot work is refused by property") {
  CHECK(says(refused("cache.t3.micro", "cache.t3.mikro"), "did you mean 'cache.t3.micro'"));
  CHECK(says(refused("cache.t3.micro", "huge"), "these are known: cache.m5.large"));
  CHECK(says(refused("Engine: redis", "Engine: memcached"), "Engine"));
  CHECK(says(refused("NumCacheNodes: 1", "NumCacheNodes: 2"), "NumCacheNodes"));
  CHECK(says(refused("      NumCacheNodes: 1\n", ""), "NumCacheNodes is missing"));
  CHECK(says(refused("      Engine: redis\n", ""), "Engine is missing"));
  CHECK(says(refused("      CacheNodeType: cache.t3.micro\n", ""), "CacheNodeType is missing"));
  CHECK(says(refused("7.1.0", "seven"), "'seven' is no version"));
  CHECK(says(refused("7.1.0", "7.1.0.1"), "is no version"));
  CHECK(says(refused("cnt-redis-cluster", "cnt--redis"), "single inner hyphens"));
  CHECK(says(refused("cnt-redis-cluster", std::string(51, 'x')), "more than 50 characters"));
  CHECK(says(refused("NumCacheNodes: 1", "NumCacheNodes: 1\n      Port: 1023"), "Port"));
  CHECK(refused("NumCacheNodes: 1", "NumCacheNodes: 1\n      Port: 1024") == "none");
  CHECK(says(
      refused("NumCacheNodes: 1", "NumCacheNodes: 1\n      PreferredAvailabilityZone: eu-west-1a"),
      "no zone of eu-west-2"));
  CHECK(says(refused("NumCacheNodes: 1", "NumCacheNodes: 1\n      AuthToken: short"),
             "16 to 128 characters, not 5"));
  CHECK(says(refused("NumCacheNodes: 1", "NumCacheNodes: 1\n      TransitEncryptionEnabled: true"),
             "TLS to a cache is not built"));
  CHECK(says(refused("    Properties:", "    DeletionPolicy: Retain\n    Properties:"),
             "DeletionPolicy Retain of a cache is not built"));
  CHECK(refused("    Properties:", "    DeletionPolicy: Delete\n    Properties:") == "none");
  CHECK(says(refused("AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup"),
             "use AWS::ElastiCache::CacheCluster"));
}

TEST_CASE("cache cluster: two of one name are refused") {
  const std::string second = R"(  Other:
    Type: AWS::ElastiCache::CacheCluster
    Properties:
      { ClusterName: CNT-redis-cluster, Engine: redis, CacheNodeType: cache.t3.micro,
        NumCacheNodes: 1 }
Outputs:
)";
  CHECK(says(refused("Outputs:\n", second), "the name is that of Redis already"));
}

TEST_CASE("cache cluster: security groups are named as unused") {
  const StackPlan plan = planned(
      replaced(kCache, "NumCacheNodes: 1", "NumCacheNodes: 1\n      VpcSecurityGroupIds: [sg-1]"));
  REQUIRE(plan.metadata.unused.size() == 1);
  CHECK(plan.metadata.unused[0] == "Resources.Redis.Properties.VpcSecurityGroupIds");
}

TEST_CASE("cache cluster: node type and version change in place, the rest is refused") {
  StackContext context = context_of_test();
  const StackPlan before = planned(kCache);
  context.physical_ids[LogicalId{"Redis"}] = "cnt-redis-cluster";
  const auto update = [&](const std::string& from, const std::string& to) {
    return plan_update(before, planned(replaced(kCache, from, to), context));
  };
  const auto larger = update("t3.micro", "t3.small");
  REQUIRE(larger.has_value());
  REQUIRE(larger->size() == 1);
  CHECK(larger->front().changed_properties == std::vector<std::string>{"CacheNodeType"});
  const auto newer = update("7.1.0", "7.0");
  REQUIRE(newer.has_value());
  CHECK(newer->front().changed_properties == std::vector<std::string>{"EngineVersion"});
  const auto moved = update("NumCacheNodes: 1", "NumCacheNodes: 1\n      Port: 7000");
  REQUIRE_FALSE(moved.has_value());
  CHECK(says(moved.error().message, "changing Port"));
  CHECK_FALSE(
      update("NumCacheNodes: 1", "NumCacheNodes: 1\n      AuthToken: !Ref Token").has_value());
}

}  // namespace tidegate::stacks
