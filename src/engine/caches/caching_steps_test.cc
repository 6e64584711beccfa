// Caches at one moment: what is asked of their driver, what is shown of them, what is measured.
#include "engine/caches/cache_resource.h"
#include "engine/caches/caching.h"
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using caches::CacheClusterId;
using State = caches::CacheObservation::State;
using std::chrono::seconds;
using Ids = std::vector<std::string>;

struct Caching : StateBench {
  caches::CacheCluster& add(const std::string& id) {
    auto& cluster = model.caches[CacheClusterId{id}].cluster;
    cluster.id = CacheClusterId{id};
    cluster.node_type = "cache.t3.micro";
    cluster.address = "10.64.15.0";
    cluster.endpoint = id + ".example";
    return cluster;
  }
  /// Valid until the next call.
  caches::CacheObservation& see(const std::string& id, State as = State::Running) {
    auto& made = caches.seen.emplace_back();
    made.id = CacheClusterId{id};
    made.state = as;
    return made;
  }
  const CacheModel& cache(const std::string& id) { return model.caches.at(CacheClusterId{id}); }
  bool shows_look() {
    return shows([this] { observe_caches(state); });
  }
  void act() { act_on_caches(state, now()); }
};

}  // namespace

TEST_CASE_FIXTURE(Caching,
                  "caching: whatever shows of a cache is shown at once, and nothing twice") {
  add("c");
  CHECK_FALSE(shows_look());
  see("c", State::Starting);
  CHECK(shows_look());
  CHECK(cache("c").seen->state == State::Starting);
  CHECK_FALSE(shows_look());
  auto& seen = caches.seen[0];
  seen.state = State::Running;
  CHECK(shows_look());
  seen.version = "7.0.15";
  CHECK(shows_look());
  seen.trouble = "its AOF was cut";
  CHECK(shows_look());
  seen.clients = {"10.64.0.2"};
  CHECK(shows_look());
  CHECK_FALSE(shows_look());
  seen.sampled = now();  // a reading is not shown by itself
  CHECK_FALSE(shows_look());
  CHECK(cache("c").seen->sampled == now());
  caches.seen.clear();
  CHECK(shows_look());
  CHECK_FALSE(cache("c").seen.has_value());
  CHECK_FALSE(shows_look());
}

TEST_CASE_FIXTURE(Caching,
                  "caching: it is asked for until it is seen, again when that is overdue") {
  model.host_memory_mib = 65536;
  caches::CacheCluster& cluster = add("c");
  cluster.auth_token = "secret";
  cluster.port = 7000;
  act();
  REQUIRE(caches.ensured.size() == 1);
  ports::CacheSpec want;
  want.id = CacheClusterId{"c"};
  want.address = "10.64.15.0";
  want.port = 7000;
  want.max_memory = 402'653'184;
  want.auth_token = "secret";
  CHECK(caches.ensured[0] == want);
  pass(kOverdue - Duration{1});
  act();
  CHECK(caches.ensured.size() == 1);
  pass(Duration{1});
  act();
  CHECK(caches.ensured.size() == 2);
  see("c");
  observe_caches(state);
  pass(kOverdue);
  act();
  CHECK(caches.ensured.size() == 2);  // it is there, as it was asked for
  add("c").node_type = "cache.t3.small";
  act();
  CHECK(caches.ensured.size() == 3);
  add("c").node_type = "cache.of-a-newer-version";
  act();
  CHECK(caches.ensured.back().max_memory == std::int64_t{384} << 20);
  model.host_memory_mib = 512;
  act();
  CHECK(caches.ensured.back().max_memory == std::int64_t{256} << 20);  // half of the host's
}

TEST_CASE_FIXTURE(Caching, "caching: a new control plane asks for what is there already, once") {
  add("c");
  see("c");
  observe_caches(state);
  act();
  pass(kOverdue);
  act();
  CHECK(caches.ensured.size() == 1);
}

TEST_CASE_FIXTURE(Caching, "caching: what is deleted or nobody's is removed, again when overdue") {
  add("mine");
  add("deleted").deleting = true;
  see("mine");
  see("deleted");
  see("nobodys");
  observe_caches(state);
  CHECK(state.cache_orphans == std::vector{CacheClusterId{"nobodys"}});
  act();
  CHECK(caches.removed == Ids{"nobodys", "deleted"});
  pass(kOverdue - Duration{1});
  act();
  CHECK(caches.removed.size() == 2);
  pass(Duration{1});
  act();
  CHECK(caches.removed.size() == 4);
  caches.seen.pop_back();
  observe_caches(state);
  CHECK(state.cache_orphans.empty());
  model.caches.erase(CacheClusterId{"deleted"});
  act();
  CHECK(state.caches_asked.size() == 1);  // of the one that is left
}

TEST_CASE_FIXTURE(Caching, "caching: deleted means asked to go, and seen gone") {
  add("c");
  see("c");
  observe_caches(state);
  flush();
  const CacheClusterId id{"c"};
  CHECK(delete_cache(state, id) == Readiness::Waiting);
  CHECK(cache("c").cluster.deleting);
  CHECK_FALSE(state.journal.clean());
  flush();
  CHECK(delete_cache(state, id) == Readiness::Waiting);  // it is there
  caches.seen.clear();
  observe_caches(state);
  CHECK(delete_cache(state, id) == Readiness::Waiting);  // nobody asked it to go
  CHECK(state.journal.clean());
  act();
  state.last_caches[id];
  CHECK(delete_cache(state, id) == Readiness::Ready);
  CHECK(model.caches.empty());
  CHECK(state.last_caches.empty());
  flush();
  CHECK_FALSE(is_stored("cache_cluster/c"));
  CHECK(delete_cache(state, id) == Readiness::Ready);
}

