#include "adapters/store/sqlite/home_lock.h"

#include <fstream>
#include <optional>

#include <doctest/doctest.h>

#include "temporary_folder.h"

namespace tidegate::store_sqlite {
namespace {

LockHolder holder_of(std::int64_t pid) {
  return {pid, parse_iso8601("2026-01-03T12:04:31Z").value()};
}

}  // namespace

TEST_CASE("HomeLock: a second control plane is refused and told who holds the home") {
  const TemporaryFolder folder;
  const std::string path = folder.file("lock");
  const auto first = HomeLock::acquire(path, holder_of(4711));
  REQUIRE(first.has_value());
  const auto second = HomeLock::acquire(path, holder_of(4712));
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::FailedPrecondition);
  CHECK(second.error().name == "HomeInUse");
  CHECK(second.error().message.find("pid 4711, started 2026-01-03T12:04:31Z") != std::string::npos);
  CHECK(second.error().message.find(path) != std::string::npos);
}

TEST_CASE("HomeLock: a stale lock file is harmless and is written anew") {
  const TemporaryFolder folder;
  const std::string path = folder.file("lock");
  std::ofstream{path} << "pid 1234567890, started long ago, and killed without a word\n";
  {
    const auto lock = HomeLock::acquire(path, holder_of(1));
    REQUIRE(lock.has_value());
  }
  const auto again = HomeLock::acquire(path, holder_of(2));
  REQUIRE(again.has_value());
  std::string text;
  std::ifstream in{path};
  std::getline(in, text);
  CHECK(text == "pid 2, started 2026-01-03T12:04:31Z");
  CHECK(!std::getline(in, text));
}

TEST_CASE("HomeLock: moving it keeps it, destroying the moved-from changes nothing") {
  const TemporaryFolder folder;
  const std::string path = folder.file("lock");
  std::optional<HomeLock> kept;
  {
    auto lock = HomeLock::acquire(path, holder_of(1));
    REQUIRE(lock.has_value());
    kept.emplace(std::move(lock).value());
  }
  CHECK(!HomeLock::acquire(path, holder_of(2)).has_value());
  kept.reset();
  CHECK(HomeLock::acquire(path, holder_of(2)).has_value());
}

TEST_CASE("HomeLock: a holder that has not written yet is still refused with a sentence") {
  const TemporaryFolder folder;
  const std::string path = folder.file("lock");
  const auto first = HomeLock::acquire(path, holder_of(1));
  REQUIRE(first.has_value());
  std::ofstream{path}.flush();  // empties it
  const auto second = HomeLock::acquire(path, holder_of(2));
  REQUIRE(!second.has_value());
  CHECK(second.error().message.find("it has not said its pid yet") != std::string::npos);
}

TEST_CASE("HomeLock: a folder that is not there is an error that names the file") {
  const TemporaryFolder folder;
  const auto lock = HomeLock::acquire(folder.file("missing/lock"), holder_of(1));
  REQUIRE(!lock.has_value());
  CHECK(lock.error().code == ErrorCode::Unavailable);
  CHECK(lock.error().message.find("missing/lock") != std::string::npos);
}

}  // namespace tidegate::store_sqlite
