#include "adapters/telemetry/metric_store.h"
#include "contracts/metric_store_contract.h"

namespace tidegate::contracts {

TEST_CASE("telemetry: keeps the contract of the metric store") {
  metric_store_contract([] { return std::make_unique<telemetry::DurableMetricStore>(); });
}

}  // namespace tidegate::contracts
