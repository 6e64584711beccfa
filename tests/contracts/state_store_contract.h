// What every ports::StateStore promises, as tests. A file per implementation names a factory and
// calls state_store_contract() in one TEST_CASE.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ports/state_store.h"

namespace tidegate::contracts {

/// One store and what outlives it.
class StateStoreSubject {
 public:
  StateStoreSubject() = default;
  StateStoreSubject(const StateStoreSubject&) = delete;
  StateStoreSubject& operator=(const StateStoreSubject&) = delete;
  virtual ~StateStoreSubject() = default;

  virtual ports::StateStore& store() = 0;
  /// As if the control plane had been killed and started again.
  virtual void reopen() = 0;
};

using StateStoreFactory = std::function<std::unique_ptr<StateStoreSubject>()>;
using Entries = std::map<std::string, std::string>;

inline constexpr std::uint64_t kEpoch = 7;

inline ports::StoreOperation put(std::string key, std::string value) {
  return {std::move(key), std::move(value)};
}
inline ports::StoreOperation removal(std::string key) {
  return {std::move(key), std::nullopt};
}

/// Appends at the present revision.
inline Result<ports::Revision> append(ports::StateStore& store,
                                      const std::vector<ports::StoreOperation>& batch) {
  return store.append(batch, kEpoch, store.revision());
}

inline void check_refused(ports::StateStore& store,
                          const Result<ports::Revision>& result,
                          ErrorCode code,
                          const Entries& before) {
  REQUIRE(!result.has_value());
  CHECK(result.error().code == code);
  CHECK(!result.error().message.empty());
  CHECK(store.read("").value() == before);
}

inline void reads_and_batches(const StateStoreFactory& factory) {
  const auto subject = factory();
  ports::StateStore& store = subject->store();

  SUBCASE("a new store is empty, at revision 0") {
    CHECK(store.read("").value().empty());
    CHECK(store.revision() == ports::Revision{0});
  }
  SUBCASE("what is appended is read, and the revision grows with each batch") {
    const auto first = append(store, {put("group/a", "1")}).value();
    CHECK(first > ports::Revision{0});
    CHECK(store.revision() == first);
    const auto second = append(store, {put("group/a", "2"), put("group/b", "3")}).value();
    CHECK(second > first);
    CHECK(store.read("").value() == Entries{{"group/a", "2"}, {"group/b", "3"}});
  }
  SUBCASE("a prefix is compared byte by byte, and its end is exact") {
    REQUIRE(append(store,
                   {put("group", "0"),
                    put("group/", "1"),
                    put("group/a", "2"),
                    put("group/ab", "3"),
                    put("group/b", "4"),
                    put("group0", "5"),
                    put("group/\xff\xff", "6")}));
    CHECK(store.read("group/").value() == Entries{{"group/", "1"},
                                                  {"group/a", "2"},
                                                  {"group/ab", "3"},
                                                  {"group/b", "4"},
                                                  {"group/\xff\xff", "6"}});
    CHECK(store.read("group/a").value() == Entries{{"group/a", "2"}, {"group/ab", "3"}});
    CHECK(store.read("group/b").value() == Entries{{"group/b", "4"}});
    CHECK(store.read("group/\xff").value() == Entries{{"group/\xff\xff", "6"}});
    CHECK(store.read("").value().size() == 7);
    CHECK(store.read("nothing").value().empty());
  }
  SUBCASE("a removal removes, and of a key that is not there it is no error") {
    REQUIRE(append(store, {put("a", "1"), put("b", "2")}));
    REQUIRE(append(store, {removal("a"), removal("never")}));
    CHECK(store.read("").value() == Entries{{"b", "2"}});
  }
  SUBCASE("operations of one batch apply in their order") {
    REQUIRE(append(store,
                   {put("a", "1"),
                    removal("a"),
                    put("b", "1"),
                    put("b", "2"),
                    put("c", "1"),
                    removal("c"),
                    put("c", "3")}));
    CHECK(store.read("").value() == Entries{{"b", "2"}, {"c", "3"}});
  }
  SUBCASE("keys and values keep every byte") {
    const std::string odd = std::string{"\0'\"\\\n\x7f", 6} + "äöü 💧";
    const std::string large(1'000'000, 'x');
    REQUIRE(append(store, {put(odd, odd), put("empty", ""), put("large", large)}));
    subject->reopen();
    CHECK(subject->store().read("").value() ==
          Entries{{odd, odd}, {"empty", ""}, {"large", large}});
  }
}

inline void bounds_and_fences(const StateStoreFactory& factory) {
  const auto subject = factory();
  ports::StateStore& store = subject->store();
  REQUIRE(append(store, {put("a", "1")}));
  const ports::Revision stale = store.revision();
  REQUIRE(append(store, {put("a", "2")}));
  const Entries before{{"a", "2"}};

  SUBCASE("a batch of 100 operations is taken") {
    std::vector<ports::StoreOperation> batch;
    for (std::size_t i = 0; i < ports::kMaxBatch; ++i) {
      batch.push_back(put("key/" + std::to_string(i), "v"));
    }
    CHECK(append(store, batch).has_value());
    CHECK(store.read("key/").value().size() == ports::kMaxBatch);
  }
  SUBCASE("a batch made from another revision is refused whole") {
    check_refused(store,
                  store.append({put("b", "1"), removal("a")}, kEpoch, stale),
                  ErrorCode::FailedPrecondition,
                  before);
    const ports::Revision future{store.revision().value + 1};
    check_refused(store,
                  store.append({put("b", "1")}, kEpoch, future),
                  ErrorCode::FailedPrecondition,
                  before);
    CHECK(append(store, {put("b", "1")}).has_value());
  }
  SUBCASE("a newer epoch fences the older ones, also after a restart") {
    REQUIRE(store.append({put("a", "3")}, kEpoch + 1, store.revision()));
    check_refused(
        store, append(store, {put("a", "4")}), ErrorCode::FailedPrecondition, {{"a", "3"}});
    subject->reopen();
    check_refused(subject->store(),
                  append(subject->store(), {put("a", "4")}),
                  ErrorCode::FailedPrecondition,
                  {{"a", "3"}});
    CHECK(subject->store().append({put("a", "5")}, kEpoch + 1, subject->store().revision()));
  }
  SUBCASE("a refused batch does not raise the epoch") {
    check_refused(store,
                  store.append({put("a", "3")}, kEpoch + 1, stale),
                  ErrorCode::FailedPrecondition,
                  before);
    CHECK(append(store, {put("a", "3")}).has_value());
  }
  SUBCASE("everything is there after a restart, at the same revision") {
    const ports::Revision revision = store.revision();
    subject->reopen();
    CHECK(subject->store().revision() == revision);
    CHECK(subject->store().read("").value() == before);
    CHECK(append(subject->store(), {put("b", "1")}).value() > revision);
  }
}

inline void state_store_contract(const StateStoreFactory& factory) {
  SUBCASE("reads and batches") {
    reads_and_batches(factory);
  }
  SUBCASE("bounds and fences") {
    bounds_and_fences(factory);
  }
}

}  // namespace tidegate::contracts
