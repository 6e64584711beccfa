#include "adapters/store/sqlite/state_store.h"
#include "contracts/state_store_contract.h"
#include "temporary_folder.h"

namespace tidegate::contracts {
namespace {

class SqliteSubject final : public StateStoreSubject {
 public:
  SqliteSubject() { reopen(); }

  ports::StateStore& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    store_ = store_sqlite::open_state_store({folder_.file("state.db"), {}}).value();
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<ports::StateStore> store_;
};

}  // namespace

TEST_CASE("sqlite: keeps the contract of the state store") {
  state_store_contract([] { return std::make_unique<SqliteSubject>(); });
}

}  // namespace tidegate::contracts
