#include "contracts/compute_contract.h"
#include "sim/cloud.h"
#include "sim/virtual_clock.h"

namespace tidegate::contracts {
namespace {

class SimHarness final : public ComputeHarness {
 public:
  ports::Compute& compute() override { return cloud_; }
  void pass_time() override { clock_.advance_to(clock_.now() + std::chrono::milliseconds{10}); }

 private:
  sim::VirtualClock clock_{Instant{}};
  sim::Cloud cloud_{clock_, Rng{7}, {4, 4096}};
};

}  // namespace

TEST_CASE("sim cloud: keeps the contract of compute") {
  compute_contract([] { return std::make_unique<SimHarness>(); });
}

}  // namespace tidegate::contracts
