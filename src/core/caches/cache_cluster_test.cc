#include "core/caches/cache_cluster.h"

#include <array>

#include <doctest/doctest.h>

namespace tidegate::caches {
namespace {

using State = CacheObservation::State;

CacheCluster cluster() {
  CacheCluster made;
  made.id.value = "cnt-redis-cluster";
  made.endpoint = "cnt-redis-cluster.abcdef.0001.euw2.cache.amazonaws.com";
  return made;
}

CacheObservation seen(State state, std::string version) {
  CacheObservation observation;
  observation.state = state;
  observation.version = std::move(version);
  return observation;
}

}  // namespace

TEST_CASE("cache status: creating until it first ran, then available or rebooting, deleting last") {
  const CacheCluster one = cluster();
  CHECK(status_of(one, nullptr) == "creating");
  const auto starting = seen(State::Starting, "");
  const auto running = seen(State::Running, "7.0.15");
  const auto again = seen(State::Starting, "7.0.15");
  const auto failed = seen(State::Failed, "7.0.15");
  CHECK(status_of(one, &starting) == "creating");
  CHECK(status_of(one, &running) == "available");
  CHECK(status_of(one, &again) == "rebooting cluster nodes");
  CHECK(status_of(one, &failed) == "rebooting cluster nodes");
  CacheCluster going = one;
  going.deleting = true;
  CHECK(status_of(going, &running) == "deleting");
}

TEST_CASE("cache memory: a node type's, of which Redis may fill three quarters and half the host") {
  REQUIRE(node_memory("cache.t3.micro").has_value());
  CHECK(*node_memory("cache.t3.micro") == 536'870'912);
  CHECK_FALSE(node_memory("cache.t3.mikro").has_value());
  CHECK(max_memory(536'870'912, std::int64_t{16} << 30) == 402'653'184);
  CHECK(max_memory(400, 600) == 300);
  CHECK(max_memory(400, 598) == 299);
  for (const std::string& name : node_types()) {
    CHECK(node_memory(name).value_or(0) > 0);
  }
}

TEST_CASE(
    "cache endpoint: AWS's form, the same for the same account and region, another elsewhere") {
  const CacheClusterId id{"Cnt-Redis"};
  const std::string name = endpoint_name(id, "eu-west-2", "000000000000");
  CHECK(name == endpoint_name(id, "eu-west-2", "000000000000"));
  CHECK(name != endpoint_name(id, "eu-west-1", "000000000000"));
  CHECK(name.starts_with("cnt-redis."));
  CHECK(name.ends_with(".0001.euw2.cache.amazonaws.com"));
  CHECK(name.size() == std::string{"cnt-redis.abcdef.0001.euw2.cache.amazonaws.com"}.size());
}

TEST_CASE("cache endpoint: a region's short form") {
  CHECK(short_region("eu-west-2") == "euw2");
  CHECK(short_region("us-east-1") == "use1");
  CHECK(short_region("us-gov-west-1") == "usgw1");
  CHECK(short_region("ap-southeast-10") == "aps10");
  CHECK(short_region("local") == "local");
}

TEST_CASE("redis URL: name and port; a token is encoded") {
  CacheCluster one = cluster();
  CHECK(redis_url(one) == "redis://" + one.endpoint + ":6379/0");
  one.port = 7000;
  one.auth_token = "a+b:c%";
  CHECK(redis_url(one) == "redis://:a%2Bb%3Ac%25@" + one.endpoint + ":7000/0");
}

TEST_CASE("redis URL: a cache on loopback is called by its address") {
  CacheCluster one = cluster();
  one.address = "127.70.0.1";
  CHECK(is_on_loopback(one));
  CHECK(redis_url(one) == "redis://127.70.0.1:6379/0");
  one.address = "10.64.15.0";
  CHECK_FALSE(is_on_loopback(one));
  CHECK(redis_url(one) == "redis://" + one.endpoint + ":6379/0");
}

TEST_CASE("cache version: the same, another of the same major, another") {
  CHECK(compare_versions("", "7.0.15") == VersionMatch::Same);
  CHECK(compare_versions("7.0.15", "7.0.15") == VersionMatch::Same);
  CHECK(compare_versions("7.0", "7.0.15") == VersionMatch::Same);
  CHECK(compare_versions("7", "7.0.15") == VersionMatch::Same);
  CHECK(compare_versions("7.0.1", "7.0.15") == VersionMatch::SameMajor);
  CHECK(compare_versions("7.1.0", "7.0.15") == VersionMatch::SameMajor);
  CHECK(compare_versions("6.2", "7.0.15") == VersionMatch::Other);
  CHECK(compare_versions("70", "7.0.15") == VersionMatch::Other);
}

TEST_CASE("cache id: a letter first, then letters, digits and single inner hyphens, at most 50") {
  for (const char* good : {"a", "Cnt-redis-1", "z9"}) {
    CHECK(id_error(good).empty());
  }
  for (const char* bad : {"", "1a", "-a", "a-", "a--b", "a_b", "a.b", "a/b"}) {
    CHECK_FALSE(id_error(bad).empty());
  }
  CHECK(id_error(std::string(50, 'a')).empty());
  CHECK_FALSE(id_error(std::string(51, 'a')).empty());
}

TEST_CASE("auth token: 16 to 128 printable characters; the sentence does not repeat it") {
  CHECK(auth_token_error(std::string(16, 'x')).empty());
  CHECK(auth_token_error(std::string(128, 'x')).empty());
  CHECK(auth_token_error(std::string(15, 'x')).find("15") != std::string::npos);
  CHECK_FALSE(auth_token_error(std::string(129, 'x')).empty());
  for (const char* bad : {"sixteen letters!\"",
                          "sixteen letters/..",
                          "sixteen-letters@..",
                          "sixteen letters...",
                          "sixteen-letters\x7f.."}) {
    const std::string error = auth_token_error(bad);
    CHECK(error.find("printable") != std::string::npos);
    CHECK(error.find(bad) == std::string::npos);
  }
  CHECK(auth_token_error("!~sixteen-letters").empty());
}

}  // namespace tidegate::caches