TEST_CASE_FIXTURE(Caching,
                  "caching: it is ready when it runs, waited for before, given up when it failed") {
  const CacheClusterId id{"c"};
  CHECK(cache_ready(state, id) == Readiness::Waiting);
  add("c");
  CHECK(cache_ready(state, id) == Readiness::Waiting);
  see("c", State::Starting);
  observe_caches(state);
  CHECK(cache_ready(state, id) == Readiness::Waiting);
  caches.seen[0].state = State::Running;
  observe_caches(state);
  CHECK(cache_ready(state, id) == Readiness::Ready);
  caches.seen[0].state = State::Failed;
  caches.seen[0].trouble = "no redis-server";
  observe_caches(state);
  const auto failed = cache_ready(state, id);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message == "no redis-server");
}

TEST_CASE_FIXTURE(
    Caching, "caching: each cluster gets an address of its own, a token where anybody reaches it") {
  const auto make = [this](const std::string& id, const std::string& token) {
    caches::CacheCluster value;
    value.id = CacheClusterId{id};
    value.auth_token = token;
    const Status made = create_cache(state, value, now());
    return made.has_value() ? cache(id).cluster.address : made.error().message;
  };
  CHECK(make("a", "") == "10.64.15.0");
  CHECK(cache("a").cluster.auth_token.empty());
  CHECK(cache("a").cluster.created == now());
  CHECK(make("b", "") == "10.64.15.1");
  CHECK(make("c", "") == "no address is left for another cache cluster (2 are in use)");
  caches.free = {"127.0.0.1", "127.0.0.2"};
  CHECK(make("d", "") == "127.0.0.1");
  CHECK(cache("d").cluster.auth_token.size() == 32);
  CHECK(make("e", "of the template's own") == "127.0.0.2");
  CHECK(cache("e").cluster.auth_token == "of the template's own");
  flush();
  CHECK(is_stored("cache_cluster/a"));
}

TEST_CASE_FIXTURE(Caching, "caching: each reading of a running cache is measured once") {
  add("c");
  CHECK(cache_samples(state, now()).empty());
  see("c", State::Starting).sampled = now();
  observe_caches(state);
  CHECK(cache_samples(state, now()).empty());
  caches.seen[0].state = State::Running;
  observe_caches(state);
  const auto first = cache_samples(state, now());
  CHECK_FALSE(first.empty());
  CHECK(first[0].timestamp == now());
  CHECK(cache_samples(state, now()).empty());
  caches.seen[0].sampled += seconds{1};
  caches.seen[0].counters.evicted_keys = 7;
  observe_caches(state);
  double evictions = 0;
  for (const auto& sample : cache_samples(state, now())) {
    evictions += sample.metric.name == "Evictions" ? sample.values.sum : 0;
  }
  CHECK(evictions == 14);  // of the cluster and of its node
}

TEST_CASE_FIXTURE(Caching,
                  "caching: instances are told of their stack's caches, once all have an address") {
  GroupModel& fleet = group();
  CHECK(cache_access(model, fleet)->host_names.empty());
  fleet.stack.value = "web";
  auto& stack = model.stacks[fleet.stack];
  const auto add_resource = [&stack](const std::string& type,
                                     const std::string& id,
                                     stacks::Status status = stacks::Status::CreateComplete) {
    auto& made = stack.resources.emplace_back();
    made.type = type;
    made.physical_id = id;
    made.status = status;
  };
  const std::string type = "AWS::ElastiCache::CacheCluster";
  add_resource("AWS::EC2::LaunchTemplate", "a");
  add_resource(type, "b");
  add_resource(type, "a");
  add_resource(type, "gone", stacks::Status::DeleteComplete);
  add_resource(type, "going", stacks::Status::DeleteInProgress);
  add("b").address = "10.64.15.1";
  CHECK_FALSE(cache_access(model, fleet).has_value());
  add("a");
  const auto access = cache_access(model, fleet);
  REQUIRE(access.has_value());
  CHECK(access->host_names == std::map<std::string, std::string>{{"a.example", "10.64.15.0"},
                                                                 {"b.example", "10.64.15.1"}});
  CHECK(access->redis_url == "redis://b.example:6379/0");  // the template's first
}

TEST_CASE_FIXTURE(Caching,
                  "caching: of the stack's instances in service each is connected or not") {
  add("c").stack = "web";
  GroupModel& fleet = group();
  fleet.stack.value = "web";
  instance(fleet, "i-1").address = "10.64.0.2";
  instance(fleet, "i-2").address = "10.64.0.3";
  instance(fleet, "i-3", groups::LifecycleState::Pending).address = "10.64.0.4";
  GroupModel& other = group("other");
  other.stack.value = "else";
  instance(other, "i-4").address = "10.64.0.5";
  using Connected = std::map<groups::InstanceId, bool>;
  const groups::InstanceId one{"i-1"};
  const groups::InstanceId two{"i-2"};
  CHECK(connected_instances(model, cache("c")) == Connected{{one, false}, {two, false}});
  see("c").clients = {"10.64.0.5", "10.64.0.4", "10.64.0.3"};
  observe_caches(state);
  CHECK(connected_instances(model, cache("c")) == Connected{{one, false}, {two, true}});
}

}  // namespace tidegate::engine
