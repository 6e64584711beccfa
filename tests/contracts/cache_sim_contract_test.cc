#include "contracts/cache_contract.h"
#include "sim/caches/cache_farm.h"
#include "sim/virtual_clock.h"

namespace tidegate::contracts {
namespace {

class SimCacheHarness final : public CacheHarness {
 public:
  ports::Cache& cache() override { return farm_; }
  void pass_time() override { clock_.advance_to(clock_.now() + std::chrono::milliseconds{10}); }
  void kill(const caches::CacheClusterId& id) override { farm_.kill(id); }
  void break_everything() override { farm_.set_trouble("nothing can be started"); }

 private:
  sim::VirtualClock clock_{Instant{}};
  sim::CacheFarm farm_{clock_};
};

}  // namespace

TEST_CASE("sim caches: keep the contract of cache") {
  cache_contract([] { return std::make_unique<SimCacheHarness>(); });
}

}  // namespace tidegate::contracts
