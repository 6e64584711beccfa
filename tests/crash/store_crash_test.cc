// The store's promise under a disk that fails: whatever is read back after a crash is what one of
// the appends left, no older than the newest that was acknowledged, and whole.
#include <functional>

#include <doctest/doctest.h>

#include "adapters/store/sqlite/state_store.h"
#include "crash/faulty_disk.h"
#include "temporary_folder.h"

namespace tidegate::crash {
namespace {

using ports::StoreOperation;
using store_sqlite::open_state_store;
using Store = std::unique_ptr<ports::StateStore>;
using Contents = std::map<std::string, std::string>;
using Batch = std::vector<StoreOperation>;

constexpr std::uint64_t kLeastCrashPoints = 1000;
constexpr std::uint64_t kEpoch = 1;

/// What the store may hold: what was acknowledged, and what was appended since and not answered.
class History {
 public:
  void acknowledged(Contents contents) {
    contents_ = std::move(contents);
    unanswered_.clear();
    ++revision_;
  }
  void unanswered(Contents contents) { unanswered_.push_back(std::move(contents)); }
  const Contents& contents() const { return contents_; }

  /// What was read back is the truth from now on. Returns what is wrong with it, or nothing.
  std::string recovered(ports::StateStore& store) {
    const auto found = store.read("");
    if (!found) {
      return "it cannot be read: " + found.error().message;
    }
    const std::uint64_t revision = store.revision().value;
    if (*found == contents_ && revision == revision_) {
      unanswered_.clear();
      return "";
    }
    for (const Contents& attempt : unanswered_) {
      if (*found == attempt && revision == revision_ + 1) {
        acknowledged(Contents{attempt});
        return "";
      }
    }
    return "revision " + std::to_string(revision) + " with " + std::to_string(found->size()) +
           " entries is neither revision " + std::to_string(revision_) + " with " +
           std::to_string(contents_.size()) + " nor one of the " +
           std::to_string(unanswered_.size()) + " batches appended since";
  }

