#include "contracts/metric_store_contract.h"
#include "sim/memory_metrics.h"

namespace tidegate::contracts {

TEST_CASE("sim: the fake keeps the contract of the metric store") {
  metric_store_contract([] { return std::make_unique<sim::MemoryMetrics>(); });
}

}  // namespace tidegate::contracts
