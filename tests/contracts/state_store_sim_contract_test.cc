#include "contracts/state_store_contract.h"
#include "sim/memory_store.h"

namespace tidegate::contracts {
namespace {

/// The simulated control plane dies; the simulated store does not.
class SimSubject final : public StateStoreSubject {
 public:
  ports::StateStore& store() override { return store_; }
  void reopen() override {}

 private:
  sim::MemoryStore store_;
};

}  // namespace

TEST_CASE("sim: the fake keeps the contract of the state store") {
  state_store_contract([] { return std::make_unique<SimSubject>(); });
}

}  // namespace tidegate::contracts
