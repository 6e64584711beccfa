#include "adapters/store/sqlite/state_store.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/store/sqlite/database.h"
#include "temporary_folder.h"

namespace tidegate::store_sqlite {
namespace {

namespace fs = std::filesystem;
using Store = std::unique_ptr<ports::StateStore>;

Result<Store> opened(const std::string& path) {
  return open_state_store({path, {}});
}

Result<ports::Revision> put(ports::StateStore& store, std::string key, std::string value) {
  return store.append({{std::move(key), std::move(value)}}, 1, store.revision());
}

std::string bytes_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// A closed state file with a few pages of entries.
std::string made_file(const TemporaryFolder& folder) {
  const std::string path = folder.file("state.db");
  Store store = opened(path).value();
  for (int batch = 0; batch < 2; ++batch) {
    std::vector<ports::StoreOperation> operations;
    for (std::size_t i = 0; i < ports::kMaxBatch; ++i) {
      operations.push_back(
          {"key/" + std::to_string(batch) + "/" + std::to_string(i), std::string(200, 'v')});
    }
    REQUIRE(store->append(operations, 1, store->revision()));
  }
  return path;
}

/// The refusal names a copy that has the bytes of the file, and the file is untouched.
void check_refused_with_backup(const std::string& path) {
  const std::string before = bytes_of(path);
  for (int start = 0; start < 3; ++start) {  // further starts neither repair nor copy again
    const auto store = opened(path);
    REQUIRE(!store.has_value());
    CHECK(store.error().code == ErrorCode::Corrupt);
    CHECK(store.error().name == "CorruptState");
    CHECK(store.error().message.find(path + ".corrupt-1") != std::string::npos);
    CHECK(bytes_of(path) == before);
    CHECK(bytes_of(path + ".corrupt-1") == before);
    CHECK(!fs::exists(path + ".corrupt-2"));
  }
}

}  // namespace

TEST_CASE("state file: it is made with mode 0600, whole, and nothing is left beside it") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_bytes(path + ".new", "left by a start that was killed");
  opened(path).value().reset();
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(!fs::exists(path + ".new"));
  CHECK(!fs::exists(path + "-shm"));
  CHECK(!fs::exists(path + "-wal"));
}

TEST_CASE("state file: damage of every kind is refused, with a copy, and never overwritten") {
  const TemporaryFolder folder;
  const std::string path = made_file(folder);
  std::string bytes = bytes_of(path);
  REQUIRE(bytes.size() > 8 * 4096);
  SUBCASE("no database at all") {
    write_bytes(path, "this is no database, but long enough for one");
  }
  SUBCASE("garbage over the header") {
    write_bytes(path, bytes.replace(0, 16, 16, 'x'));
  }
  SUBCASE("garbage over a page") {
    write_bytes(path, bytes.replace(5 * 4096, 4096, 4096, '\x5a'));
  }
  SUBCASE("cut in the middle") {
    write_bytes(path, bytes.substr(0, bytes.size() / 2));
  }
  SUBCASE("empty") {
    write_bytes(path, "");
  }
  SUBCASE("one letter of a value changed") {
    const std::size_t at = bytes.find("vvvvvvvv", 3 * 4096);
    REQUIRE(at != std::string::npos);
    bytes[at] = 'w';
    write_bytes(path, bytes);
  }
  SUBCASE("a database of somebody else") {
    fs::remove(path);
    Database database = Database::open(path).value();
    REQUIRE(database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)"));
  }
  check_refused_with_backup(path);
}

TEST_CASE("state file: another damage gets another copy") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_bytes(path, "first damage");
  CHECK(!opened(path).has_value());
  write_bytes(path, "second damage");
  const auto second = opened(path);
  REQUIRE(!second.has_value());
  CHECK(second.error().message.find(path + ".corrupt-2") != std::string::npos);
  CHECK(bytes_of(path + ".corrupt-1") == "first damage");
  CHECK(bytes_of(path + ".corrupt-2") == "second damage");
}

TEST_CASE("state file: moved away, it starts anew; with its journal left behind it does not") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_bytes(path + "-wal", "frames");
  const auto store = opened(path);
  REQUIRE(!store.has_value());
  CHECK(store.error().code == ErrorCode::Corrupt);
  CHECK(store.error().message.find(path + "-wal") != std::string::npos);
  CHECK(!fs::exists(path));
  fs::remove(path + "-wal");
  CHECK(opened(path).has_value());
}

TEST_CASE("state file: a newer schema is refused by name and not touched") {
  const TemporaryFolder folder;
  const std::string path = made_file(folder);
  {
    Database database = Database::open(path).value();
    REQUIRE(database.execute("UPDATE schema_version SET version = 2"));
  }
  const std::string before = bytes_of(path);
  const auto store = opened(path);
  REQUIRE(!store.has_value());
  CHECK(store.error().code == ErrorCode::FailedPrecondition);
  CHECK(store.error().name == "NewerSchema");
  CHECK(store.error().message.find("schema version 2, this tidegate knows up to 1") !=
        std::string::npos);
  CHECK(store.error().message.find(path) != std::string::npos);
  CHECK(bytes_of(path) == before);
}

TEST_CASE("state file: a second connection is refused while the first is open") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  const Store first = opened(path).value();
  REQUIRE(put(*first, "a", "1"));
  const auto second = opened(path);
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::Unavailable);
  CHECK(put(*first, "a", "2").has_value());
}

