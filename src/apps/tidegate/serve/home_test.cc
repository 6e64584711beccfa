#include "apps/tidegate/serve/home.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tidegate::apps {
namespace {

struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tg-home-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

TEST_CASE("home: the first start makes it private, with an id and a key; the second reads them") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/a/home";
  const auto first = open_home(path);
  REQUIRE(first.has_value());
  CHECK(mode_of(path) == 0700);
  CHECK(mode_of(root_key_file(path)) == 0600);
  CHECK(first->id.size() == 6);
  CHECK(first->root_key.access_key_id.size() == 20);
  CHECK(first->root_key.access_key_id.starts_with("AKIA"));
  CHECK(first->root_key.secret_access_key.size() == 40);
  const auto second = open_home(path);
  REQUIRE(second.has_value());
  CHECK(second->id == first->id);
  CHECK(second->root_key == first->root_key);
  CHECK(read_root_key(path).value() == first->root_key);
  CHECK(read_home_id(path).value() == first->id);
}

TEST_CASE("home: a folder that others may read is made private") {
  const TemporaryFolder folder;
  REQUIRE(chmod(folder.path.c_str(), 0755) == 0);
  REQUIRE(open_home(folder.path).has_value());
  CHECK(mode_of(folder.path) == 0700);
}

TEST_CASE("home: what is no home is said, and nothing is overwritten") {
  const TemporaryFolder folder;
  CHECK(read_root_key(folder.path).error().code == ErrorCode::NotFound);
  CHECK(read_home_id(folder.path).error().code == ErrorCode::NotFound);
  std::ofstream{folder.path + "/file"} << "x";
  CHECK(open_home(folder.path + "/file").error().code == ErrorCode::InvalidArgument);
  std::ofstream{root_key_file(folder.path)} << "AKIA\nshort\n";
  CHECK(open_home(folder.path).error().code == ErrorCode::Corrupt);
  CHECK(std::filesystem::file_size(root_key_file(folder.path)) == 11);
}

}  // namespace
}  // namespace tidegate::apps
