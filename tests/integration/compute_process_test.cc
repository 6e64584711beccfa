// The process driver for real: what only it promises. Runs inside tools/in-netns.sh.
#include "contracts/process_compute_harness.h"

namespace tidegate::contracts {

TEST_CASE("process driver: keeps the contract of compute") {
  compute_contract([] { return std::make_unique<ProcessHarness>(); });
}

}  // namespace tidegate::contracts
