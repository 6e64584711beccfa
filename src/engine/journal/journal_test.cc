#include "engine/journal/journal.h"

#include <doctest/doctest.h>

#include "engine/journal/stored_form.h"
#include "sim/memory_store.h"

namespace tidegate::engine {
namespace {

constexpr int kMany = 250;  // three batches

Instant at(int second) {
  return Instant{std::chrono::seconds{second}};
}

/// Alarms a-0 … a-(count - 1), all with that state reason.
Model model_of(int count, const std::string& reason) {
  Model model;
  for (int i = 0; i < count; ++i) {
    alarms::Alarm alarm;
    alarm.name = alarms::AlarmName{"a-" + std::to_string(i)};
    alarm.state_reason = reason;
    model.alarms.emplace(alarm.name, alarm);
  }
  return model;
}

void touch_all(Journal& journal, const Model& model) {
  for (const auto& [name, alarm] : model.alarms) {
    journal.touch(EntityKind::Alarm, name.value);
  }
}

/// What a new process reads.
Model loaded(sim::MemoryStore& store) {
  Model model;
  Notifications notifications;
  Journal journal{store, 2};
  const Status status = journal.load(model, notifications);
  INFO((status.has_value() ? "" : status.error().message));
  REQUIRE(status.has_value());
  CHECK(journal.clean());
  return model;
}

/// A store whose power goes after so many more appends.
void cut_after(sim::MemoryStore& store, std::uint64_t appends) {
  store.set_gate([left = appends]() mutable { return left-- > 0; });
}

bool has_staged(const sim::MemoryStore& store) {
  const auto first = store.contents().lower_bound("staged/");
  return first != store.contents().end() && first->first.starts_with("staged/");
}

}  // namespace

TEST_CASE("journal: a flush is whole or not at all, wherever in it the power goes") {
  std::uint64_t whole = 0;
  std::uint64_t none = 0;
  for (std::uint64_t cut = 0; cut < 20; ++cut) {
    CAPTURE(cut);
    sim::MemoryStore store;
    Journal journal{store, 1};
    const Model old = model_of(kMany, "old");
    touch_all(journal, old);
    REQUIRE(journal.flush(old, {}));
    Model fresh = model_of(kMany, "new");
    fresh.alarms.erase(alarms::AlarmName{"a-7"});
    touch_all(journal, old);
    cut_after(store, cut);
    const Status flushed = journal.flush(fresh, {});
    store.set_gate({});
    const Model found = loaded(store);
    const bool is_old = found.alarms == old.alarms;
    const bool is_new = found.alarms == fresh.alarms;
    CHECK((is_old || is_new));
    CHECK((!flushed.has_value() || is_new));  // an answer is a promise
    CHECK_FALSE(has_staged(store));
    CHECK(store.contents() == stored_form(found));
    whole += is_new ? 1U : 0U;
    none += is_old ? 1U : 0U;
  }
  CHECK(whole >= 10);
  CHECK(none == 4);  // three batches staged, and their count
}

TEST_CASE("journal: what was staged and not applied is applied by the next flush") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  const Model model = model_of(kMany, "new");
  touch_all(journal, model);
  cut_after(store, 5);
  CHECK(journal.flush(model, {}));
  CHECK_FALSE(journal.clean());
  CHECK(has_staged(store));
  store.set_gate({});
  CHECK(journal.flush(model, {}));
  CHECK(journal.clean());
  CHECK(store.contents() == stored_form(model));
}

TEST_CASE("journal: a flush that failed is tried again, also when there is less to say then") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  const Model big = model_of(kMany, "big");
  touch_all(journal, big);
  cut_after(store, 3);  // staged, but for the count
  CHECK_FALSE(journal.flush(big, {}).has_value());
  CHECK_FALSE(journal.clean());
  store.set_gate({});
  Journal other{store, 1};
  const Model small = model_of(120, "small");
  touch_all(other, small);
  cut_after(store, 3);  // staged with its count, over the other's leavings
  CHECK(other.flush(small, {}).has_value());
  store.set_gate({});
  CHECK(loaded(store).alarms == small.alarms);
  CHECK_FALSE(has_staged(store));
}

TEST_CASE("journal: as much as one batch holds is one append, one more is staged") {
  for (const int count : {1, 99, 100}) {
    sim::MemoryStore store;
    Journal journal{store, 1};
    const Model model = model_of(count, "x");
    touch_all(journal, model);
    REQUIRE(journal.flush(model, {}));
    CHECK(store.appends() == 1);
  }
  sim::MemoryStore store;
  Journal journal{store, 1};
  const Model model = model_of(101, "x");
  touch_all(journal, model);
  REQUIRE(journal.flush(model, {}));
  CHECK(store.appends() == 2 + 1 + 3);  // staged, counted, applied by 49
  CHECK(store.contents() == stored_form(model));
}

TEST_CASE("journal: an account comes back as it was") {
  sim::MemoryStore store;
  Journal journal{store, 1};
  Model model;
  cost::Account account = cost::with_rate(cost::opened("arn", at(10)), {730, 73}, at(20));
  account = cost::accrued(account, at(3620));
  model.costs.emplace(stacks::StackName{"web"}, account);
  journal.touch(EntityKind::Cost, "web");
  REQUIRE(journal.flush(model, {}));
  CHECK(loaded(store).costs == model.costs);
}

TEST_CASE("journal: a staged entry that is no JSON is named") {
  sim::MemoryStore store;
  REQUIRE(store.append({{"staged/00000000", "{"}, {"staged/count", "1"}}, 1, store.revision()));
  Model model;
  Notifications notifications;
  const Status status = Journal{store, 2}.load(model, notifications);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == ErrorCode::Corrupt);
  CHECK(status.error().message.find("staged/00000000") != std::string::npos);
}

}  // namespace tidegate::engine
