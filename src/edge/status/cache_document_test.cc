#include "edge/status/cache_document.h"

#include <doctest/doctest.h>

#include "edge/status/problems.h"
#include "sample/sample_model.h"

namespace tidegate::status {
namespace {

using State = caches::CacheObservation::State;

const caches::CacheClusterId kId{"cnt-redis-cluster"};

engine::Model with_cache() {
  engine::Model model = sample::model();
  caches::CacheCluster cluster;
  cluster.id = kId;
  cluster.stack = "cnt";
  cluster.node_type = "cache.t3.micro";
  cluster.engine_version = "7.1.0";
  cluster.endpoint = "cnt-redis-cluster.abcdef.0001.euw2.cache.amazonaws.com";
  cluster.address = "10.64.15.0";
  model.caches[kId].cluster = cluster;
  return model;
}

caches::CacheObservation& observe(engine::Model& model, State state, std::string version) {
  caches::CacheObservation seen;
  seen.id = kId;
  seen.state = state;
  seen.version = std::move(version);
  model.caches.at(kId).seen = seen;
  return *model.caches.at(kId).seen;
}

Json document(const engine::Model& model) {
  const Json all = cache_documents(model, model.stacks.at(sample::kStack));
  REQUIRE(all.items().size() == 1);
  return all.items().at(0);
}

std::vector<std::string> problems(const engine::Model& model) {
  return cache_problems(model, model.stacks.at(sample::kStack));
}

bool says(const std::vector<std::string>& sentences, const std::string& words) {
  return sentences.size() == 1 && sentences[0].find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("cache document: creating tells what is asked for, and no more") {
  const Json json = document(with_cache());
  CHECK(json["CacheClusterStatus"].string_or("") == "creating");
  CHECK(json["EngineVersionAsked"].string_or("") == "7.1.0");
  CHECK(json["Endpoint"].string_or("") ==
        "cnt-redis-cluster.abcdef.0001.euw2.cache.amazonaws.com:6379");
  CHECK(json["EngineVersion"].is_null());
  CHECK(json["Ping"].is_null());
  CHECK(json["Instances"].is_null());
  CHECK(problems(with_cache()).empty());
}

TEST_CASE(
    "cache document: available counts the instances that are connected, and names the others") {
  engine::Model model = with_cache();
  auto& seen = observe(model, State::Running, "7.0.15");
  sample::add_instance(model, "i-2", "eu-west-2b");
  auto& instances = sample::group(model).instances;
  instances.at(groups::InstanceId{"i-2"}).address = "10.64.0.9";
  seen.clients = {instances.at(sample::kInstance).address, "10.99.0.1"};
  const Json json = document(model);
  CHECK(json["CacheClusterStatus"].string_or("") == "available");
  CHECK(json["EngineVersion"].string_or("") == "7.0.15");
  CHECK(json["Ping"].string_or("") == "ok");
  CHECK(json["InstancesConnected"].int_or(-1) == 1);
  CHECK(json["Instances"].int_or(-1) == 2);
  REQUIRE(json["NotConnected"].items().size() == 1);
  CHECK(json["NotConnected"].items().at(0).string_or("") == "i-2");
  CHECK(json["Trouble"].is_null());
  CHECK(problems(model).empty());
}

TEST_CASE(
    "cache problems: away, running with a trouble, another major version; part of the stack's") {
  engine::Model model = with_cache();
  observe(model, State::Failed, "7.0.15").trouble = "port 6379 of 10.64.15.0 is taken";
  CHECK(document(model)["Ping"].string_or("") == "no answer");
  CHECK(says(problems(model), "does not answer: port 6379 of 10.64.15.0 is taken"));
  CHECK(says(problems_of(model, model.stacks.at(sample::kStack)), "does not answer"));
  observe(model, State::Running, "7.0.15").trouble = "its append-only file was cut";
  CHECK(says(problems(model), "runs, and its append-only file was cut"));
  observe(model, State::Running, "6.2.1");
  CHECK(says(problems(model), "is version 6.2.1, and 7.1.0 was asked for"));
}

TEST_CASE("cache document: another stack's cache is not this one's") {
  engine::Model model = with_cache();
  model.caches.at(kId).cluster.stack = "other";
  CHECK(cache_documents(model, model.stacks.at(sample::kStack)).items().empty());
}

}  // namespace tidegate::status
