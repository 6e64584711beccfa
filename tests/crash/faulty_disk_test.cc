// The disk itself: it loses what it says it loses, or the tests over it would prove nothing.
#include "crash/faulty_disk.h"

#include <doctest/doctest.h>

#include "temporary_folder.h"

namespace tidegate::crash {
namespace {

struct Handle {
  explicit Handle(const std::string& name) : path(name), bytes(64, '\0') {
    auto* vfs = sqlite3_vfs_find(nullptr);
    bytes.resize(static_cast<std::size_t>(vfs->szOsFile));
    file = reinterpret_cast<sqlite3_file*>(bytes.data());
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
    REQUIRE(vfs->xOpen(vfs, path.c_str(), file, flags, nullptr) == SQLITE_OK);
  }
  int write(const std::string& text, sqlite3_int64 offset) const {
    return file->pMethods->xWrite(file, text.data(), static_cast<int>(text.size()), offset);
  }
  int sync() const { return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL); }
  std::string read() const {
    sqlite3_int64 size = 0;
    REQUIRE(file->pMethods->xFileSize(file, &size) == SQLITE_OK);
    std::string text(static_cast<std::size_t>(size), '\0');
    REQUIRE(file->pMethods->xRead(file, text.data(), static_cast<int>(size), 0) == SQLITE_OK);
    return text;
  }

  std::string path;
  std::vector<char> bytes;
  sqlite3_file* file = nullptr;
};

}  // namespace

TEST_CASE("faulty disk: a crash loses what was not synced, and only that") {
  const TemporaryFolder folder;
  FaultyDisk disk{1};
  {
    const Handle handle{folder.file("f")};
    REQUIRE(handle.write("synced ", 0) == SQLITE_OK);
    REQUIRE(handle.sync() == SQLITE_OK);
    REQUIRE(handle.write("not synced", 7) == SQLITE_OK);
    CHECK(handle.read() == "synced not synced");
    disk.fail_after(0, Fault::PowerLoss, 1);
    CHECK(handle.sync() == SQLITE_IOERR_FSYNC);
    CHECK(handle.write("x", 0) == SQLITE_IOERR_WRITE);
  }
  SUBCASE("lost") {
    disk.power_on(Unsynced::Lost);
    CHECK(Handle{folder.file("f")}.read() == "synced ");
  }
  SUBCASE("kept") {
    disk.power_on(Unsynced::Kept);
    CHECK(Handle{folder.file("f")}.read() == "synced not synced");
  }
}

TEST_CASE("faulty disk: mangled writes are lost, kept, torn and out of order, each at some time") {
  constexpr std::size_t kHalf = 512;
  bool lost = false, kept = false, torn = false, reordered = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const TemporaryFolder folder;
    FaultyDisk disk{seed};
    {
      const Handle handle{folder.file("f")};
      REQUIRE(handle.write(std::string(3 * kHalf, '.'), 0) == SQLITE_OK);
      REQUIRE(handle.sync() == SQLITE_OK);
      REQUIRE(handle.write(std::string(2 * kHalf, 'a'), 0) == SQLITE_OK);
      REQUIRE(handle.write(std::string(kHalf, 'b'), 2 * kHalf) == SQLITE_OK);
    }
    disk.power_on(Unsynced::Mangled);
    const std::string text = Handle{folder.file("f")}.read();
    REQUIRE(text.size() == 3 * kHalf);
    const bool first = text[0] == 'a', second = text[kHalf] == 'a', later = text[2 * kHalf] == 'b';
    lost = lost || (!first && !second && !later);
    kept = kept || (first && second && later);
    torn = torn || (first != second);
    reordered = reordered || (!first && !second && later);
  }
  CHECK(lost);
  CHECK(kept);
  CHECK(torn);
  CHECK(reordered);
}

TEST_CASE("faulty disk: a file that was never synced may be gone, a deleted one may be back") {
  const TemporaryFolder folder;
  FaultyDisk disk{3};
  {
    CHECK(Handle{folder.file("new")}.write("x", 0) == SQLITE_OK);
  }
  {
    CHECK(Handle{folder.file("old")}.sync() == SQLITE_OK);
  }
  auto* vfs = sqlite3_vfs_find(nullptr);
  REQUIRE(vfs->xDelete(vfs, folder.file("old").c_str(), 0) == SQLITE_OK);
  CHECK_FALSE(std::filesystem::exists(folder.file("old")));
  disk.power_on(Unsynced::Lost);
  CHECK_FALSE(std::filesystem::exists(folder.file("new")));
  CHECK(std::filesystem::exists(folder.file("old")));
}

TEST_CASE("faulty disk: errors come when they were planned, as often as planned") {
  const TemporaryFolder folder;
  FaultyDisk disk{1};
  const Handle handle{folder.file("f")};
  disk.fail_after(1, Fault::FullDisk, 2);
  CHECK(handle.write("a", 0) == SQLITE_OK);
  CHECK_FALSE(disk.has_failed());
  CHECK(handle.write("b", 0) == SQLITE_FULL);
  CHECK(handle.write("b", 0) == SQLITE_FULL);
  CHECK(disk.has_failed());
  CHECK(handle.write("b", 0) == SQLITE_OK);
  CHECK(handle.sync() == SQLITE_OK);
}

}  // namespace tidegate::crash
