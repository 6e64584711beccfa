// What every ports::Cache promises, as tests. A file per implementation gives a harness and calls
// cache_contract() in one TEST_CASE.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "ports/cache.h"

namespace tidegate::contracts {

class CacheHarness {
 public:
  CacheHarness() = default;
  CacheHarness(const CacheHarness&) = delete;
  CacheHarness& operator=(const CacheHarness&) = delete;
  virtual ~CacheHarness() = default;

  virtual ports::Cache& cache() = 0;
  /// Lets 10 ms pass.
  virtual void pass_time() = 0;
  /// SIGKILL to its process.
  virtual void kill(const caches::CacheClusterId& id) = 0;
  /// Nothing can be started any more from now on, and what runs ends.
  virtual void break_everything() = 0;
};

using CacheHarnessFactory = std::function<std::unique_ptr<CacheHarness>()>;

inline constexpr int kCachePatience = 6000;  // of 10 ms

inline ports::CacheSpec cache_spec(ports::Cache& cache,
                                   const std::string& id,
                                   std::size_t nth = 0) {
  ports::CacheSpec spec;
  spec.id.value = id;
  const auto addresses = cache.addresses();
  REQUIRE(addresses.size() > nth);
  spec.address = addresses[nth];
  spec.max_memory = 64 << 20;
  return spec;
}

inline std::optional<caches::CacheObservation> seen_cache(CacheHarness& harness,
                                                          const std::string& id) {
  for (caches::CacheObservation& one : harness.cache().snapshot()) {
    if (one.id.value == id) return std::move(one);
  }
  return std::nullopt;
}

/// Waits until the condition holds of the cache (or of its absence); fails at the deadline.
template <typename Condition>
std::optional<caches::CacheObservation> wait_cache(CacheHarness& harness,
                                                   const std::string& id,
                                                   Condition condition) {
  for (int i = 0; i < kCachePatience; ++i) {
    auto one = seen_cache(harness, id);
    if (condition(one)) return one;
    harness.pass_time();
  }
  const auto last = seen_cache(harness, id);
  INFO((last ? last->trouble : std::string{"absent"}));
  FAIL("not within the deadline");
  return last;
}

inline bool runs(const std::optional<caches::CacheObservation>& one) {
  return one && one->state == caches::CacheObservation::State::Running;
}

inline void cache_contract(const CacheHarnessFactory& make) {
  using State = caches::CacheObservation::State;

  SUBCASE("nothing is there at first, and there are addresses") {
    const auto harness = make();
    CHECK(harness->cache().snapshot().empty());
    CHECK_FALSE(harness->cache().addresses().empty());
  }

  SUBCASE("it is there as soon as it was asked for, and runs a moment later") {
    const auto harness = make();
    harness->cache().ensure(cache_spec(harness->cache(), "one"));
    const auto at_once = seen_cache(*harness, "one");
    REQUIRE(at_once);
    CHECK(at_once->state == State::Starting);
    CHECK(at_once->version.empty());
    const auto running = wait_cache(*harness, "one", runs);
    CHECK_FALSE(running->version.empty());
    CHECK(running->trouble.empty());
    CHECK(running->ping.has_value());
    CHECK(running->run == 0);
    CHECK(running->clients.empty());
    CHECK(running->counters.max_memory == 64 << 20);
  }

  SUBCASE("asked for twice, it is one, and not started anew") {
    const auto harness = make();
    const auto spec = cache_spec(harness->cache(), "one");
    harness->cache().ensure(spec);
    wait_cache(*harness, "one", runs);
    harness->cache().ensure(spec);
    for (int i = 0; i < 50; ++i) {
      harness->pass_time();
      CHECK(runs(seen_cache(*harness, "one")));
    }
    CHECK(harness->cache().snapshot().size() == 1);
  }

  SUBCASE("readings go on") {
    const auto harness = make();
    harness->cache().ensure(cache_spec(harness->cache(), "one"));
    const auto first = wait_cache(*harness, "one", runs);
    wait_cache(*harness, "one", [&](const auto& one) {
      return runs(one) && one->sampled > first->sampled;
    });
  }

  SUBCASE("killed, it is back in place, and its clients are forgotten") {
    const auto harness = make();
    harness->cache().ensure(cache_spec(harness->cache(), "one"));
    const auto first = wait_cache(*harness, "one", runs);
    harness->kill(first->id);
    const auto again = wait_cache(
        *harness, "one", [&](const auto& one) { return runs(one) && one->run > first->run; });
    CHECK(again->clients.empty());
  }

  SUBCASE("another specification is taken over in place") {
    const auto harness = make();
    auto spec = cache_spec(harness->cache(), "one");
    harness->cache().ensure(spec);
    wait_cache(*harness, "one", runs);
    spec.max_memory = 32 << 20;
    spec.auth_token = "sixteen-letters!";
    harness->cache().ensure(spec);
    wait_cache(*harness, "one", [](const auto& one) {
      return runs(one) && one->counters.max_memory == 32 << 20;
    });
  }

  SUBCASE("removed, it is absent once nothing of it is left; and can be made again") {
    const auto harness = make();
    const auto spec = cache_spec(harness->cache(), "one");
    harness->cache().ensure(spec);
    wait_cache(*harness, "one", runs);
    harness->cache().remove(spec.id);
    wait_cache(*harness, "one", [](const auto& one) { return !one; });
    harness->cache().remove(spec.id);  // unknown by now
    harness->pass_time();
    harness->cache().ensure(spec);
    wait_cache(*harness, "one", runs);
  }

  SUBCASE("two live side by side; one that goes does not touch the other") {
    const auto harness = make();
    harness->cache().ensure(cache_spec(harness->cache(), "one", 0));
    harness->cache().ensure(cache_spec(harness->cache(), "two", 1));
    wait_cache(*harness, "one", runs);
    const auto two = wait_cache(*harness, "two", runs);
    harness->cache().remove(caches::CacheClusterId{"one"});
    wait_cache(*harness, "one", [](const auto& one) { return !one; });
    const auto still = seen_cache(*harness, "two");
    REQUIRE(runs(still));
    CHECK(still->run == two->run);
  }

  SUBCASE("what cannot be started has failed, with a sentence; and can be removed") {
    const auto harness = make();
    harness->break_everything();
    const auto spec = cache_spec(harness->cache(), "one");
    harness->cache().ensure(spec);
    const auto failed = wait_cache(
        *harness, "one", [](const auto& one) { return one && one->state == State::Failed; });
    CHECK_FALSE(failed->trouble.empty());
    harness->cache().remove(spec.id);
    wait_cache(*harness, "one", [](const auto& one) { return !one; });
  }
}

}  // namespace tidegate::contracts