 private:
  Contents contents_;
  std::vector<Contents> unanswered_;
  std::uint64_t revision_ = 0;
};

/// Puts, changes and deletions of values between a byte and `largest`.
Batch make_batch(Rng& rng, std::uint64_t operations, std::uint64_t largest) {
  Batch batch;
  for (std::uint64_t i = 0; i < operations; ++i) {
    const std::string key = "key/" + std::to_string(rng.below(40));
    if (rng.below(4) == 0) {
      batch.push_back({key, std::nullopt});
    } else {
      batch.push_back({key, rng.hex(1 + rng.below(largest))});
    }
  }
  return batch;
}

Contents after(Contents contents, const Batch& batch) {
  for (const StoreOperation& operation : batch) {
    if (operation.value) {
      contents.insert_or_assign(operation.key, *operation.value);
    } else {
      contents.erase(operation.key);
    }
  }
  return contents;
}

/// Appends it and writes down what may be there from now on.
Status append(ports::StateStore& store, History& history, const Batch& batch) {
  Contents next = after(history.contents(), batch);
  const auto revision = store.append(batch, kEpoch, store.revision());
  if (!revision) {
    history.unanswered(std::move(next));
    return revision.error();
  }
  history.acknowledged(std::move(next));
  return Ok{};
}

struct Place {
  std::string path;
  History history;
};

/// Opens what a crash has left and compares it; null when that failed, which is said.
Store recover(Place& place) {
  auto store = open_state_store({place.path, {}});
  if (!store) {
    FAIL_CHECK("it does not open: " << store.error().message);
    return nullptr;
  }
  const std::string wrong = place.history.recovered(**store);
  if (!wrong.empty()) {
    FAIL_CHECK(wrong);
    return nullptr;
  }
  return std::move(*store);
}

/// A life of three starts: made, filled, closed, which checkpoints, opened again. The same for
/// the same seed, until the disk fails.
Status live(Place& place, std::uint64_t seed) {
  Rng rng{seed};
  for (int start = 0; start < 3; ++start) {
    TG_ASSIGN_OR_RETURN(const Store store, open_state_store({place.path, {}}));
    if (const std::string wrong = place.history.recovered(*store); !wrong.empty()) {
      FAIL_CHECK(wrong);
    }
    for (int i = 0; i < 3; ++i) {
      const Batch batch = make_batch(rng, 1 + rng.below(6), 3000);
      TG_RETURN_IF_ERROR(append(*store, place.history, batch));
    }
  }
  return Ok{};
}

std::uint64_t operations_of_a_life(std::uint64_t seed) {
  const TemporaryFolder folder;
  FaultyDisk disk{1};
  Place place{folder.file("state.db"), {}};
  REQUIRE(live(place, seed));
  return disk.operations();
}

/// Lives until the power goes at that operation, recovers, and goes on.
void crash_once(std::uint64_t seed, std::uint64_t operation, Unsynced unsynced) {
  INFO("life ",
       seed,
       ", power lost at operation ",
       operation,
       ", unsynced ",
       static_cast<int>(unsynced));
  const TemporaryFolder folder;
  FaultyDisk disk{seed * 100'003 + operation};
  Place place{folder.file("state.db"), {}};
  disk.fail_after(operation, Fault::PowerLoss, 1);
  const Status lived = live(place, seed);
  CHECK(disk.has_failed());
  CHECK((lived.has_value() || lived.error().code == ErrorCode::Unavailable));
  disk.power_on(unsynced);
  Store store = recover(place);
  if (store == nullptr) {
    return;
  }
  Rng rng{operation};
  CHECK(append(*store, place.history, make_batch(rng, 3, 500)));
  store.reset();
  recover(place);
}

}  // namespace

TEST_CASE("store: power lost at any operation of a life leaves a prefix with all acknowledged") {
  std::uint64_t points = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::uint64_t operations = operations_of_a_life(seed);
    for (std::uint64_t operation = 0; operation < operations; ++operation) {
      for (const Unsynced unsynced : {Unsynced::Lost, Unsynced::Kept, Unsynced::Mangled}) {
        crash_once(seed, operation, unsynced);
        ++points;
      }
    }
  }
  MESSAGE(points, " crash points");
  CHECK(points >= kLeastCrashPoints);
}

TEST_CASE("store: a life of 600 power losses, also during recovery and checkpoints") {
  const TemporaryFolder folder;
  FaultyDisk disk{4};
  Place place{folder.file("state.db"), {}};
  Rng rng{5};
  for (int crash = 0; crash < 600; ++crash) {
    CAPTURE(crash);
    disk.fail_after(rng.below(rng.below(4) == 0 ? 12 : 900), Fault::PowerLoss, 1);
    auto store = open_state_store({place.path, {}});
    CHECK((store.has_value() || store.error().code == ErrorCode::Unavailable));
    while (store && !disk.has_failed()) {
      const std::uint64_t largest = rng.below(3) == 0 ? 60'000 : 600;
      if (!append(**store, place.history, make_batch(rng, 1 + rng.below(30), largest))) {
        break;
      }
    }
    CHECK(disk.has_failed());
    store = Error{};
    disk.power_on(static_cast<Unsynced>(rng.below(3)));
    if (recover(place) == nullptr) {
      return;
    }
  }
}

namespace {

/// One fault while a store works: the append fails in words, the store goes on with what it had,
/// and a power loss later shows that nothing acknowledged was lost.
void fail_once(std::uint64_t at, Fault fault, std::uint64_t count) {
  INFO("fault ", static_cast<int>(fault), " at operation ", at, ", ", count, " times");
  const TemporaryFolder folder;
  FaultyDisk disk{at};
  Place place{folder.file("state.db"), {}};
  Store store = recover(place);
  REQUIRE(store != nullptr);
  disk.fail_after(at, fault, count);
  Rng rng{6};
  for (int i = 0; i < 12; ++i) {
    const Status appended = append(*store, place.history, make_batch(rng, 4, 2000));
    if (!appended) {
      const bool full = fault == Fault::FullDisk;
      CHECK(appended.error().code ==
            (full ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable));
      const auto seen = store->read("");
      if (seen) {  // a failed append is not seen by the living either
        CHECK(*seen == place.history.contents());
      }
    }
  }
  disk.heal();
  CHECK(append(*store, place.history, make_batch(rng, 4, 2000)));
  const auto seen = store->read("");
  REQUIRE(seen);
  CHECK(*seen == place.history.contents());
  disk.fail_after(0, Fault::PowerLoss, 1);
  store.reset();
  disk.power_on(Unsynced::Lost);
  recover(place);
}

}  // namespace

TEST_CASE("store: an I/O error at any operation fails that append and nothing else") {
  for (std::uint64_t at = 0; at < 100; ++at) {
    fail_once(at, Fault::IoError, 1);
    fail_once(at, Fault::IoError, 7);
  }
}

TEST_CASE("store: a full disk at any operation fails appends until there is room again") {
  for (std::uint64_t at = 0; at < 100; ++at) {
    fail_once(at, Fault::FullDisk, 1);
    fail_once(at, Fault::FullDisk, 40);
  }
}

TEST_CASE("store: a power loss while the disk answers with errors loses nothing acknowledged") {
  const TemporaryFolder folder;
  FaultyDisk disk{7};
  Place place{folder.file("state.db"), {}};
  Rng rng{8};
  for (int crash = 0; crash < 200; ++crash) {
    CAPTURE(crash);
    auto store = open_state_store({place.path, {}});
    REQUIRE(store.has_value());
    REQUIRE(place.history.recovered(**store).empty());
    for (int i = 0; i < 10; ++i) {
      disk.fail_after(
          rng.below(20), rng.below(2) == 0 ? Fault::IoError : Fault::FullDisk, 1 + rng.below(3));
      static_cast<void>(append(**store, place.history, make_batch(rng, 1 + rng.below(20), 3000)));
    }
    disk.fail_after(rng.below(20), Fault::PowerLoss, 1);
    static_cast<void>(append(**store, place.history, make_batch(rng, 30, 3000)));
    store = Error{};
    disk.power_on(static_cast<Unsynced>(rng.below(3)));
  }
}

TEST_CASE("store: a start that cannot read its file says so, and the next one has everything") {
  for (std::uint64_t at = 0; at < 60; ++at) {
    CAPTURE(at);
    const TemporaryFolder folder;
    FaultyDisk disk{at};
    Place place{folder.file("state.db"), {}};
    REQUIRE(live(place, 9));
    disk.fail_reads_after(at, 1);
    {
      const auto store = open_state_store({place.path, {}});
      if (disk.has_failed() && !store) {
        CHECK(store.error().code == ErrorCode::Unavailable);
      }
    }
    disk.heal();
    recover(place);
  }
}

}  // namespace tidegate::crash