TEST_CASE("state file: the journal stays bounded however much is appended") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  const Store store = opened(path).value();
  const std::string value(20'000, 'j');
  const std::vector<ports::StoreOperation> batch{{"a", value}, {"b", value}, {"c", value}};
  std::uintmax_t most = 0;
  for (int i = 0; i < 200; ++i) {  // 12 MB
    REQUIRE(store->append(batch, 1, store->revision()));
    most = std::max(most, fs::file_size(path + "-wal"));
  }
  CHECK(most <= static_cast<std::uintmax_t>(kMaxJournalBytes));
  CHECK(fs::file_size(path) < 1'000'000);
}

TEST_CASE("state file: a batch of no operation, or of more than 100, is refused whole") {
  const TemporaryFolder folder;
  const Store store = opened(folder.file("state.db")).value();
  for (const std::size_t size : {std::size_t{0}, ports::kMaxBatch + 1}) {
    const std::vector<ports::StoreOperation> batch(size, {"key", "value"});
    const auto result = store->append(batch, 1, store->revision());
    REQUIRE(!result.has_value());
    CHECK(result.error().code == ErrorCode::InvalidArgument);
    CHECK(store->read("").value().empty());
    CHECK(store->revision() == ports::Revision{0});
  }
}

TEST_CASE("state file: when its quota is reached nothing is lost, and with room it works again") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  const Store store = open_state_store({path, 50}).value();
  REQUIRE(put(*store, "kept", "1"));
  const std::string large(10'000, 'x');
  int written = 0;
  Result<ports::Revision> result = put(*store, "fill/0", large);
  while (result) {
    ++written;
    REQUIRE(written < 50);
    result = put(*store, "fill/" + std::to_string(written), large);
  }
  CHECK(result.error().code == ErrorCode::ResourceExhausted);
  CHECK(result.error().name == "DiskFull");
  const ports::Revision full = store->revision();
  CHECK(store->read("kept").value().at("kept") == "1");
  CHECK(store->read("fill/").value().size() == static_cast<std::size_t>(written));
  REQUIRE(store->append({{"fill/0", std::nullopt}}, 1, full).has_value());
  CHECK(put(*store, "again", "2").has_value());
  CHECK(store->read("").value().size() == static_cast<std::size_t>(written) + 1);
}

TEST_CASE(
    "state file: on a full disk appends fail, nothing is lost, and with room it works again") {
  const TemporaryFolder folder;
  const pid_t child = fork();  // its mount namespace ends with it
  REQUIRE(child >= 0);
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
      _exit(77);
    }
    const std::string path = folder.file("state.db");
    Store store = opened(path).value();
    bool right = put(*store, "kept", "1").has_value();
    std::ofstream filler{folder.file("filler"), std::ios::binary};
    while (filler.write(std::string(4096, 'f').data(), 4096).flush()) {
    }
    filler.close();
    Result<ports::Revision> result = put(*store, "fill/0", std::string(3000, 'x'));
    int written = 0;
    while (result && written < 1000) {
      result = put(*store, "fill/" + std::to_string(++written), std::string(3000, 'x'));
    }
    right = right && !result && result.error().code == ErrorCode::ResourceExhausted;
    right = right && store->read("").value().size() == static_cast<std::size_t>(written) + 1;
    fs::remove(folder.file("filler"));
    right = right && put(*store, "again", "2").has_value();
    store.reset();
    store = opened(path).value();
    right = right && store->read("").value().size() == static_cast<std::size_t>(written) + 2 &&
            store->read("kept").value().at("kept") == "1";
    _exit(right ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    MESSAGE("no right to mount: tried by quota only");
  } else {
    CHECK(WEXITSTATUS(status) == 0);
  }
}

TEST_CASE("state file: a disk too full to begin is an error, and the next start begins") {
  const TemporaryFolder folder;
  const std::string path = folder.file("no/such/folder/state.db");
  const auto store = opened(path);
  REQUIRE(!store.has_value());
  CHECK(store.error().code == ErrorCode::Unavailable);
  fs::create_directories(folder.file("no/such/folder"));
  CHECK(opened(path).has_value());
}

TEST_CASE("state file: what was appended before a kill -9 is there afterwards") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  opened(path).value().reset();
  int acknowledged[2];
  REQUIRE(pipe(acknowledged) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Store store = opened(path).value();
    for (char i = 0; i < 100; ++i) {
      const std::string value(1000, static_cast<char>('0' + i % 10));
      if (!store->append({{"a", value}, {"b", value}}, 1, store->revision()) ||
          write(acknowledged[1], &i, 1) != 1) {
        _exit(1);
      }
    }
    pause();
  }
  close(acknowledged[1]);
  std::uint64_t count = 0;
  for (char i = 0; count < 60 && read(acknowledged[0], &i, 1) == 1;) {
    ++count;
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(acknowledged[0]);
  CHECK(count == 60);
  const Store store = opened(path).value();
  CHECK(store->revision().value >= count);
  const auto entries = store->read("").value();
  CHECK(entries.at("a") == entries.at("b"));  // a batch is there whole or not at all
  CHECK(entries.at("a").front() == static_cast<char>('0' + (store->revision().value - 1) % 10));
}

}  // namespace tidegate::store_sqlite
